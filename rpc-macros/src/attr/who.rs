//! Lists of people: the permissions of a method, the audience of an event.

use proc_macro2::Span;
use syn::LitStr;

use super::{Pair, Text};
use crate::fault::Faults;
use crate::grammar::name::{self, WhoKind};

/// Those who may call a method, or hear an event.
pub(crate) struct Who {
    pub(crate) kind: WhoKind,
    /// The key.
    pub(crate) span: Span,
    pub(crate) names: Vec<Text>,
}

impl Who {
    /// Reads the list. Words that are not names become faults and are left out. `None`: there were some, and none is left.
    pub(crate) fn read(pair: &Pair, kind: WhoKind, example: &str, faults: &mut Faults) -> Option<Self> {
        let mut names = pair.texts(example, faults)?;
        let given = names.len();
        names.retain(|name| match name {
            Text::Literal(name) => faults.take(name, name::who(&name.value(), kind)).is_some(),
            Text::Constant(_) => true,
        });
        (given == 0 || !names.is_empty()).then(|| Self { kind, span: pair.key.span(), names })
    }

    /// The names that are written in the list.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &LitStr> {
        self.names.iter().filter_map(Text::literal)
    }

    /// Whether the compiler alone knows some of the names.
    pub(crate) fn has_constants(&self) -> bool {
        self.names.iter().any(Text::is_constant)
    }
}
