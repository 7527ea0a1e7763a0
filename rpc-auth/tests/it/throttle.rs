use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rpc_auth::{MailQuota, SignInThrottle, ThrottleOptions, UserId};
use rpc_core::Timestamp;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1));

fn throttle() -> SignInThrottle {
    SignInThrottle::new(ThrottleOptions::default())
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

fn address(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number))
}

/// A guess with a wrong password, if it may be tried: `Err` with the wait.
fn guess(throttle: &SignInThrottle, login: &str, client: IpAddr, now: Timestamp) -> Result<(), Duration> {
    throttle.check(login, Some(client), false, now)?;
    throttle.refused(login, Some(client), now);
    Ok(())
}

fn seconds(wait: Result<(), Duration>) -> Option<f64> {
    wait.err().map(|wait| wait.as_secs_f64())
}

#[test]
fn after_five_guesses_of_one_name_from_one_address_delays_double_to_thirty_seconds() {
    let (throttle, mut now) = (throttle(), 0);
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(now)), Ok(()));
    }
    for delay in [1, 2, 4, 8, 16, 30, 30, 30] {
        assert_eq!(seconds(guess(&throttle, "ann", HOME, at(now))), Some(f64::from(delay)));
        now += i64::from(delay) * 1000;
        assert_eq!(seconds(guess(&throttle, "ann", HOME, at(now - 250))), Some(0.25));
        assert_eq!(guess(&throttle, "ann", HOME, at(now)), Ok(()));
    }
    assert_eq!(guess(&throttle, "ann", AWAY, at(now)), Ok(()));
    assert_eq!(guess(&throttle, "bob", HOME, at(now)), Ok(()));
}

#[test]
fn names_are_one_whatever_their_case_and_the_space_around_them() {
    let throttle = throttle();
    for login in ["ann", "Ann", " ANN", "ann\n", "aNN "] {
        assert_eq!(guess(&throttle, login, HOME, at(0)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0));
}

#[test]
fn after_fifty_guesses_of_one_name_from_anywhere_delays_begin_but_not_for_the_owner() {
    let throttle = throttle();
    for number in 0..50 {
        assert_eq!(guess(&throttle, "ann", address(number), at(0)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0));
    assert_eq!(throttle.check("ann", Some(HOME), true, at(0)), Ok(()));
    throttle.succeeded("ann", Some(HOME));
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0), "others still wait");
    assert_eq!(guess(&throttle, "ann", HOME, at(1000)), Ok(()));
    assert_eq!(seconds(guess(&throttle, "ann", AWAY, at(1000))), Some(2.0));
}

#[test]
fn the_owner_is_delayed_by_guesses_from_the_own_address() {
    let throttle = throttle();
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(0)), Ok(()));
    }
    assert_eq!(seconds(throttle.check("ann", Some(HOME), true, at(0))), Some(1.0));
}

#[test]
fn after_a_hundred_guesses_from_one_address_delays_begin_for_all_names() {
    let throttle = throttle();
    for number in 0..100 {
        assert_eq!(guess(&throttle, &format!("user{number}"), HOME, at(0)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0));
    assert_eq!(guess(&throttle, "ann", AWAY, at(0)), Ok(()));
    assert_eq!(throttle.check("ann", None, false, at(0)), Ok(()));
}

#[test]
fn an_ipv6_network_of_64_bits_is_one_address() {
    let one_customer = |number: u16| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 2, number, 3, 4, number));
    let next_customer = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 3, 0, 0, 0, 1));
    let throttle = throttle();
    for number in 0..5 {
        assert_eq!(guess(&throttle, "ann", one_customer(number), at(0)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", one_customer(6), at(0))), Some(1.0));
    assert_eq!(guess(&throttle, "ann", next_customer, at(0)), Ok(()));
}

#[test]
fn an_ipv4_address_in_ipv6_form_is_the_ipv4_address() {
    let throttle = throttle();
    for number in 0..5 {
        let client = if number % 2 == 0 { HOME } else { IpAddr::V6(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped()) };
        assert_eq!(guess(&throttle, "ann", client, at(0)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0));
    assert_eq!(guess(&throttle, "ann", IpAddr::V6(Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped()), at(0)), Ok(()));
}

#[test]
fn a_success_clears_the_pair_and_counts_nowhere() {
    let throttle = throttle();
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(guess(&throttle, "ann", HOME, at(0)), Ok(()));
        }
        assert_eq!(throttle.check("ann", Some(HOME), false, at(0)), Ok(()));
        throttle.succeeded("ann", Some(HOME));
    }
    for _ in 0..1000 {
        assert_eq!(throttle.check("bob", Some(AWAY), false, at(0)), Ok(()));
        throttle.succeeded("bob", Some(AWAY));
    }
}

#[test]
fn guesses_are_forgotten_a_quarter_of_an_hour_after_the_last() {
    let quarter = 15 * 60 * 1000;
    let throttle = throttle();
    for number in 0..8 {
        let _ = guess(&throttle, "ann", HOME, at(number * 10_000));
    }
    let last = 70_000;
    assert_eq!(throttle.check("ann", Some(HOME), false, at(last + quarter - 1)), Ok(()));
    throttle.abandoned("ann", Some(HOME));
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(last + quarter)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(last + quarter))), Some(1.0));
}

