//! The expansion does not depend on what is in scope.

#![no_implicit_prelude]
#![forbid(unsafe_code)]

#[allow(dead_code)]
mod shadows {
    pub struct Result;
    pub struct Option;
    pub struct String;
    pub struct Box;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Send;
    pub struct Future;
    #[allow(non_camel_case_types)]
    pub struct str;
    #[allow(non_camel_case_types)]
    pub struct u32;
    #[allow(non_camel_case_types)]
    pub struct bool;
    pub mod core {}
    pub mod std {}
    pub mod rpc_core {}
}

use self::shadows::*;

#[allow(dead_code)]
fn shadowed(_: (Result, Option, String, Box), _: (u32, bool)) {}

struct App;

::rpc_core::api_module! {
    /// Module
    path = "/v1/module"
}

::rpc_core::api_event! {
    /// Event
    name = "/module/changed",
    audience = ["user"],
    payload = ::std::collections::HashMap<::std::string::String, ::std::primitive::u32>
}

/// Event of a type
#[derive(::serde::Serialize, ::rpc_core::ApiEvent)]
#[event(name = "/module/typed", audience = ["user"])]
struct Typed;

/// Method
#[::rpc_core::api_method(
    path = "/v1/module/method",
    permissions = ["*"],
    concurrency = 1,
    rate = "1/s",
    timeout = "1s",
    max_body = "1 KiB",
    upload = "1 KiB"
)]
async fn method(
    ctx: &::rpc_core::Ctx,
    app: &App,
    signature: &App,
    file: ::std::option::Option<&::rpc_core::Upload>,
    p0: ::std::string::String,
    arguments: ::std::option::Option<::std::primitive::u32>,
) -> ::std::result::Result<(), ::rpc_core::ApiError> {
    let _ = (ctx, app, signature, file, p0, arguments);
    ::std::result::Result::Ok(())
}

/// Method
#[::rpc_core::api_method(path = "/v1/module/heard", permissions = ["*"], client_event = "/module/heard")]
async fn heard() -> ::std::result::Result<(), ::rpc_core::ApiError> {
    ::std::result::Result::Ok(())
}

#[derive(::rpc_core::ReadFields)]
#[read(max_limit = 10)]
pub struct Fields {
    #[read("=", "like", sortable)]
    pub id: ::std::option::Option<::rpc_core::read::Condition<::std::string::String>>,
    #[read(sortable)]
    pub name: ::rpc_core::read::Sortable,
    #[read("=")]
    pub kind: ::rpc_core::read::Condition<::std::primitive::u32>,
}

fn main() {
    let _ = method::ENTRY;
    let _ = FieldsSort::Id.name();
}
