//! What `#[api_method]` and `api_module!` mean to a built `Api`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use rpc_core::{
    Api, ApiBuilder, ApiError, Ctx, MethodEntry, ParamStyle, Rate, TestClient, Upload, UploadUse, api_method,
    api_module, serde_json::json,
};

struct App {
    greeting: &'static str,
}

trait Farewell: Send + Sync {
    fn words(&self) -> String;
}

impl Farewell for &'static str {
    fn words(&self) -> String {
        (*self).to_owned()
    }
}

api_module! {
    /// Greetings
    /// of all kinds
    ///
    /// - polite
    ///   - very
    path = "/v1/greetings"
}

/// Say hello
/// to somebody.
///
/// ```text
/// Hello, Ann!
/// ```
///
/// - once
#[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
async fn hello(
    app: &App,
    _ctx: &Ctx,
    /// Who is greeted:
    /// by name.
    #[param(name = "fullName")]
    name: String,
    #[param(nullable)] mut times: Option<u8>,
    r#type: Option<String>,
    _unused: Option<bool>,
    #[param(name = "pair")] (left, right): (u8, u8),
) -> Result<String, ApiError> {
    times.get_or_insert(1);
    Ok(format!("{}, {name}! {times:?} {type:?} {}", app.greeting, left + right))
}

/// Everything that an attribute can say
#[api_method(
    path = "/v1/greetings/all",
    permissions = ["admin", "billing:read"],
    deprecated,
    private,
    session_only,
    log = false,
    concurrency = 4,
    concurrency_per_user = 1,
    rate = "10/min",
    timeout = "1500ms",
    max_body = "64 KiB",
    upload = "2 MiB",
)]
async fn all(_file: &Upload, #[param(opaque)] _options: Option<String>) -> Result<(), ApiError> {
    Ok(())
}

/// Say goodbye
#[api_method(path = "/v1/greetings/bye", permissions = ["*"])]
async fn bye(
    farewell: &dyn Farewell,
    shared: &Arc<dyn Farewell>,
    count: &AtomicU32,
    counts: &Arc<AtomicU32>,
) -> Result<String, ApiError> {
    counts.fetch_add(1, Relaxed);
    Ok(format!("{} {} {}", farewell.words(), shared.words(), count.load(Relaxed)))
}

mod names {
    pub(super) const ERASE: &str = "/v1/greetings/erase";
    pub(super) const CLERK: &str = "clerk";
}

/// Erase a greeting
#[api_method(path = names::ERASE, permissions = [names::CLERK, "admin"], destructive, idempotent)]
async fn erase() -> Result<(), ApiError> {
    Ok(())
}

/// Count greetings
#[api_method(path = "/v1/greetings/count", permissions = ["*"], read_only)]
async fn count() -> Result<u8, ApiError> {
    Ok(0)
}

/// May come with a file
#[api_method(path = "/v1/greetings/with-file", permissions = ["user"])]
async fn with_file(file: Option<&Upload>) -> Result<bool, ApiError> {
    Ok(file.is_some())
}

#[cfg(not(test))]
/// Is not there
#[api_method(path = "/v1/greetings/never", permissions = ["user"])]
async fn never() -> Result<(), ApiError> {
    Ok(())
}

/// Is not there either
#[api_method(path = "/v1/greetings/neither", permissions = ["user"])]
#[cfg(not(test))]
async fn neither() -> Result<(), ApiError> {
    Ok(())
}

mod methods {
    use super::{ApiError, api_method};

    macro_rules! method {
        ($name:ident, $path:literal, $ty:ty) => {
            /// Made by a macro
            #[api_method(path = $path, permissions = ["user"])]
            pub(super) async fn $name(value: $ty) -> Result<$ty, ApiError> {
                Ok(value)
            }
        };
    }

    method!(number, "/v1/greetings/number", u32);
}

pub(super) fn builder() -> ApiBuilder {
    let permission = |name: &'static str| rpc_core::Permission::new(name, name, "");
    Api::builder()
        .state(App { greeting: "Hello" })
        .state::<Arc<dyn Farewell>>(Arc::new("Bye"))
        .state(Arc::new(AtomicU32::new(1)))
        .permission(permission("admin"))
        .permission(permission("billing:read"))
        .permission(permission(names::CLERK))
}

fn api() -> Api {
    builder().build().unwrap()
}

