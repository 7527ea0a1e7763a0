//! What the macros accept, refuse and say.

mod ui;
