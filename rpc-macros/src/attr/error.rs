//! The keys of `#[api_error(…)]`, on a variant or a struct and on fields.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use rpc_grammar::own_error;
use syn::{Attribute, LitStr, Meta};

use super::{Keys, Pair, Pairs, pieces};
use crate::fault::Faults;
use crate::grammar::{name, quantity};

/// The attribute's own name.
const API_ERROR: &str = "api_error";
/// The attributes of a field that only the log sees; the second one belongs to `thiserror`.
const SOURCES: [&str; 2] = ["source", "from"];

const STATUS: &str = "status";
const CODE: &str = "code";
const KIND: &str = "kind";
const REASON: &str = "reason";
const RETRY_AFTER: &str = "retry_after";
const TRANSPARENT: &str = "transparent";
const INTERNAL: &str = "internal";
const FROM: &str = "from";
const RENAME: &str = "rename";

const VARIANT_KEYS: Keys = Keys {
    of: "#[api_error] on a variant",
    names: &[STATUS, CODE, KIND, REASON, RETRY_AFTER, TRANSPARENT, INTERNAL, FROM],
    besides: "",
};
const FIELD_KEYS: Keys = Keys { of: "#[api_error] on a field", names: &[RENAME, RETRY_AFTER], besides: "" };

/// What the attributes of a variant say.
#[derive(Default)]
pub(crate) struct VariantAttr {
    /// `Some(None)`: it is there, and was refused.
    pub(crate) status: Option<Option<u16>>,
    pub(crate) code: Option<(i32, Span)>,
    pub(crate) kind: Option<LitStr>,
    pub(crate) reason: Option<LitStr>,
    pub(crate) retry_after: Option<(Duration, Span)>,
    pub(crate) transparent: Option<Span>,
    pub(crate) internal: Option<Span>,
    pub(crate) from: Option<Span>,
    /// Some piece was no known key.
    pub(crate) refused: bool,
}

/// What the attributes of a field say.
#[derive(Default)]
pub(crate) struct FieldAttr {
    pub(crate) rename: Option<LitStr>,
    pub(crate) retry_after: Option<Span>,
    pub(crate) source: bool,
}

/// Whether it is `#[api_error…]`.
pub(crate) fn is_api_error(attribute: &Attribute) -> bool {
    attribute.path().is_ident(API_ERROR)
}

impl VariantAttr {
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Faults) -> Self {
        let pairs = pairs(attributes, &VARIANT_KEYS, faults);
        let mut attr = Self { refused: pairs.refused, ..Self::default() };
        for pair in &pairs.list {
            attr.set(pair, faults);
        }
        attr
    }

    fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        let span = pair.key.span();
        match pair.key.to_string().as_str() {
            STATUS => {
                let range = (*own_error::STATUSES.start()).into()..=(*own_error::STATUSES.end()).into();
                let status = pair.integer(range, "status = 409", faults);
                self.status = Some(status.and_then(|status| status.try_into().ok()));
            }
            CODE => self.code = pair.number("code = 40901", faults).map(|number| (number, span)),
            KIND => {
                self.kind = pair.string("kind = \"name_taken\"", faults);
                if let Some(kind) = &self.kind {
                    faults.take(kind, name::snake_case(&kind.value()));
                }
            }
            REASON => self.reason = pair.string("reason = \"This name is taken\"", faults),
            RETRY_AFTER => {
                let time = pair.text("retry_after = \"30s\"", quantity::time, faults);
                self.retry_after = time.map(|time| (time, span));
            }
            TRANSPARENT => self.transparent = pair.flag(faults),
            INTERNAL => self.internal = pair.flag(faults),
            _ => self.from = pair.flag(faults),
        }
    }

    /// The first key that means nothing where another error, or none, is shown.
    pub(crate) fn own_key(&self) -> Option<&'static str> {
        let keys = [
            (self.status.is_some(), STATUS),
            (self.code.is_some(), CODE),
            (self.kind.is_some(), KIND),
            (self.reason.is_some(), REASON),
            (self.retry_after.is_some(), RETRY_AFTER),
        ];
        keys.into_iter().find(|(is_there, _)| *is_there).map(|(_, key)| key)
    }
}

impl FieldAttr {
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Faults) -> Self {
        let is_source = |attribute: &Attribute| SOURCES.iter().any(|name| attribute.path().is_ident(name));
        let mut attr = Self { source: attributes.iter().any(is_source), ..Self::default() };
        for pair in &pairs(attributes, &FIELD_KEYS, faults).list {
            if pair.key == RETRY_AFTER {
                attr.retry_after = pair.flag(faults);
            } else {
                attr.rename = pair.string("rename = \"orderId\"", faults);
                if let Some(name) = &attr.rename {
                    faults.take(name, name::identifier(&name.value()));
                }
            }
        }
        attr
    }
}

/// The keys of all `#[api_error(…)]` among the attributes.
fn pairs(attributes: &[Attribute], keys: &Keys, faults: &mut Faults) -> Pairs {
    let mut pairs = Pairs::default();
    for attribute in attributes.iter().filter(|attribute| is_api_error(attribute)) {
        let tokens = match &attribute.meta {
            Meta::List(list) => list.tokens.clone(),
            _ => {
                pairs.refused = true;
                faults.on(attribute, &keys.no_key());
                TokenStream::new()
            }
        };
        for piece in pieces(tokens, keys, faults) {
            pairs.push(piece, keys, faults);
        }
    }
    pairs
}
