//! What concerns all users.

mod settings;
mod users;
