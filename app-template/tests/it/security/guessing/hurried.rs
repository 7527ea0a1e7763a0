//! Those who do not wait: many at once, and who hangs up.

use std::future::{Future, poll_fn};
use std::net::{IpAddr, Ipv4Addr};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use rpc_auth::{HasherOptions, ThrottleOptions};
use test_waits::until;

use super::sign_in_at;
use crate::world::{OTHER_PASSWORD, PASSWORD, World};

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

#[test_waits::test]
async fn of_a_hundred_right_sign_ins_of_one_user_none_is_refused() {
    // With a stored hash that is made anew by those who come first, and one that is not.
    for passes in [1, 2] {
        let world = World::with(|options| options.hasher = HasherOptions { passes, ..options.hasher }).await;
        let sign_in = |_| sign_in_at(&world.api, HOME, "ann", PASSWORD);
        let replies: Vec<_> = iter(0..100).map(sign_in).buffer_unordered(16).collect().await;
        let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        assert_eq!(statuses, [200; 100]);
    }
}

#[test_waits::test]
async fn guesses_among_right_sign_ins_are_refused_and_counted() {
    let world = World::new().await;
    let sign_in = |number: usize| {
        let password = if number.is_multiple_of(2) { PASSWORD } else { OTHER_PASSWORD };
        sign_in_at(&world.api, HOME, "ann", password)
    };
    let before = world.app.accounts().hasher().hashes();
    let replies: Vec<_> = iter(0..200).map(|_| sign_in(1)).buffer_unordered(16).collect().await;
    let refused = replies.iter().filter(|reply| reply.status == 401).count();
    let throttled = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((refused, throttled), (5, 195));
    assert_eq!(world.app.accounts().hasher().hashes() - before, 5);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(sign_in(0).await.status, 200);
}

/// Begins a call, and goes away as soon as it waits for something.
async fn hang_up(call: impl Future) {
    let mut call = pin!(call);
    poll_fn(|context| {
        let _ = call.as_mut().poll(context);
        Poll::Ready(())
    })
    .await;
}

/// Begins a sign-in, and goes away once its password is being hashed; if it comes to that. Then waits for the end of the hash.
async fn hang_up_while_hashed(world: &World, call: impl Future) {
    let hasher = world.app.accounts().hasher();
    let before = hasher.hashes();
    tokio::select! {
        _ = call => {}
        () = until("a hash to begin", || hasher.hashes() > before) => {}
    }
    until("the hash to end", || hasher.counters().running == 0).await;
}

#[test_waits::test]
async fn who_hangs_up_while_the_password_is_hashed_has_guessed_all_the_same() {
    let world = World::new().await;
    let before = world.app.accounts().hasher().hashes();
    for _ in 0..20 {
        hang_up_while_hashed(&world, sign_in_at(&world.api, HOME, "ann", OTHER_PASSWORD)).await;
    }
    assert_eq!(sign_in_at(&world.api, HOME, "ann", PASSWORD).await.status, 429);
    assert_eq!(world.app.accounts().hasher().hashes() - before, 5);
}

#[test_waits::test]
async fn who_hangs_up_before_that_takes_nobodys_place() {
    // One is hashed, and takes long enough; whoever comes meanwhile waits.
    let slow = HasherOptions { memory_kib: 32 * 1024, passes: 1, parallel: 1, ..HasherOptions::default() };
    let world = World::with(|options| {
        options.hasher = HasherOptions { max_wait: Duration::from_secs(20), ..slow };
    })
    .await;
    let first = sign_in_at(&world.api, HOME, "zoe", PASSWORD);
    let (reply, ()) = tokio::join!(first, async {
        for _ in 0..50 {
            hang_up(sign_in_at(&world.api, HOME, "ann", OTHER_PASSWORD)).await;
        }
        assert_eq!(sign_in_at(&world.api, HOME, "ann", PASSWORD).await.status, 200);
    });
    assert_eq!(reply.status, 401);
}

#[test_waits::test]
async fn sign_ins_that_are_given_up_push_nobodys_delay_out() {
    let world = World::with(|options| {
        options.throttle = ThrottleOptions { capacity: 50, ..options.throttle };
    })
    .await;
    for _ in 0..6 {
        sign_in_at(&world.api, HOME, "ann", OTHER_PASSWORD).await;
    }
    for number in 0..500_u16 {
        let [high, low] = number.to_be_bytes();
        let client = IpAddr::V4(Ipv4Addr::new(10, 0, high, low));
        hang_up(sign_in_at(&world.api, client, &format!("user{number}"), OTHER_PASSWORD)).await;
    }
    assert_eq!(sign_in_at(&world.api, HOME, "ann", PASSWORD).await.status, 429);
}
