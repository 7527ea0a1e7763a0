//! The grammars of the texts that attributes hold. Pure functions: text in, value or [`Fault`](crate::fault::Fault) out.

pub(crate) mod name;
pub(crate) mod operator;
pub(crate) mod path;
pub(crate) mod quantity;
pub(crate) mod template;
