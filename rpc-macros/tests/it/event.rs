//! What `api_event!` and `client_event` mean to a built `Api`.

use std::collections::BTreeMap;

use rpc_core::{Api, ApiError, Event, api_event, api_method};

api_event! {
    /// Prices
    /// changed
    ///
    /// - all of them
    name = "/prices/changed",
    audience = ["self", "billing:read"],
    payload = BTreeMap<String, Vec<u8>>,
}

api_event! {
    /// Shop closed
    audience = ["*"], name = "/shop-closed"
}

const TOLD: &str = "/shop/told";
const BILLING: &str = "billing:read";

api_event! {
    /// Shop told
    name = TOLD, audience = [BILLING, "self"]
}

macro_rules! event {
    ($name:literal, $audience:literal, $ty:ty) => {
        api_event! {
            /// Made by a macro
            name = $name, audience = [$audience], payload = $ty
        }
    };
}

event!("/shop/opened", "guest", (u8, bool));

/// Say that somebody types
#[api_method(path = "/v1/greetings/typing", permissions = ["*"], client_event = "/typing")]
async fn typing(_room: String) -> Result<(), ApiError> {
    Ok(())
}

fn api() -> Api {
    super::method::builder().build().unwrap()
}

#[test]
fn every_event_is_collected() {
    let names: Vec<_> = api().events().map(Event::name).collect();
    assert_eq!(names, ["/prices/changed", "/shop-closed", "/shop/opened", "/shop/told"]);
}

#[test]
fn every_key_arrives() {
    let api = api();
    let event = api.event("/prices/changed").unwrap();
    assert_eq!((event.title(), event.description()), ("Prices changed", "- all of them"));
    assert_eq!(event.audience(), ["self", "billing:read"]);
    let schema = event.payload_schema().unwrap().to_string();
    assert!(schema.contains(r#""type":"object""#) && schema.contains(r#""format":"uint8""#), "{schema}");
    assert_eq!(api.event(TOLD).unwrap().audience(), ["billing:read", "self"]);
    assert!(api.event("/shop-closed").unwrap().payload_schema().is_none());
}

#[test]
fn the_place_is_that_of_the_declaration() {
    let location = api().event("/prices/changed").unwrap().location();
    let line = include_str!("event.rs").lines().position(|line| line == "api_event! {").unwrap() + 1;
    assert_eq!((location.file, location.line as usize), (file!(), line));
}
