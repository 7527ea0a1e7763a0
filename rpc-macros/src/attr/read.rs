//! The keys of `#[read(…)]`, on a struct and on its fields.

use proc_macro2::Span;
use syn::{Attribute, LitStr};

use super::{Keys, Pair, Pairs, all_pieces};
use crate::fault::{Fault, Faults};
use crate::grammar::name;
use crate::grammar::operator::{self, Operator};

/// The attribute's own name.
const READ: &str = "read";

const DEFAULT_LIMIT: &str = "default_limit";
const MAX_LIMIT: &str = "max_limit";
const SORTABLE: &str = "sortable";
const RENAME: &str = "rename";

const LIST_KEYS: Keys = Keys { of: "#[read] on a struct", names: &[DEFAULT_LIMIT, MAX_LIMIT], besides: "" };
const FIELD_KEYS: Keys =
    Keys { of: "#[read] on a field", names: &[SORTABLE, RENAME], besides: ", or an operator: `\"=\"`, `\"like\"`" };

/// The most rows that a page may have.
const MAX_ROWS: u32 = 1000;

/// What the attributes of the struct say.
#[derive(Debug, Default)]
pub(crate) struct ListAttr {
    pub(crate) default_limit: Option<u32>,
    pub(crate) max_limit: Option<u32>,
    /// The key `default_limit`, or else `max_limit`.
    pub(crate) span: Option<Span>,
}

/// What the attributes of a field say.
#[derive(Default)]
pub(crate) struct FieldAttr {
    /// Something is wrong that may have been an operator or `sortable`.
    pub(crate) at_fault: bool,
    pub(crate) operators: Vec<Operator>,
    pub(crate) sortable: bool,
    pub(crate) rename: Option<LitStr>,
}

impl ListAttr {
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Faults) -> Self {
        let mut attr = Self::default();
        let mut pairs = Pairs::default();
        for piece in all_pieces(READ, attributes, &LIST_KEYS, faults) {
            pairs.push(piece, &LIST_KEYS, faults);
        }
        for pair in &pairs.list {
            if pair.key == DEFAULT_LIMIT {
                attr.default_limit = pair.integer(1..=MAX_ROWS, "default_limit = 100", faults);
                attr.span = Some(pair.key.span());
            } else {
                attr.max_limit = pair.integer(1..=MAX_ROWS, "max_limit = 100", faults);
                attr.span = attr.span.or(Some(pair.key.span()));
            }
        }
        attr
    }
}

impl FieldAttr {
    pub(crate) fn read(attributes: &[Attribute], faults: &mut Faults) -> Self {
        let mut attr = Self::default();
        let mut pairs = Pairs::default();
        for piece in all_pieces(READ, attributes, &FIELD_KEYS, faults) {
            match syn::parse2::<LitStr>(piece.clone()) {
                Ok(text) => attr.add_operator(&text, faults),
                Err(_) => pairs.push(piece, &FIELD_KEYS, faults),
            }
        }
        attr.at_fault |= pairs.refused;
        for pair in &pairs.list {
            attr.set(pair, faults);
        }
        attr
    }

    fn add_operator(&mut self, text: &LitStr, faults: &mut Faults) {
        let Some(operator) = faults.take(text, operator::operator(&text.value())) else {
            self.at_fault = true;
            return;
        };
        if self.operators.contains(&operator) {
            let fault = Fault::new(format!("the operator `{}` is given twice", text.value()), "remove one of them");
            faults.on(text, &fault);
        } else {
            self.operators.push(operator);
        }
    }

    fn set(&mut self, pair: &Pair, faults: &mut Faults) {
        if pair.key == SORTABLE {
            self.sortable = pair.flag(faults).is_some();
            self.at_fault |= !self.sortable;
            return;
        }
        self.rename = pair.string("rename = \"created_at\"", faults);
        if let Some(name) = &self.rename {
            faults.take(name, name::identifier(&name.value()));
        }
    }
}
