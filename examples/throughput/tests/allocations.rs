//! How many allocations one call makes inside the process. Unlike times, they are the same on every machine.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use rpc_core::{Api, Call, Credentials, Outcome, Params, Token};
use throughput::framework::{Journal, admin, api};
use throughput::{CREATE_BODY, TEST_BODY, TOKEN};

/// Takes a call through the pipeline. Nothing in the two methods waits, so one poll ends it.
fn run(api: &Api, path: &str, body: &'static str, credentials: Credentials) -> Outcome {
    let mut call = Call::in_process(path, api.request_id());
    call.params = Params::Encoded(Bytes::from_static(body.as_bytes()));
    call.credentials = credentials;
    match pin!(api.call(call)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => unreachable!("{path} waits"),
    }
}

/// The allocations of a call, once everything that is made only once is there.
#[track_caller]
fn assert_allocations(path: &str, body: &'static str, credentials: &Credentials, expected: u64) {
    let journal = Arc::new(Journal::default());
    let api = api(Arc::clone(&journal)).expect("the two methods are well declared");
    for _ in 0..2048 {
        assert_eq!(run(&api, path, body, credentials.clone()).status(), 200);
    }
    let counted = measure(|| drop(run(&api, path, body, credentials.clone())));
    assert_eq!(journal.totals().1, 0);
    assert_eq!(counted.count_current, 0, "a call keeps nothing that it allocates");
    assert_eq!(
        counted.count_total, expected,
        "{path} allocates {} times ({} bytes) where {expected} times are expected. If that is on purpose, change the \
         number here and the table in docs/performance.md",
        counted.count_total, counted.bytes_total
    );
}

#[test]
fn a_call_of_test_by_a_known_caller_allocates_this_often() {
    assert_allocations("/v1/test/test", TEST_BODY, &Credentials::Known(admin()), 4);
}

#[test]
fn a_call_of_test_with_a_token_allocates_this_often() {
    assert_allocations("/v1/test/test", TEST_BODY, &Credentials::Token(Token::new(TOKEN)), 5);
}

#[test]
fn a_call_of_create_by_a_known_caller_allocates_this_often() {
    assert_allocations("/v1/users/create", CREATE_BODY, &Credentials::Known(admin()), 13);
}
