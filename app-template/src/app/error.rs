//! Why an application cannot be built.

use rpc_core::BuildError;
use thiserror::Error;

use crate::mail::TemplateError;
use crate::settings::SettingsError;

/// An application cannot be built.
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
    /// There is no runtime to build it on.
    #[error("no threads can be started: {0}")]
    Runtime(#[source] std::io::Error),
}
