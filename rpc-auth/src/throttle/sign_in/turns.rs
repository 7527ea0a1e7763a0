//! Whose turn it is, of the networks from which a name is tried.

use std::net::IpAddr;
use std::time::Duration;

use rpc_core::Timestamp;

use super::guesses::left;
use super::party::networks;
use crate::throttle::table::{Key, Table};

/// Networks that wait for a turn, or have one that they did not take yet.
const MAX_WAITING: usize = 64;
/// Networks of which it is remembered when they had a turn, the latest, of all widths.
const MAX_SERVED: usize = 3 * 128;
/// Turns that are saved for who comes for the first time.
const MAX_SAVED: u32 = 8;
/// For how many of the longest delays a place is kept for who does not ask again.
const KEPT_FOR: u32 = 4;

/// The turns of one name. There is one for each delay, however many networks ask.
#[derive(Debug)]
pub(super) struct Turns {
    /// When the last turn was given.
    last: Option<Timestamp>,
    /// Counts turns and those who ask, so that what was earlier is told apart from what was later.
    number: u64,
    /// The number of the last turn of a network.
    served: Table<u64>,
    waiting: Vec<Waiting>,
    saved: u32,
    saves_next: bool,
}

/// The networks around who asks, the widest first.
type Party = [Key; 3];

#[derive(Debug)]
struct Waiting {
    party: Party,
    since: u64,
    /// When they asked last, or were given their turn.
    seen: Timestamp,
    has_turn: bool,
}

impl Default for Turns {
    fn default() -> Self {
        let served = Table::new(MAX_SERVED);
        Self { last: None, number: 0, served, waiting: Vec::new(), saved: 0, saves_next: false }
    }
}

impl Turns {
    /// Takes a turn, if there is one for who asks; else they wait for it from now on. The first turn comes a delay after `since`,
    /// the others a delay after the one before; the delay is that after some turns that were given and not taken yet.
    ///
    /// # Errors
    ///
    /// When to ask again, at most `longest`.
    pub(super) fn ask(
        &mut self,
        client: Option<IpAddr>,
        since: Timestamp,
        delay: impl Fn(u32) -> Duration,
        longest: Duration,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let networks = networks(client);
        // With its width: 198.51.0.0/16 is another one than 198.51.0.0/24.
        let party = [0, 1, 2].map(|width| self.served.key((width, networks[width])));
        self.waiting.retain(|waiting| now < waiting.seen.after(longest.saturating_mul(KEPT_FOR)));
        if self.take_turn(&party) {
            return Ok(());
        }
        if self.saved > 0 && self.turn_of(party[0]) == 0 {
            self.saved -= 1;
            self.waiting.retain(|waiting| waiting.party != party);
            self.serve(&party, now);
            return Ok(());
        }
        self.wait(party, now);
        let last = self.last.unwrap_or(since).min(now);
        self.last = Some(last);
        if left(last, delay(self.not_taken()), now).is_zero() {
            self.last = Some(now);
            self.give_turn(now);
        }
        if self.take_turn(&party) {
            return Ok(());
        }
        Err(self.estimate(&party, delay(self.not_taken()), now).min(longest))
    }

    /// Turns that were given and not taken yet.
    fn not_taken(&self) -> u32 {
        let given = self.waiting.iter().filter(|waiting| waiting.has_turn);
        u32::try_from(given.count()).unwrap_or(u32::MAX)
    }

    /// Whether a turn was there for a party; then it is taken.
    fn take_turn(&mut self, party: &Party) -> bool {
        let index = self.waiting.iter().position(|waiting| waiting.has_turn && waiting.party == *party);
        index.map(|index| self.waiting.swap_remove(index)).is_some()
    }

    /// Gives the turn that has come to who is next. Every second is saved while there are only such who had one before.
    fn give_turn(&mut self, now: Timestamp) {
        let indices = 0..self.waiting.len();
        let next = indices.filter(|&index| !self.waiting[index].has_turn).min_by_key(|&index| self.order(index));
        let Some(index) = next else { return };
        let party = self.waiting[index].party;
        if self.turn_of(party[2]) > 0 && self.saves_next && self.saved < MAX_SAVED {
            self.saved += 1;
            self.saves_next = false;
            return;
        }
        self.saves_next = true;
        self.waiting[index].has_turn = true;
        self.waiting[index].seen = now;
        self.serve(&party, now);
    }

    /// What is least comes next: whose widest network had a turn the longest ago, then the narrower ones, then who asked first.
    fn order(&self, index: usize) -> ([u64; 3], u64) {
        let waiting = &self.waiting[index];
        (waiting.party.map(|network| self.turn_of(network)), waiting.since)
    }

    /// The number of the last turn of a network: 0 when it had none.
    fn turn_of(&self, network: Key) -> u64 {
        self.served.get(network).copied().unwrap_or(0)
    }

    fn serve(&mut self, party: &Party, now: Timestamp) {
        self.number += 1;
        for network in *party {
            *self.served.touch(network, now) = self.number;
        }
    }

    /// Lets a party wait. When too many do, the latest of the networks from which most wait has to go, or does not come in.
    fn wait(&mut self, party: Party, now: Timestamp) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.party == party) {
            waiting.seen = now;
            return;
        }
        if self.waiting.len() >= MAX_WAITING {
            let Some(index) = self.most_crowded() else { return };
            if self.waiting[index].party[..2] == party[..2] {
                return;
            }
            self.waiting.swap_remove(index);
        }
        self.number += 1;
        self.waiting.push(Waiting { party, since: self.number, seen: now, has_turn: false });
    }

    fn most_crowded(&self) -> Option<usize> {
        let crowd =
            |network: Key, width: usize| self.waiting.iter().filter(|other| other.party[width] == network).count();
        let indices = (0..self.waiting.len()).filter(|&index| !self.waiting[index].has_turn);
        indices.max_by_key(|&index| {
            let Waiting { party, since, .. } = &self.waiting[index];
            (crowd(party[0], 0), crowd(party[1], 1), *since)
        })
    }

    /// When it may be the turn of a party that waits.
    fn estimate(&self, party: &Party, delay: Duration, now: Timestamp) -> Duration {
        let Some(index) = self.waiting.iter().position(|waiting| waiting.party == *party) else { return Duration::MAX };
        let own = self.order(index);
        let others = (0..self.waiting.len()).filter(|&other| !self.waiting[other].has_turn && self.order(other) < own);
        let before = u32::try_from(others.count()).unwrap_or(u32::MAX);
        left(self.last.unwrap_or(now), delay, now).saturating_add(delay.saturating_mul(before))
    }
}
