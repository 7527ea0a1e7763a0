//! More callers than the machine has time for.

use std::time::Duration;

use futures_util::future::join_all;
use rpc_auth::{HasherOptions, ThrottleOptions};
use serde_json::json;

use crate::world::{PASSWORD, Served, World};

/// A world in which nobody is told to wait for having tried too often: those who try at the same time count as well.
async fn unhindered(hasher: HasherOptions) -> World {
    World::with(|options| {
        options.hasher = hasher;
        let throttle = ThrottleOptions { free_per_pair: 1000, free_per_name: 1000, ..options.throttle };
        options.throttle = ThrottleOptions { free_per_address: 1000, ..throttle };
    })
    .await
}

#[test_waits::test]
async fn of_many_who_sign_in_at_once_those_beyond_the_queue_are_told_to_come_back() {
    // One at a time, each for some milliseconds at least.
    let hasher = HasherOptions { memory_kib: 4096, passes: 1, parallel: 1, queue: 4, ..HasherOptions::default() };
    let world = unhindered(hasher).await;
    // From here on the stored hash is as costly as the options say.
    world.sign_in("ann", PASSWORD).await;
    let served = Served::start(&world.api).await;
    let (guest, credentials) = (served.plain(None), json!([{"username": "ann", "password": PASSWORD}]));
    let sign_in = || guest.exchange("host: x\r\n", "/v1/session/signin", &credentials);
    let (mut signed_in, mut refused) = (0, 0);
    for answer in join_all((0..200).map(|_| sign_in())).await {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        if head.starts_with("HTTP/1.1 200 ") {
            signed_in += 1;
            continue;
        }
        assert!(head.starts_with("HTTP/1.1 503 ") && head.to_lowercase().contains("\r\nretry-after: 1"), "{answer}");
        assert!(body.contains("\"code\""), "{answer}");
        refused += 1;
    }
    assert!(signed_in >= 1 && refused >= 1, "{signed_in} signed in, {refused} were refused");
    let counters = world.app.accounts().hasher().counters();
    assert_eq!((counters.running, counters.waiting), (0, 0));
    assert!(sign_in().await.starts_with("HTTP/1.1 200 "));
}

#[test_waits::test]
async fn who_signs_in_while_another_sign_in_hashes_the_password_anew_comes_in_too() {
    let hasher =
        HasherOptions { memory_kib: 16, passes: 2, max_wait: Duration::from_secs(20), ..HasherOptions::default() };
    let world = unhindered(hasher).await;
    for reply in join_all((0..8).map(|_| world.try_sign_in("ann", PASSWORD))).await {
        assert_eq!(reply.status, 200, "{reply:?}");
    }
}
