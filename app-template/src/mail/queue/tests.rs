use std::collections::VecDeque;
use std::future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rpc_core::ManualClock;
use tokio::sync::{Semaphore, watch};

use super::{MailCounters, MailQueue, QueueOptions};
use crate::mail::{Mail, MailError, Mailer};

/// What a [`ScriptedMailer`] does with a mail.
#[derive(Debug, Clone, Copy)]
enum Does {
    Take,
    PutOff,
    Refuse,
    Hang,
    Panic,
}

/// Does with one attempt after the other what it was told to, and takes every mail after that.
struct ScriptedMailer {
    script: Mutex<VecDeque<Does>>,
    taken: Mutex<Vec<String>>,
    attempts: Semaphore,
}

#[async_trait]
impl Mailer for ScriptedMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let does = self.script.lock().unwrap().pop_front().unwrap_or(Does::Take);
        self.attempts.add_permits(1);
        match does {
            Does::Take => self.taken.lock().unwrap().push(mail.subject().to_owned()),
            Does::PutOff => return Err(MailError::transient("later").with_reply("451 later")),
            Does::Refuse => return Err(MailError::permanent("no").with_reply("550 no")),
            Does::Hang => future::pending().await,
            Does::Panic => panic!("as it was told to"),
        }
        Ok(())
    }
}

/// A queue with one sender, before a mailer that does as it is told.
struct Post {
    queue: MailQueue,
    mailer: Arc<ScriptedMailer>,
    clock: Arc<ManualClock>,
}

impl Post {
    fn new(script: impl IntoIterator<Item = Does>, change: impl FnOnce(&mut QueueOptions)) -> Self {
        let mut options = QueueOptions { senders: 1, ..QueueOptions::default() };
        change(&mut options);
        let mailer = Arc::new(ScriptedMailer {
            script: Mutex::new(script.into_iter().collect()),
            taken: Mutex::default(),
            attempts: Semaphore::new(0),
        });
        let clock = Arc::new(ManualClock::new(Duration::ZERO));
        Self { queue: MailQueue::start(mailer.clone(), clock.clone(), options), mailer, clock }
    }

    fn push(&self, subject: &str) {
        self.queue.push(Mail::new("ann@example.com", subject, "text", "<p>html</p>").unwrap());
    }

    /// Waits for a number of further attempts, and for what the queue makes of them.
    async fn attempts(&self, count: u32) {
        self.mailer.attempts.acquire_many(count).await.unwrap().forget();
        tokio::task::yield_now().await;
    }

    /// Whether there was no attempt, although everything had its turn.
    async fn is_quiet(&self) -> bool {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        self.mailer.attempts.available_permits() == 0
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
        // A sender that sleeps sees the time when it wakes; this wakes it and makes nothing due.
        self.queue.0.news.notify_waiters();
    }

    fn taken(&self) -> Vec<String> {
        self.mailer.taken.lock().unwrap().clone()
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn mails_leave_in_the_order_in_which_they_came() {
    let post = Post::new([], |_| {});
    ["a", "b", "c"].iter().for_each(|subject| post.push(subject));
    post.attempts(3).await;
    assert_eq!(post.taken(), ["a", "b", "c"]);
    assert_eq!(post.queue.counters(), MailCounters { queued: 3, sent: 3, ..MailCounters::default() });
}

#[tokio::test]
async fn a_mail_that_is_put_off_is_tried_again_after_waits_that_double() {
    let post = Post::new([Does::PutOff; 7], |_| {});
    post.push("a");
    post.attempts(1).await;
    for wait in [5, 10, 20, 40, 80, 120, 120] {
        post.advance(seconds(wait) - Duration::from_nanos(1));
        assert!(post.is_quiet().await, "before {wait} s");
        post.advance(Duration::from_nanos(1));
        post.attempts(1).await;
    }
    assert_eq!(post.taken(), ["a"]);
    assert_eq!(post.queue.counters(), MailCounters { queued: 1, sent: 1, retried: 7, ..MailCounters::default() });
}

#[tokio::test]
async fn a_mail_is_given_up_after_fifteen_minutes() {
    let post = Post::new([Does::PutOff; 100], |_| {});
    post.push("a");
    post.attempts(1).await;
    let mut passed = Duration::ZERO;
    while post.queue.counters().waiting > 0 {
        post.advance(seconds(5));
        passed += seconds(5);
        post.is_quiet().await;
    }
    assert!(passed > seconds(13 * 60) && passed <= seconds(15 * 60), "{passed:?}");
    let counters = post.queue.counters();
    assert_eq!((counters.sent, counters.failed, counters.dropped), (0, 1, 0));
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_tried_again() {
    let post = Post::new([Does::Refuse], |_| {});
    post.push("a");
    post.push("b");
    post.attempts(2).await;
    post.advance(seconds(3600));
    assert!(post.is_quiet().await);
    assert_eq!(post.taken(), ["b"]);
    assert_eq!(post.queue.counters(), MailCounters { queued: 2, sent: 1, failed: 1, ..MailCounters::default() });
}

#[tokio::test]
async fn a_full_queue_drops_and_counts() {
    let post = Post::new([Does::Hang], |options| options.capacity = 2);
    post.push("a");
    post.attempts(1).await;
    ["b", "c", "d"].iter().for_each(|subject| post.push(subject));
    assert_eq!(
        post.queue.counters(),
        MailCounters { queued: 2, dropped: 2, waiting: 2, ..MailCounters::default() },
        "the mail that is being sent has its place"
    );
}

#[tokio::test]
async fn a_change_of_settings_retries_at_once() {
    let post = Post::new([Does::PutOff], |_| {});
    let (changes, seen) = watch::channel(0);
    post.queue.retry_after(seen);
    post.push("a");
    post.attempts(1).await;
    assert!(post.is_quiet().await);
    changes.send(1).unwrap();
    post.attempts(1).await;
    assert_eq!(post.taken(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_never_ends_is_cut_and_tried_again() {
    let post = Post::new([Does::Hang], |options| options.attempt = seconds(7));
    post.push("a");
    post.attempts(1).await;
    tokio::time::advance(seconds(8)).await;
    post.is_quiet().await;
    assert_eq!(post.queue.counters().retried, 1);
    post.queue.retry_now();
    post.attempts(1).await;
    assert_eq!(post.taken(), ["a"]);
}

#[tokio::test]
async fn a_mailer_that_panics_stops_no_sender() {
    let post = Post::new([Does::Panic], |_| {});
    post.push("a");
    post.push("b");
    post.attempts(2).await;
    assert_eq!(post.taken(), ["b"]);
    assert_eq!(post.queue.counters().failed, 1);
}

#[tokio::test]
async fn a_stop_tries_what_waits_once_more() {
    let post = Post::new([Does::PutOff, Does::PutOff, Does::Take, Does::PutOff], |_| {});
    let (_changes, seen) = watch::channel(0);
    post.queue.retry_after(seen);
    post.push("a");
    post.push("b");
    post.attempts(2).await;
    assert_eq!(post.queue.stop(seconds(10)).await, 0);
    let counters = post.queue.counters();
    assert_eq!((counters.sent, counters.failed, counters.waiting), (1, 1, 0));
    post.push("c");
    assert_eq!(post.queue.counters().dropped, 1, "a stopped queue takes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_at_its_deadline_and_tells_what_was_lost() {
    let post = Post::new([Does::Hang], |_| {});
    post.push("a");
    post.push("b");
    post.attempts(1).await;
    assert_eq!(post.queue.stop(seconds(10)).await, 2);
    let counters = post.queue.counters();
    assert_eq!((counters.dropped, counters.waiting), (2, 0));
}
