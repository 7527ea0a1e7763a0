//! One attribute on a plain async function makes a remote method: its positional parameters are validated against a JSON
//! Schema derived from their types, it is registered without a central list, served, limited, observed and documented.
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
