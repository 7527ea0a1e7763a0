//! Slows down whoever guesses passwords.

mod attempt;
mod counts;
mod guesses;
mod limited;
mod party;
mod tally;
mod turns;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rpc_core::Timestamp;

pub use self::attempt::SignInAttempt;
use self::counts::{Counts, Who};
pub use self::limited::{PendingSignIn, RateLimited};

/// How many refused sign-ins are free, and how long the delays after them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleOptions {
    /// Refused sign-ins with one name from one address before delays begin. Default: 5.
    pub free_per_pair: u32,
    /// Refused sign-ins with one name, from anywhere. Default: 50.
    pub free_per_name: u32,
    /// Refused sign-ins from one address, with any name. Default: 100.
    pub free_per_address: u32,
    /// The first delay; each refusal doubles it. Default: a second.
    pub first_delay: Duration,
    /// The longest delay; there is no lasting lock. Default: 30 seconds.
    pub max_delay: Duration,
    /// How long after the last refusal all is forgotten. Default: 15 minutes.
    pub forget_after: Duration,
    /// How long delays that others cause do not hold where a user came in, by a password or by a mail. Default: 30 days.
    pub trust_for: Duration,
    /// How many pairs, names and addresses are remembered, of each the latest: 100,000 within their free ones unless told,
    /// and as many beyond them, so that those who are within theirs push nobody out who waits.
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
            capacity: 100_000,
        }
    }
}

/// Delays sign-ins after refused ones: per name and address, per name, and per address, each with free ones first.
///
/// [`check`](Self::check) is asked before anything is hashed, and gives an [`SignInAttempt`]: until its outcome is told, it
/// counts as a refused one. However many guesses come at once, no more are let through than one after the other would be. Who
/// would be refused for such attempts alone is told to wait for an outcome: as long as they may all turn out right, nobody is
/// refused.
///
/// Under the delays of a name, which is guessed from anywhere, networks take turns: one turn for each delay, and next comes the one
/// that had none for the longest time. First among the networks of the width of /16 in IPv4 and /32 in IPv6, then, within one
/// of these, of /24 and /48, and then among single ones; so neither who asks fastest nor who has many addresses in one place
/// takes all the turns. A turn is kept for who asked, for as long as four of the longest delays. Where there is nobody but those
/// who had turns before, every second is saved, eight at most, for networks that come for the first time: they need not wait then.
///
/// Names count whether there is such a user or not, in lower case, without the space around them. IPv6 addresses count by their
/// first 64 bits, of which a customer has all the rest; IPv4 addresses in IPv6 form are the IPv4 ones. Without an address
/// there is no count per address. It is kept in memory: a restart forgets, and each node counts for itself. Clones share
/// their counts.
#[derive(Debug, Clone)]
pub struct SignInThrottle(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    options: ThrottleOptions,
    counts: Mutex<Counts>,
}

impl SignInThrottle {
    /// A throttle that has seen nothing.
    #[must_use]
    pub fn new(options: ThrottleOptions) -> Self {
        Self(Arc::new(Shared { options, counts: Mutex::new(Counts::new(&options)) }))
    }

    /// Whether the name or the address has any delays, so that it matters if the user is trusted there. Nothing is counted.
    #[must_use]
    pub fn is_delayed(&self, login: &str, client: Option<IpAddr>, now: Timestamp) -> bool {
        let who = Who::new(login, client);
        let mut counts = self.counts();
        counts.forget(&self.0.options, now);
        counts.is_delayed(who)
    }

    /// Reserves a sign-in, if one may be tried now, in one step.
    ///
    /// `trusted`: this user came in from this address within [`ThrottleOptions::trust_for`]. Then the delays of the name, which
    /// others caused, do not apply; and those of the address only between two refusals of this name.
    ///
    /// # Errors
    ///
    /// It may not. Nothing was counted.
    pub fn check(
        &self,
        login: &str,
        client: Option<IpAddr>,
        trusted: bool,
        now: Timestamp,
    ) -> Result<SignInAttempt, RateLimited> {
        let who = Who::new(login, client);
        let mut counts = self.counts();
        counts.forget(&self.0.options, now);
        counts.admit(who, trusted, &self.0.options, now)?;
        drop(counts);
        Ok(SignInAttempt::new(self.clone(), who))
    }

    /// Forgets the refusals of a name from an address: whoever is there has shown by other means who they are.
    pub fn clear(&self, login: &str, client: Option<IpAddr>) {
        self.counts().clear(Who::new(login, client));
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
