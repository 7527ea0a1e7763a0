//! Guesses that never stop, and those who come to sign in meanwhile.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rpc_auth::SignInThrottle;

use super::{address, at, attempt, guess, sign_in, throttle};

/// Guesses at Ann's name ten times a second, from one address after the other.
struct Attack {
    address: fn(u32) -> IpAddr,
    number: u32,
    tried: usize,
}

/// In milliseconds.
const STEP: i64 = 100;

impl Attack {
    fn from(address: fn(u32) -> IpAddr) -> Self {
        Self { address, number: 0, tried: 0 }
    }

    fn guess(&mut self, throttle: &SignInThrottle, now: i64) {
        self.tried += usize::from(guess(throttle, "ann", (self.address)(self.number), at(now)).is_ok());
        self.number += 1;
    }

    fn goes_on(&mut self, throttle: &SignInThrottle, from: i64, until: i64) {
        for now in (from..until).step_by(usize::try_from(STEP).unwrap()) {
            self.guess(throttle, now);
        }
    }
}

/// Whoever has one.
fn one(_: u32) -> IpAddr {
    address(7)
}

/// Whoever has a network of 48 bits: another /64 each time.
fn a_48(number: u32) -> IpAddr {
    let [_, _, high, low] = number.to_be_bytes();
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 7, u16::from_be_bytes([high, low]), 0, 0, 0, 1))
}

/// Whoever has a thousand.
fn a_thousand(number: u32) -> IpAddr {
    address(number % 1000)
}

/// Whoever has machines everywhere: each address is in another /16.
fn everywhere(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(number.wrapping_mul(0x9e37_79b9)))
}

/// How long an owner waits who asks when told, while the attack goes on.
fn owner_waits(throttle: &SignInThrottle, attack: &mut Attack, owner: IpAddr, from: i64) -> i64 {
    let mut asks = from;
    for now in (from..from + 600_000).step_by(usize::try_from(STEP).unwrap()) {
        attack.guess(throttle, now);
        if now < asks {
            continue;
        }
        match sign_in(throttle, "ann", owner, false, at(now)) {
            Ok(()) => return now - from,
            Err(wait) => asks = now + i64::try_from(wait.as_millis()).unwrap(),
        }
        assert!(asks > now && asks <= now + 30_000);
    }
    panic!("the owner did not come in");
}

#[test]
fn the_owner_comes_in_from_a_new_network_while_the_attack_goes_on() {
    let elsewhere = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
    let elsewhere_in_ipv6 = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb9, 1, 1, 0, 0, 0, 5));
    for (who, addresses) in [("one", one as fn(u32) -> IpAddr), ("a /48", a_48), ("1,000", a_thousand)] {
        for owner in [elsewhere, elsewhere_in_ipv6] {
            for minutes in [1, 3] {
                let (throttle, mut attack, hot) = (throttle(), Attack::from(addresses), minutes * 60_000);
                // The free ones of the name are used up by others: it begins with the delays, also for one address.
                for number in 0..50 {
                    guess(&throttle, "ann", address(0x00ff_0000 + number * 0x100), at(0)).unwrap();
                }
                attack.goes_on(&throttle, 0, hot);
                let waited = owner_waits(&throttle, &mut attack, owner, hot);
                assert!(waited <= 30_000, "{who}, {owner} after {minutes} min: {waited} ms");
            }
        }
    }
}

#[test]
fn who_comes_for_the_first_time_need_not_wait_where_only_such_ask_who_came_before() {
    let (throttle, mut attack) = (throttle(), Attack::from(one));
    for number in 0..50 {
        guess(&throttle, "ann", address(0x00ff_0000 + number * 0x100), at(0)).unwrap();
    }
    attack.goes_on(&throttle, 0, 10 * 60_000);
    let mut comes = |number: u8| {
        attack.guess(&throttle, 10 * 60_000);
        sign_in(&throttle, "ann", IpAddr::V4(Ipv4Addr::new(203, number, 113, 5)), false, at(10 * 60_000))
    };
    let came_in: Vec<_> = (0..12).map(|number| comes(number).is_ok()).collect();
    assert_eq!(came_in, [[true; 8].as_slice(), &[false; 4]].concat(), "eight turns are saved");
}

