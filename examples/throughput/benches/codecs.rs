//! The time and the allocations of JSON and MessagePack, side by side. `cargo bench -p throughput --bench codecs`.

use std::net::Ipv4Addr;

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use rpc_core::{Codec, DocumentLimits};
use serde::Serialize;
use throughput::{CREATE_BODY, TEST_BODY};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

const CODECS: [Codec; 2] = [Codec::Json, Codec::MsgPack];

fn main() {
    divan::main();
}

/// A user, as a list of them shows one.
#[derive(Clone, Serialize)]
struct User {
    id: String,
    name: &'static str,
    enabled: bool,
    email: Option<&'static str>,
    permissions: [&'static str; 2],
    calls: u64,
    average: f64,
    #[serde(serialize_with = "shown")]
    address: Ipv4Addr,
}

fn shown<S: serde::Serializer>(value: &Ipv4Addr, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

fn user() -> User {
    User {
        id: "2417".to_owned(),
        name: "ann.example",
        enabled: true,
        email: Some("ann@example.com"),
        permissions: ["admin", "reports"],
        calls: 1_234_567,
        average: 0.184,
        address: Ipv4Addr::new(198, 51, 100, 7),
    }
}

fn encode(bencher: Bencher<'_, '_>, codec: Codec, value: &dyn erased_serde::Serialize) {
    let size = codec.encode(value).expect("it serialises").len();
    bencher.counter(BytesCount::new(size)).bench_local(|| codec.encode(value));
}

/// Decodes what a JSON text says, in each codec's own bytes.
fn decode(bencher: Bencher<'_, '_>, codec: Codec, json: &str) {
    let value = Codec::Json.decode(json.as_bytes(), DocumentLimits::NONE).expect("it is JSON");
    let bytes = codec.encode(&value).expect("it serialises");
    bencher.counter(BytesCount::new(bytes.len())).bench_local(|| codec.decode(&bytes, DocumentLimits::NONE));
}

#[divan::bench(args = CODECS)]
fn encode_a_text(bencher: Bencher<'_, '_>, codec: Codec) {
    encode(bencher, codec, &"hello");
}

#[divan::bench(args = CODECS)]
fn encode_a_user(bencher: Bencher<'_, '_>, codec: Codec) {
    encode(bencher, codec, &user());
}

#[divan::bench(args = CODECS)]
fn encode_a_page_of_users(bencher: Bencher<'_, '_>, codec: Codec) {
    encode(bencher, codec, &vec![user(); 100]);
}

#[divan::bench(args = CODECS)]
fn decode_a_text(bencher: Bencher<'_, '_>, codec: Codec) {
    decode(bencher, codec, TEST_BODY);
}

#[divan::bench(args = CODECS)]
fn decode_a_new_user(bencher: Bencher<'_, '_>, codec: Codec) {
    decode(bencher, codec, CREATE_BODY);
}

#[divan::bench(args = CODECS)]
fn decode_a_page_of_users(bencher: Bencher<'_, '_>, codec: Codec) {
    let page = Codec::Json.encode(&vec![user(); 100]).expect("it serialises");
    decode(bencher, codec, std::str::from_utf8(&page).expect("JSON is UTF-8"));
}
