//! What the macros know about an item once its attributes and its signature are read.

pub(crate) mod argument;
pub(crate) mod error;
pub(crate) mod method;
pub(crate) mod read;
