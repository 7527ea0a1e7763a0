//! The reference application, as a library: what is here is run by its binary, and by programs with methods of their own.
//!
//! Such a program is a [`Program`]: it has the commands, the configuration, the log and the metrics of the application, under its
//! own name, and serves the methods of its binary beside the application's. `examples/kiosk` is one.
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     app_template::Program::new("shop").version(env!("CARGO_PKG_VERSION")).run()
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
mod extension;
mod failure;
mod log;
pub mod mail;
mod metrics;
mod naming;
mod output;
mod program;
pub mod settings;
pub mod storage;

pub use crate::app::{App, AppError, AppOptions, AppParts, Avatars};
pub use crate::config::{ConfigOption, OptionValue};
pub use crate::extension::{ProgramParts, StartError};
pub use crate::metrics::{DatabaseCounts, Metrics};
pub use crate::program::{Program, run};
