//! What `api-v1.md` has no example of, below `/v9/documents` and `/v10/documents`.

use std::collections::BTreeMap;

use rpc_core::{Api, ApiError, Upload, api_method, api_module};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

type Result<T = ()> = std::result::Result<T, ApiError>;

api_module! {
    /// Things
    path = "/v9/documents/things"
}

api_module! {
    /// Hidden things
    path = "/v9/documents/hidden"
}

api_module! {
    /// Schemas
    path = "/v9/documents/schemas"
}

api_module! {
    /// New things
    path = "/v10/documents/things"
}

/// Old
///
/// Use `odd` instead.
#[api_method(path = "/v9/documents/things/deprecated", permissions = ["*"], deprecated)]
async fn old(
    /// One line.
    ///
    /// - and
    /// - a list
    first: String,
) -> Result {
    let _ = first;
    Ok(())
}

/// New
#[api_method(path = "/v10/documents/things/deprecated", permissions = ["*"])]
async fn new(first: String) -> Result {
    let _ = first;
    Ok(())
}

/// Private
#[api_method(path = "/v9/documents/things/private", permissions = ["*"], private)]
async fn private() -> Result {
    Ok(())
}

/// Hidden
#[api_method(path = "/v9/documents/hidden/hidden", permissions = ["*"], private)]
async fn hidden() -> Result {
    Ok(())
}

#[derive(Serialize, JsonSchema)]
struct Receipt {
    size: u64,
}

/// Odd
///
/// With everything.
#[api_method(
    path = "/v9/documents/things/odd",
    permissions = ["user", "admin"],
    session_only,
    log = false,
    concurrency = 4,
    concurrency_per_user = 1,
    rate = "10/min",
    timeout = "5s",
    max_body = "2 MiB",
    upload = "3 MiB"
)]
async fn odd(file: &Upload, name: String, tree: Option<Tree>) -> Result<Receipt> {
    let _ = (name, tree);
    Ok(Receipt { size: file.size() })
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Tree {
    name: String,
    left: Option<Box<Tree>>,
    leaves: Vec<Leaf>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Leaf {
    tree: Option<Box<Tree>>,
    again: Option<Box<Leaf>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Switch {
    /// Lets it through.
    On,
    /// Stops it.
    Off,
    Unsure,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used")]
enum Shape {
    Circle { radius: f64 },
    Named(Name),
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Name {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct Mixed {
    #[serde(flatten)]
    name: Name,
    /// Described, and of any type.
    anything: Value,
    map: BTreeMap<String, Value>,
    #[serde(rename = "null")]
    switch: Option<Switch>,
    #[serde(default)]
    count: u32,
    maybes: Vec<Option<bool>>,
    #[schemars(required)]
    given: Option<bool>,
}

/// Schemas
#[api_method(path = "/v9/documents/schemas/all", permissions = ["*"])]
#[expect(clippy::too_many_arguments, reason = "one argument for each schema")]
async fn all(
    tree: Tree,
    switch: Switch,
    shape: Option<Shape>,
    nothing: Nothing,
    mixed: Mixed,
    anything: Value,
    #[param(nullable)] nullable: Option<Shape>,
    #[param(opaque)] opaque: Option<Tree>,
) -> Result {
    let _ = (tree, switch, shape, nothing, mixed, anything, nullable, opaque);
    Ok(())
}

pub(super) fn api() -> Api {
    super::fixture::bare()
        .only("/v9/documents/**")
        .only("/v10/documents/**")
        .build()
        .expect("a set of methods without faults")
}
