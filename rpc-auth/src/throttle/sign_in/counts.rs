//! Where guesses are counted.

use std::net::IpAddr;
use std::time::Duration;

use rpc_core::{Timestamp, network};
use sha2::{Digest, Sha256};

use super::ThrottleOptions;
use super::guesses::{Guesses, left};
use super::limited::RateLimited;
use super::tally::Tally;
use super::turns::Turns;
use crate::throttle::table::{Key, Table};

/// Bytes of the longest login that is brought into lower case. No name and no address has as many.
const LONGEST_LOGIN: usize = 1024;
/// Names of which it is remembered whose turn it is, the latest.
const NAMES_WITH_TURNS: usize = 2_000;

/// Who tries to sign in. It is small: what takes as long as the login is done before the counts are locked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Who {
    login: [u8; 32],
    network: Option<IpAddr>,
}

impl Who {
    pub(super) fn new(login: &str, client: Option<IpAddr>) -> Self {
        let login = login.trim();
        let login = if login.len() > LONGEST_LOGIN {
            Sha256::digest(login.as_bytes())
        } else {
            Sha256::digest(login.to_lowercase().as_bytes())
        };
        Self { login: login.into(), network: client.map(network) }
    }
}

/// The counts of each scope.
#[derive(Debug)]
pub(super) struct Counts {
    /// By name and address.
    pairs: Tally,
    /// By name, from anywhere.
    names: Tally,
    /// By address, with any name.
    addresses: Tally,
    /// Of names that have delays.
    turns: Table<Turns>,
}

/// Where one attempt is counted. Nothing is counted by an address that is not known.
#[derive(Clone, Copy)]
struct Keys {
    pair: Key,
    name: Key,
    address: Option<Key>,
}

impl Counts {
    pub(super) fn new(options: &ThrottleOptions) -> Self {
        let tally = |free| Tally::new(free, options.capacity);
        Self {
            pairs: tally(options.free_per_pair),
            names: tally(options.free_per_name),
            addresses: tally(options.free_per_address),
            turns: Table::new(options.capacity.min(NAMES_WITH_TURNS)),
        }
    }

    /// Reserves an attempt, if it may be tried now.
    pub(super) fn admit(
        &mut self,
        who: Who,
        trusted: bool,
        options: &ThrottleOptions,
        now: Timestamp,
    ) -> Result<(), RateLimited> {
        let keys = self.keys(who);
        let pair = self.pairs.guesses(keys.pair, now);
        let name = self.names.guesses(keys.name, now);
        let address = keys.address.map(|key| self.addresses.guesses(key, now)).unwrap_or_default();
        let wait = pair.wait(options.free_per_pair, options, now);
        let wait = wait.max(self.wait_at_address(address, pair, trusted, options, now));
        if !wait.is_zero() {
            return Err(RateLimited::Delayed(wait));
        }
        if let Some((tally, key)) = self.undecided(keys, [pair, name, address], trusted) {
            let too_many = RateLimited::Delayed(options.first_delay.min(options.max_delay));
            return Err(tally.outcome(key).map_or(too_many, RateLimited::Pending));
        }
        if !trusted && name.delay(self.names.free, options).is_some() {
            self.take_turn(who, keys, name, options, now).map_err(RateLimited::Delayed)?;
        }
        self.each(keys, Tally::reserve);
        Ok(())
    }

    /// Takes a turn of a name that has delays.
    fn take_turn(
        &mut self,
        who: Who,
        keys: Keys,
        name: Guesses,
        options: &ThrottleOptions,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let tried = name.refused.saturating_add(self.names.pending(keys.name));
        let delay = |given: u32| {
            let guesses = Guesses { refused: tried.saturating_add(given), ..name };
            guesses.delay(options.free_per_name, options).unwrap_or_default()
        };
        let turns = self.turns.touch(keys.name, now);
        turns.ask(who.network, name.last, delay, options.max_delay, now)
    }

    /// Where there would be delays if all that is tried at this moment were refused.
    fn undecided(&mut self, keys: Keys, refused: [Guesses; 3], trusted: bool) -> Option<(&mut Tally, Key)> {
        let Keys { pair, name, address } = keys;
        let [of_pair, of_name, of_address] = refused.map(|guesses| guesses.refused);
        let is_name_delayed = of_name >= self.names.free && of_name > 0;
        // Under the delays of the name too: if an attempt from here is right, the user is trusted here and needs no turn.
        let max_of_pair = if is_name_delayed && !trusted { 1 } else { self.pairs.free };
        let is_full = |tally: &Tally, key: Key, refused: u32, free: u32| {
            let pending = tally.pending(key);
            pending > 0 && refused.saturating_add(pending) >= free
        };
        if is_full(&self.pairs, pair, of_pair, max_of_pair) {
            return Some((&mut self.pairs, pair));
        }
        if trusted {
            return None;
        }
        if !is_name_delayed && is_full(&self.names, name, of_name, self.names.free) {
            return Some((&mut self.names, name));
        }
        let address = address.filter(|key| is_full(&self.addresses, *key, of_address, self.addresses.free));
        address.map(|key| (&mut self.addresses, key))
    }

    /// How long the delays of the address hold. Who is trusted there has a turn of their own: others there who guess keep
    /// nobody out, and whoever guesses the names of those who came in from there does not get further with more of them.
    fn wait_at_address(
        &self,
        address: Guesses,
        pair: Guesses,
        trusted: bool,
        options: &ThrottleOptions,
        now: Timestamp,
    ) -> Duration {
        match address.delay(self.addresses.free, options) {
            None => Duration::ZERO,
            Some(delay) if trusted && pair.refused > 0 => left(pair.last, delay, now),
            Some(_) if trusted => Duration::ZERO,
            Some(delay) => left(address.last, delay, now),
        }
    }

    /// Whether the name or the address has delays.
    pub(super) fn is_delayed(&mut self, who: Who) -> bool {
        let keys = self.keys(who);
        self.names.is_delayed(keys.name) || keys.address.is_some_and(|key| self.addresses.is_delayed(key))
    }

    pub(super) fn refuse(&mut self, who: Who, now: Timestamp) {
        let keys = self.keys(who);
        self.each(keys, |tally, key| tally.refuse(key, now));
    }

    pub(super) fn release(&mut self, who: Who) {
        let keys = self.keys(who);
        self.each(keys, Tally::release);
    }

    /// Forgets what was refused of the pair.
    pub(super) fn clear(&mut self, who: Who) {
        let keys = self.keys(who);
        self.pairs.clear(keys.pair);
    }

    pub(super) fn forget(&mut self, options: &ThrottleOptions, now: Timestamp) {
        let moment = now.before(options.forget_after);
        for tally in [&mut self.pairs, &mut self.names, &mut self.addresses] {
            tally.forget_until(moment);
        }
        self.turns.forget_until(moment);
    }

    fn keys(&self, who: Who) -> Keys {
        let Who { login, network } = who;
        Keys {
            pair: self.pairs.key((login, network)),
            name: self.names.key(login),
            address: network.map(|network| self.addresses.key(network)),
        }
    }

    fn each(&mut self, keys: Keys, change: impl Fn(&mut Tally, Key)) {
        change(&mut self.pairs, keys.pair);
        change(&mut self.names, keys.name);
        if let Some(key) = keys.address {
            change(&mut self.addresses, key);
        }
    }
}
