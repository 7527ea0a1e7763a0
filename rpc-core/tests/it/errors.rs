//! Errors as types: what callers get of them on every way in, and what the documents know.

mod declared;
mod finite;
mod replies;
mod wire;

use std::time::Duration;

use rpc_core::storage::StoreError;
use rpc_core::{Api, ApiBuilder, ApiError, MethodError, Reply, api_method, api_module};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

api_module! {
    /// Errors
    path = "/v9/errors"
}

/// Why an order is not changed.
#[derive(Debug, ApiError)]
enum OrderError {
    /// There is no such order.
    #[api_error(status = 404)]
    NotFound,
    /// Somebody else has changed the order.
    ///
    /// Read it again, and try once more.
    #[api_error(status = 409, code = 40901, reason = "The order is at {{{current}}} by now")]
    Conflict {
        /// The version of the order.
        current: u32,
        #[api_error(rename = "changedBy")]
        changed_by: Author,
        #[source]
        cause: std::io::Error,
    },
    /// The shop is closed
    #[api_error(status = 503, kind = "shop_closed", retry_after = "2min")]
    Closed,
    /// Too many orders
    #[api_error(status = 429)]
    Busy {
        #[api_error(retry_after)]
        after: Duration,
    },
    #[api_error(transparent, from)]
    Store(StoreError),
    #[api_error(transparent, from)]
    Payment(PaymentError),
    #[api_error(transparent)]
    Other(ApiError),
    #[api_error(internal)]
    Lost(#[source] std::io::Error),
    /// The order has no customer.
    #[api_error(internal)]
    Orphan,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Author {
    name: String,
    share: f64,
}

/// The card was refused.
#[derive(Debug, ApiError)]
#[api_error(status = 402)]
struct PaymentError {
    attempts: u8,
}

/// Converts itself, and declares nothing.
struct ByHand;

impl From<ByHand> for ApiError {
    fn from(_: ByHand) -> Self {
        let details = serde_json::json!({"left": 3, "status": 1, "meta": 2}).as_object().cloned().unwrap();
        Self::new(410, "It is gone").with_code(41001).with_details("gone", details)
    }
}

impl MethodError for ByHand {}

fn cause() -> std::io::Error {
    std::io::Error::other("the secret cause")
}

/// Changes an order
#[api_method(path = "/v9/errors/change", permissions = ["*"])]
async fn change(case: String) -> Result<u32, OrderError> {
    Err(match case.as_str() {
        "conflict" => {
            let changed_by = Author { name: "ann".to_owned(), share: 0.5 };
            OrderError::Conflict { current: 7, changed_by, cause: cause() }
        }
        "broken" => {
            let changed_by = Author { name: "ann".to_owned(), share: f64::NAN };
            OrderError::Conflict { current: 7, changed_by, cause: cause() }
        }
        "not found" => OrderError::NotFound,
        "closed" => OrderError::Closed,
        "busy" => OrderError::Busy { after: Duration::from_millis(1500) },
        "store" => stored()?,
        "payment" => paid()?,
        "other" => OrderError::Other(ApiError::new(418, "I am a teapot")),
        "lost" => OrderError::Lost(cause()),
        "orphan" => OrderError::Orphan,
        _ => return Ok(1),
    })
}

fn stored() -> Result<OrderError, StoreError> {
    Err(StoreError(cause().into()))
}

fn paid() -> Result<OrderError, PaymentError> {
    Err(PaymentError { attempts: 3 })
}

/// Is gone
#[api_method(path = "/v9/errors/by-hand", permissions = ["*"])]
async fn by_hand() -> Result<(), ByHand> {
    Err(ByHand)
}

/// Fails in prose
#[api_method(path = "/v9/errors/prose", permissions = ["*"])]
async fn prose() -> Result<(), ApiError> {
    Err(ApiError::new(409, "This name is taken"))
}

/// Answers with a status
#[api_method(path = "/v9/errors/reply", permissions = ["*"])]
async fn reply(status: u16, reason: Option<String>) -> Result<Reply<Vec<u8>>, ApiError> {
    let reply = Reply::new(vec![1, 2]).status(status).with("hint", "ask").with("errors", 7);
    Ok(match reason {
        Some(reason) => reply.reason(reason),
        None => reply,
    })
}

fn builder() -> ApiBuilder {
    Api::builder().only("/v9/errors/**").counted()
}
