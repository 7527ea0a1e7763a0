//! Parameters: what is accepted, what is refused, and how a refusal reads.

use std::collections::HashMap;

use rpc_core::schemars::JsonSchema;
use rpc_core::serde::{Deserialize, Serialize};
use rpc_core::{Api, ApiError, TestClient, TestReply, api_method, api_module};
use serde_json::{Value, json};

api_module! {
    /// Parameters
    path = "/v9/params"
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde", deny_unknown_fields)]
#[schemars(crate = "rpc_core::schemars")]
struct Settings {
    #[schemars(length(min = 3, max = 5))]
    name: String,
    smtp_port: Option<u16>,
    #[serde(default)]
    tags: Vec<String>,
    inner: Option<Inner>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde")]
#[schemars(crate = "rpc_core::schemars")]
struct Inner {
    kind: Kind,
    map: HashMap<String, bool>,
    #[schemars(email)]
    mail: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde", rename_all = "lowercase")]
#[schemars(crate = "rpc_core::schemars")]
enum Kind {
    Small,
    Large,
}

/// Settings
#[api_method(path = "/v9/params/settings", permissions = ["*"])]
async fn settings(settings: Settings, dry: Option<bool>) -> Result<(Settings, Option<bool>), ApiError> {
    Ok((settings, dry))
}

/// Two texts around an optional one
#[api_method(path = "/v9/params/texts", permissions = ["*"])]
async fn texts(first: String, middle: Option<String>, last: String) -> Result<Vec<Option<String>>, ApiError> {
    Ok(vec![Some(first), middle, Some(last)])
}

/// Numbers
#[api_method(path = "/v9/params/numbers", permissions = ["*"])]
async fn numbers(whole: i64, real: Option<f64>, big: Option<u64>) -> Result<(i64, Option<f64>, Option<u64>), ApiError> {
    Ok((whole, real, big))
}

/// Anything
#[api_method(path = "/v9/params/anything", permissions = ["*"])]
async fn anything(value: Value) -> Result<Value, ApiError> {
    Ok(value)
}

/// Many texts
#[api_method(path = "/v9/params/many", permissions = ["*"])]
async fn many(texts: Vec<String>) -> Result<usize, ApiError> {
    Ok(texts.len())
}

async fn call(method: &str, params: Value) -> TestReply {
    let api = Api::builder().only("/v9/params/**").build().unwrap();
    TestClient::new(api).call(&format!("/v9/params/{method}"), params).await
}

/// The violations as `pointer keyword message`.
async fn violations(method: &str, params: Value) -> Vec<String> {
    let reply = call(method, params).await;
    assert_eq!((reply.status, reply.code), (400, Some(-32602)), "{reply:?}");
    let errors = reply.details.errors.iter();
    errors.map(|error| format!("{} {} {}", error.pointer, error.keyword, error.message)).collect()
}

#[test_waits::test]
async fn good_parameters_arrive() {
    let value = json!({"name": "abc", "smtp_port": 25, "tags": ["x"], "inner": {"kind": "large", "map": {"a": true}, "mail": "a@b.example"}});
    assert_eq!(call("settings", json!([value])).await.data, json!([value, null]));
    assert_eq!(call("texts", json!(["a", null, "c"])).await.data, json!(["a", null, "c"]));
    assert_eq!(call("numbers", json!([-5, 1])).await.data, json!([-5, 1.0, null]));
    assert_eq!(call("numbers", json!([0, 1.5, u64::MAX])).await.data, json!([0, 1.5, u64::MAX]));
    assert_eq!(call("anything", json!([])).await.data, json!(null));
    assert_eq!(call("anything", json!([{"a": [1]}])).await.data, json!({"a": [1]}));
}

#[test_waits::test]
async fn what_is_no_array_is_the_only_parameter() {
    assert_eq!(call("anything", json!("x")).await.data, json!("x"));
}

#[test_waits::test]
async fn all_violations_are_told_with_place_and_keyword() {
    let value = json!({"name": "ab", "smtp_port": 70000, "tags": [1, "x", null], "inner": {"kind": "huge", "mail": "nobody", "map": {"a": 1}}, "extra": 1});
    let mut told = violations("settings", json!([value, "yes"])).await;
    told.sort();
    assert_eq!(
        told,
        [
            r#"/0/extra additionalProperties `settings.extra` is not a known member"#,
            r#"/0/inner/kind enum `settings.inner.kind` must be one of "small", "large""#,
            r#"/0/inner/mail format `settings.inner.mail` must be a valid email"#,
            r#"/0/inner/map/a type `settings.inner.map.a` must be a boolean"#,
            r#"/0/name minLength `settings.name` must have at least 3 characters"#,
            r#"/0/smtp_port maximum `settings.smtp_port` must be at most 65535"#,
            r#"/0/tags/0 type `settings.tags[0]` must be a string"#,
            r#"/0/tags/2 type `settings.tags[2]` must be a string"#,
            r#"/1 type `dry` must be a boolean or null"#,
        ]
    );
}

#[test_waits::test]
async fn missing_and_surplus_parameters_are_named() {
    assert_eq!(
        violations("texts", json!([])).await,
        [
            "/0 required `first` is required: texts(first, [middle], last)",
            "/2 required `last` is required: texts(first, [middle], last)",
        ]
    );
    assert_eq!(
        violations("texts", json!(["a"])).await,
        ["/2 required `last` is required: texts(first, [middle], last)"]
    );
    assert_eq!(
        violations("texts", json!(["a", "b", "c", "d", 5])).await,
        ["/3 maxItems 5 parameters were given, at most 3 are taken: texts(first, [middle], last)"]
    );
    assert_eq!(violations("settings", json!([{}])).await, ["/0 required `settings` lacks the member \"name\""]);
}

#[test_waits::test]
async fn nothing_is_coerced() {
    for params in [json!(["1"]), json!([true]), json!([null]), json!([1.5]), json!([[1]]), json!([1, "1.5"])] {
        assert_eq!(call("numbers", params.clone()).await.status, 400, "{params}");
    }
    for params in [json!([1, null, "c"]), json!(["a", false, "c"]), json!(["a", "b", null])] {
        assert_eq!(call("texts", params.clone()).await.status, 400, "{params}");
    }
    assert_eq!(call("settings", json!([["abc"]])).await.status, 400);
}

#[test_waits::test]
async fn what_the_schema_accepts_and_the_type_refuses_is_told_alike() {
    assert_eq!(violations("numbers", json!([1.0])).await, ["/0 type `whole` must be i64"]);
    assert_eq!(violations("numbers", json!([u64::MAX])).await, ["/0 type `whole` must be i64"]);
    assert_eq!(violations("numbers", json!([1, null, 1e30])).await, ["/2 type `big` must be u64"]);
}

#[test_waits::test]
async fn violations_are_bounded_in_number_and_memory() {
    let reply = call("many", json!([vec![1; 100]])).await;
    assert_eq!((reply.details.errors.len(), reply.details.more_errors), (32, 68));
    let reply = call("many", json!([vec![1; 500_000]])).await;
    assert_eq!((reply.details.errors.len(), reply.details.more_errors), (1, 0));
}

#[test_waits::test]
async fn names_that_are_as_long_as_a_body_are_told_by_their_beginning() {
    let long = "\u{e4}".repeat(100_000);
    let inner = |map: Value| json!([{"name": "abc", "inner": {"kind": "small", "map": map}}]);
    let unknown = json!([{"name": "abc", (long.clone()): 1, (format!("{long}x")): 2}]);
    for params in [inner(json!({(long.clone()): "no", (format!("{long}x")): 7})), unknown] {
        let reply = call("settings", params).await;
        assert_eq!(reply.status, 400);
        let told = format!("{:?}", reply.details.errors);
        assert!(told.len() < 10_000, "{}", told.len());
        let pointer = &reply.details.errors[0].pointer;
        assert!(pointer.ends_with('…') && pointer.chars().count() == 501, "{pointer}");
    }
}

#[test_waits::test]
async fn a_refusal_never_repeats_the_value() {
    let secret = "S3CRET-canary";
    for (method, params) in [
        (
            "settings",
            json!([{"name": secret, "smtp_port": secret, "tags": secret, "inner": {"kind": secret, "mail": secret, "map": secret}}]),
        ),
        ("settings", json!([secret, secret])),
        ("numbers", json!([secret, secret, secret])),
        ("texts", json!([secret])),
    ] {
        let reply = call(method, params).await;
        assert_eq!(reply.status, 400);
        assert!(!format!("{reply:?}").contains(secret), "{reply:?}");
    }
}
