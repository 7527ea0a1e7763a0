//! From where users signed in: guesses from elsewhere delay them there no longer.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rpc_core::{Timestamp, network};

use crate::model::UserId;

/// Networks that are remembered of one user, the latest.
const PER_USER: usize = 16;
/// Users of whom any are remembered.
const USERS: usize = 100_000;

/// The networks from which users signed in. Kept in memory: a restart forgets, and each node knows its own.
#[derive(Debug)]
pub(crate) struct TrustedNetworks {
    life: Duration,
    by_user: Mutex<HashMap<UserId, VecDeque<(IpAddr, Timestamp)>>>,
}

impl TrustedNetworks {
    /// None yet; each is trusted for that long after a sign-in.
    pub(crate) fn new(life: Duration) -> Self {
        Self { life, by_user: Mutex::default() }
    }

    /// A user has signed in from an address.
    pub(crate) fn add(&self, user: UserId, client: Option<IpAddr>, now: Timestamp) {
        let Some(network) = client.map(network) else { return };
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
        if networks.len() > PER_USER {
            networks.pop_front();
        }
    }

    /// Whether a user signed in from an address not long ago, as far as this node knows.
    pub(crate) fn has(&self, user: UserId, client: Option<IpAddr>, now: Timestamp) -> bool {
        let Some(network) = client.map(network) else { return false };
        let by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        let networks = by_user.get(&user).into_iter().flatten();
        networks.into_iter().any(|(known, at)| *known == network && now < at.after(self.life))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::time::Duration;

    use rpc_core::Timestamp;

    use super::{PER_USER, TrustedNetworks};
    use crate::model::UserId;

    const ANN: UserId = UserId::new(2);
    const LIFE: Duration = Duration::from_secs(60);
    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_network_is_trusted_for_its_user_and_for_a_time() {
        let trusted = TrustedNetworks::new(LIFE);
        trusted.add(ANN, address("192.0.2.1"), NOW);
        trusted.add(ANN, None, NOW);
        assert!(trusted.has(ANN, address("192.0.2.1"), NOW) && trusted.has(ANN, address("::ffff:192.0.2.1"), NOW));
        assert!(!trusted.has(ANN, address("192.0.2.2"), NOW) && !trusted.has(ANN, None, NOW));
        assert!(!trusted.has(UserId::new(3), address("192.0.2.1"), NOW));
        assert!(!trusted.has(ANN, address("192.0.2.1"), NOW.after(LIFE)));
    }

    #[test]
    fn addresses_that_one_customer_has_are_one_network() {
        let trusted = TrustedNetworks::new(LIFE);
        trusted.add(ANN, address("2001:db8:0:1::1"), NOW);
        assert!(trusted.has(ANN, address("2001:db8:0:1:ffff::7"), NOW));
        assert!(!trusted.has(ANN, address("2001:db8:0:2::1"), NOW));
    }

    #[test]
    fn the_latest_networks_of_a_user_are_remembered() {
        let trusted = TrustedNetworks::new(LIFE);
        let nth = |number: usize| Some(IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number).unwrap())));
        for number in 1..=PER_USER + 1 {
            trusted.add(ANN, nth(number), NOW);
        }
        assert!(
            !trusted.has(ANN, nth(1), NOW) && trusted.has(ANN, nth(2), NOW) && trusted.has(ANN, nth(PER_USER + 1), NOW)
        );
    }
}
