//! What must hold whoever tries.

mod access;
mod busy;
mod doors;
mod grants;
mod guessing;
mod mailed;
mod secrets;
mod sessions;
