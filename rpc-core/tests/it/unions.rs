//! Unions and maps as parameters: a refusal says what is wrong with the form that was meant, in JSON and in MessagePack.

use std::collections::HashMap;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use rpc_core::http::HttpService;
use rpc_core::schemars::JsonSchema;
use rpc_core::serde::{Deserialize, Serialize};
use rpc_core::{Api, ApiError, Codec, DocumentLimits, api_method, api_module};
use serde_json::{Value, json};
use tower_service::Service;

api_module! {
    /// Unions
    path = "/v9/unions"
}

macro_rules! unions {
    ($($(#[$attribute:meta])* $name:ident { $($body:tt)* })*) => {$(
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        #[serde(crate = "rpc_core::serde", rename_all = "lowercase")]
        #[schemars(crate = "rpc_core::schemars")]
        $(#[$attribute])*
        enum $name { $($body)* }
    )*};
}

unions! {
    #[serde(tag = "kind")]
    Internal {
        Circle { radius: f64 },
        Square { side: f64, fill: Option<Described> },
        Point,
    }

    #[serde(tag = "kind", content = "value")]
    Adjacent {
        Circle(f64),
        Group(Vec<Internal>),
        Point,
    }

    External {
        Point,
        Circle(f64),
        Square { side: f64 },
        Group(Vec<External>),
    }

    #[serde(untagged)]
    Untagged {
        ById { id: u64 },
        ByName { name: String },
        Number(u64),
    }

    Described {
        /// Lets it through.
        On,
        /// Stops it.
        Off,
    }
}

#[derive(Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde")]
#[schemars(crate = "rpc_core::schemars")]
struct ItemId(u32);

/// Internally tagged
#[api_method(path = "/v9/unions/internal", permissions = ["*"])]
async fn internal(shape: Option<Internal>) -> Result<Option<Internal>, ApiError> {
    Ok(shape)
}

/// Adjacently tagged
#[api_method(path = "/v9/unions/adjacent", permissions = ["*"])]
async fn adjacent(shape: Adjacent) -> Result<Adjacent, ApiError> {
    Ok(shape)
}

/// Externally tagged
#[api_method(path = "/v9/unions/external", permissions = ["*"])]
async fn external(shape: External) -> Result<External, ApiError> {
    Ok(shape)
}

/// Untagged
#[api_method(path = "/v9/unions/untagged", permissions = ["*"])]
async fn untagged(item: Untagged) -> Result<Untagged, ApiError> {
    Ok(item)
}

/// Described variants
#[api_method(path = "/v9/unions/described", permissions = ["*"])]
async fn described(switch: Option<Described>) -> Result<Option<Described>, ApiError> {
    Ok(switch)
}

/// Maps
#[api_method(path = "/v9/unions/maps", permissions = ["*"])]
async fn maps(
    prices: HashMap<u8, f64>,
    flags: Option<HashMap<bool, u8>>,
    items: Option<HashMap<ItemId, char>>,
    switches: Option<HashMap<char, bool>>,
) -> Result<(HashMap<u8, f64>, HashMap<bool, u8>, HashMap<ItemId, char>, usize), ApiError> {
    Ok((prices, flags.unwrap_or_default(), items.unwrap_or_default(), switches.map_or(0, |map| map.len())))
}

/// The answer to a call, in the codec that it was sent in.
async fn answer(codec: Codec, content_type: &str, method: &str, params: &Value) -> Value {
    let limits = DocumentLimits { depth: 64, values: usize::MAX };
    let api = Api::builder().only("/v9/unions/**").build().unwrap();
    let request = Request::post(format!("http://x/v9/unions/{method}")).header("content-type", content_type.to_owned());
    let body = Full::new(Bytes::from(codec.encode(params).unwrap()));
    let response = HttpService::new(api).call(request.body(body).unwrap()).await.unwrap();
    codec.decode(&response.into_body().collect().await.unwrap().to_bytes(), limits).unwrap()
}

/// The violations as `pointer keyword message`, the same in both codecs; the value in the answer when there are none.
async fn told(method: &str, params: Value) -> Result<Value, Vec<String>> {
    let json = answer(Codec::Json, "application/json", method, &params).await;
    let packed = answer(Codec::MsgPack, "application/msgpack", method, &params).await;
    assert_eq!(json["data"], packed["data"]);
    if json["status"] == 200 {
        return Ok(json["data"].clone());
    }
    assert_eq!(json["status"], 400, "{json:?}");
    let text = |error: &Value, member: &str| error[member].as_str().unwrap().to_owned();
    let errors = json["data"]["errors"].as_array().unwrap().iter();
    Err(errors.map(|error| ["pointer", "keyword", "message"].map(|member| text(error, member)).join(" ")).collect())
}

async fn assert_told(method: &str, params: Value, expected: &[&str]) {
    assert_eq!(told(method, params.clone()).await.unwrap_err(), expected, "{params}");
}

#[test_waits::test]
async fn a_tag_says_which_form_was_meant() {
    let kinds = r#"one of "circle", "square", "point""#;
    let bad = format!("/0/kind enum `shape.kind` must be {kinds}");
    for kind in [json!("triangle"), json!(7), json!(null)] {
        assert_told("internal", json!([{"kind": kind, "radius": 1}]), &[&bad]).await;
    }
    let none = format!(r#"/0 required `shape` lacks the member "kind", which is {kinds}"#);
    assert_told("internal", json!([{"radius": 1}]), &[&none]).await;
    let lacks = r#"/0 required `shape` lacks the member "side""#;
    assert_told("internal", json!([{"kind": "square"}]), &[lacks]).await;
    let wrong = "/0/side type `shape.side` must be a number";
    let fill = r#"/0/fill enum `shape.fill` must be one of "on", "off""#;
    assert_told("internal", json!([{"kind": "square", "fill": "half", "side": "long"}]), &[fill, wrong]).await;
    assert_told("internal", json!(["circle"]), &["/0 type `shape` must be an object"]).await;
}

#[test_waits::test]
async fn a_tag_beside_its_content_says_which_form_was_meant() {
    let bad = r#"/0/kind enum `shape.kind` must be one of "circle", "group", "point""#;
    assert_told("adjacent", json!([{"kind": "square", "value": 1}]), &[bad]).await;
    let lacks = r#"/0 required `shape` lacks the member "value""#;
    assert_told("adjacent", json!([{"kind": "circle"}]), &[lacks]).await;
    let nested = "/0/value/1/radius type `shape.value[1].radius` must be a number";
    let group = json!([{"kind": "point"}, {"kind": "circle", "radius": "r"}]);
    assert_told("adjacent", json!([{"kind": "group", "value": group}]), &[nested]).await;
}

#[test_waits::test]
async fn an_only_member_says_which_form_was_meant() {
    let members = r#""circle", "square", "group""#;
    let unknown =
        format!("/0/triangle additionalProperties `shape.triangle` is not a known member; known are {members}");
    assert_told("external", json!([{"triangle": 1}]), &[&unknown]).await;
    let many = format!("/0 oneOf `shape` must have exactly one member of {members}");
    for shape in [json!({}), json!({"circle": 1, "square": {"side": 1}})] {
        assert_told("external", json!([shape]), &[&many]).await;
    }
    let text = format!(r#"/0 enum `shape` must be one of "point", or an object with one member of {members}"#);
    assert_told("external", json!(["circle"]), &[&text]).await;
    let nested = r#"/0/group/0/square required `shape.group[0].square` lacks the member "side""#;
    assert_told("external", json!([{"group": [{"square": {}}]}]), &[nested]).await;
}

#[test_waits::test]
async fn forms_without_a_tag_say_what_each_of_them_lacks() {
    let both =
        r#"/0 anyOf `item` matches none of the allowed forms: it lacks the member "id"; or it lacks the member "name""#;
    assert_told("untagged", json!([{}]), &[both]).await;
    let wrong =
        r#"/0 anyOf `item` matches none of the allowed forms: `id` must be an integer; or it lacks the member "name""#;
    assert_told("untagged", json!([{"id": "x"}]), &[wrong]).await;
    let kinds = "/0 anyOf `item` matches none of the allowed forms: it must be an object; or it must be an integer";
    assert_told("untagged", json!(["x"]), &[kinds]).await;
}

#[test_waits::test]
async fn described_variants_are_listed() {
    for value in [json!("half"), json!(1), json!({"on": null})] {
        assert_told("described", json!([value]), &[r#"/0 enum `switch` must be one of "on", "off""#]).await;
    }
    assert_eq!(told("described", json!(["off"])).await, Ok(json!("off")));
}

#[test_waits::test]
async fn unions_come_back_as_they_were_sent() {
    for (method, value) in [
        ("internal", json!({"kind": "square", "side": 1.5, "fill": "on"})),
        ("internal", json!({"kind": "point"})),
        ("adjacent", json!({"kind": "group", "value": [{"kind": "circle", "radius": 2.5}]})),
        ("adjacent", json!({"kind": "point"})),
        ("external", json!({"group": ["point", {"square": {"side": 1.5}}]})),
        ("untagged", json!({"name": "a"})),
        ("untagged", json!(5)),
    ] {
        assert_eq!(told(method, json!([value])).await, Ok(value));
    }
}

#[test_waits::test]
async fn a_refused_union_never_repeats_the_value() {
    let secret = "S3CRET-canary";
    for method in ["internal", "adjacent", "external", "untagged", "described"] {
        for value in [json!(secret), json!({"kind": secret}), json!({"circle": secret, "id": secret, "name": 1})] {
            let refusal = told(method, json!([value])).await.unwrap_err();
            assert!(!format!("{refusal:?}").contains(secret), "{refusal:?}");
        }
    }
}

#[test_waits::test]
async fn keys_of_maps_are_what_json_makes_of_them() {
    let maps = json!([{"7": 0.5, "255": 1.5}, {"false": 2}, {"12": "x"}, {"é": true}]);
    assert_eq!(told("maps", maps.clone()).await, Ok(json!([maps[0], maps[1], maps[2], 1])));
    let word = "/0/x additionalProperties `prices.x` has a name that is not a whole number";
    assert_told("maps", json!([{"x": 1}]), &[word]).await;
    let range = "/0/256 propertyNames `prices[256]` has a name that is not a whole number from 0 to 255";
    assert_told("maps", json!([{"256": 1}]), &[range]).await;
    let truth = r#"/1/yes propertyNames `flags.yes` has a name that is not "true" or "false""#;
    assert_told("maps", json!([{}, {"yes": 1}]), &[truth]).await;
    let char = "/3/ab propertyNames `switches.ab` has a name that is not a single character";
    assert_told("maps", json!([{}, {}, {}, {"ab": true}]), &[char]).await;
}
