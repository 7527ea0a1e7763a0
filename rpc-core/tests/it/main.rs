//! The crate as its users see it. All tests share one binary, and so one collection of methods: those of tests live below
//! `/v9/<test>`, and each test builds its `Api` with `.only(…)`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that meets the unexpected ends there, and its tasks end with it"
)]

mod bus;
mod client;
mod codecs;
mod constraints;
mod depth;
mod documents;
mod errors;
mod http;
mod parameters;
mod pipeline;
mod postgres;
mod published;
mod registration;
mod request;
mod rpc;
mod scenarios;
mod spans;
mod support;
mod unions;
