//! What the macros accept, refuse and say.

mod method;
mod read;
mod ui;
