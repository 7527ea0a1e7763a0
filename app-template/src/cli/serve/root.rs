//! The root user, made at the first start.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use rpc_auth::{AccountError, Accounts, ROOT_NAME, RootUser, Secret};

use crate::config::RootConfig;
use crate::failure::{Exit, Failure};
use crate::log::ALWAYS;

/// What to tell of the root user.
#[derive(Debug)]
pub(super) enum FirstStart {
    /// Nothing: there was one, or the password was given.
    Nothing,
    /// It has this password.
    Password(Secret),
    /// Its password is in this file.
    Written(PathBuf),
}

impl FirstStart {
    /// Logs it, whatever the level: it is told only now.
    pub(super) fn log(&self) {
        match self {
            Self::Nothing => {}
            Self::Password(password) => {
                let (user, password) = (ROOT_NAME, password.expose());
                let text = "first start: administrator root created with this password, shown only now";
                tracing::warn!(target: ALWAYS, event = "root.created", user, password, "{text}");
            }
            Self::Written(path) => {
                let (user, file) = (ROOT_NAME, path.display());
                let text = "first start: the password of root is in";
                tracing::warn!(target: ALWAYS, event = "root.created", user, %file, "{text} {file}");
            }
        }
    }
}

/// Makes the root user, if there is none. A generated password that is to be written is in its file when this returns.
pub(super) async fn make(accounts: &Accounts, config: &RootConfig) -> Result<FirstStart, Failure> {
    // Opened before root is made: a password that cannot be written would be lost.
    let out = match (&config.password, &config.out) {
        (None, Some(path)) => Some((create(path)?, path.clone())),
        _ => None,
    };
    let made = accounts.ensure_root(config.password.as_ref()).await.map_err(|error| refused(config, &error));
    match (made, out) {
        (Ok(RootUser::MadeWith(password)), None) => Ok(FirstStart::Password(password)),
        (Ok(RootUser::MadeWith(password)), Some((file, path))) => {
            write(file, &password).map_err(|error| cannot(&path, &error))?;
            Ok(FirstStart::Written(path))
        }
        (made, out) => {
            if let Some((_, path)) = out {
                // It is empty and was made above.
                let _ = std::fs::remove_file(path);
            }
            made.map(|_| FirstStart::Nothing)
        }
    }
}

fn refused(config: &RootConfig, error: &AccountError) -> Failure {
    match error {
        AccountError::Invalid(faults) => {
            let faults: Vec<&str> = faults.iter().map(|fault| fault.message.as_ref()).collect();
            Failure::new(Exit::Configuration, format!("{}: {}", config.source, faults.join("; ")))
        }
        other => Failure::new(Exit::Storage, format!("the root user cannot be made: {other}")),
    }
}

/// A new file that only its owner reads.
fn create(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| cannot(path, &error))
}

fn write(mut file: File, password: &Secret) -> io::Result<()> {
    writeln!(file, "{}", password.expose())?;
    file.sync_all()
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    let message = match error.kind() {
        ErrorKind::AlreadyExists => format!("{path} is there already, and --root-password-out replaces nothing"),
        _ => format!("{path} cannot be written: {error}"),
    };
    Failure::new(Exit::Configuration, message)
}
