use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Context, Waker};

use rpc_core::{Timestamp, User};

use super::{BAD, Credential, IdentityCache, Known};
use crate::model::{ApiTokenId, UserId};
use crate::token::hash::TokenHash;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn good(user: i64) -> Known {
    let identity = User::new(&user.to_string(), "ann").into();
    Known::good(identity, UserId::new(user), Credential::ApiToken(ApiTokenId::new(user)), NOW)
}

fn hash(number: usize) -> TokenHash {
    TokenHash::of(&number.to_string())
}

/// Whether a token is known to be good or bad, if it is known.
fn is_good(cache: &IdentityCache, number: usize, now: Timestamp) -> Option<bool> {
    cache.get(&hash(number), now).map(|identity| identity.is_some())
}

#[test]
fn the_good_one_that_came_first_makes_room() {
    let cache = IdentityCache::new(2);
    for number in 1..=3 {
        cache.insert(hash(number), good(2), NOW, Some(cache.epoch()));
    }
    assert_eq!([1, 2, 3].map(|number| is_good(&cache, number, NOW)), [None, Some(true), Some(true)]);
}

#[test]
fn bad_tokens_push_no_good_one_out_and_are_bounded() {
    let cache = IdentityCache::new(2);
    cache.insert(hash(0), good(2), NOW, Some(cache.epoch()));
    for number in 1..=3 * BAD {
        cache.insert(hash(number), Known::Bad, NOW, Some(cache.epoch()));
    }
    assert_eq!((is_good(&cache, 0, NOW), is_good(&cache, 3 * BAD, NOW)), (Some(true), Some(false)));
    assert!(cache.lock().bad.len() <= BAD);
}

#[test]
fn a_bad_token_is_looked_at_anew_soon_and_when_somebody_changes() {
    let cache = IdentityCache::new(2);
    cache.insert(hash(1), Known::Bad, NOW, Some(cache.epoch()));
    assert_eq!(is_good(&cache, 1, NOW.after(super::BAD_LIFE)), None);
    assert_eq!(is_good(&cache, 1, NOW), Some(false));
    cache.forget("7");
    assert_eq!(is_good(&cache, 1, NOW), None);
    cache.insert(hash(1), Known::Bad, NOW, Some(cache.epoch()));
    cache.insert(hash(1), good(2), NOW, Some(cache.epoch()));
    assert_eq!(is_good(&cache, 1, NOW), Some(true));
}

#[test]
fn what_was_read_before_somebody_changed_is_not_kept() {
    let cache = IdentityCache::new(2);
    let before = cache.epoch();
    cache.forget("2");
    assert!(cache.insert(hash(1), good(2), NOW, Some(before)).is_some());
    assert!(cache.insert(hash(2), good(2), NOW, None).is_some());
    assert_eq!([1, 2].map(|number| is_good(&cache, number, NOW)), [None, None]);
}

#[test]
fn all_tokens_of_a_user_are_forgotten_and_those_of_others_stay() {
    let cache = IdentityCache::new(9);
    for (number, user) in [(1, 2), (2, 2), (3, 3)] {
        cache.insert(hash(number), good(user), NOW, Some(cache.epoch()));
    }
    cache.forget("2");
    assert_eq!([1, 2, 3].map(|number| is_good(&cache, number, NOW)), [None, None, Some(true)]);
    assert_eq!(cache.lock().by_user.len(), 1);
}

#[test]
fn every_use_is_told_once_also_of_those_that_are_forgotten() {
    let cache = IdentityCache::new(2);
    let later = NOW.after(std::time::Duration::from_secs(1));
    let uses = |cache: &IdentityCache| {
        let tokens = cache.take_uses().api_tokens.into_iter();
        tokens.map(|(id, used)| (id.number(), used)).collect::<BTreeMap<_, _>>()
    };
    cache.insert(hash(2), good(2), NOW, Some(cache.epoch()));
    cache.insert(hash(3), good(3), NOW, None);
    assert_eq!(is_good(&cache, 2, later), Some(true));
    assert_eq!(uses(&cache), BTreeMap::from([(2, later), (3, NOW)]));
    assert_eq!(uses(&cache), BTreeMap::from([]));
    assert_eq!(is_good(&cache, 2, later), Some(true));
    cache.forget("2");
    cache.insert(hash(4), good(4), NOW, Some(cache.epoch()));
    cache.forget_all();
    assert_eq!(uses(&cache), BTreeMap::from([(2, later), (4, NOW)]));
    for number in 5..=7 {
        cache.insert(hash(number), good(i64::try_from(number).unwrap()), NOW, Some(cache.epoch()));
    }
    assert_eq!(uses(&cache), BTreeMap::from([(5, NOW), (6, NOW), (7, NOW)]));
}

/// Whether uses should be written now. Asks once.
fn should_write(cache: &IdentityCache) -> bool {
    pin!(cache.many_uses()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn however_many_tokens_are_seen_no_more_are_kept_than_may_be() {
    const CAPACITY: usize = 100;
    let cache = IdentityCache::new(CAPACITY);
    for number in 1..=100 * CAPACITY {
        let user = i64::try_from(number).unwrap();
        cache.insert(hash(number), good(user), NOW, Some(cache.epoch()));
        if number % 7 == 0 {
            cache.forget(&(user - 3).to_string());
        }
        let state = cache.lock();
        assert!(state.good.len() <= CAPACITY && state.by_user.len() <= CAPACITY, "{number}");
        assert!(state.order.len() <= 2 * CAPACITY && state.noted() <= 3 * CAPACITY, "{number}");
    }
    assert!((CAPACITY..=2 * CAPACITY).contains(&cache.take_uses().api_tokens.len()));
}

#[test]
fn many_uses_are_to_be_written_before_their_time() {
    let cache = IdentityCache::new(3);
    for number in 1..=3 {
        assert!(!should_write(&cache), "{number}");
        cache.insert(hash(number), good(number.try_into().unwrap()), NOW, None);
    }
    assert!(should_write(&cache));
    assert_eq!(cache.take_uses().api_tokens.len(), 3);
    cache.insert(hash(4), good(4), NOW, None);
    assert!(!should_write(&cache));
}
