//! The reference application, as a library: what is here is run by its binary, and by tests with methods of their own.
//!
//! A binary that holds further methods calls [`run`] and serves them too:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     app_template::run()
//! }
//! ```

mod api;
mod app;
mod cli;
mod config;
mod failure;
mod log;
pub mod mail;
mod output;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod settings;
mod storage;

pub use crate::app::{App, AppError, AppOptions, AppParts, Avatars};
pub use crate::cli::run;
