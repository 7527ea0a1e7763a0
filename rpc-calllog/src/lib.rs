//! Counts the calls of an API made with `rpc-core`: by method, exactly, without a lock on the way of a call.
//!
//! ```
//! use rpc_calllog::CallCounters;
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
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let counters = CallCounters::default();
//! let api = Api::builder().observer(counters.clone()).build().unwrap();
//!
//! TestClient::new(api).call("/v1/greetings/hello", serde_json::json!(["Ann"])).await;
//! assert_eq!(counters.method("/v1/greetings/hello").accepted, 1);
//! # });
//! ```

mod counters;
mod table;

pub use crate::counters::{CallCounters, MethodCounts};
