//! The application on its storage, for the time of one command.

use std::time::Duration;

use crate::app::App;
use crate::config::ServeConfig;
use crate::extension::ProgramParts;
use crate::failure::{Exit, Failure};
use crate::log::MessageFormat;
use crate::storage::{self, Migrations, Storage};

/// How long what a command leaves behind may take, such as a mail.
const DRAIN: Duration = Duration::from_secs(10);

/// Somebody who runs the application, and works on its storage.
pub(super) struct Operator {
    pub(super) app: App,
    /// What a program builds on.
    pub(super) parts: ProgramParts,
    storage: Box<dyn Storage>,
}

impl Operator {
    /// Opens the storage, which has to be up to date, and builds the application on it.
    pub(super) async fn open(config: ServeConfig, message_format: MessageFormat) -> Result<Self, Failure> {
        let storage = storage::open(&config.storage, Migrations::Require, message_format).await?;
        let app = App::new(storage.parts()?, config.app).await?;
        if !storage.lasts() {
            let made = app.accounts().ensure_root(None).await;
            made.map_err(|error| Failure::new(Exit::Failure, error))?;
        }
        let parts = ProgramParts::new(app.clone(), config.own);
        #[cfg(feature = "postgres")]
        let parts = parts.with_pool(storage.pool());
        Ok(Self { app, parts, storage })
    }

    /// Finishes what the command began, and ends the connections.
    pub(super) async fn close(self) {
        self.app.settled().await;
        self.app.stop(DRAIN).await;
        self.storage.close().await;
    }
}
