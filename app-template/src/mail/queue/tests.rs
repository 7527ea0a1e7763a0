use std::collections::VecDeque;
use std::future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rpc_auth::{MailCause, UserId};
use rpc_core::ManualClock;
use test_waits::within;
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
        self.push_as(MailCause::House, subject);
    }

    fn push_as(&self, cause: MailCause, subject: &str) {
        self.queue.push(Mail::new("ann@example.com", subject, "text", "<p>html</p>").unwrap(), cause);
    }

    /// Waits for a number of further attempts, and for what the queue makes of them.
    async fn attempts(&self, count: u32) {
        // Where the clock stands still, that of the runtime goes on by as much as there is to wait.
        let attempts = self.mailer.attempts.acquire_many(count);
        within(Duration::from_secs(3600), "further attempts", attempts).await.unwrap().forget();
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

fn user(number: i64) -> MailCause {
    MailCause::User(UserId::new(number))
}

fn guest(address: &str) -> MailCause {
    MailCause::guest(Some(address.parse().unwrap()))
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test_waits::test]
async fn mails_leave_in_the_order_in_which_they_came() {
    let post = Post::new([], |_| {});
    ["a", "b", "c"].iter().for_each(|subject| post.push(subject));
    post.attempts(3).await;
    assert_eq!(post.taken(), ["a", "b", "c"]);
    assert_eq!(post.queue.counters(), MailCounters { queued: 3, sent: 3, ..MailCounters::default() });
}

#[test_waits::test]
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

#[test_waits::test]
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

#[test_waits::test]
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

#[test_waits::test]
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

#[test_waits::test]
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

#[test_waits::test(start_paused = true)]
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

#[test_waits::test]
async fn a_mailer_that_panics_stops_no_sender() {
    let post = Post::new([Does::Panic], |_| {});
    post.push("a");
    post.push("b");
    post.attempts(2).await;
    assert_eq!(post.taken(), ["b"]);
    assert_eq!(post.queue.counters().failed, 1);
}

#[test_waits::test]
async fn a_stop_tries_what_waits_at_once_and_then_each_second() {
    let post = Post::new([Does::PutOff, Does::PutOff, Does::Take, Does::PutOff, Does::PutOff], |_| {});
    let (_changes, seen) = watch::channel(0);
    post.queue.retry_after(seen);
    post.push("a");
    post.push("b");
    post.attempts(2).await;
    let (lost, ()) = tokio::join!(post.queue.stop(seconds(20)), async {
        // One of the two leaves, the other one is put off twice more.
        post.attempts(2).await;
        for _ in 0..2 {
            assert!(post.is_quiet().await);
            post.advance(seconds(1));
            post.attempts(1).await;
        }
    });
    let counters = post.queue.counters();
    assert_eq!((lost, counters.sent, counters.failed, counters.waiting), (0, 2, 0, 0));
    post.push("c");
    assert_eq!(post.queue.counters().dropped, 1, "a stopped queue takes nothing");
}

#[test_waits::test(start_paused = true)]
async fn a_stop_ends_at_its_deadline_while_a_mail_waits_for_its_next_attempt() {
    let post = Post::new([Does::PutOff; 100], |_| {});
    post.push("a");
    post.attempts(1).await;
    assert_eq!(post.queue.stop(seconds(3)).await, 1);
    assert_eq!(post.queue.counters().dropped, 1);
}

#[test_waits::test(start_paused = true)]
async fn a_stop_ends_at_its_deadline_and_tells_what_was_lost() {
    let post = Post::new([Does::Hang], |_| {});
    post.push("a");
    post.push("b");
    post.attempts(1).await;
    assert_eq!(post.queue.stop(seconds(10)).await, 2);
    let counters = post.queue.counters();
    assert_eq!((counters.dropped, counters.waiting), (2, 0));
}

#[test_waits::test]
async fn who_causes_one_mail_waits_for_one_of_each_other() {
    let post = Post::new([], |options| options.capacity = 2000);
    for number in 0..1000 {
        post.push_as(guest("192.0.2.1"), &format!("flood {number}"));
    }
    ["a", "b"].iter().for_each(|subject| post.push_as(user(2), subject));
    // All of a /48 are one: it does not multiply its turns.
    for network in 0..500 {
        post.push_as(guest(&format!("2001:db8:0:{network:x}::1")), &format!("site {network}"));
    }
    post.push_as(guest("198.51.100.1"), "c");
    post.attempts(1503).await;
    assert_eq!(post.taken()[..8], ["flood 0", "a", "site 0", "c", "flood 1", "b", "site 1", "flood 2"]);
    assert_eq!(post.queue.counters().sent, 1503);
}

#[test_waits::test]
async fn a_full_queue_drops_the_newest_of_whoever_has_the_most() {
    let post = Post::new([Does::Hang, Does::Hang], |options| options.capacity = 6);
    (0..9).for_each(|number| post.push_as(guest("192.0.2.1"), &format!("flood {number}")));
    // One is being sent.
    post.attempts(1).await;
    assert_eq!((post.queue.counters().dropped, post.queue.counters().waiting), (3, 6));
    post.push_as(guest("198.51.100.1"), "a");
    ["b", "c", "d"].iter().for_each(|subject| post.push_as(user(2), subject));
    // Who has as many as the flood by now gets no further place.
    let counters = post.queue.counters();
    assert_eq!((counters.queued, counters.dropped, counters.waiting), (9, 7, 6));
    assert_eq!(post.queue.0.waiting.subjects(), ["flood 1", "flood 2", "a", "b", "c"]);
}

#[test_waits::test]
async fn nobody_has_all_senders() {
    let post = Post::new([Does::Hang, Does::Hang, Does::Hang], |options| options.senders = 4);
    (0..100).for_each(|number| post.push_as(guest("192.0.2.1"), &format!("flood {number}")));
    post.attempts(3).await;
    assert!(post.is_quiet().await);
    post.push_as(user(2), "a");
    post.attempts(1).await;
    assert_eq!(post.taken(), ["a"]);
    assert!(post.is_quiet().await);
    assert_eq!(post.queue.counters().waiting, 100);
}

#[test_waits::test]
async fn of_mails_that_are_dropped_the_log_tells_once_a_second() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let writer = {
        let log = log.clone();
        move || Lines(log.clone())
    };
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(writer).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let post = Post::new([Does::Hang], |options| options.capacity = 1);
    (0..100).for_each(|_| post.push("a"));
    post.advance(seconds(1));
    (0..100).for_each(|_| post.push("a"));
    let text = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    let told: Vec<&str> = text.lines().filter(|line| line.contains("mail.dropped")).collect();
    assert_eq!(told.len(), 2, "{text}");
    assert!(told[0].contains("lost=1") && told[1].contains("lost=99"), "{text}");
    assert_eq!(post.queue.counters().dropped, 199);
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