#[test]
fn every_method_that_exists_is_collected() {
    let api = api();
    let paths: Vec<_> = api.methods().map(rpc_core::Method::path).collect();
    let expected = ["all", "bye", "count", "erase", "hello", "number", "typing", "with-file"]
        .map(|name| format!("/v1/greetings/{name}"));
    assert_eq!(paths, expected);
}

#[test]
fn the_doc_comment_is_title_and_description() {
    let api = api();
    let hello = api.method("/v1/greetings/hello").unwrap();
    assert_eq!(hello.title(), "Say hello to somebody.");
    assert_eq!(hello.description(), "```text\nHello, Ann!\n```\n\n- once");
    let (module, methods) = api.modules().next().unwrap();
    assert_eq!((module.path(), module.title()), ("/v1/greetings", "Greetings of all kinds"));
    assert_eq!(module.description(), "- polite\n  - very");
    assert_eq!(methods.count(), 8);
}

#[test]
fn arguments_by_value_are_the_parameters() {
    let api = api();
    let params = api.method("/v1/greetings/hello").unwrap().params();
    let names: Vec<_> = params.iter().map(rpc_core::Parameter::name).collect();
    assert_eq!(names, ["fullName", "times", "type", "unused", "pair"]);
    assert_eq!(params[0].description(), "Who is greeted:\nby name.");
    assert_eq!(params[1].style(), ParamStyle::Nullable);
    assert_eq!(
        params.iter().map(rpc_core::Parameter::is_required).collect::<Vec<_>>(),
        [true, false, false, false, true]
    );
    assert_eq!(api.method("/v1/greetings/all").unwrap().params()[0].style(), ParamStyle::Opaque);
}

#[test]
fn every_key_arrives() {
    let api = api();
    let all = api.method("/v1/greetings/all").unwrap();
    assert!(all.is_deprecated() && all.is_private() && all.is_session_only() && !all.is_logged());
    assert_eq!(all.permissions(), ["admin", "billing:read"]);
    assert_eq!(all.upload(), UploadUse::Required);
    let limits = all.limits();
    assert_eq!((limits.concurrency, limits.concurrency_per_user), (Some(4), Some(1)));
    assert_eq!(limits.rate, Some(Rate { calls: 10, period: Duration::from_secs(60) }));
    assert_eq!((limits.timeout, limits.max_body, limits.upload), (Duration::from_millis(1500), 64 << 10, 2 << 20));
}

#[test]
fn path_and_permissions_may_be_constants() {
    let api = api();
    assert_eq!(api.method("/v1/greetings/erase").unwrap().permissions(), ["clerk", "admin"]);
}

#[test]
fn what_a_call_does_to_the_world_is_known() {
    let api = api();
    let effect = |name: &str| {
        let method = api.method(&format!("/v1/greetings/{name}")).unwrap();
        [method.is_read_only(), method.is_idempotent(), method.is_destructive()]
    };
    assert_eq!(effect("hello"), [false, false, false]);
    assert_eq!(effect("count"), [true, true, false]);
    assert_eq!(effect("erase"), [false, true, true]);
}

#[test]
fn keys_that_are_left_out_change_nothing() {
    let api = api();
    let plain = api.method("/v1/greetings/with-file").unwrap();
    assert!(!plain.is_deprecated() && !plain.is_private() && !plain.is_session_only() && plain.is_logged());
    assert_eq!((plain.upload(), plain.limits().concurrency, plain.limits().rate), (UploadUse::Optional, None, None));
}

#[test]
fn the_place_is_that_of_the_attribute() {
    let api = api();
    let location = api.method("/v1/greetings/hello").unwrap().location();
    let line = include_str!("method.rs").lines().position(|line| line.contains("greetings/hello")).unwrap() + 1;
    assert_eq!((location.file, location.line as usize), (file!(), line));
}

#[test]
fn the_entry_can_be_given_by_hand() {
    let entry: MethodEntry = hello::ENTRY;
    assert!(builder().except("/**").method(entry).build().unwrap().method("/v1/greetings/hello").is_some());
}

#[tokio::test]
async fn a_call_reaches_the_function() {
    let client = TestClient::new(api());
    let reply = client.call("/v1/greetings/hello", json!(["Ann", null, "x", null, [1, 2]])).await;
    assert_eq!((reply.status, reply.data), (200, json!("Hello, Ann! Some(1) Some(\"x\") 3")));
}

#[tokio::test]
async fn any_type_that_is_shared_is_a_state() {
    let reply = TestClient::new(api()).call("/v1/greetings/bye", json!([])).await;
    assert_eq!((reply.status, reply.data), (200, json!("Bye Bye 2")));
}
