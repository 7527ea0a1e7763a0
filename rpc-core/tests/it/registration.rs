//! The build of an `Api`: every fault is found before the first call, all at once, with its place.

use std::time::Duration;

use rpc_core::schemars::JsonSchema;
use rpc_core::serde::Deserialize;
use rpc_core::{
    Api, ApiError, BuildError, Fault, Limits, MethodLimits, Permission, TestClient, api_method, api_module,
};
use serde_json::json;

api_module! {
    /// Registration
    path = "/v9/registration"
}

api_module! {
    /// Registration, below
    path = "/v9/registration/below"
}

/// Good
#[api_method(path = "/v9/registration/good", permissions = ["*"])]
async fn good() -> Result<(), ApiError> {
    Ok(())
}

/// Deeper
#[api_method(path = "/v9/registration/below/good", permissions = ["*"])]
async fn deeper() -> Result<(), ApiError> {
    Ok(())
}

/// The same path
#[api_method(path = "/v9/faulty/twice", permissions = ["*"])]
async fn twice() -> Result<(), ApiError> {
    Ok(())
}

/// The same path again
#[api_method(path = "/v9/faulty/twice", permissions = ["*"])]
async fn twice_again() -> Result<(), ApiError> {
    Ok(())
}

/// An undeclared permission
#[api_method(path = "/v9/faulty/undeclared", permissions = ["editor", "admn"])]
async fn undeclared() -> Result<(), ApiError> {
    Ok(())
}

struct Absent;

trait Absence: Send + Sync {}

/// States that nobody gives
#[api_method(path = "/v9/faulty/stateless", permissions = ["*"])]
async fn stateless(_absent: &Absent, _trait: &dyn Absence, _again: &Absent) -> Result<(), ApiError> {
    Ok(())
}

/// An upload limit without an upload
#[api_method(path = "/v9/faulty/fileless", permissions = ["*"], upload = "1 MiB")]
async fn fileless() -> Result<(), ApiError> {
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "rpc_core::serde")]
#[schemars(crate = "rpc_core::schemars")]
struct Point {
    #[expect(dead_code, reason = "only the schema matters")]
    x: i64,
}

mod other {
    use super::{Deserialize, JsonSchema};

    #[derive(Deserialize, JsonSchema)]
    #[serde(crate = "rpc_core::serde")]
    #[schemars(crate = "rpc_core::schemars")]
    pub(super) struct Point {
        #[expect(dead_code, reason = "only the schema matters")]
        y: String,
    }
}

api_module! {
    /// Points
    path = "/v9/points"
}

/// A schema name
#[api_method(path = "/v9/points/one", permissions = ["*"])]
async fn point_one(_point: Point) -> Result<(), ApiError> {
    Ok(())
}

/// The same schema name
#[api_method(path = "/v9/points/two", permissions = ["*"])]
async fn point_two(_point: other::Point, _again: Point) -> Result<(), ApiError> {
    Ok(())
}

