//! The input of `api_module! { … }`: a doc comment and keys.

use proc_macro2::TokenStream;

use super::{Keys, Pairs, Text, documented};
use crate::docs::Docs;
use crate::fault::Faults;
use crate::grammar::path::PathKind;

const PATH: &str = "path";

const PATH_EXAMPLE: &str = "path = \"/v1/module\"";

const KEYS: Keys = Keys { of: "api_module!", names: &[PATH], besides: "" };

/// A module.
pub(crate) struct ModuleAttr {
    /// `None`: the key is missing, or was refused.
    pub(crate) path: Option<Text>,
    pub(crate) docs: Docs,
}

impl ModuleAttr {
    /// Reads the input; what is missing or wrong becomes a fault. `None`: the input is not even such a list.
    pub(crate) fn read(tokens: TokenStream, faults: &mut Faults) -> Option<Self> {
        let (docs, keys) = documented(tokens, faults)?;
        let mut module = Self { path: None, docs };
        let pairs = Pairs::read(keys, &KEYS, faults);
        for pair in &pairs.list {
            module.path = pair.path(PathKind::Module, PATH_EXAMPLE, faults);
        }
        pairs.require(PATH, PATH_EXAMPLE, &KEYS, faults);
        Some(module)
    }
}
