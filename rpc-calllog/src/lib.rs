//! A log of the calls of an API made with `rpc-core`: rows, and statistics that do not read them.
//!
//! A [`CallLog`] is an observer. It takes a record of each call without making the call wait, and writes them in batches to a
//! [`CallLogStore`]: [`MemoryLog`], `PgLog` in the module `postgres`, or one of your own, held to its contract by the tests in
//! the module `conformance`.
//!
//! ```
//! use std::sync::Arc;
//! use rpc_calllog::{CallLog, CallLogOptions, MemoryLog};
//! use rpc_core::SystemClock;
//! # use rpc_core::{Api, ApiError, TestClient, api_method, api_module};
//! # api_module! {
//! #     /// Greetings
//! #     path = "/v1/greetings"
//! # }
//! # /// Say hello
//! # #[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
//! # async fn hello(name: String) -> Result<String, ApiError> {
//! #     Ok(format!("Hello, {name}!"))
//! # }
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
//! let clock = Arc::new(SystemClock::default());
//! let calls = CallLog::start(Arc::new(MemoryLog::default()), clock, CallLogOptions::default());
//! let api = Api::builder().observer(calls.clone()).build().unwrap();
//!
//! TestClient::new(api).call("/v1/greetings/hello", serde_json::json!(["Ann"])).await;
//! assert_eq!(calls.totals(Some("/v1/greetings/hello")).await.unwrap().accepted, 1);
//! assert_eq!(calls.rows(None, 0, 10).await.unwrap()[0].call.status, 200);
//! # });
//! ```
//!
//! What is on its way when a process is killed is lost: at most what ended within the last [`CallLogOptions::interval`] while
//! the store answers, the queue while it does not.

mod batch;
mod call;
#[cfg(feature = "conformance")]
pub mod conformance;
mod log;
mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
mod sketch;
mod statistics;
mod store;

pub use crate::batch::{Batch, BatchId, NodeId};
pub use crate::call::{Admission, Caller, LogRow, LoggedCall, RowId};
pub use crate::log::{CallLog, CallLogCounters, CallLogOptions};
pub use crate::memory::MemoryLog;
pub use crate::sketch::{Sketch, SketchError};
pub use crate::statistics::{Bucket, Counts, MethodBucket, Resolution, Statistics};
pub use crate::store::{BucketQuery, CallLogStore, Retention, RowQuery, StoreError, WriteError};
