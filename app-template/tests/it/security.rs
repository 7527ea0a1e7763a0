//! What must hold whoever tries.

mod access;
mod busy;
mod doors;
mod grants;
mod guessing;
mod mail_floods;
mod mailed;
mod outlived;
mod rights;
mod secrets;
mod sessions;
