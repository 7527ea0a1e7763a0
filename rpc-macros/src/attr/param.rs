//! The keys of `#[param(…)]` on an argument.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, LitStr, Meta};

use super::rule::{self, Rules};
use super::{Keys, Pair, Pairs, pieces};
use crate::fault::{Fault, Faults};
use crate::grammar::name;

/// The attribute's own name.
pub(crate) const PARAM: &str = "param";

const NAME: &str = "name";
const NULLABLE: &str = "nullable";
const OPAQUE: &str = "opaque";

const KEYS: Keys = Keys {
    of: "#[param]",
    names: &[
        NAME,
        NULLABLE,
        OPAQUE,
        rule::DEFAULT,
        rule::EXAMPLE,
        rule::EXAMPLES,
        "minimum",
        "maximum",
        "exclusive_minimum",
        "exclusive_maximum",
        "multiple_of",
        "min_length",
        "max_length",
        "pattern",
        "format",
        "min_items",
        "max_items",
        "unique_items",
    ],
    besides: "",
};

/// What the attributes of one argument say.
#[derive(Default)]
pub(crate) struct ParamAttr {
    /// The attributes, for messages about them.
    pub(crate) spans: Vec<Attribute>,
    pub(crate) name: Option<LitStr>,
    pub(crate) nullable: Option<Span>,
    pub(crate) opaque: Option<Span>,
    pub(crate) rules: Rules,
}

/// Whether it is `#[param…]`.
pub(crate) fn is_param(attribute: &Attribute) -> bool {
    attribute.path().is_ident(PARAM)
}

impl ParamAttr {
    /// Reads all `#[param(…)]` among the attributes as if they were one.
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Faults) -> Self {
        let mut attr = Self::default();
        let mut pairs = Pairs::default();
        for attribute in attributes.iter().filter(|attribute| is_param(attribute)) {
            attr.spans.push(attribute.clone());
            for piece in pieces(keys_of(attribute, faults), &KEYS, faults) {
                pairs.push(piece, &KEYS, faults);
            }
        }
        for pair in &pairs.list {
            attr.set(pair, faults);
        }
        attr.rules.check(faults);
        attr
    }

    fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        match pair.key.to_string().as_str() {
            NAME => {
                self.name = pair.string("name = \"userId\"", faults);
                if let Some(name) = &self.name {
                    faults.take(name, name::identifier(&name.value()));
                }
            }
            NULLABLE => self.nullable = pair.flag(faults),
            OPAQUE => self.opaque = pair.flag(faults),
            _ => self.rules.set(pair, faults),
        }
    }
}

fn keys_of(attribute: &Attribute, faults: &mut Faults) -> TokenStream {
    match &attribute.meta {
        Meta::List(list) if !list.tokens.is_empty() => list.tokens.clone(),
        _ => {
            let fault = Fault::new(
                "`#[param]` says nothing",
                format!("write `#[param(name = \"userId\")]`; {}", KEYS.expected()),
            );
            faults.on(attribute, &fault);
            TokenStream::new()
        }
    }
}
