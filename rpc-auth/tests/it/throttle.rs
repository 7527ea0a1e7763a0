mod turns;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rpc_auth::{MailQuota, RateLimited, SignInAttempt, SignInThrottle, ThrottleOptions, UserId};
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

/// A sign-in, if it may be tried: `Err` with the wait. Nothing else is tried meanwhile that it would have to wait for.
fn attempt(
    throttle: &SignInThrottle,
    login: &str,
    client: Option<IpAddr>,
    trusted: bool,
    now: Timestamp,
) -> Result<SignInAttempt, Duration> {
    throttle.check(login, client, trusted, now).map_err(|limited| match limited {
        RateLimited::Delayed(wait) => wait,
        RateLimited::Pending(_) => panic!("there is nothing to wait for"),
    })
}

/// A guess with a wrong password, if it may be tried: `Err` with the wait.
fn guess(throttle: &SignInThrottle, login: &str, client: IpAddr, now: Timestamp) -> Result<(), Duration> {
    attempt(throttle, login, Some(client), false, now).map(|attempt| attempt.refused(now))
}

/// A sign-in with the right password, if it may be tried.
fn sign_in(
    throttle: &SignInThrottle,
    login: &str,
    client: IpAddr,
    trusted: bool,
    now: Timestamp,
) -> Result<(), Duration> {
    attempt(throttle, login, Some(client), trusted, now).map(SignInAttempt::succeeded)
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
    assert_eq!(sign_in(&throttle, "ann", HOME, true, at(0)), Ok(()));
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
    assert_eq!(seconds(sign_in(&throttle, "ann", HOME, true, at(0))), Some(1.0));
}

#[test]
fn after_a_hundred_guesses_from_one_address_delays_begin_for_all_names() {
    let throttle = throttle();
    for number in 0..100 {
        assert_eq!(guess(&throttle, &format!("user{number}"), HOME, at(0)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0));
    assert_eq!(guess(&throttle, "ann", AWAY, at(0)), Ok(()));
    assert!(attempt(&throttle, "ann", None, false, at(0)).is_ok());
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
        assert_eq!(sign_in(&throttle, "ann", HOME, false, at(0)), Ok(()));
    }
    for _ in 0..1000 {
        assert_eq!(sign_in(&throttle, "bob", AWAY, false, at(0)), Ok(()));
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
    assert!(attempt(&throttle, "ann", Some(HOME), false, at(last + quarter - 1)).is_ok());
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(last + quarter)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(last + quarter))), Some(1.0));
}

#[test]
fn an_attempt_that_is_dropped_gives_its_place_back() {
    let throttle = throttle();
    for _ in 0..1000 {
        assert!(attempt(&throttle, "ann", Some(HOME), false, at(0)).is_ok());
    }
}

#[test]
fn a_clock_that_was_set_back_makes_nobody_wait_longer() {
    let throttle = throttle();
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(3_600_000)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(0))), Some(1.0));
    assert_eq!(guess(&throttle, "ann", HOME, at(1000)), Ok(()), "and nobody for as long as it was set back");
}

#[test]
fn a_thousand_guesses_within_a_quarter_of_an_hour_cause_few_hashes() {
    let throttle = throttle();
    let hashed = (0..1000).filter(|number| guess(&throttle, "ann", HOME, at(number * 900)).is_ok()).count();
    // 5 free, 5 while the delays grow, then one in 30 seconds.
    assert!(hashed <= 5 + 5 + 30, "{hashed}");
    assert!(hashed >= 5 + 5 + 27, "there is no lasting lock: {hashed}");
}

/// How many of a thousand attempts at once are let through; none of them ends before all were made.
fn at_once(attempt: impl Fn(&SignInThrottle, u32) -> Result<SignInAttempt, RateLimited> + Sync) -> usize {
    let throttle = throttle();
    thread::scope(|scope| {
        let threads = (0..8).map(|first| {
            let (attempt, throttle) = (&attempt, &throttle);
            scope.spawn(move || {
                (first..1000).step_by(8).flat_map(|number| attempt(throttle, number)).collect::<Vec<_>>()
            })
        });
        let threads: Vec<_> = threads.collect();
        let attempts: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        attempts.len()
    })
}

