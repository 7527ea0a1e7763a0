//! One attribute on a plain async function makes a remote method: its positional parameters are validated against a JSON
//! Schema derived from their types, it is registered without a central list, served over HTTP, JSON-RPC 2.0 and WebSocket, limited,
//! observed and documented.
//!
//! - [The smallest program](#the-smallest-program)
//! - [Methods](#methods), [parameters](#parameters), [who may call](#who-may-call), [state](#state)
//! - [Answers](#answers), [errors](#errors), [events](#events)
//! - [Serving](#serving), [limits](#limits), [observing](#observing), [testing](#testing), [documents](#documents)
//! - [Features](#features)
//!
//! # The smallest program
//!
//! ```toml
//! [dependencies]
//! rpc-core = "0.1"
//! schemars = "1"
//! serde = { version = "1", features = ["derive"] }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! ```no_run,standalone_crate
//! use rpc_core::http::{HttpService, Server};
//! use rpc_core::{Api, ApiError, api_method, api_module};
//!
//! api_module! {
//!     /// Greetings
//!     path = "/v1/greetings"
//! }
//!
//! /// Say hello
//! #[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
//! async fn hello(
//!     /// Whom to greet.
//!     name: String,
//! ) -> Result<String, ApiError> {
//!     Ok(format!("Hello, {name}!"))
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let api = Api::builder().build()?;
//!     let server = Server::bind(HttpService::new(api), "127.0.0.1:8080".parse()?).await?;
//!     server.serve(std::future::pending()).await;
//!     Ok(())
//! }
//! ```
//!
//! `curl http://127.0.0.1:8080/v1/greetings/hello --json '["Ann"]'` answers
//! `{"status":200,"reason":"OK","data":"Hello, Ann!"}`; a JSON-RPC client calls the method `/v1/greetings/hello` at `/api`, over HTTP or
//! WebSocket.
//!
//! # Methods
//!
//! [`#[api_method]`](macro@api_method) leaves the function as it is, and puts a [`MethodEntry`] beside it, which [`Api::builder`] collects
//! from the whole binary. There is no list to keep. A crate of methods that nothing refers to drops out of a binary: `use my_methods as _;`
//! keeps it, and [`ApiBuilder::expect`] fails the build of the `Api` when it is gone. [`ApiBuilder::only`] selects methods by their paths.
//!
//! Every method belongs to a module, which [`api_module!`] declares with a title. [`ApiBuilder::build`] checks everything at once
//! (paths, permissions, states, schemas, limits) and tells all [faults](Fault), so that nothing waits for a first call to fail.
//!
//! # Parameters
//!
//! **By value = from the caller, by reference = from the application.** Each argument by value is a positional parameter: any type that is
//! `serde::Deserialize` and `schemars::JsonSchema`. What its schema accepts `null` for is optional. All violations are told at once, each with
//! a JSON Pointer, and the function runs only when there are none.
//!
//! ```standalone_crate
//! # use rpc_core::{ApiError, TestClient, Api, api_method, api_module};
//! # use serde_json::json;
//! # api_module! {
//! #     /// Members
//! #     path = "/v1/members"
//! # }
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct NewMember {
//!     #[schemars(length(min = 3, max = 32))]
//!     name: String,
//!     #[schemars(range(min = 16))]
//!     age: Option<u8>,
//! }
//!
//! /// Create member
//! #[api_method(path = "/v1/members/create", permissions = ["*"])]
//! async fn create(member: NewMember) -> Result<String, ApiError> {
//!     Ok(format!("{} is {:?}", member.name, member.age))
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let client = TestClient::new(Api::builder().build().unwrap());
//! let reply = client.call("/v1/members/create", json!([{"name": "Al", "age": 3}])).await;
//! let pointers: Vec<&str> = reply.details.errors.iter().map(|violation| violation.pointer.as_str()).collect();
//! assert_eq!((reply.status, pointers), (400, vec!["/0/name", "/0/age"]));
//! # });
//! ```
//!
//! `#[param(minimum = 1, maximum = 100, default = 20)]` gives a parameter constraints and a default; they are in the schema, in the documents and in
//! the refusals. Lists take their options as [`Read`], whose fields are declared with [`#[derive(ReadFields)]`](macro@ReadFields).
//!
//! A file that comes with a call is taken by reference, as [`Upload`].
//!
//! # Who may call
//!
//! `permissions` is required, and one of its names is enough: `*` (everybody, guests too), `guest`, `user`, `root`, or a [`Permission`] that the
//! application declares. Who calls is found out by an [`Authenticator`]; without one all callers are guests, and every token is refused.
//!
//! ```standalone_crate
//! use rpc_core::{Api, AuthError, AuthRequest, Authenticator, Identity, Permission, Token, User};
//! # use rpc_core::{ApiError, Ctx, api_method, api_module};
//! # api_module! {
//! #     /// Ledger
//! #     path = "/v1/ledger"
//! # }
//!
//! struct OneToken;
//!
//! #[async_trait::async_trait]
//! impl Authenticator for OneToken {
//!     async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
//!         match token.expose() {
//!             "secret" => Ok(User::new("1", "ann").permission("clerk").into()),
//!             _ => Err(AuthError::BadToken),
//!         }
//!     }
//! }
//!
//! /// Close the ledger
//! #[api_method(path = "/v1/ledger/close", permissions = ["clerk"])]
//! async fn close(ctx: &Ctx) -> Result<String, ApiError> {
//!     Ok(ctx.user()?.name.to_string())
//! }
//!
//! # fn main() -> Result<(), rpc_core::BuildError> {
//! let clerk = Permission::new("clerk", "Clerk", "May close the ledger");
//! let api = Api::builder().permission(clerk).authenticator(OneToken).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # State
//!
//! `&T` in a method is a [state](State) of the application: any type that threads can share. It is given once, and the build fails when it
//! is not there. One that is given as `Arc<dyn Trait>` is taken as `&dyn Trait`.
//!
//! ```standalone_crate
//! # use rpc_core::{Api, ApiError, api_method, api_module};
//! # use std::sync::atomic::{AtomicU64, Ordering};
//! # api_module! {
//! #     /// Counting
//! #     path = "/v1/count"
//! # }
//! #[derive(Default)]
//! struct Counter(AtomicU64);
//!
//! /// Count one more
//! #[api_method(path = "/v1/count/next", permissions = ["*"])]
//! async fn next(counter: &Counter) -> Result<u64, ApiError> {
//!     Ok(counter.0.fetch_add(1, Ordering::Relaxed))
//! }
//!
//! # fn main() -> Result<(), rpc_core::BuildError> {
//! let api = Api::builder().state(Counter::default()).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! [`Ctx`] is the context of the call (who calls, the id of the request, the clock, other methods), [`RequestHead`] the head of the request.
//!
//! # Answers
//!
//! A method returns `Result<T, E>`, where `T` is `serde::Serialize` and `schemars::JsonSchema`. [`Reply`] adds what not every answer has: another
//! status or reason, further fields such as `total`, headers, cookies, an entity tag. A [`Download`] is a file.
//!
//! # Errors
//!
//! [`ApiError`](struct@ApiError) is a status and a reason for the caller, and a source that only the log sees. An enum declares what can go
//! wrong with [`#[derive(ApiError)]`](derive@ApiError): the documents and the clients know each variant by its `kind`, its status and its details.
//!
//! ```standalone_crate
//! # use rpc_core::{Api, ApiError, TestClient, api_method, api_module};
//! # api_module! {
//! #     /// Orders
//! #     path = "/v1/orders"
//! # }
//! #[derive(Debug, ApiError)]
//! enum OrderError {
//!     /// The order was changed meanwhile
//!     #[api_error(status = 409)]
//!     Conflict { current: u32 },
//!     /// There is no such order
//!     #[api_error(status = 404)]
//!     NotFound,
//! }
//!
//! /// Change an order
//! #[api_method(path = "/v1/orders/change", permissions = ["*"])]
//! async fn change(#[param(minimum = 1)] version: u32) -> Result<u32, OrderError> {
//!     match version {
//!         7 => Ok(8),
//!         _ => Err(OrderError::Conflict { current: 7 }),
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let client = TestClient::new(Api::builder().build().unwrap());
//! let reply = client.call("/v1/orders/change", serde_json::json!([3])).await;
//! assert_eq!((reply.status, reply.data), (409, serde_json::json!({"kind": "conflict", "current": 7})));
//! # });
//! ```
//!
//! # Events
//!
//! A type that derives [`ApiEvent`](derive@ApiEvent) is what the server tells clients over WebSocket: it says its name and who may hear it,
//! and [`Ctx::publish`] takes nothing else. A [`Bus`] joins several processes.
//!
//! # Serving
//!
//! [`http::HttpService`] answers every request and never fails: it mounts in a `tower` stack or an axum router. [`http::Server`] accepts
//! connections, bounds how long each may stand still, and stops in order; `layer` puts services around it, `fallback` behind it.
//!
//! # Limits
//!
//! Every limit has a default and a range: [`Limits`] for all, the keys of the attribute (`rate`, `concurrency`, `timeout`, `max_body`) for
//! one method. What callers make the process hold is taken from one account before it is made.
//!
//! # Observing
//!
//! An [`Observer`] is told of every call once, also when it is refused, dropped or panics. [`TracingObserver`] writes a line;
//! [`ApiBuilder::counted`] counts by method. Handlers log in a `tracing` span of their call.
//!
//! # Testing
//!
//! [`TestClient`] calls methods without a network, through all stages: as anybody, with files, and with what it hears of events. With the feature
//! `client` the module `client` has a client over HTTP and WebSocket.
//!
//! # Documents
//!
//! [`docs`] makes Markdown for people, short or whole, and a manifest in JSON for programs of a built [`Api`].
//!
//! # Features
//!
//! None is on by default.
//!
//! - `axum`: what axum and an API tell each other of a connection, `ConnectInfo<SocketAddr>`; see [`http::PeerAddress`].
//! - `client`: a client over HTTP and WebSocket, in the module `client`.
//! - `conformance`: the tests that every [`Bus`] has to pass, in the module `conformance`.
//! - `postgres`: what stores in Postgres stand on, and a bus between nodes, in the module `storage::postgres`; see [`storage`].

extern crate self as rpc_core;

mod api;
mod authenticator;
mod borrowed;
mod budget;
mod bus;
mod call;
#[cfg(feature = "client")]
pub mod client;
mod clock;
mod codec;
#[cfg(feature = "conformance")]
pub mod conformance;
mod constants;
mod ctx;
pub mod docs;
mod error;
mod events;
pub mod http;
mod identity;
mod jsonrpc;
mod limits;
mod location;
mod method;
mod observer;
mod permissions;
mod pipeline;
pub mod pointer;
pub mod read;
mod reply;
mod schema;
mod state;
pub mod storage;
mod testing;
mod timestamp;
pub mod units;
mod upload;
mod ws;

pub use rpc_grammar::reserved;
pub use rpc_macros::{ApiError, ApiEvent, ReadFields, api_event, api_method, api_module};
pub use {schemars, serde, serde_json};

pub use crate::api::{Api, ApiBuilder, BuildError, Fault, Publishing};
pub use crate::authenticator::{AuthError, AuthRequest, Authenticator};
pub use crate::budget::{Resource, ResourceUse, Share};
pub use crate::bus::{Bus, BusError, Listener, LocalBus, Notice, PublishedEvent};
pub use crate::call::{
    Call, CallHead, CallRecord, Credentials, Disposition, Outcome, Params, RequestHead, RequestId, Token, TraceContext,
    Transport,
};
pub use crate::clock::{Clock, ManualClock, Moment, SystemClock};
pub use crate::codec::Codec;
pub use crate::ctx::Ctx;
pub use crate::error::payload::{ErrorField, ErrorSource};
pub use crate::error::{ApiError, CodeRow, Details, ErrorCode, Violation, error_chain};
pub use crate::events::entry::{DescribePayload, EventEntry, EventPayload};
pub use crate::events::typed::{ApiEvent, ImpliedAudience};
pub use crate::events::{Audience, Event, PublishError};
pub use crate::identity::{Identity, Proof, User};
pub use crate::limits::{DocumentLimits, EffectiveLimits, Limits, MethodLimits, Rate, network, site};
pub use crate::location::SourceLocation;
pub use crate::method::arguments::{Arguments, Param};
pub use crate::method::counts::CallCounts;
pub use crate::method::entry::{
    AddedParam, Describe, Handler, HandlerFuture, MethodEntry, ModuleEntry, ParamStyle, Signature, UploadUse,
};
pub use crate::method::errors::{DeclaredError, DeclaredErrors, ErrorDeclaration, InnerError, MethodError, TypedError};
pub use crate::method::finite::NonFinite;
pub use crate::method::inject::{Inject, Injected};
pub use crate::method::output::{Answer, MethodOutput};
pub use crate::method::{Method, Module, Parameter};
pub use crate::observer::{Observer, Tracer, TracingObserver};
pub use crate::permissions::{Permission, RESERVED};
pub use crate::read::{Read, ReadFields};
pub use crate::reply::{CacheControl, Download, Encoded, FileContent, Reply, ReplyError, SameSite, SetCookie};
pub use crate::schema::convert::ConvertError;
pub use crate::state::State;
pub use crate::testing::{TestClient, TestEvents, TestFile, TestReply};
pub use crate::timestamp::Timestamp;
pub use crate::upload::{Upload, UploadReader, Uploads};

/// For the expansions of macros and for fuzz targets only.
#[doc(hidden)]
pub mod __private {
    pub use std::boxed::Box;

    pub use inventory;

    pub use crate::error::payload::{Fields, with_fields};
    pub use crate::events::typed::{DeclaredAudience, is_one_audience};
    pub use crate::method::encode::encode;
    pub use crate::method::inject::Injected;
    pub use crate::method::provider::Provider;

    /// The checks of constants in attributes.
    pub mod constants {
        pub use crate::constants::{
            audience, event_name, list, method_path, module_path, permission, with_guests, without_guests,
        };
    }

    /// The traits that an expansion asks who provides an argument.
    pub mod provider {
        pub use crate::method::provider::{OfApplication as _, OfCaller as _, OfCrate as _};
    }

    /// The parsers of what strangers send, for fuzz targets.
    pub mod fuzz {
        pub use crate::codec::fuzz::{decode_json, decode_msgpack};
        pub use crate::http::fuzz::{client_address, normalize_path, read_authorization, read_query};
        pub use crate::jsonrpc::fuzz::{read_json_request, read_msgpack_request};
    }
}
