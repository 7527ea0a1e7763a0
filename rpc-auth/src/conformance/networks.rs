//! Networks from which users came in.

use std::net::IpAddr;
use std::sync::Arc;

use super::given::{ANSWERS, at, at_once, user};
use crate::model::{Authority, GrantCeiling, UserId, UserRecord};
use crate::store::AccountStore;

/// What a user may have in these properties.
const MAX_NETWORKS: usize = 3;

/// A network that the number stands for: IPv4 and IPv6 by turns.
fn network(number: u32) -> IpAddr {
    if number.is_multiple_of(2) {
        IpAddr::from((0xc000_0200 + number).to_be_bytes())
    } else {
        IpAddr::from([0x2001, 0xdb8, 0, u16::try_from(number).unwrap_or(0), 0, 0, 0, 0])
    }
}

async fn trust<S: AccountStore>(store: &S, user: &UserRecord, number: u32, until: i64) {
    store.trust_network(user.id, network(number), at(until), MAX_NETWORKS).await.expect(ANSWERS);
}

async fn is_trusted<S: AccountStore>(store: &S, user: &UserRecord, number: u32, now: i64) -> bool {
    store.is_trusted_network(user.id, network(number), at(now)).await.expect(ANSWERS)
}

/// Which of some networks are trusted at a moment.
async fn trusted<S: AccountStore>(store: &S, user: &UserRecord, numbers: std::ops::Range<u32>, now: i64) -> Vec<u32> {
    let mut trusted = Vec::new();
    for number in numbers {
        if is_trusted(store, user, number, now).await {
            trusted.push(number);
        }
    }
    trusted
}

/// For its user and no other, and no other network.
pub async fn a_network_is_trusted_for_its_user_until_its_moment<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    for number in 0..2 {
        assert!(!is_trusted(&*store, &ann, number, 0).await);
        trust(&*store, &ann, number, 1000).await;
        for (now, expected) in [(0, true), (999, true), (1000, false), (2000, false)] {
            assert_eq!(is_trusted(&*store, &ann, number, now).await, expected, "{number} at {now}");
        }
        assert!(!is_trusted(&*store, &bob, number, 0).await);
        assert!(!is_trusted(&*store, &ann, number + 2, 0).await);
    }
}

/// Whichever is told first.
pub async fn of_two_moments_the_later_one_stands<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    for until in [1000, 3000, 2000] {
        trust(&*store, &ann, 0, until).await;
    }
    assert!(is_trusted(&*store, &ann, 0, 2999).await && !is_trusted(&*store, &ann, 0, 3000).await);
}

/// The new one stays, also when it ends first or with the others.
pub async fn the_network_that_is_trusted_for_the_shortest_makes_room<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    for (number, until) in [(0, 3000), (1, 1000), (2, 2000)] {
        trust(&*store, &ann, number, until).await;
        trust(&*store, &bob, number, until).await;
    }
    trust(&*store, &ann, 3, 4000).await;
    assert_eq!(trusted(&*store, &ann, 0..6, 0).await, [0, 2, 3]);
    trust(&*store, &ann, 4, 500).await;
    assert_eq!(trusted(&*store, &ann, 0..6, 0).await, [0, 3, 4]);
    trust(&*store, &ann, 5, 4000).await;
    assert_eq!(trusted(&*store, &ann, 0..6, 0).await, [0, 3, 5]);
    assert_eq!(trusted(&*store, &bob, 0..6, 0).await, [0, 1, 2]);
}

/// Also when they are trusted at once.
pub async fn networks_trusted_at_once_stay_within_the_limit<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let id = ann.id;
    let trust = |store: Arc<S>, number: usize| async move {
        let number = u32::try_from(number).unwrap_or(0);
        store.trust_network(id, network(number), at(1000), MAX_NETWORKS).await.expect(ANSWERS);
    };
    at_once(&store, 8, trust).await;
    assert_eq!(trusted(&*store, &ann, 0..8, 0).await.len(), MAX_NETWORKS);
}

/// Nobody has the id again, and nothing is left to be purged.
pub async fn networks_go_with_their_user<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    trust(&*store, &ann, 0, 1000).await;
    assert!(store.delete_user(ann.id, &GrantCeiling::default(), &Authority::Application).await.expect(ANSWERS));
    assert!(!is_trusted(&*store, &ann, 0, 0).await);
    trust(&*store, &ann, 0, 1000).await;
    store.trust_network(UserId::new(77), network(0), at(1000), MAX_NETWORKS).await.expect(ANSWERS);
    assert!(!is_trusted(&*store, &ann, 0, 0).await);
    assert_eq!(store.purge_networks(at(5000)).await.expect(ANSWERS), 0);
}

/// And no others.
pub async fn networks_are_purged_when_they_are_over<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    for (owner, number, until) in [(&ann, 0, 1000), (&ann, 1, 2000), (&bob, 0, 1999), (&bob, 1, 3000)] {
        trust(&*store, owner, number, until).await;
    }
    assert_eq!(store.purge_networks(at(2000)).await.expect(ANSWERS), 2);
    assert_eq!(store.purge_networks(at(2000)).await.expect(ANSWERS), 0);
    assert_eq!(trusted(&*store, &ann, 0..3, 0).await, [1]);
    assert_eq!(trusted(&*store, &bob, 0..3, 0).await, [1]);
}
