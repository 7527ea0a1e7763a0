//! The reference application, as a library: what is here is run by its binary, and by tests with methods of their own.
//!
//! A binary that holds further methods calls [`run`] and serves them too:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     app_template::run()
//! }
//! ```
//!
//! Storage and mailer are whatever keeps to their traits; `examples/custom_store` has a store of its own, and holds it against
//! what every store has to do:
//!
//! ```
//! use rpc_auth::{AccountStore, TokenFormat};
//! use app_template::{App, AppOptions, AppParts, mail::Mailer};
//! use rpc_core::http::{HttpService, Server};
//! use std::{error::Error, future::pending, sync::Arc};
//!
//! async fn serve(store: impl AccountStore, mailer: impl Mailer) -> Result<(), Box<dyn Error>> {
//!     let parts = AppParts { accounts: Arc::new(store), mailer: Arc::new(mailer), ..AppParts::in_memory()? };
//!     let app = App::new(parts, AppOptions::new("Acme", TokenFormat::new("acme")?)).await?;
//!     app.start();
//!     let server = Server::bind(HttpService::new(app.api()?), "127.0.0.1:8080".parse()?).await?;
//!     server.serve(pending()).await;
//!     Ok(())
//! }
//! ```

mod api;
mod app;
mod cli;
mod config;
mod failure;
mod log;
pub mod mail;
mod metrics;
mod output;
pub mod settings;
pub mod storage;

pub use crate::app::{App, AppError, AppOptions, AppParts, Avatars};
pub use crate::cli::run;
pub use crate::metrics::{DatabaseCounts, Metrics};

/// What the program is called. Change it in `Cargo.toml` when the application gets a name of its own.
pub(crate) const NAME: &str = env!("CARGO_PKG_NAME");
