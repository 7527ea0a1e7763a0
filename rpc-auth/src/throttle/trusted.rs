//! The networks that users came in from: guesses from elsewhere do not delay them there.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rpc_core::Timestamp;

use crate::model::UserId;

/// Networks that are trusted for one user, the latest.
pub(crate) const TRUSTED_PER_USER: usize = 16;
/// Users of whom any are remembered.
const USERS: usize = 100_000;
/// How often in its life a network is noted anew, while its user comes in from there.
const NOTED: u32 = 30;

/// What this node remembers of the networks from which users came in, which the store knows: so that it need not be asked for each
/// guess, nor told of each sign-in.
#[derive(Debug)]
pub(crate) struct TrustedNetworks {
    life: Duration,
    by_user: Mutex<HashMap<UserId, VecDeque<(IpAddr, Timestamp)>>>,
}

impl TrustedNetworks {
    /// None yet; each is trusted for that long.
    pub(crate) fn new(life: Duration) -> Self {
        Self { life, by_user: Mutex::default() }
    }

    /// A user has come in from a network, and the store knows.
    pub(crate) fn add(&self, user: UserId, network: IpAddr, now: Timestamp) {
        let mut by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        if by_user.len() >= USERS && !by_user.contains_key(&user) {
            by_user.retain(|_, networks| networks.back().is_some_and(|(_, at)| now < at.after(self.life)));
            if by_user.len() >= USERS {
                return;
            }
        }
        let networks = by_user.entry(user).or_default();
        networks.retain(|(known, _)| *known != network);
        networks.push_back((network, now));
        if networks.len() > TRUSTED_PER_USER {
            networks.pop_front();
        }
    }

    /// Whether a user came in from a network not long ago, as far as this node knows.
    pub(crate) fn has(&self, user: UserId, network: IpAddr, now: Timestamp) -> bool {
        self.came_within(self.life, user, network, now)
    }

    /// Whether that was noted so lately that it need not be noted again.
    pub(crate) fn is_fresh(&self, user: UserId, network: IpAddr, now: Timestamp) -> bool {
        self.came_within(self.life / NOTED, user, network, now)
    }

    fn came_within(&self, time: Duration, user: UserId, network: IpAddr, now: Timestamp) -> bool {
        let by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        let networks = by_user.get(&user).into_iter().flatten();
        networks.into_iter().any(|(known, at)| *known == network && now < at.after(time))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use rpc_core::Timestamp;

    use super::{TRUSTED_PER_USER, TrustedNetworks};
    use crate::model::UserId;

    const ANN: UserId = UserId::new(2);
    const LIFE: Duration = Duration::from_secs(60);
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn network(number: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(0xc000_0200 + u32::try_from(number).unwrap()))
    }

    #[test]
    fn a_network_is_trusted_for_its_user_and_for_a_time() {
        let trusted = TrustedNetworks::new(LIFE);
        trusted.add(ANN, network(1), NOW);
        assert!(trusted.has(ANN, network(1), NOW) && !trusted.has(ANN, network(2), NOW));
        assert!(!trusted.has(UserId::new(3), network(1), NOW));
        assert!(!trusted.has(ANN, network(1), NOW.after(LIFE)));
    }

    #[test]
    fn a_network_is_noted_again_after_a_thirtieth_of_its_time() {
        let trusted = TrustedNetworks::new(LIFE);
        assert!(!trusted.is_fresh(ANN, network(1), NOW));
        trusted.add(ANN, network(1), NOW);
        assert!(trusted.is_fresh(ANN, network(1), NOW.after(Duration::from_millis(1999))));
        assert!(!trusted.is_fresh(ANN, network(1), NOW.after(Duration::from_secs(2))));
    }

    #[test]
    fn the_latest_networks_of_a_user_are_remembered() {
        let trusted = TrustedNetworks::new(LIFE);
        for number in 1..=TRUSTED_PER_USER + 1 {
            trusted.add(ANN, network(number), NOW);
        }
        let [first, second, last] = [1, 2, TRUSTED_PER_USER + 1].map(|number| trusted.has(ANN, network(number), NOW));
        assert!(!first && second && last);
    }
}
