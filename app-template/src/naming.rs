//! What the program of this process is called, and what is called after it: its variables, its file, its tokens.

use std::sync::OnceLock;

use rpc_auth::{AppNameError, TokenFormat};

/// What a program is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Naming {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// What variables, file and tokens begin with, in lower case.
    pub(crate) short: &'static str,
}

/// The names of the reference application.
pub(crate) const REFERENCE: Naming =
    Naming { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION"), short: "app" };

/// A process runs one program: help texts, variables and messages ask for its names wherever they are.
static NAMING: OnceLock<Naming> = OnceLock::new();

fn naming() -> &'static Naming {
    NAMING.get().unwrap_or(&REFERENCE)
}

/// Names the program of this process, once.
///
/// # Errors
///
/// It has another name already: the one that is returned.
pub(crate) fn set(naming: Naming) -> Result<(), Naming> {
    let set = *NAMING.get_or_init(|| naming);
    if set == naming { Ok(()) } else { Err(set) }
}

/// What the program is called.
pub(crate) fn name() -> &'static str {
    naming().name
}

/// Its version.
pub(crate) fn version() -> &'static str {
    naming().version
}

/// What the names of all variables begin with: `APP_`.
pub(crate) fn prefix() -> String {
    format!("{}_", naming().short.to_uppercase())
}

/// The variable that names the configuration file.
pub(crate) fn config_variable() -> String {
    format!("{}CONFIG", prefix())
}

/// The configuration file in the working directory that is read when no other is named.
pub(crate) fn config_file() -> String {
    format!("{}.toml", naming().short)
}

/// The format of its tokens.
///
/// # Errors
///
/// The short name is none that tokens can begin with.
pub(crate) fn tokens() -> Result<TokenFormat, AppNameError> {
    TokenFormat::new(naming().short)
}
