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
mod cli;
mod config;
mod failure;
mod log;
mod output;

pub use crate::cli::run;
