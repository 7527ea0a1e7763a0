//! Why there is no application.

use rpc_core::BuildError;
use thiserror::Error;

use crate::mail::TemplateError;
use crate::settings::SettingsError;

/// An application cannot be put together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AppError {
    /// The settings cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A method of the binary is at fault.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// There is no runtime to put it together on.
    #[error("no threads can be started: {0}")]
    Runtime(#[source] std::io::Error),
}
