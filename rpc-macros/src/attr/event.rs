//! The input of `api_event! { … }`, and of `#[derive(ApiEvent)]`: a doc comment and keys.

use proc_macro2::TokenStream;
use syn::{Attribute, Type};

use super::who::Who;
use super::{Keys, Pair, Pairs, Text, all_pieces, documented};
use crate::docs::{self, Docs};
use crate::fault::Faults;
use crate::grammar::name::WhoKind;
use crate::grammar::path::PathKind;

/// The attribute beside `#[derive(ApiEvent)]`.
const EVENT: &str = "event";

const NAME: &str = "name";
const AUDIENCE: &str = "audience";
const PAYLOAD: &str = "payload";

const NAME_EXAMPLE: &str = "name = \"/settings/updated\"";
const AUDIENCE_EXAMPLE: &str = "audience = [\"user\"]";

const KEYS: Keys = Keys { of: "api_event!", names: &[NAME, AUDIENCE, PAYLOAD], besides: "" };
const DERIVE_KEYS: Keys = Keys { of: "#[event]", names: &[NAME, AUDIENCE], besides: "" };

/// An event.
pub(crate) struct EventAttr {
    pub(crate) docs: Docs,
    /// `None`: the key is missing, or was refused.
    pub(crate) name: Option<Text>,
    /// `None`: the key is missing, or was refused.
    pub(crate) audience: Option<Who>,
    pub(crate) payload: Option<Type>,
}

impl EventAttr {
    /// Reads the input; what is missing or wrong becomes a fault. `None`: the input is not even such a list.
    pub(crate) fn read(tokens: TokenStream, faults: &mut Faults) -> Option<Self> {
        let (docs, keys) = documented(tokens, faults)?;
        let pairs = Pairs::read(keys, &KEYS, faults);
        Some(Self::of(docs, &pairs, &KEYS, faults))
    }

    /// Reads the attributes of a type that is an event; what is missing or wrong becomes a fault.
    pub(crate) fn of_type(attributes: &[Attribute], faults: &mut Faults) -> Self {
        let docs = docs::split(&docs::text(attributes, faults));
        let mut pairs = Pairs::default();
        for piece in all_pieces(EVENT, attributes, &DERIVE_KEYS, faults) {
            pairs.push(piece, &DERIVE_KEYS, faults);
        }
        Self::of(docs, &pairs, &DERIVE_KEYS, faults)
    }

    fn of(docs: Docs, pairs: &Pairs, keys: &Keys, faults: &mut Faults) -> Self {
        let mut event = Self { docs, name: None, audience: None, payload: None };
        for pair in &pairs.list {
            event.set(pair, faults);
        }
        pairs.require(NAME, NAME_EXAMPLE, keys, faults);
        pairs.require(AUDIENCE, AUDIENCE_EXAMPLE, keys, faults);
        event
    }

    fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        match pair.key.to_string().as_str() {
            NAME => self.name = pair.path(PathKind::Event, NAME_EXAMPLE, faults),
            AUDIENCE => self.audience = Who::read(pair, WhoKind::Audience, AUDIENCE_EXAMPLE, faults),
            _ => self.payload = pair.ty("payload = SettingsUpdated", faults),
        }
    }
}
