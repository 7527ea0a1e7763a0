//! A small client: calls over HTTP, calls and events over WebSocket, untyped or typed by serde. Behind the feature `client`.
//!
//! ```no_run
//! use rpc_core::client::{ClientError, HttpClient, WsClient};
//! use serde_json::Value;
//!
//! # async fn run() -> Result<(), ClientError> {
//! let http = HttpClient::new("http://127.0.0.1:8080")?.token("app_api_x1")?;
//! let text: String = http.call("/v1/test/test", ("hello",)).await?.data;
//!
//! let ws = WsClient::builder("ws://127.0.0.1:8080").token("app_api_x1")?.connect().await?;
//! let mut events = ws.events();
//! let users = ws.call::<Vec<Value>>("/v1/admin/users/list", ()).await?;
//! println!("{text}, {} of {:?}", users.data.len(), users.extra.get("total"));
//! while let Ok(event) = events.recv().await {
//!     println!("{} {:?}", event.name, event.args);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Both speak JSON-RPC 2.0 with the server's RPC endpoint, not the plain face: it has batches, and it is the same over
//! WebSocket. Arguments are whatever serde makes of them: a tuple or an array is by position, `()` is none, a struct or a map
//! is by name, anything else is the only parameter.
//!
//! There is no TLS: a program that calls from elsewhere does so through a proxy or a tunnel on its own host.

mod answer;
mod batch;
mod endpoint;
mod error;
mod http;
mod request;
mod ws;

pub use self::answer::Answer;
pub use self::batch::Batch;
pub use self::error::{ClientError, Failure};
pub use self::http::HttpClient;
pub use self::ws::builder::WsClientBuilder;
pub use self::ws::{ConnectionState, Event, WsClient};
use crate::limits::DocumentLimits;

/// What an answer may be: twice as deep as the server's default for requests, and a million values.
const ANSWER: DocumentLimits = DocumentLimits { depth: 256, values: 1_000_000 };
/// Bytes of an answer, where the program does not say otherwise.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long a call may take, where the program does not say otherwise: what the server allows it.
const TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);