#[test]
fn attempts_without_a_decision_do_not_count() {
    let throttle = throttle();
    for _ in 0..1000 {
        assert_eq!(throttle.check("ann", Some(HOME), false, at(0)), Ok(()));
        throttle.abandoned("ann", Some(HOME));
    }
}

#[test]
fn attempts_whose_outcome_is_never_told_count_for_half_a_minute() {
    let throttle = throttle();
    for _ in 0..5 {
        assert_eq!(throttle.check("ann", Some(HOME), false, at(0)), Ok(()));
    }
    assert_eq!(seconds(throttle.check("ann", Some(HOME), false, at(0))), Some(1.0));
    for _ in 0..5 {
        assert_eq!(throttle.check("ann", Some(HOME), false, at(30_000)), Ok(()));
    }
    assert_eq!(seconds(throttle.check("ann", Some(HOME), false, at(30_000))), Some(1.0));
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_wait_longer() {
    let throttle = throttle();
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(3_600_000)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0));
}

#[test]
fn a_thousand_guesses_within_a_quarter_of_an_hour_cause_few_hashes() {
    let throttle = throttle();
    let hashed = (0..1000).filter(|number| guess(&throttle, "ann", HOME, at(number * 900)).is_ok()).count();
    // 5 free, 5 while the delays grow, then one in 30 seconds.
    assert!(hashed <= 5 + 5 + 30, "{hashed}");
    assert!(hashed >= 5 + 5 + 27, "there is no lasting lock: {hashed}");
}

/// How many of a thousand guesses at once are let through.
fn at_once(guess: impl Fn(&SignInThrottle, u32) -> Result<(), Duration> + Sync) -> usize {
    let (throttle, hashed) = (throttle(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for first in 0..8 {
            let (guess, throttle, hashed) = (&guess, &throttle, &hashed);
            scope.spawn(move || {
                for number in (first..1000).step_by(8) {
                    hashed.fetch_add(usize::from(guess(throttle, number).is_ok()), Ordering::Relaxed);
                }
            });
        }
    });
    hashed.into_inner()
}

#[test]
fn of_a_thousand_guesses_at_once_only_the_free_ones_are_hashed() {
    let one_pair = at_once(|throttle, _| throttle.check("ann", Some(HOME), false, at(0)));
    let one_name = at_once(|throttle, number| throttle.check("ann", Some(address(number)), false, at(0)));
    let one_address = at_once(|throttle, number| throttle.check(&format!("user{number}"), Some(HOME), false, at(0)));
    assert_eq!([one_pair, one_name, one_address], [5, 50, 100]);
    let told = at_once(|throttle, _| guess(throttle, "ann", HOME, at(0)));
    assert_eq!(told, 5);
}

#[test]
fn what_was_counted_longest_ago_makes_room() {
    let throttle = SignInThrottle::new(ThrottleOptions { capacity: 3, free_per_pair: 1, ..ThrottleOptions::default() });
    for (number, login) in ["ann", "bob", "eve"].into_iter().enumerate() {
        assert_eq!(guess(&throttle, login, HOME, at(i64::try_from(number).unwrap())), Ok(()));
    }
    assert!(guess(&throttle, "ann", HOME, at(10)).is_err());
    assert_eq!(guess(&throttle, "dan", HOME, at(10)), Ok(()));
    assert!(guess(&throttle, "eve", HOME, at(10)).is_err());
    assert_eq!(guess(&throttle, "ann", HOME, at(10)), Ok(()));
}

#[test]
fn an_address_gets_three_mails_of_a_kind_within_any_hour() {
    let (quota, minute) = (MailQuota::new(3), 60_000);
    let table = [(0, true), (10, true), (20, true), (30, false), (59, false), (60, true), (61, false), (70, true)];
    for (minutes, expected) in table {
        assert_eq!(quota.take("ann@example.org", "reset", at(minutes * minute)), expected, "{minutes}");
    }
    assert!(quota.take("ann@example.org", "confirm", at(70 * minute)));
    assert!(quota.take("bob@example.org", "reset", at(70 * minute)));
    for same in [" Ann@Example.ORG", "ann+1@example.org", "Ann+2@example.org"] {
        assert!(!quota.take(same, "reset", at(70 * minute)), "{same}");
    }
    assert!(!MailQuota::new(0).take("ann@example.org", "reset", at(0)));
}

#[test]
fn mails_asked_for_at_once_are_counted_one_by_one() {
    let (quota, sent) = (MailQuota::new(3), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    sent.fetch_add(usize::from(quota.take("ann@example.org", "reset", at(0))), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(sent.into_inner(), 3);
}

#[test]
fn what_strangers_do_with_an_address_uses_nothing_up_of_an_account_that_confirmed_it() {
    let (quota, ann) = (MailQuota::new(3), UserId::new(2));
    assert_eq!((0..150).filter(|_| quota.take("ann@example.org", "reset", at(0))).count(), 3);
    assert_eq!((0..9).filter(|_| quota.take_of_account(ann, "reset", at(0))).count(), 3);
    assert!(quota.take_of_account(ann, "in use", at(0)));
    assert!(quota.take_of_account(UserId::new(3), "reset", at(0)));
}
