//! One attribute on a plain async function makes a remote method: its positional parameters are validated against a JSON
//! Schema derived from their types, it is registered without a central list, served, limited, observed and documented.
//!
//! # Features
//!
//! None is on by default.
//!
//! - `client`: a client over HTTP and WebSocket, in the module `client`.
//! - `conformance`: the tests that every [`Bus`] has to pass, in the module `conformance`.
//! - `postgres`: what stores in Postgres stand on, and a bus between nodes, in the module `storage::postgres`; see [`storage`].

#![cfg_attr(doctest, doc = include_str!("../../README.md"))]

extern crate self as rpc_core;

mod api;
mod budget;
mod bus;
mod call;
#[cfg(feature = "client")]
pub mod client;
mod clock;
mod codec;
#[cfg(feature = "conformance")]
pub mod conformance;
mod ctx;
pub mod docs;
mod error;
mod events;
pub mod http;
mod identity;
mod jsonrpc;
mod limits;
mod method;
mod permissions;
mod pipeline;
pub mod read;
mod reply;
mod schema;
pub mod storage;
mod testing;
mod timestamp;
mod tree;
mod upload;
mod ws;

pub use rpc_macros::{ReadFields, api_event, api_method, api_module};
pub use {schemars, serde, serde_json};

pub use crate::api::{Api, ApiBuilder, BuildError, Fault};
pub use crate::budget::{Resource, ResourceUse, Share};
pub use crate::bus::{Bus, BusError, Listener, LocalBus, Notice, PublishedEvent};
pub use crate::call::{Call, Credentials, Outcome, RequestId, Token, TraceContext, Transport};
pub use crate::clock::{Clock, ManualClock, SystemClock};
pub use crate::codec::{Codec, Params};
pub use crate::ctx::Ctx;
pub use crate::error::{ApiError, CodeRow, Details, ErrorCode, Violation};
pub use crate::events::entry::{DescribePayload, EventEntry, EventPayload};
pub use crate::events::{Audience, Event, PublishError};
pub use crate::identity::{Identity, Proof, User};
pub use crate::limits::{DocumentLimits, EffectiveLimits, Limits, network, site};
pub use crate::method::arguments::{Arguments, Param};
pub use crate::method::counts::CallCounts;
pub use crate::method::entry::{
    Describe, Handler, HandlerFuture, MethodEntry, MethodLimits, ModuleEntry, ParamStyle, Place, Rate, Signature,
    UploadUse,
};
pub use crate::method::inject::{Inject, Injected, State};
pub use crate::method::output::{Answer, Encoded, MethodOutput};
pub use crate::method::{Method, Module, Parameter};
pub use crate::permissions::{Permission, RESERVED};
pub use crate::pipeline::authenticate::{AuthError, Authenticator};
pub use crate::pipeline::observe::{CallRecord, Disposition, Observer, TracingObserver};
pub use crate::pipeline::span::Tracer;
pub use crate::read::{Read, ReadFields};
pub use crate::reply::Reply;
pub use crate::schema::convert::ConvertError;
pub use crate::testing::{TestClient, TestReply};
pub use crate::timestamp::Timestamp;
pub use crate::upload::{Upload, UploadReader};

/// What the macros' expansions and the fuzz targets use. Not for people.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;

    pub use inventory;

    pub use crate::method::inject::Injected;
    pub use crate::method::output::encode;

    /// The parsers of what strangers send. What breaks one is found through these.
    pub mod fuzz {
        pub use crate::codec::fuzz::{decode_json, decode_msgpack};
        pub use crate::http::fuzz::{client_address, normalize_path, read_authorization, read_query};
    }
}
