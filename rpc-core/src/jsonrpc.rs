//! JSON-RPC 2.0: requests become [`Call`](crate::Call)s, outcomes become answers. Used by the RPC endpoint and by WebSocket.

mod answer;
mod context;
pub(crate) mod fuzz;
mod id;
mod request;
mod serve;
mod system;

pub(crate) use self::answer::{encode as encode_answer, method as encode_method};
pub(crate) use self::context::CallContext;
pub(crate) use self::id::Id;
pub(crate) use self::request::{Document, Invalid, Request};
pub(crate) use self::serve::{Answer, serve, serve_batch};
pub(crate) use self::system::{System, ok};
