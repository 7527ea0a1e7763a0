//! Guesses at one name that do not stop while its owner comes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rpc_auth::{AccountError, ConfirmationKind};
use rpc_core::Api;
use serde_json::json;

use super::{call_from, sign_in_at};
use crate::world::{OTHER_PASSWORD, PASSWORD, World};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
const HOTEL: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
const TRAIN: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb9, 1, 2, 3, 4, 5, 6));
const CAFE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77));

/// Where guesses come from, by their number.
type Addresses = fn(u16) -> IpAddr;

const ATTACKS: [(&str, Addresses); 3] = [
    ("one address", |_| IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))),
    ("a /48", |number| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 7, number, 0, 0, 0, 1))),
    ("1,000 addresses", |number| {
        let [high, low] = (number % 1000).to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(10, 0, high, low))
    }),
];

/// Who guesses Ann's password, on some nodes at once.
struct Attack {
    addresses: Addresses,
    number: u16,
}

impl Attack {
    /// Guesses once on each node.
    async fn guess(&mut self, nodes: &[&Api]) {
        for node in nodes {
            let reply = sign_in_at(node, (self.addresses)(self.number), "ann", OTHER_PASSWORD).await;
            assert!([401, 429].contains(&reply.status), "{reply:?}");
        }
        self.number = self.number.wrapping_add(1);
    }

    /// Guesses four times a second.
    async fn goes_on(&mut self, world: &World, nodes: &[&Api], time: Duration) {
        for _ in 0..time.as_millis() / 250 {
            self.guess(nodes).await;
            world.clock.advance(Duration::from_millis(250));
        }
    }
}

/// Uses up the free guesses of Ann's name on a node, from addresses all over.
async fn heat(node: &Api) {
    for number in 0..50 {
        let guess = sign_in_at(node, IpAddr::V4(Ipv4Addr::new(172, 16, number, 1)), "ann", OTHER_PASSWORD).await;
        assert_eq!(guess.status, 401);
    }
}

/// Signs in while the attack goes on, when told to; how long that took.
async fn signs_in(world: &World, attack: &mut Attack, client: IpAddr) -> Duration {
    let mut waited = Duration::ZERO;
    loop {
        attack.guess(&[&world.api]).await;
        let wait = match world.app.accounts().sign_in("ann", PASSWORD, None, Some(client)).await {
            Ok(_) => return waited,
            Err(AccountError::Throttled(wait)) => wait,
            Err(error) => panic!("{error}"),
        };
        assert!(waited < Duration::from_secs(120), "the owner does not come in");
        attack.goes_on(world, &[&world.api], wait).await;
        // What is left of a quarter of a second.
        world.clock.advance(Duration::from_millis(250));
        waited += wait;
    }
}

#[test_waits::test]
async fn the_owner_signs_in_from_home_while_the_attack_goes_on_on_all_nodes_and_after_a_restart() {
    for (who, addresses) in ATTACKS {
        let world = World::new().await;
        let there = world.another_node().await;
        assert_eq!(sign_in_at(&world.api, HOME, "ann", PASSWORD).await.status, 200);
        let nodes = [&world.api, &there];
        heat(&world.api).await;
        heat(&there).await;
        let mut attack = Attack { addresses, number: 0 };
        attack.goes_on(&world, &nodes, Duration::from_secs(60)).await;
        for node in nodes {
            attack.guess(&nodes).await;
            assert_eq!(sign_in_at(node, HOME, "ann", PASSWORD).await.status, 200, "{who}");
        }
        let restarted = world.another_node().await;
        heat(&restarted).await;
        attack.guess(&[&restarted]).await;
        assert_eq!(sign_in_at(&restarted, HOME, "ann", PASSWORD).await.status, 200, "{who}");
        // Nobody else does from there.
        for number in 0..50 {
            let client = IpAddr::V4(Ipv4Addr::new(172, 17, number, 1));
            assert_eq!(sign_in_at(&restarted, client, "eve", OTHER_PASSWORD).await.status, 401);
        }
        assert_eq!(sign_in_at(&restarted, HOME, "eve", PASSWORD).await.status, 429, "{who}");
    }
}

#[test_waits::test]
async fn the_owner_signs_in_from_a_new_network_at_once_after_a_reset_or_a_confirmation_from_there() {
    for (who, addresses) in ATTACKS {
        let world = World::new().await;
        let there = world.another_node().await;
        let nodes = [&world.api, &there];
        heat(&world.api).await;
        heat(&there).await;
        let mut attack = Attack { addresses, number: 0 };
        attack.goes_on(&world, &nodes, Duration::from_secs(10)).await;
        // Ann has tried what she remembers, too.
        for client in [HOTEL, TRAIN] {
            for _ in 0..8 {
                sign_in_at(&world.api, client, "ann", "something that she remembers").await;
                sign_in_at(&world.api, client, "ann@example.com", "something that she remembers").await;
            }
        }
        world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!(["ann"])).await;
        let token = world.mailed_token().await;
        let reset = call_from(&world.api, HOTEL, "/v1/session/set-password-by-token", json!([token, PASSWORD])).await;
        assert_eq!(reset.status, 200, "{reset:?}");
        let token = world.confirmation(2, "ann@example.com", ConfirmationKind::Email).await;
        let confirmed = call_from(&world.api, TRAIN, "/v1/session/confirm-email-by-token", json!([token])).await;
        assert_eq!(confirmed.status, 200, "{confirmed:?}");
        for client in [HOTEL, TRAIN] {
            for node in nodes {
                for login in ["ann", "ann@example.com"] {
                    attack.guess(&nodes).await;
                    let reply = sign_in_at(node, client, login, PASSWORD).await;
                    assert_eq!(reply.status, 200, "{who}, {client}, {login}");
                }
            }
        }
        // For as long as is promised, and no longer.
        for (time, expected) in [(29 * 24, 200), (61 * 24, 429)] {
            world.clock.advance(Duration::from_secs(time * 3600));
            let fresh = world.another_node().await;
            heat(&fresh).await;
            assert_eq!(sign_in_at(&fresh, HOTEL, "ann", PASSWORD).await.status, expected, "{who} after {time} h");
        }
    }
}

#[test_waits::test]
async fn the_owner_signs_in_from_a_new_network_within_the_longest_delay_while_the_attack_goes_on() {
    for (who, addresses) in ATTACKS {
        let world = World::new().await;
        heat(&world.api).await;
        let mut attack = Attack { addresses, number: 0 };
        for (client, minutes) in [(CAFE, 1), (HOTEL, 3), (TRAIN, 1)] {
            attack.goes_on(&world, &[&world.api], Duration::from_secs(minutes * 60)).await;
            let waited = signs_in(&world, &mut attack, client).await;
            assert!(waited <= Duration::from_secs(30), "{who}, {client}: {waited:?}");
        }
    }
}

#[test_waits::test]
async fn many_addresses_make_no_more_guesses_than_few() {
    for (who, addresses) in ATTACKS {
        let world = World::new().await;
        let hashes = || world.app.accounts().hasher().hashes();
        let (mut attack, before) = (Attack { addresses, number: 0 }, hashes());
        for _ in 0..1000 {
            attack.guess(&[&world.api]).await;
        }
        assert!(hashes() - before <= 51, "{who}: {}", hashes() - before);
        attack.goes_on(&world, &[&world.api], Duration::from_secs(300)).await;
        // 50 are free, 5 while the delays grow, then one in half a minute.
        assert!(hashes() - before <= 50 + 5 + 10, "{who}: {}", hashes() - before);
    }
}
