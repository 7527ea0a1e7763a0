//! Mailers for while no server takes mails.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use lettre::message::Mailbox;
use rpc_core::{Clock, Timestamp};

use super::message::message;
use super::{Mail, MailError, Mailer};

/// A [`Mailer`] that writes mails to the log, links included: for the first steps with an application that has no server yet.
#[derive(Debug, Default)]
pub struct LogMailer;

#[async_trait]
impl Mailer for LogMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let (to, subject, text) = (mail.to(), mail.subject(), mail.text());
        tracing::info!(event = "mail.logged", to, "mail to {to}: {subject}\n\n{text}");
        Ok(())
    }
}

/// A [`Mailer`] that writes mails as `.eml` files, readable by the owner of the process only.
#[derive(Debug)]
pub struct FileMailer {
    folder: PathBuf,
    from: Mailbox,
    clock: Arc<dyn Clock>,
}

impl FileMailer {
    /// Writes into a folder, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// `from` is no address.
    pub fn new(folder: impl Into<PathBuf>, from: &str, clock: Arc<dyn Clock>) -> Result<Self, MailError> {
        let from = from.parse().map_err(|_| MailError::permanent("the sender is no e-mail address"))?;
        Ok(Self { folder: folder.into(), from, clock })
    }
}

#[async_trait]
impl Mailer for FileMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let now = self.clock.now();
        let bytes = message(mail, &self.from, now)?.formatted();
        let name = format!("{}-{:032x}", Timestamp::from(now).millis(), mail.id);
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
        let failed = |error: &dyn std::fmt::Display| MailError::transient(format!("the mail's file: {error}"));
        written.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
    }
}

/// Writes a file under a name that readers of `.eml` files do not see before it is whole.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{name}.part"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    fs::rename(&unfinished, folder.join(format!("{name}.eml")))
}