#[test_waits::test]
async fn types_of_one_name_get_names_that_tell_them_apart() {
    let api = Api::builder().only("/v9/points/*").build().unwrap();
    let names = |path: &str| {
        let schema = api.method(path).unwrap().params_schema();
        let items = schema["prefixItems"].as_array().unwrap().iter();
        items.map(|item| item["$ref"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (here, other) = ("#/$defs/RegistrationPoint", "#/$defs/OtherPoint");
    assert_eq!(names("/v9/points/one"), [here]);
    assert_eq!(names("/v9/points/two"), [other, here]);
    let client = TestClient::new(api);
    assert_eq!(client.call("/v9/points/one", json!([{"x": 1}])).await.status, 200);
    assert_eq!(client.call("/v9/points/two", json!([{"y": "a"}, {"x": 1}])).await.status, 200);
    assert_eq!(client.call("/v9/points/two", json!([{"x": 1}, {"x": 1}])).await.status, 400);
}

fn faults(error: &BuildError) -> Vec<Fault> {
    error.faults().to_vec()
}

#[test]
fn a_good_set_is_ordered_and_has_its_modules() {
    let api = Api::builder().only("/v9/registration/**").build().unwrap();
    let paths: Vec<&str> = api.methods().map(rpc_core::Method::path).collect();
    assert_eq!(paths, ["/v9/registration/below/good", "/v9/registration/good"]);
    let modules: Vec<(&str, usize)> =
        api.modules().map(|(module, methods)| (module.title(), methods.count())).collect();
    assert_eq!(modules, [("Registration", 1), ("Registration, below", 1)]);
    let location = api.method("/v9/registration/good").unwrap().location();
    assert!(location.file.ends_with("registration.rs") && location.line > 0, "{location}");
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let mut limits = Limits::default();
    limits.max_depth = 3000;
    let error = Api::builder()
        .only("/v9/faulty/**")
        .permission(Permission::new("admin", "Admin", "All."))
        .permission(Permission::new("admin", "Admin", "Again."))
        .permission(Permission::new("root", "Root", "Reserved."))
        .expect("/v9/registration/**")
        .method_limits("/v9/faulty/nothing", MethodLimits::default())
        .method_limits("/v9/faulty/twice", MethodLimits { timeout: Some(Duration::MAX), ..MethodLimits::default() })
        .limits(limits)
        .build()
        .unwrap_err();
    let text = error.to_string();
    let found = faults(&error);
    let has = |check: fn(&Fault) -> bool| assert!(found.iter().any(check), "{text}");
    has(
        |fault| matches!(fault, Fault::DuplicateMethod { path: "/v9/faulty/twice", first, second } if first.line < second.line),
    );
    has(
        |fault| matches!(fault, Fault::UnknownPermission { permission: "editor", declared, .. } if declared.contains("admin")),
    );
    assert!(text.contains("\"admn\", which is not declared; did you mean \"admin\"? declare it"), "{text}");
    assert!(text.contains("\"editor\", which is not declared; declare it"), "{text}");
    has(|fault| matches!(fault, Fault::MissingState { state, .. } if state.ends_with("Absent")));
    has(|fault| matches!(fault, Fault::MissingState { state, .. } if state.starts_with("dyn ")));
    let missing = found.iter().filter(|fault| matches!(fault, Fault::MissingState { .. }));
    assert_eq!(missing.count(), 2, "{text}");
    has(|fault| matches!(fault, Fault::UploadWithoutFile { method: "/v9/faulty/fileless", .. }));
    has(|fault| matches!(fault, Fault::NoModule { module, .. } if module == "/v9/faulty"));
    has(|fault| matches!(fault, Fault::BadPermission("admin")));
    has(|fault| matches!(fault, Fault::BadPermission("root")));
    has(|fault| matches!(fault, Fault::NothingMatches(pattern) if pattern == "/v9/registration/**"));
    has(|fault| matches!(fault, Fault::LimitOutOfRange { name: "max_depth", method: None, .. }));
    has(
        |fault| matches!(fault, Fault::LimitOutOfRange { name: "timeout", method: Some(method), .. } if method == "/v9/faulty/twice"),
    );
    has(|fault| matches!(fault, Fault::LimitsForUnknownMethod(path) if path == "/v9/faulty/nothing"));
    assert!(text.starts_with(&format!("the API cannot be built: {} faults\n  - ", found.len())), "{text}");
    assert!(text.contains("registration.rs:"), "{text}");
}

#[test]
fn a_missing_state_is_told_with_what_to_write() {
    let error = Api::builder().method(stateless::ENTRY).only("/v9/nowhere/**").state(vec![1_u8]).build().unwrap_err();
    let text = error.to_string();
    for words in [
        "give a `Absent`, or an `Arc` of it, with `Api::builder().state(…)`, or take it by value where callers send it; given are: `Vec<u8>`",
        "write `let absence: Arc<dyn Absence> = Arc::new(…);` and `Api::builder().state(absence)`; given are: `Vec<u8>`",
    ] {
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn nothing_to_serve_is_a_fault() {
    let error = Api::builder().only("/v9/nowhere/**").build().unwrap_err();
    let pattern = "/v9/nowhere/**".to_owned();
    assert_eq!(faults(&error), [Fault::NoMethods, Fault::SelectsNothing { option: "only", pattern }]);
    assert!(error.to_string().contains("`.only(\"/v9/nowhere/**\")` matches no method and no event"), "{error}");
    let none = Api::builder().only("/v9/registration/**").except("/v9/**").build().unwrap_err();
    assert_eq!(faults(&none), [Fault::NoMethods]);
}

#[test]
fn methods_can_be_left_out() {
    let api = Api::builder().only("/v9/registration/**").except("/v9/*/below/**").build().unwrap();
    assert_eq!(api.methods().map(rpc_core::Method::path).collect::<Vec<_>>(), ["/v9/registration/good"]);
    let api = Api::builder().only("/v9/registration/**").except("/v9/registration/good").method(good::ENTRY).build();
    assert_eq!(api.unwrap().methods().len(), 2);
}

#[test]
fn a_pattern_that_selects_nothing_is_a_fault() {
    let builder = || Api::builder().only("/v9/registration/**");
    for pattern in ["/v9/registration/god", "/v9/registration/*/*/*"] {
        for (option, builder) in [("only", builder().only(pattern)), ("except", builder().except(pattern))] {
            let expected = Fault::SelectsNothing { option, pattern: pattern.to_owned() };
            assert_eq!(faults(&builder.build().unwrap_err()), [expected]);
        }
    }
    for pattern in ["v9/**", "/v9/registration/go*", "/v9//good", ""] {
        let built = [builder().only(pattern), builder().except(pattern), builder().expect(pattern)];
        for (builder, option) in built.into_iter().zip(["only", "except", "expect"]) {
            let found = faults(&builder.build().unwrap_err());
            assert!(
                matches!(&found[..], [Fault::BadPattern { option: of, pattern: bad, .. }] if *of == option && bad == pattern),
                "{found:?}"
            );
        }
    }
}

#[test]
fn the_name_of_a_permission_is_one_that_attributes_can_say() {
    let long = "a".repeat(65).leak();
    for (name, reason) in
        [("Bad Name", "write \"bad-name\""), ("", "lower-case letters"), (long, "65 bytes"), ("a..b", "such as")]
    {
        let permission = Permission::new(name, "Title", "Description.");
        let error = Api::builder().only("/v9/registration/**").permission(permission).build().unwrap_err();
        assert!(matches!(&faults(&error)[..], [Fault::BadPermissionName { name: bad, .. }] if *bad == name), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test_waits::test]
async fn a_method_can_be_added_by_hand() {
    let api = Api::builder().only("/v9/registration/good").method(deeper::ENTRY).method(good::ENTRY).build().unwrap();
    assert_eq!(api.methods().len(), 2);
    assert_eq!(TestClient::new(api).call("/v9/registration/below/good", json!([])).await.status, 200);
}

#[test]
fn configured_limits_come_before_the_attributes() {
    let configured = MethodLimits { concurrency: Some(7), max_body: Some(10), ..MethodLimits::default() };
    let api =
        Api::builder().only("/v9/registration/**").method_limits("/v9/registration/good", configured).build().unwrap();
    let limits = api.method("/v9/registration/good").unwrap().limits();
    assert_eq!((limits.concurrency, limits.max_body, limits.rate), (Some(7), 10, None));
    assert_eq!(api.method("/v9/registration/below/good").unwrap().limits().max_body, 1024 * 1024);
}

api_module! {
    /// Of a state that is given when there is a storage
    path = "/v9/stateless"
}

/// Read
#[api_method(path = "/v9/stateless/read", permissions = ["*"])]
async fn read(_absent: &Absent) -> Result<(), ApiError> {
    Ok(())
}

#[test_waits::test]
async fn what_is_for_documents_needs_no_states_and_answers_no_call() {
    let builder = || Api::builder().only("/v9/stateless/**");
    assert!(matches!(faults(&builder().build().unwrap_err())[..], [Fault::MissingState { .. }]));
    let api = builder().for_documents().build().unwrap();
    assert_eq!(TestClient::new(api).call("/v9/stateless/read", json!([])).await.status, 503);
}
