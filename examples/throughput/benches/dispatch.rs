//! The time of one call inside the process, without HTTP. `cargo bench -p throughput`.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use divan::{AllocProfiler, Bencher};
use rpc_core::{Call, Credentials, Params, Token};
use throughput::framework::{Journal, admin, api};
use throughput::{CREATE_BODY, TEST_BODY, TOKEN};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn bench(bencher: Bencher<'_, '_>, path: &str, body: &'static str, credentials: &Credentials) {
    let api = api(Arc::new(Journal::default())).expect("the two methods are well declared");
    let mut context = Context::from_waker(Waker::noop());
    bencher.bench_local(|| {
        let mut call = Call::in_process(path, api.request_id());
        call.params = Params::Encoded(Bytes::from_static(body.as_bytes()));
        call.credentials = credentials.clone();
        match pin!(api.call(call)).poll(&mut context) {
            Poll::Ready(outcome) if outcome.status() == 200 => outcome,
            unexpected => unreachable!("{path}: {unexpected:?}"),
        }
    });
}

#[divan::bench]
fn test_by_a_known_caller(bencher: Bencher<'_, '_>) {
    bench(bencher, "/v1/test/test", TEST_BODY, &Credentials::Known(admin()));
}

#[divan::bench]
fn test_with_a_token(bencher: Bencher<'_, '_>) {
    bench(bencher, "/v1/test/test", TEST_BODY, &Credentials::Token(Token::new(TOKEN)));
}

#[divan::bench]
fn create_by_a_known_caller(bencher: Bencher<'_, '_>) {
    bench(bencher, "/v1/users/create", CREATE_BODY, &Credentials::Known(admin()));
}
