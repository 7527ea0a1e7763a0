//! Waits of tests: each has a bound, and says what it waited for in vain, so that a fault is a test that fails and not one that
//! hangs.
//!
//! A test is a `#[test_waits::test]`, waits for futures with [`soon`] and for conditions with [`until`], and speaks to others over a
//! [`Bounded`] stream.

#![expect(clippy::panic, reason = "a test that waits in vain ends there")]

mod stream;

use std::fmt::Display;
use std::future::Future;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

pub use test_waits_attribute::test;
use tokio::sync::oneshot;

pub use crate::stream::Bounded;

/// What takes longer than this will not happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The same once something has been waited for in vain: the run has failed, and is to end soon.
const AFTER_A_FAILURE: Duration = Duration::from_secs(2);

static HAS_FAILED: AtomicBool = AtomicBool::new(false);

/// Something was waited for in vain.
fn failed() {
    HAS_FAILED.store(true, Ordering::Relaxed);
}

/// How long a wait may take that begins now.
fn patience() -> Duration {
    if HAS_FAILED.load(Ordering::Relaxed) { AFTER_A_FAILURE } else { PATIENCE }
}

/// A test that takes longer than this will not end.
pub const WHOLE: Duration = Duration::from_secs(300);

/// Waits for what comes soon: within [`PATIENCE`], or two seconds when another test of the process has waited in vain.
///
/// # Panics
///
/// It does not come.
#[track_caller]
pub fn soon<F: IntoFuture>(what: impl Display, awaited: F) -> impl Future<Output = F::Output> {
    within(patience(), what, awaited)
}

/// Waits for what comes within a time.
///
/// # Panics
///
/// It does not come.
#[track_caller]
pub fn within<F: IntoFuture>(time: Duration, what: impl Display, awaited: F) -> impl Future<Output = F::Output> {
    // On the heap, so that a test of many waits stays small on the stack.
    let (caller, awaited) = (Location::caller(), Box::pin(awaited.into_future()));
    async move {
        match tokio::time::timeout(time, awaited).await {
            Ok(value) => value,
            Err(_) => in_vain(&what, time, caller),
        }
    }
}

/// Waits until something is so, and lets others have their turn meanwhile.
///
/// # Panics
///
/// It is not so as soon as [`soon`] says, by the clock of the system: that of a test that stops its own goes on here.
#[track_caller]
pub fn until(what: impl Display, mut is_so: impl FnMut() -> bool) -> impl Future<Output = ()> {
    until_async(what, async move || is_so())
}

/// Like [`until`], for what has to be asked for.
///
/// # Panics
///
/// It is not so, or there is no answer, as soon as [`soon`] says.
#[track_caller]
pub fn until_async(what: impl Display, mut is_so: impl AsyncFnMut() -> bool) -> impl Future<Output = ()> {
    let (caller, patience) = (Location::caller(), patience());
    let asking = async move {
        let begin = now();
        while !is_so().await {
            if begin.elapsed() > patience {
                return false;
            }
            tokio::task::yield_now().await;
        }
        true
    };
    async move {
        if !tokio::time::timeout(patience, asking).await.unwrap_or(false) {
            in_vain(&what, patience, caller);
        }
    }
}

/// Runs a whole test, for [`WHOLE`] at most by the clock of the system.
///
/// # Panics
///
/// The test does not end.
pub async fn whole<T>(test: impl Future<Output = T>) -> T {
    let (_ended, has_ended) = channel::<()>();
    let (late, is_late) = oneshot::channel();
    std::thread::spawn(move || {
        if has_ended.recv_timeout(WHOLE) == Err(RecvTimeoutError::Timeout) {
            let _ = late.send(());
        }
    });
    tokio::select! {
        biased;
        value = test => value,
        _ = is_late => panic!("the test has not ended after {WHOLE:?}: it waits for something without a bound"),
    }
}

fn in_vain(what: &impl Display, time: Duration, caller: &Location<'_>) -> ! {
    failed();
    panic!("waited {time:?} in vain for {what}, at {caller}")
}

#[expect(clippy::disallowed_methods, reason = "tests of the clock wait by another one")]
fn now() -> Instant {
    Instant::now()
}
