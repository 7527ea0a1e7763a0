//! Slowing down who guesses passwords.

mod counts;
mod guesses;

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc_core::Timestamp;

use self::counts::{Attempt, Counts, Scope};

/// How many refused sign-ins are free, and how long the delays after them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleOptions {
    /// Refused sign-ins with one name from one address before delays begin: 5 unless told.
    pub free_per_pair: u32,
    /// Refused sign-ins with one name, from anywhere: 50 unless told.
    pub free_per_name: u32,
    /// Refused sign-ins from one address, with any name: 100 unless told.
    pub free_per_address: u32,
    /// The first delay: a second unless told. Each refusal doubles it.
    pub first_delay: Duration,
    /// The longest delay: 30 seconds unless told. There is no lasting lock.
    pub max_delay: Duration,
    /// How long after the last refusal all is forgotten: 15 minutes unless told.
    pub forget_after: Duration,
    /// How long the delays of a name, which others caused, do not hold where its user signed in: 30 days unless told.
    pub trust_for: Duration,
    /// How long an attempt whose outcome is never told counts as a refused one: 30 seconds unless told.
    pub pending_for: Duration,
    /// How many pairs, names and addresses are remembered, of each the latest: 100,000 unless told.
    pub capacity: usize,
}

impl Default for ThrottleOptions {
    fn default() -> Self {
        Self {
            free_per_pair: 5,
            free_per_name: 50,
            free_per_address: 100,
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(30),
            forget_after: Duration::from_secs(15 * 60),
            trust_for: Duration::from_secs(30 * 24 * 3600),
            pending_for: Duration::from_secs(30),
            capacity: 100_000,
        }
    }
}

/// Delays sign-ins after refused ones: per name and address, per name, and per address, each with free ones first.
///
/// [`check`](Self::check) is asked before anything is looked up or hashed, and reserves: until its outcome is told, a permitted
/// attempt counts as a refused one. However many guesses come at once, no more are let through than one after the other
/// would be. Whoever called it tells the outcome, with the same login and address: [`refused`](Self::refused),
/// [`succeeded`](Self::succeeded), or [`abandoned`](Self::abandoned) when there was none, because a part of the system is down or busy.
/// An outcome that is never told (the caller went away) is given up after [`ThrottleOptions::pending_for`].
///
/// Names count whether there is such a user or not, in lower case, without the space around them. IPv6 addresses count by their
/// first 64 bits, of which a customer has all the rest; IPv4 addresses in IPv6 form are the IPv4 ones. Without an address
/// there is no count per address. It is kept in memory: a restart forgets, and each node counts for itself.
#[derive(Debug)]
pub struct SignInThrottle {
    options: ThrottleOptions,
    counts: Mutex<Counts>,
}

impl SignInThrottle {
    /// A throttle that has seen nothing.
    #[must_use]
    pub fn new(options: ThrottleOptions) -> Self {
        let counts = Mutex::new(Counts::new(options.capacity));
        Self { options, counts }
    }

    /// Whether a sign-in may be tried now; then one is reserved, in the same step.
    ///
    /// `trusted`: this user signed in from this address within [`ThrottleOptions::trust_for`]. Then the delays of the name, which others caused,
    /// do not apply.
    ///
    /// # Errors
    ///
    /// The time until it may be tried, at most [`ThrottleOptions::max_delay`]. Nothing was counted.
    pub fn check(&self, login: &str, client: Option<IpAddr>, trusted: bool, now: Timestamp) -> Result<(), Duration> {
        let attempt = Attempt::new(login, client);
        let mut counts = self.counts();
        counts.forget_until(now.before(self.options.forget_after));
        let keys = counts.keys(attempt);
        let known = counts.known(&keys).filter(|(scope, _)| !(trusted && *scope == Scope::Name));
        let wait = known.map(|(scope, guesses)| guesses.wait(self.free(scope), &self.options, now)).max();
        let wait = wait.unwrap_or_default();
        if !wait.is_zero() {
            return Err(wait);
        }
        counts.touch(&keys, now, |guesses| guesses.reserve(&self.options, now));
        Ok(())
    }

    /// The credentials of a permitted attempt were wrong.
    pub fn refused(&self, login: &str, client: Option<IpAddr>, now: Timestamp) {
        let attempt = Attempt::new(login, client);
        let mut counts = self.counts();
        let keys = counts.keys(attempt);
        counts.touch(&keys, now, |guesses| guesses.refuse(&self.options, now));
    }

    /// The credentials of a permitted attempt were right: the refusals of this name from this address are forgotten.
    pub fn succeeded(&self, login: &str, client: Option<IpAddr>) {
        let attempt = Attempt::new(login, client);
        let mut counts = self.counts();
        let keys = counts.keys(attempt);
        counts.settle(&keys, |scope, guesses| {
            guesses.release();
            if scope == Scope::Pair {
                guesses.clear();
            }
        });
    }

    /// A permitted attempt came to no decision.
    pub fn abandoned(&self, login: &str, client: Option<IpAddr>) {
        let attempt = Attempt::new(login, client);
        let mut counts = self.counts();
        let keys = counts.keys(attempt);
        counts.settle(&keys, |_, guesses| guesses.release());
    }

    fn free(&self, scope: Scope) -> u32 {
        match scope {
            Scope::Pair => self.options.free_per_pair,
            Scope::Name => self.options.free_per_name,
            Scope::Address => self.options.free_per_address,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
