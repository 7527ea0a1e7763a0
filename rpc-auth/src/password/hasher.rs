//! Hashes passwords without stopping everything else.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::argon::Argon;
use super::{MAX_BYTES, PasswordHash, Verified, normalised};

/// What hashing costs, and how much of it there may be at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HasherOptions {
    /// Memory of one hash in KiB. Default: 19,456 (OWASP Password Storage Cheat Sheet, with 2 passes and 1 lane). At least 8 for
    /// each lane: less is taken as that.
    pub memory_kib: u32,
    /// Passes over the memory, at least 1. Default: 2.
    pub passes: u32,
    /// Lanes, which are computed one after the other, at least 1. Default: 1.
    pub lanes: u32,
    /// How many hashes are computed at once, at least 1. Their memory adds up. Default: as many as there are cores.
    pub parallel: usize,
    /// How many callers may wait for their turn. Default: 64.
    pub queue: usize,
    /// How long a caller waits for its turn. Default: a second.
    pub max_wait: Duration,
}

impl Default for HasherOptions {
    fn default() -> Self {
        let parallel = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { memory_kib: 19_456, passes: 2, lanes: 1, parallel, queue: 64, max_wait: Duration::from_secs(1) }
    }
}

/// Nothing was hashed: too many others are waiting, the turn did not come in time, the system gives no random bytes, or the
/// runtime is stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many passwords are being checked; try again in {} s", .retry_after.as_secs())]
pub struct HasherBusy {
    /// When to try again: a second, or [`HasherOptions::max_wait`] when that is longer.
    pub retry_after: Duration,
}

/// How busy a hasher is, and what it did so far; for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HasherCounters {
    /// Hashes that are computed now.
    pub running: usize,
    /// Callers that wait for their turn now.
    pub waiting: usize,
    /// Hashes that were begun, those of users that do not exist included.
    pub hashes: u64,
    /// Callers that were turned away.
    pub refused: u64,
}

/// Hashes passwords with Argon2id, on threads of their own. Clones share their limits and counts.
///
/// It needs a Tokio runtime with its timer on.
#[derive(Debug, Clone)]
pub struct PasswordHasher(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    argon: Argon,
    turns: Arc<Semaphore>,
    seats: Semaphore,
    max_wait: Duration,
    parallel: usize,
    queue: usize,
    hashes: AtomicU64,
    refused: AtomicU64,
}

impl PasswordHasher {
    /// A hasher.
    #[must_use]
    pub fn new(options: HasherOptions) -> Self {
        let HasherOptions { memory_kib, passes, lanes, parallel, queue, max_wait } = options;
        let (parallel, queue) = (parallel.clamp(1, Semaphore::MAX_PERMITS), queue.min(Semaphore::MAX_PERMITS));
        Self(Arc::new(Shared {
            argon: Argon::new(memory_kib, passes, lanes),
            turns: Arc::new(Semaphore::new(parallel)),
            seats: Semaphore::new(queue),
            max_wait,
            parallel,
            queue,
            hashes: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }))
    }

