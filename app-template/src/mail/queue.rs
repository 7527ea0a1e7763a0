//! The queue of mails.

mod counters;
mod losses;
mod waiting;

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use rpc_auth::MailCause;
use rpc_core::Clock;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::counters::Counters;
use self::losses::Losses;
use self::waiting::{Added, Next, Waiting, WaitingMail};
use super::{Mail, MailError, Mailer};

pub use self::counters::MailCounters;

/// The wait between two attempts while the queue is being stopped.
const WAIT_AT_STOP: Duration = Duration::from_secs(1);

/// How a [`MailQueue`] works.
#[derive(Debug, Clone)]
pub struct QueueOptions {
    /// Mails that wait at most, those included that are being sent. Beyond it, whoever caused the most of those that wait loses
    /// the newest of them. 1,000 by default.
    pub capacity: usize,
    /// Mails that are sent at once; nobody has all of them, unless it is one. 4 by default.
    pub senders: usize,
    /// For how long after a mail was queued it is tried again. 15 minutes by default.
    pub patience: Duration,
    /// The wait after the first failure; it doubles with each further one. 5 seconds by default.
    pub first_wait: Duration,
    /// The longest wait. 2 minutes by default.
    pub longest_wait: Duration,
    /// How long one attempt may take, whatever the mailer does. 2 minutes by default.
    pub attempt: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            capacity: 1000,
            senders: 4,
            patience: Duration::from_mins(15),
            first_wait: Duration::from_secs(5),
            longest_wait: Duration::from_mins(2),
            attempt: Duration::from_mins(2),
        }
    }
}

/// A queue of mails: in memory, bounded, with retries while they may help. Clones are one queue.
///
/// It is shared by those who [cause](MailCause) mails: they take turns, one mail each, so that nobody waits for all that another
/// one has caused. Within a share the oldest goes first.
///
/// What still waits when the process ends is lost.
#[derive(Clone)]
pub struct MailQueue(Arc<Shared>);

struct Shared {
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    options: QueueOptions,
    waiting: Waiting,
    counters: Counters,
    losses: Losses,
    news: Notify,
    /// No more mails are taken.
    stopping: CancellationToken,
    /// No more mails are sent.
    cut: CancellationToken,
    tasks: TaskTracker,
}

impl MailQueue {
    /// Starts a queue that hands mails to a mailer. `clock` times retries.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    #[must_use]
    pub fn start(mailer: Arc<dyn Mailer>, clock: Arc<dyn Clock>, options: QueueOptions) -> Self {
        let shared = Arc::new(Shared {
            mailer,
            clock,
            waiting: Waiting::default(),
            counters: Counters::default(),
            losses: Losses::default(),
            news: Notify::new(),
            stopping: CancellationToken::new(),
            cut: CancellationToken::new(),
            tasks: TaskTracker::new(),
            options,
        });
        for _ in 0..shared.options.senders.max(1) {
            shared.tasks.spawn(send_all(Arc::clone(&shared)));
        }
        Self(shared)
    }

    /// Queues a mail, at once. A stopped queue drops it, and a full one drops it or another one (see
    /// [`QueueOptions::capacity`]); [`counters`](Self::counters) say so, and the log, once a second.
    pub fn push(&self, mail: Mail, cause: MailCause) {
        let now = self.0.clock.elapsed();
        let added = self.0.waiting.add(WaitingMail::new(mail, cause, now), self.0.options.capacity);
        if added != Added::Yes {
            self.0.counters.dropped(1);
            self.0.losses.add(now);
        }
        if added != Added::No {
            self.0.counters.queued();
            self.0.news.notify_waiters();
        }
    }

    /// Tries all waiting mails at once, whenever they were due: what kept them from leaving may be over.
    pub fn retry_now(&self) {
        self.0.waiting.make_due();
        self.0.news.notify_waiters();
    }

    /// Calls [`retry_now`](Self::retry_now) after each of `changes`, until the queue is stopped.
    pub fn retry_after(&self, mut changes: watch::Receiver<u64>) {
        // Held weakly, so that this task does not keep the queue.
        let (shared, stopping) = (Arc::downgrade(&self.0), self.0.stopping.clone());
        let retry = async move {
            while changes.changed().await.is_ok() {
                let Some(shared) = shared.upgrade() else { return };
                Self(shared).retry_now();
            }
        };
        self.0.tasks.spawn(stopping.run_until_cancelled_owned(retry));
    }

