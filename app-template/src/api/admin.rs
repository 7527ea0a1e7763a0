//! What concerns all users.

mod api_call_log;
mod settings;
mod users;
