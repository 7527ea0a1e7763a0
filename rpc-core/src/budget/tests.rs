use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use super::exhausted::Exhausted;
use super::{Account, Budget, Resource, SHED_PAUSE, Scope};
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::limits::Limits;

const MIB: u64 = 1024 * 1024;

fn budget(change: impl FnOnce(&mut Limits)) -> Arc<Budget> {
    budget_at(Arc::new(SystemClock::default()), change)
}

fn budget_at(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Limits)) -> Arc<Budget> {
    let mut limits = Limits { memory: 16 * MIB, memory_per_network: 8 * MIB, ..Limits::default() };
    limits.memory_per_connection = 4 * MIB;
    change(&mut limits);
    Arc::new(Budget::new(&limits, clock))
}

/// An account of a connection that closes when it is told to.
fn of(budget: &Arc<Budget>, address: &str) -> Arc<Account> {
    let account = budget.account(Some(address.parse::<IpAddr>().unwrap()));
    account.register(&Context::from_waker(Waker::noop()));
    account
}

fn scope(result: Result<super::Hold, Exhausted>) -> Scope {
    result.unwrap_err().scope
}

#[test]
fn what_is_given_back_can_be_taken_again() {
    let budget = budget(|_| {});
    let account = of(&budget, "192.0.2.1");
    for _ in 0..100 {
        let mut hold = account.take(Resource::Memory, MIB).unwrap();
        hold.grow(2 * MIB).unwrap();
        assert!(hold.grow(2 * MIB).is_err());
        hold.shrink_to(MIB);
        hold.grow(MIB).unwrap();
        assert_eq!(budget.uses()[0].held, 2 * MIB);
    }
    drop(account);
    assert_eq!(budget.uses().map(|used| used.held), [0; 5]);
    assert_eq!(budget.uses()[0].refused, 100);
    assert!(budget.registry.largest(Resource::Memory).is_none());
}

#[test]
fn a_connection_and_a_network_have_their_shares() {
    let budget = budget(|_| {});
    let (one, other) = (of(&budget, "2001:db8::1"), of(&budget, "2001:db8::2"));
    let third = of(&budget, "2001:db8::3");
    let _held = [one.take(Resource::Memory, 4 * MIB).unwrap(), other.take(Resource::Memory, 4 * MIB).unwrap()];
    assert_eq!(scope(one.take(Resource::Memory, 1)), Scope::Connection);
    assert_eq!(scope(third.take(Resource::Memory, 1)), Scope::Network);
    assert!(of(&budget, "2001:db8:1::1").take(Resource::Memory, 4 * MIB).is_ok());
}

#[test]
fn many_behind_one_connection_have_no_share_of_a_network() {
    let budget = budget(|_| {});
    let held: Vec<_> = (0..4).map(|_| budget.account(None).take(Resource::Memory, 4 * MIB).unwrap()).collect();
    assert_eq!(held.len(), 4);
}

#[test]
fn the_largest_holder_gives_way_to_a_small_one() {
    let budget = budget(|_| {});
    let small = of(&budget, "192.0.2.9");
    let holders: Vec<_> = ["192.0.2.1", "192.0.2.2", "192.0.2.3"].map(|address| of(&budget, address)).into();
    let amounts = [4 * MIB, 4 * MIB, 4 * MIB];
    let mut held: Vec<_> =
        holders.iter().zip(amounts).map(|(holder, amount)| holder.take(Resource::Memory, amount).unwrap()).collect();
    let second = of(&budget, "192.0.2.1");
    held.push(second.take(Resource::Memory, 4 * MIB).unwrap());
    let taken = small.take(Resource::Memory, MIB).unwrap();
    assert!(holders[0].is_shed() ^ second.is_shed());
    assert!(!holders[1].is_shed() && !small.is_shed());
    assert_eq!(budget.uses()[0].shed, 1);
    assert!(holders[0].take(Resource::Memory, 1).is_err() || second.take(Resource::Memory, 1).is_err());
    drop(held);
    assert_eq!(budget.uses()[0].held, MIB);
    drop(taken);
}

#[test]
fn idle_connections_of_the_largest_network_give_way_first() {
    let clock = Arc::new(ManualClock::new(Duration::ZERO));
    let budget = budget_at(Arc::clone(&clock) as _, |limits| limits.connections = 4);
    let connect = |address| {
        clock.advance(SHED_PAUSE);
        let account = of(&budget, address);
        account.take(Resource::Connections, 1).map(|hold| (account, hold))
    };
    let busy = connect("192.0.2.1").unwrap();
    let _call = busy.0.take(Resource::Calls, 1).unwrap();
    let idle = connect("192.0.2.1").unwrap();
    let younger = connect("192.0.2.1").unwrap();
    let other = connect("192.0.2.2").unwrap();
    assert_eq!(connect("192.0.2.1").err().unwrap().scope, Scope::Process);
    let newcomer = connect("192.0.2.3").unwrap();
    assert!(idle.0.is_shed() && !busy.0.is_shed() && !younger.0.is_shed() && !other.0.is_shed());
    drop((idle, newcomer));
    assert!(connect("192.0.2.3").is_ok());
}

#[test]
fn of_equal_holders_the_oldest_gives_way_and_who_has_signed_in_last() {
    let clock = Arc::new(ManualClock::new(Duration::ZERO));
    let budget = budget_at(Arc::clone(&clock) as _, |limits| limits.uploads = 8);
    let upload = |address: &str| {
        clock.advance(SHED_PAUSE);
        let account = of(&budget, address);
        account.take(Resource::Uploads, 1).map(|hold| (account, hold))
    };
    let user = upload("192.0.2.1").unwrap();
    user.0.knows_caller();
    let users = user.0.take(Resource::Uploads, 1).unwrap();
    let strangers: Vec<_> = (2..8).map(|host| upload(&format!("192.0.2.{host}")).unwrap()).collect();
    let newcomer = upload("192.0.2.20").unwrap();
    assert!(strangers[0].0.is_shed() && !user.0.is_shed());
    assert!(strangers[1..].iter().all(|(stranger, _)| !stranger.is_shed()));
    drop((newcomer, strangers, users));
    assert!(!user.0.is_shed());
}

#[test]
fn who_would_wait_for_room_closes_nothing_and_neither_does_who_is_not_watched() {
    let clock = Arc::new(ManualClock::new(Duration::ZERO));
    let budget = budget_at(Arc::clone(&clock) as _, |limits| limits.calls = 4);
    let holder = of(&budget, "192.0.2.1");
    let _held = holder.take(Resource::Detached, 1).unwrap();
    clock.advance(SHED_PAUSE);
    assert!(of(&budget, "192.0.2.2").try_take(Resource::Detached, 2).is_none());
    assert!(!holder.is_shed());
    let unwatched = budget.account(Some("192.0.2.3".parse().unwrap()));
    let _held = unwatched.take(Resource::Memory, 4 * MIB).unwrap();
    clock.advance(SHED_PAUSE);
    let _ = budget.account(None).take(Resource::Memory, 16 * MIB);
    assert!(!unwatched.is_shed());
}
