//! Lists of people: the permissions of a method, the audience of an event.

use proc_macro2::Span;
use syn::LitStr;

use super::Pair;
use crate::fault::Faults;
use crate::grammar::name::{self, WhoKind};

/// Those who may call a method, or hear an event.
pub(crate) struct Who {
    pub(crate) kind: WhoKind,
    /// The key.
    pub(crate) span: Span,
    pub(crate) names: Vec<LitStr>,
}

impl Who {
    /// Reads the list. Words that are not names become faults and are left out. `None`: there were some, and none is left.
    pub(crate) fn read(pair: &Pair, kind: WhoKind, example: &str, faults: &mut Faults) -> Option<Self> {
        let mut names = pair.strings(example, faults)?;
        let given = names.len();
        names.retain(|name| faults.take(name, name::who(&name.value(), kind)).is_some());
        (given == 0 || !names.is_empty()).then(|| Self { kind, span: pair.key.span(), names })
    }
}
