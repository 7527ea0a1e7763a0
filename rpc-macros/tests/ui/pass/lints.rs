//! The strictest lints have nothing to say about the expansion.

#![deny(
    missing_debug_implementations,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    trivial_bounds,
    unreachable_pub,
    unused,
    unused_qualifications,
    warnings
)]
#![forbid(unsafe_code)]

use rpc_core::read::{Condition, Read, Sortable};
use rpc_core::{ApiError, Ctx, ReadFields, api_event, api_method, api_module};

mod private {
    use super::{ApiError, api_method};

    /// Inside a module
    ///
    /// # Errors
    ///
    /// None.
    #[api_method(path = "/v1/module/inside", permissions = ["*"])]
    pub(crate) async fn inside(number: u8) -> Result<u8, ApiError> {
        Ok(number)
    }
}

struct App;

api_module! {
    /// Module
    path = "/v1/module"
}

api_event! {
    /// Changed
    name = "/module/changed", audience = ["*"], payload = Vec<u32>
}

/// What rows can be found and sorted by.
#[derive(Debug, ReadFields)]
pub struct Fields {
    #[read("=", sortable)]
    id: Option<Condition<String>>,
    #[read(sortable)]
    name: Sortable,
}

/// Public
///
/// # Errors
///
/// None.
#[api_method(path = "/v1/module/public", permissions = ["*"], timeout = "1s")]
pub async fn public(
    _ctx: &Ctx,
    /// The options.
    options: Option<Read<Fields>>,
) -> Result<bool, ApiError> {
    Ok(options.and_then(|options| options.filter).is_some_and(|fields| fields.id.is_some()))
}

/// Private
#[api_method(path = "/v1/module/hidden", permissions = ["*"])]
async fn hidden(_app: &App) -> Result<(), ApiError> {
    Ok(())
}

/// Heard of
#[api_method(path = "/v1/module/heard", permissions = ["*"], client_event = "/module/heard")]
async fn heard() -> Result<(), ApiError> {
    Ok(())
}

/// Why something fails.
#[derive(Debug, ApiError)]
pub enum Failure {
    /// It is taken
    #[api_error(status = 409, code = 7, reason = "{name} is taken by {type:?}")]
    Taken {
        /// The name.
        name: String,
        /// What has it.
        r#type: Vec<u8>,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// See there.
    #[api_error(transparent, from)]
    Store(rpc_core::storage::StoreError),
    /// It is broken.
    #[api_error(internal, from)]
    Broken(std::io::Error),
}

/// Not now
#[derive(Debug, ApiError)]
#[api_error(status = 503, retry_after = "1s")]
pub struct NotNow;

/// Never
#[derive(Debug, ApiError)]
pub enum Never {}

/// Fails
///
/// # Errors
///
/// Always.
#[api_method(path = "/v1/module/fails", permissions = ["*"])]
pub async fn fails() -> Result<(), Failure> {
    Ok(std::fs::remove_dir("/nowhere")?)
}

/// Outdated
#[deprecated]
#[api_method(path = "/v1/module/outdated", permissions = ["*"], deprecated)]
async fn outdated() -> Result<&'static str, ApiError> {
    Ok("")
}

fn main() {}
