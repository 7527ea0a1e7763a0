//! The input of `api_event! { … }`: a doc comment and keys.

use proc_macro2::TokenStream;
use syn::Type;

use super::who::Who;
use super::{Keys, Pair, Pairs, Text, documented};
use crate::docs::Docs;
use crate::fault::Faults;
use crate::grammar::name::WhoKind;
use crate::grammar::path::PathKind;

const NAME: &str = "name";
const AUDIENCE: &str = "audience";
const PAYLOAD: &str = "payload";

const NAME_EXAMPLE: &str = "name = \"/settings/updated\"";
const AUDIENCE_EXAMPLE: &str = "audience = [\"user\"]";

const KEYS: Keys = Keys { of: "api_event!", names: &[NAME, AUDIENCE, PAYLOAD], besides: "" };

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
        let mut event = Self { docs, name: None, audience: None, payload: None };
        let pairs = Pairs::read(keys, &KEYS, faults);
        for pair in &pairs.list {
            event.set(pair, faults);
        }
        pairs.require(NAME, NAME_EXAMPLE, &KEYS, faults);
        pairs.require(AUDIENCE, AUDIENCE_EXAMPLE, &KEYS, faults);
        Some(event)
    }

    fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        match pair.key.to_string().as_str() {
            NAME => self.name = pair.path(PathKind::Event, NAME_EXAMPLE, faults),
            AUDIENCE => self.audience = Who::read(pair, WhoKind::Audience, AUDIENCE_EXAMPLE, faults),
            _ => self.payload = pair.ty("payload = SettingsUpdated", faults),
        }
    }
}