    /// The hash of a password, which is brought into NFKC first. Which passwords are good enough is for
    /// [`PasswordPolicy`](super::PasswordPolicy) to say; one of more than 1,024 bytes, before or after that, has a hash that
    /// no password has.
    ///
    /// # Errors
    ///
    /// There was no turn in time.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, HasherBusy> {
        let password = normalised(password, MAX_BYTES);
        self.in_turn(move |argon| argon.hash(password.as_deref())).await?.map_err(|_| self.busy())
    }

    /// Whether a password, brought into NFKC, has a hash. Without a hash (there is no such user) and with one that cannot be
    /// used, the work is that of a hash of today, so that the time tells nobody which users there are. A password of more than
    /// 1,024 bytes, before or after that, has none, and is told so at the same cost.
    ///
    /// # Errors
    ///
    /// There was no turn in time.
    pub async fn verify(&self, password: &str, hash: Option<&PasswordHash>) -> Result<Verified, HasherBusy> {
        self.verify_then(password, hash, |verified| verified).await
    }

    /// The same, and does something with the outcome: also when the caller goes away after its turn has come. It is dropped when
    /// the turn does not come.
    pub(crate) async fn verify_then<T: Send + 'static>(
        &self,
        password: &str,
        hash: Option<&PasswordHash>,
        then: impl FnOnce(Verified) -> T + Send + 'static,
    ) -> Result<T, HasherBusy> {
        let (password, hash) = (normalised(password, MAX_BYTES), hash.cloned());
        self.in_turn(move |argon| then(argon.verify(password.as_deref(), hash.as_ref()))).await
    }

    /// How many hashes were begun, those of users that do not exist included.
    #[must_use]
    pub fn hashes(&self) -> u64 {
        self.0.hashes.load(Ordering::Relaxed)
    }

    /// How busy it is, and what it did so far.
    #[must_use]
    pub fn counters(&self) -> HasherCounters {
        let shared = &self.0;
        HasherCounters {
            running: shared.parallel.saturating_sub(shared.turns.available_permits()),
            waiting: shared.queue.saturating_sub(shared.seats.available_permits()),
            hashes: self.hashes(),
            refused: shared.refused.load(Ordering::Relaxed),
        }
    }

    /// Does one hash's work on a thread for blocking work. The turn goes along: a caller that goes away does not give it
    /// back before the work is done.
    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon) -> T + Send + 'static,
    ) -> Result<T, HasherBusy> {
        let turn = self.turn().await?;
        let shared = Arc::clone(&self.0);
        let task = spawn_blocking(move || {
            shared.hashes.fetch_add(1, Ordering::Relaxed);
            let done = work(&shared.argon);
            drop(turn);
            done
        });
        task.await.map_err(|_| self.busy())
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, HasherBusy> {
        let turns = &self.0.turns;
        if let Ok(turn) = Arc::clone(turns).try_acquire_owned() {
            return Ok(turn);
        }
        let _seat = self.0.seats.try_acquire().map_err(|_| self.busy())?;
        match timeout(self.0.max_wait, Arc::clone(turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) | Err(_) => Err(self.busy()),
        }
    }

    fn busy(&self) -> HasherBusy {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        HasherBusy { retry_after: self.0.max_wait.max(Duration::from_secs(1)) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::time::Duration;

    use test_waits::soon;
    use tokio::sync::oneshot;
    use tokio::task::JoinSet;

    use super::{HasherBusy, HasherCounters, HasherOptions, PasswordHasher};

    const LONG: Duration = Duration::from_secs(600);

    fn hasher(parallel: usize, queue: usize, max_wait: Duration) -> PasswordHasher {
        PasswordHasher::new(HasherOptions { memory_kib: 8, passes: 1, lanes: 1, parallel, queue, max_wait })
    }

    /// Begins work that lasts until the sender is dropped.
    async fn occupy(hasher: &PasswordHasher, callers: &mut JoinSet<()>) -> mpsc::Sender<()> {
        let (begun, beginning) = oneshot::channel();
        let (release, released) = mpsc::channel::<()>();
        let hasher = hasher.clone();
        callers.spawn(async move {
            let work = hasher.in_turn(move |_| {
                begun.send(()).unwrap();
                let _ = released.recv();
            });
            work.await.unwrap();
        });
        soon("the work to begin", beginning).await.unwrap();
        release
    }

    #[test_waits::test]
    async fn a_caller_that_goes_away_does_not_give_its_turn_back_early() {
        let hasher = hasher(1, 0, LONG);
        let mut callers = JoinSet::new();
        let release = occupy(&hasher, &mut callers).await;
        callers.shutdown().await;
        for _ in 0..10 {
            assert!(hasher.hash("password").await.is_err());
        }
        drop(release);
        drop(soon("the turn", hasher.0.turns.acquire()).await.unwrap());
        assert!(hasher.hash("password").await.is_ok());
        assert_eq!(hasher.hashes(), 2);
    }

    #[test_waits::test]
    async fn work_that_panics_gives_its_turn_back() {
        let hasher = hasher(1, 0, LONG);
        let lost = hasher.in_turn(|_| panic!("lost")).await;
        assert_eq!(lost, Err::<(), _>(HasherBusy { retry_after: LONG }));
        drop(soon("the turn", hasher.0.turns.acquire()).await.unwrap());
        assert!(hasher.hash("password").await.is_ok());
    }

    #[test_waits::test(start_paused = true)]
    async fn nobody_waits_longer_than_the_longest_wait() {
        let hasher = hasher(1, 1, Duration::from_millis(1500));
        let turn = hasher.0.turns.acquire().await.unwrap();
        let asked = tokio::time::Instant::now();
        let busy = HasherBusy { retry_after: Duration::from_millis(1500) };
        assert_eq!(hasher.hash("password").await, Err(busy));
        assert!((1500..1510).contains(&asked.elapsed().as_millis()));
        assert_eq!(hasher.hashes(), 0);
        drop(turn);
        assert!(hasher.hash("password").await.is_ok());
    }

    #[test_waits::test]
    async fn a_caller_that_goes_away_leaves_the_queue() {
        let hasher = hasher(1, 1, LONG);
        let mut callers = JoinSet::new();
        let release = occupy(&hasher, &mut callers).await;
        for _ in 0..3 {
            tokio::select! {
                biased;
                _ = hasher.hash("password") => unreachable!("the turn is taken"),
                second = hasher.hash("password") => assert!(second.is_err(), "the queue is full"),
            }
        }
        drop(release);
        assert!(hasher.hash("password").await.is_ok());
    }

    #[test_waits::test]
    async fn of_two_hundred_at_once_some_wait_and_the_rest_are_turned_away() {
        let hasher = hasher(2, 64, LONG);
        let (mut holders, mut callers) = (JoinSet::new(), JoinSet::new());
        let releases = [occupy(&hasher, &mut holders).await, occupy(&hasher, &mut holders).await];
        let (running, max) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        for _ in 0..200 {
            let (hasher, running, max) = (hasher.clone(), Arc::clone(&running), Arc::clone(&max));
            callers.spawn(async move {
                let work = hasher.in_turn(move |_| {
                    max.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    running.fetch_sub(1, Ordering::SeqCst);
                });
                work.await.is_ok()
            });
        }
        for _ in 0..136 {
            assert_eq!(soon("a refusal", callers.join_next()).await.unwrap().ok(), Some(false));
        }
        let counters = HasherCounters { running: 2, waiting: 64, hashes: 2, refused: 136 };
        assert_eq!(hasher.counters(), counters);
        drop(releases);
        assert_eq!(soon("all callers", callers.join_all()).await, vec![true; 64]);
        assert!(max.load(Ordering::SeqCst) <= 2);
    }
}
