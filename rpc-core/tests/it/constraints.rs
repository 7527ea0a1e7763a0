//! What `#[param(…)]` says beyond a type: it is enforced, documented, and checked when the `Api` is built.

use rpc_core::schemars::JsonSchema;
use rpc_core::serde::{Deserialize, Deserializer, Serialize, de};
use rpc_core::{Api, ApiError, Fault, TestClient, TestReply, api_method, api_module, docs};
use serde_json::{Value, json};

use super::support::server::Running;

api_module! {
    /// Constraints
    path = "/v9/constraints"
}

const MAX_PAGE: u32 = 100;

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde", rename_all = "lowercase")]
#[schemars(crate = "rpc_core::schemars")]
enum Order {
    Up,
    Down,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde")]
#[schemars(crate = "rpc_core::schemars", transparent)]
struct Percent(#[schemars(range(max = 100))] u8);

/// The same name in its own definition, as a text
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde")]
#[schemars(crate = "rpc_core::schemars")]
struct Title(String);

/// List
#[api_method(path = "/v9/constraints/list", permissions = ["*"])]
async fn list(
    /// Rows of a page.
    #[param(minimum = 1, maximum = MAX_PAGE, default = 20, examples = [10, 50])]
    limit: u32,
    #[param(default = "up")] order: Order,
    #[param(default = [1, 2], min_items = 1, max_items = 3, unique_items)] ids: Vec<u64>,
    #[param(min_length = 2, max_length = 4, pattern = "^[a-z]+$")] search: Option<String>,
) -> Result<(u32, Order, Vec<u64>, Option<String>), ApiError> {
    Ok((limit, order, ids, search))
}

/// Named types
#[api_method(path = "/v9/constraints/named", permissions = ["*"])]
async fn named(
    #[param(minimum = 10)] percent: Option<Percent>,
    #[param(min_length = 3)] title: Option<Title>,
    #[param(exclusive_minimum = 0, exclusive_maximum = 1.5, multiple_of = 0.25)] rate: Option<f64>,
    #[param(minimum = -5_000_000_000, maximum = 18446744073709551615)] whole: Option<i128>,
    #[param(format = "email")] mail: Option<String>,
) -> Result<(Option<Percent>, Option<Title>, Option<f64>, Option<String>, Option<String>), ApiError> {
    Ok((percent, title, rate, whole.map(|whole| whole.to_string()), mail))
}

/// Two required ones around a default
#[api_method(path = "/v9/constraints/between", permissions = ["*"])]
async fn between(
    first: u8,
    #[param(default = {"a": [true, null]})] second: Value,
    third: u8,
) -> Result<Value, ApiError> {
    Ok(json!([first, second, third]))
}

async fn call(method: &str, params: Value) -> TestReply {
    let api = Api::builder().only("/v9/constraints/**").build().unwrap();
    TestClient::new(api).call(&format!("/v9/constraints/{method}"), params).await
}

/// The violations as `pointer keyword message`.
async fn violations(method: &str, params: Value) -> Vec<String> {
    let reply = call(method, params).await;
    assert_eq!(reply.status, 400, "{reply:?}");
    let errors = reply.details.errors.iter();
    errors.map(|error| format!("{} {} {}", error.pointer, error.keyword, error.message)).collect()
}

#[test_waits::test]
async fn an_absent_parameter_and_null_mean_the_default() {
    let expected = json!([20, "up", [1, 2], null]);
    for params in [json!([]), json!([null]), json!([null, null, null, null]), json!([20, null])] {
        assert_eq!(call("list", params.clone()).await.data, expected, "{params}");
    }
    assert_eq!(call("list", json!([7, "down", [3], "abc"])).await.data, json!([7, "down", [3], "abc"]));
    assert_eq!(call("between", json!([1, null, 3])).await.data, json!([1, {"a": [true, null]}, 3]));
}

#[test_waits::test]
async fn named_parameters_have_their_defaults_too() {
    let server = Running::serve(Api::builder().only("/v9/constraints/**"), |service| service).await;
    let request = r#"{"jsonrpc": "2.0", "id": 1, "method": "/v9/constraints/list", "params": {"search": "abc"}}"#;
    let answer = server.post("/api", request).await;
    assert_eq!(answer.json()["result"]["data"], json!([20, "up", [1, 2], "abc"]), "{answer:?}");
}

#[test_waits::test]
async fn every_constraint_is_enforced() {
    let mut told = violations("list", json!([101, "left", [1, 1], "x"])).await;
    told.sort();
    assert_eq!(
        told,
        [
            r#"/0 maximum `limit` must be at most 100"#,
            r#"/1 enum `order` must be one of "up", "down""#,
            r#"/2 uniqueItems `ids` must not have the same item twice"#,
            r#"/3 minLength `search` must have at least 2 characters"#,
        ]
    );
    assert_eq!(violations("list", json!([0])).await, ["/0 minimum `limit` must be at least 1"]);
    assert_eq!(violations("list", json!([1, "up", []])).await, ["/2 minItems `ids` must have at least 1 items"]);
    assert_eq!(
        violations("list", json!([1, "up", [1, 2, 3, 4]])).await,
        ["/2 maxItems `ids` must have at most 3 items"]
    );
    assert_eq!(
        violations("list", json!([1, "up", [1], "AB"])).await,
        ["/3 pattern `search` must match the pattern ^[a-z]+$"]
    );
    assert_eq!(
        violations("list", json!([1, "up", [1], "abcde"])).await,
        ["/3 maxLength `search` must have at most 4 characters"]
    );
}

#[test_waits::test]
async fn a_constraint_works_through_an_option_and_a_named_type() {
    assert_eq!(
        call("named", json!([10, "abc", 0.25, -5_000_000_000_i64, "a@b.example"])).await.data,
        json!([10, "abc", 0.25, "-5000000000", "a@b.example"])
    );
    assert_eq!(call("named", json!([])).await.data, json!([null, null, null, null, null]));
    assert_eq!(violations("named", json!([9])).await, ["/0 minimum `percent` must be at least 10"]);
    assert_eq!(violations("named", json!([101])).await, ["/0 maximum `percent` must be at most 100"]);
    assert_eq!(
        violations("named", json!([null, "ab"])).await,
        ["/1 minLength `title` must have at least 3 characters"]
    );
    assert_eq!(violations("named", json!([null, null, 0])).await, ["/2 exclusiveMinimum `rate` must be more than 0"]);
    assert_eq!(
        violations("named", json!([null, null, 1.5])).await,
        ["/2 exclusiveMaximum `rate` must be less than 1.5"]
    );
    assert_eq!(
        violations("named", json!([null, null, 0.3])).await,
        ["/2 multipleOf `rate` must be a multiple of 0.25"]
    );
    assert_eq!(
        violations("named", json!([null, null, null, -5_000_000_001_i64])).await,
        ["/3 minimum `whole` must be at least -5000000000"]
    );
    assert_eq!(
        violations("named", json!([null, null, null, null, "nobody"])).await,
        ["/4 format `mail` must be a valid email"]
    );
}

#[test]
fn a_parameter_with_a_default_is_optional_and_documented() {
    let api = Api::builder().only("/v9/constraints/**").build().unwrap();
    let params = api.method("/v9/constraints/list").unwrap().params();
    assert!(params.iter().all(|param| !param.is_required()));
    assert_eq!(params[0].default_value(), Some(&json!(20)));
    assert_eq!(
        *params[0].schema(),
        json!({"type": ["integer", "null"], "format": "uint32", "minimum": 1, "maximum": 100, "examples": [10, 50], "default": 20})
    );
    let markdown = docs::markdown(&api);
    let limit = concat!(
        "-   **limit** `[not required]` - Rows of a page.\n\n    <!-- prettier-ignore -->\n    ```yaml\n    type: integer\n",
        "    minimum: 1\n    maximum: 100\n    default: 20\n    examples:\n"
    );
    assert!(markdown.contains(limit), "{markdown}");
    for words in ["minLength: 2\n    maxLength: 4\n    pattern: ", "default: up", "multipleOf: 0.25", "format: email"] {
        assert!(markdown.contains(words), "{words}: {markdown}");
    }
}

/// Faults of all kinds
#[api_method(path = "/v9/misfits/all", permissions = ["*"])]
async fn misfits(
    #[param(min_length = 1)] _number: u8,
    #[param(maximum = 300)] _small: u8,
    #[param(default = 200, maximum = 100)] _above: u8,
    #[param(default = 5)] _order: Order,
    #[param(example = "left")] _example: Order,
    #[param(default = "1.5")] _refused: Even,
    #[param(minimum = MAX_PAGE, maximum = 50)] _crossed: u32,
) -> Result<(), ApiError> {
    Ok(())
}

/// A pattern that is none
#[api_method(path = "/v9/misfits/pattern", permissions = ["*"])]
async fn bad_pattern(#[param(pattern = "(")] _text: String) -> Result<(), ApiError> {
    Ok(())
}

/// A text that serde refuses where the schema does not.
#[derive(JsonSchema)]
#[schemars(crate = "rpc_core::schemars", transparent)]
struct Even(#[expect(dead_code, reason = "only its shape matters")] String);

impl<'de> Deserialize<'de> for Even {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_even = text.parse().is_ok_and(|number: u32| number.is_multiple_of(2));
        is_even.then_some(Self(text)).ok_or_else(|| de::Error::custom("not an even number"))
    }
}

#[test]
fn what_does_not_fit_fails_the_build_with_its_place() {
    let error = Api::builder().only("/v9/misfits/**").build().unwrap_err();
    let text = error.to_string();
    for (param, words) in [
        ("number", "`min_length` is for strings, and the parameter takes numbers; write `minimum`"),
        ("small", "`maximum = 300` says nothing: its type has 255 already"),
        ("above", "its default 200 is refused: 200 is greater than the maximum of 100"),
        ("order", "its default 5 is refused: "),
        ("example", "its example \"left\" is refused: "),
        ("refused", "its default \"1.5\" is refused: not an even number"),
        ("crossed", "nothing is at least 100 and at most 50"),
    ] {
        let told = error.faults().iter().any(
            |fault| matches!(fault, Fault::BadParameter { param: name, reason, .. } if *name == param && reason.contains(words)),
        );
        assert!(told, "{param}: {text}");
    }
    assert!(text.contains("constraints.rs:"), "{text}");
    assert!(
        error
            .faults()
            .iter()
            .any(|fault| matches!(fault, Fault::BadSchema { method, .. } if method.ends_with("pattern"))),
        "{text}"
    );
}
