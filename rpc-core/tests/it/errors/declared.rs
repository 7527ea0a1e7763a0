//! The errors that a method declares.

use rpc_core::docs::manifest;
use rpc_core::{Api, ApiError, Fault, api_method, api_module};
use serde_json::json;

use super::builder;

#[test]
fn a_method_knows_its_errors_and_those_inside_them() {
    let api = builder().build().unwrap();
    let method = api.method("/v9/errors/change").unwrap();
    let errors: Vec<_> = method.errors().iter().map(|error| (error.status(), error.code(), error.kind())).collect();
    assert_eq!(
        errors,
        [
            (404, 404, "not_found"),
            (409, 40901, "conflict"),
            (503, 503, "shop_closed"),
            (429, 429, "busy"),
            (402, 402, "payment_error")
        ]
    );
    let conflict = &method.errors()[1];
    assert_eq!(conflict.reason(), "The order is at {{{current}}} by now");
    assert_eq!(conflict.description(), "Read it again, and try once more.");
    assert_eq!(method.errors()[0].reason(), "There is no such order");
    assert_eq!(
        conflict.details_schema(),
        json!({
            "type": "object",
            "properties": {
                "kind": {"const": "conflict"},
                "current": {"type": "integer", "format": "uint32", "minimum": 0, "description": "The version of the order."},
                "changedBy": {"$ref": "#/$defs/Author"},
            },
            "required": ["kind", "current", "changedBy"],
        })
    );
    assert_eq!(api.result_definitions()["Author"]["type"], "object");
}

#[test]
fn an_error_in_prose_declares_nothing() {
    let api = builder().build().unwrap();
    for path in ["/v9/errors/prose", "/v9/errors/by-hand"] {
        assert!(api.method(path).unwrap().errors().is_empty(), "{path}");
    }
}

#[test]
fn the_manifest_lists_the_errors() {
    let manifest = manifest(&builder().build().unwrap());
    let methods = manifest["methods"].as_array().unwrap();
    let change = methods.iter().find(|method| method["id"] == "/v9/errors/change").unwrap();
    assert_eq!(
        change["errors"][0],
        json!({
            "status": 404,
            "code": 404,
            "kind": "not_found",
            "reason": "There is no such order",
            "description": "",
            "details": {"type": "object", "properties": {"kind": {"const": "not_found"}}, "required": ["kind"]},
        })
    );
}

api_module! {
    /// Two errors of one kind
    path = "/v9/twokinds"
}

/// There is none
#[derive(ApiError)]
#[api_error(status = 404, kind = "none")]
struct NoOrder;

/// There is none here
#[derive(ApiError)]
#[api_error(status = 410, kind = "none")]
struct NoCustomer;

#[derive(ApiError)]
enum Both {
    #[api_error(transparent, from)]
    Order(NoOrder),
    #[api_error(transparent, from)]
    Customer(NoCustomer),
    #[api_error(transparent)]
    OrderToo(NoOrder),
}

/// Fails in three ways
#[api_method(path = "/v9/twokinds/fail", permissions = ["*"])]
async fn fail(case: u8) -> Result<(), Both> {
    Err(match case {
        0 => NoOrder.into(),
        1 => NoCustomer.into(),
        _ => Both::OrderToo(NoOrder),
    })
}

#[test]
fn one_kind_for_two_errors_fails_the_build() {
    let error = Api::builder().only("/v9/twokinds/**").build().unwrap_err();
    assert!(matches!(error.faults(), [Fault::ErrorKind { method: "/v9/twokinds/fail", kind: "none", .. }]), "{error}");
    assert!(error.to_string().contains("two different errors of the kind \"none\""), "{error}");
}
