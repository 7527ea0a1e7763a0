//! The application, put together in one place: what its methods work with, and the API that they make.

mod account_mails;
mod background;
mod error;
mod options;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rpc_auth::{AccountParts, AccountStore, Accounts, MemoryStore};
use rpc_calllog::{CallLog, CallLogStore, MemoryLog};
use rpc_core::{Api, ApiBuilder, BuildError, Bus, Clock, LocalBus, Permission, SystemClock, TracingObserver};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::account_mails::AccountMails;
use self::background::Background;
pub use self::error::AppError;
pub use self::options::{AppOptions, Avatars};
use crate::mail::{LogMailer, MailQueue, MailTemplates, Mailer, Mails, SettingsMailer, SmtpOptions};
use crate::settings::{CurrentSettings, MemorySettings, SettingsStore};

/// Allows what concerns all users.
pub(crate) const ADMIN: Permission = Permission::new("admin", "Administration", "Manage users and settings");

/// The log of calls gets this time at a stop, even if calls and mails have used up theirs: what was answered is in it.
const LOG_AT_STOP: Duration = Duration::from_secs(1);

/// The application: what its methods work with. Cheap to clone; clones are one application.
#[derive(Clone)]
pub struct App {
    pub(crate) accounts: Accounts,
    pub(crate) settings: CurrentSettings,
    pub(crate) mails: Mails,
    pub(crate) calls: CallLog,
    pub(crate) background: Background,
    pub(crate) avatars: Avatars,
    pub(crate) smtp: SmtpOptions,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

/// The parts that an application is built on. Each is a trait; replace any of them.
pub struct AppParts {
    /// Where users, sessions and tokens are kept.
    pub accounts: Arc<dyn AccountStore>,
    /// Where settings are kept.
    pub settings: Arc<dyn SettingsStore>,
    /// Where the log of calls is kept.
    pub call_log: Arc<dyn CallLogStore>,
    /// Who takes mails while the settings name no SMTP server.
    pub mailer: Arc<dyn Mailer>,
    /// What mails say.
    pub templates: MailTemplates,
    /// The bus over which nodes tell each other of changes.
    pub bus: Arc<dyn Bus>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl AppParts {
    /// Everything in memory, for a single node that forgets all when it stops. Mails go to the log.
    ///
    /// # Errors
    ///
    /// None: a test holds the built-in templates to their form.
    pub fn in_memory() -> Result<Self, AppError> {
        let accounts = MemoryStore::default();
        Ok(Self {
            settings: Arc::new(MemorySettings::beside(accounts.clone())),
            accounts: Arc::new(accounts),
            call_log: Arc::new(MemoryLog::default()),
            mailer: Arc::new(LogMailer),
            templates: MailTemplates::built_in()?,
            bus: Arc::new(LocalBus::default()),
            clock: Arc::new(SystemClock::default()),
        })
    }
}

impl App {
    /// Builds an application, on the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// The settings cannot be read.
    pub async fn new(parts: AppParts, options: AppOptions) -> Result<Self, AppError> {
        let AppParts { accounts: store, settings, call_log, mailer, templates, bus, clock } = parts;
        let AppOptions { accounts: options, permissions, mail_queue, smtp, avatars, call_log: call_log_options } =
            options;
        let tasks = TaskTracker::new();
        let settings = CurrentSettings::open(settings, Arc::clone(&bus), Arc::clone(&clock), &tasks).await?;
        let mailer = SettingsMailer::new(settings.clone(), mailer, smtp.clone(), Arc::clone(&clock));
        let queue = MailQueue::start(Arc::new(mailer), Arc::clone(&clock), mail_queue);
        let (confirmation, reset) = (options.confirmation_life, options.reset_life);
        let mails = Mails::new(templates, queue, settings.clone(), options.app_name.as_str(), confirmation, reset);
        let parts = AccountParts {
            store,
            bus: Arc::clone(&bus),
            clock: Arc::clone(&clock),
            mailer: Arc::new(AccountMails(mails.clone())),
            permissions: [vec![ADMIN], permissions].concat(),
        };
        Ok(Self {
            accounts: Accounts::new(parts, options),
            settings,
            mails,
            calls: CallLog::start(call_log, Arc::clone(&clock), call_log_options),
            background: Background::default(),
            avatars,
            smtp,
            bus,
            clock,
            tasks,
            stopping: CancellationToken::new(),
        })
    }

    /// An application in memory; see [`AppParts::in_memory`].
    ///
    /// # Errors
    ///
    /// As [`App::new`].
    pub async fn in_memory(options: AppOptions) -> Result<Self, AppError> {
        Self::new(AppParts::in_memory()?, options).await
    }

    /// The API of all methods in the binary, to which observers and limits may be added.
    #[must_use]
    pub fn api_builder(&self) -> ApiBuilder {
        let permissions = self.accounts.vocabulary().permissions().iter().copied();
        permissions
            .fold(Api::builder(), ApiBuilder::permission)
            .authenticator(self.accounts.authenticator())
            .bus(Arc::clone(&self.bus))
            .clock(Arc::clone(&self.clock))
            .observer(TracingObserver)
            .observer(self.calls.clone())
            .state(self.clone())
    }

    /// The API of all methods in the binary.
    ///
    /// # Errors
    ///
    /// A method of the binary is at fault.
    pub fn api(&self) -> Result<Api, BuildError> {
        self.api_builder().build()
    }

    /// Starts the background work, which runs until [`stop`](Self::stop).
    pub fn start(&self) {
        let (accounts, stopping) = (self.accounts.clone(), self.stopping.clone());
        self.tasks.spawn(async move { accounts.maintain(stopping).await });
        let (calls, stopping) = (self.calls.clone(), self.stopping.clone());
        self.tasks.spawn(async move { calls.maintain(stopping).await });
    }

    /// Ends the background work, sends the mails and logs the calls that wait. Call it when no more calls are served. Background
    /// work, which may still cause mails, has half of the time at most. Returns how many mails were lost.
    pub async fn stop(&self, deadline: Duration) -> usize {
        let logged = self.calls.stop(deadline.max(LOG_AT_STOP));
        tokio::join!(self.finish(deadline), logged).0
    }

    async fn finish(&self, deadline: Duration) -> usize {
        let finished = async {
            self.background.finished().await;
            self.stopping.cancel();
            self.settings.stop();
            self.tasks.close();
            self.tasks.wait().await;
        };
        let end = Instant::now() + deadline;
        if tokio::time::timeout(deadline / 2, finished).await.is_err() {
            tracing::warn!(event = "app.stop", "work in the background did not end in time");
        }
        self.mails.outbox().stop(end.saturating_duration_since(Instant::now())).await
    }

    /// Users, sessions and tokens.
    #[must_use]
    pub fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &CurrentSettings {
        &self.settings
    }

    /// The log of calls.
    #[must_use]
    pub fn calls(&self) -> &CallLog {
        &self.calls
    }

    /// The mails.
    #[must_use]
    pub fn mails(&self) -> &Mails {
        &self.mails
    }

    pub(crate) fn bus(&self) -> Arc<dyn Bus> {
        Arc::clone(&self.bus)
    }

    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Waits until the work is done that calls have left to the background, such as finding out to whom a mail goes.
    pub async fn settled(&self) {
        self.background.finished().await;
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("accounts", &self.accounts).field("mails", &self.mails).finish_non_exhaustive()
    }
}

impl fmt::Debug for AppParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppParts").field("bus", &self.bus).field("clock", &self.clock).finish_non_exhaustive()
    }
}