    /// The counters of mails so far.
    #[must_use]
    pub fn counters(&self) -> MailCounters {
        self.0.counters.snapshot(self.0.waiting.count())
    }

    /// Takes no more mails, tries those that wait at once and then each second, and returns when none is left or `deadline` has
    /// passed. Returns how many were lost.
    pub async fn stop(&self, deadline: Duration) -> usize {
        self.0.waiting.close();
        self.0.stopping.cancel();
        self.retry_now();
        self.0.tasks.close();
        if tokio::time::timeout(deadline, self.0.tasks.wait()).await.is_err() {
            self.0.cut.cancel();
            self.0.tasks.wait().await;
        }
        let lost = self.0.waiting.clear();
        if lost > 0 {
            self.0.counters.dropped(lost);
            tracing::error!(event = "mail.dropped", lost, "{lost} mails were not sent before the stop");
        }
        lost
    }
}

impl fmt::Debug for MailQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MailQueue").field(&self.counters()).finish()
    }
}

impl Shared {
    /// Sends one mail; a failure that may pass puts it back.
    async fn attempt(&self, mut waiting: WaitingMail) {
        let send = AssertUnwindSafe(self.mailer.send(&waiting.mail)).catch_unwind();
        let attempt = tokio::time::timeout(self.options.attempt, send);
        let result = match self.cut.run_until_cancelled(attempt).await {
            None => return self.waiting.put_back(waiting),
            Some(Ok(Ok(result))) => result,
            Some(Ok(Err(_panic))) => Err(MailError::permanent("the mailer panicked")),
            Some(Err(_elapsed)) => Err(MailError::transient("the attempt took too long")),
        };
        waiting.attempts += 1;
        match result {
            Ok(()) => {
                self.waiting.done(waiting.cause);
                self.counters.sent();
                tracing::debug!(event = "mail.sent", attempts = waiting.attempts, "a mail was sent");
            }
            Err(error) => self.failed(waiting, &error),
        }
    }

    fn failed(&self, mut waiting: WaitingMail, error: &MailError) {
        let now = self.clock.elapsed();
        let wait = waiting.wait(self.options.first_wait, self.options.longest_wait);
        let wait = if self.waiting.is_closed() { wait.min(WAIT_AT_STOP) } else { wait };
        let is_too_late = now + wait > waiting.queued + self.options.patience;
        let (to, attempts, reply) = (waiting.mail.to(), waiting.attempts, error.reply());
        if error.is_permanent() || is_too_late {
            tracing::error!(event = "mail.failed", to, attempts, reply, "a mail was not sent: {error}");
            self.waiting.done(waiting.cause);
            self.counters.failed();
            return;
        }
        let seconds = wait.as_secs();
        tracing::warn!(event = "mail.retry", to, attempts, reply, "a mail is tried again in {seconds} s: {error}");
        waiting.due = now + wait;
        self.waiting.put_back(waiting);
        self.counters.retried();
    }
}

/// One of the senders: sends what is due, waits for what is not, ends when the queue is closed and empty.
async fn send_all(shared: Arc<Shared>) {
    let max = shared.options.senders.saturating_sub(1).max(1);
    while !shared.cut.is_cancelled() {
        let mut news = std::pin::pin!(shared.news.notified());
        // From here on no news is missed: what is seen next is not old when it is waited on.
        news.as_mut().enable();
        let wait = match shared.waiting.next(shared.clock.elapsed(), max) {
            Next::Due(mail) => {
                shared.attempt(mail).await;
                continue;
            }
            Next::None if shared.waiting.is_closed() => break,
            Next::In(wait) => wait,
            Next::None => Duration::MAX,
        };
        let _ = shared.cut.run_until_cancelled(shared.mailer.rest()).await;
        let _ = shared.cut.run_until_cancelled(tokio::time::timeout(wait, news)).await;
    }
    let _ = shared.cut.run_until_cancelled(shared.mailer.rest()).await;
}

#[cfg(test)]
mod tests;
