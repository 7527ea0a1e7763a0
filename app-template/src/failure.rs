//! A failure that ends the program: one to three lines, and an exit code for scripts.

use std::fmt;
use std::process::ExitCode;

use rpc_core::BuildError;

use crate::app::AppError;
use crate::config::ConfigError;

/// Exit codes. 0 is success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A failure at run time, or a check that found something.
    Failure = 1,
    /// The command line is wrong; what it says is said by `clap`.
    Usage = 2,
    /// The configuration is wrong.
    Configuration = 3,
    /// The storage fails.
    Storage = 4,
    /// The address cannot be listened on.
    Bind = 5,
    /// A second Ctrl-C: 128 + SIGINT.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the program ends, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Exit::Configuration, error)
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        let exit = match error {
            AppError::Settings(_) => Exit::Storage,
            AppError::Template(_) => Exit::Configuration,
            _ => Exit::Failure,
        };
        Self::new(exit, error)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::new(Exit::Failure, error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)
    }
}