#[test]
fn many_addresses_make_no_more_guesses_than_one_turn_a_delay() {
    for (who, addresses) in
        [("one", one as fn(u32) -> IpAddr), ("a /48", a_48), ("1,000", a_thousand), ("everywhere", everywhere)]
    {
        let (throttle, mut attack) = (throttle(), Attack::from(addresses));
        attack.goes_on(&throttle, 0, 10 * 60_000);
        // 50 free, 5 while the delays grow, then one in 30 seconds.
        assert!(attack.tried <= 50 + 5 + 20, "{who}: {}", attack.tried);
    }
}

#[test]
fn a_turn_is_kept_for_who_does_not_ask_at_once() {
    let (throttle, mut attack) = (throttle(), Attack::from(a_thousand));
    attack.goes_on(&throttle, 0, 10 * 60_000);
    // In the widest network of the attack, so that none is saved for them.
    let owner = IpAddr::V4(Ipv4Addr::new(10, 0, 200, 1));
    let Err(wait) = sign_in(&throttle, "ann", owner, false, at(10 * 60_000)) else { panic!("there is no turn yet") };
    assert!(wait <= Duration::from_secs(30), "{wait:?}");
    attack.goes_on(&throttle, 10 * 60_000, 12 * 60_000);
    assert_eq!(sign_in(&throttle, "ann", owner, false, at(12 * 60_000)), Ok(()));
}

#[test]
fn a_crowd_from_one_place_pushes_nobody_out_who_waits() {
    let (throttle, mut attack) = (throttle(), Attack::from(a_48));
    attack.goes_on(&throttle, 0, 60_000);
    let owner = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 8, 1, 0, 0, 0, 5));
    let Err(wait) = sign_in(&throttle, "ann", owner, false, at(60_000)) else { panic!("there is no turn yet") };
    for number in 0..1000 {
        let _ = guess(&throttle, "ann", a_48(number), at(60_000));
    }
    let asks = 60_000 + i64::try_from(wait.as_millis()).unwrap();
    let _ = guess(&throttle, "ann", a_48(7), at(asks));
    assert_eq!(sign_in(&throttle, "ann", owner, false, at(asks)), Ok(()));
}

#[test]
fn who_guesses_from_the_address_of_others_keeps_nobody_out_who_came_in_from_there() {
    let (throttle, office) = (throttle(), address(1));
    for number in 0..2000_u32 {
        let _ = guess(&throttle, &format!("user{number}"), office, at(i64::from(number) * STEP));
        let now = at(i64::from(number) * STEP);
        assert_eq!(sign_in(&throttle, "ann", office, true, now), Ok(()));
    }
    // Nor does who guesses the names of those who did get further with each: one guess a delay.
    let now = 200_000;
    assert_eq!(attempt(&throttle, "bob", Some(office), true, at(now)).map(|bob| bob.refused(at(now))), Ok(()));
    assert_eq!(sign_in(&throttle, "bob", office, true, at(now + 29_999)), Err(Duration::from_millis(1)));
    assert_eq!(sign_in(&throttle, "bob", office, true, at(now + 30_000)), Ok(()));
    assert!(sign_in(&throttle, "eve", office, false, at(now + 29_999)).is_err());
}

#[test]
fn what_was_guessed_from_where_a_mail_was_used_is_forgotten() {
    let (throttle, home) = (throttle(), address(1));
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", home, at(0)), Ok(()));
    }
    assert!(sign_in(&throttle, "ann", home, true, at(0)).is_err());
    throttle.clear(" Ann", Some(home));
    assert_eq!(sign_in(&throttle, "ann", home, true, at(0)), Ok(()));
}