#[test]
fn of_a_thousand_guesses_at_once_only_the_free_ones_are_tried() {
    let one_pair = at_once(|throttle, _| throttle.check("ann", Some(HOME), false, at(0)));
    let one_name = at_once(|throttle, number| throttle.check("ann", Some(address(number)), false, at(0)));
    let one_address = at_once(|throttle, number| throttle.check(&format!("user{number}"), Some(HOME), false, at(0)));
    assert_eq!([one_pair, one_name, one_address], [5, 50, 100]);
}

#[test]
fn of_a_thousand_guesses_at_once_that_are_refused_the_free_ones_are_tried_and_no_more() {
    let (throttle, hashed) = (throttle(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..125 {
                    if let Ok(attempt) = throttle.check("ann", Some(HOME), false, at(0)) {
                        hashed.fetch_add(1, Ordering::Relaxed);
                        attempt.refused(at(0));
                    }
                }
            });
        }
    });
    assert_eq!(hashed.into_inner(), 5);
}

#[test_waits::test]
async fn what_may_still_turn_out_right_waits_for_the_outcome_of_others_and_is_not_refused() {
    let throttle = throttle();
    let check = || throttle.check("ann", Some(HOME), false, at(0));
    let mut tried: Vec<_> = (0..5).flat_map(|_| check()).collect();
    assert_eq!(tried.len(), 5);
    for _ in 0..20 {
        let Err(RateLimited::Pending(outcome)) = check() else { panic!("it is not its turn") };
        tokio::join!(outcome.ended(), async { tried.pop().unwrap().succeeded() });
        tried.push(check().unwrap());
    }
    // One after the other turns out wrong: then it is no longer a question of waiting.
    let Err(RateLimited::Pending(outcome)) = check() else { panic!("it is not its turn") };
    tried.drain(..).for_each(|attempt| attempt.refused(at(0)));
    outcome.ended().await;
    assert!(matches!(check(), Err(RateLimited::Delayed(wait)) if wait == Duration::from_secs(1)));
}

#[test]
fn no_more_than_sixty_four_wait_for_one_thing() {
    let throttle = throttle();
    let check = || throttle.check("ann", Some(HOME), false, at(0));
    let tried: Vec<_> = (0..5).flat_map(|_| check()).collect();
    let mut waiting: Vec<_> = (0..64).map(|_| check().unwrap_err()).collect();
    assert!(waiting.iter().all(|limited| matches!(limited, RateLimited::Pending(_))));
    assert!(matches!(check(), Err(RateLimited::Delayed(wait)) if wait == Duration::from_secs(1)));
    waiting.pop();
    assert!(matches!(check(), Err(RateLimited::Pending(_))), "who goes away makes room");
    drop(tried);
    assert!(check().is_ok());
}

#[test]
fn what_is_tried_or_given_up_pushes_no_delay_out() {
    let throttle = SignInThrottle::new(ThrottleOptions { capacity: 100, ..ThrottleOptions::default() });
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(0)), Ok(()));
    }
    let tried: Vec<_> = (0..1000)
        .map(|number| attempt(&throttle, &format!("user{number}"), Some(address(number)), false, at(10)).unwrap())
        .collect();
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(10))), Some(0.99));
    drop(tried);
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(10))), Some(0.99));
}

#[test]
fn who_guesses_other_names_within_the_free_ones_pushes_no_delay_out() {
    let throttle = SignInThrottle::new(ThrottleOptions { capacity: 100, ..ThrottleOptions::default() });
    for _ in 0..5 {
        assert_eq!(guess(&throttle, "ann", HOME, at(0)), Ok(()));
    }
    for number in 0..1000 {
        assert_eq!(guess(&throttle, &format!("user{number}"), address(number), at(10)), Ok(()));
    }
    assert_eq!(seconds(guess(&throttle, "ann", HOME, at(10))), Some(0.99));
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
