//! The crate as its users see it. All tests share one binary, and so one collection of methods: those of tests live below
//! `/v9/<test>`, and each test builds its `Api` with `.only(…)`.

mod documents;
mod parameters;
mod pipeline;
mod registration;
mod support;
