//! Events that are types, and clients inside the process that hear them.

use rpc_core::serde::{Deserialize, Serialize};
use rpc_core::{
    Api, ApiBuilder, ApiError, ApiEvent, Audience, Ctx, Permission, PublishError, TestClient, User, api_event,
    api_method, api_module,
};
use schemars::JsonSchema;
use serde_json::{Value, json};

use crate::support::NamedTokens;

api_module! {
    /// Published
    path = "/v9/published"
}

const CLERK: Permission = Permission::new("clerk", "Clerk", "Sells.");

/// Order shipped
///
/// To a customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, ApiEvent)]
#[event(name = "/v9/published/shipped", audience = ["clerk"])]
struct Shipped {
    order: u32,
}

/// Shop closed
#[derive(Debug, PartialEq, Serialize, Deserialize, ApiEvent)]
#[event(name = "/v9/published/closed", audience = ["*"])]
struct Closed;

/// A note for some
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, ApiEvent)]
#[event(name = "/v9/published/noted", audience = ["self", "clerk"])]
struct Noted(String);

/// Whose schema says less than it sends
#[derive(Debug, Serialize, JsonSchema, ApiEvent)]
#[event(name = "/v9/published/broken", audience = ["*"])]
struct Broken {
    #[schemars(with = "String")]
    number: u32,
}

/// Not in the tests' selection
#[derive(Debug, Serialize, ApiEvent)]
#[event(name = "/v9/unpublished", audience = ["*"])]
struct LeftOut;

api_event! {
    /// By name
    name = "/v9/published/named", audience = ["guest"], payload = u32
}

/// Ship an order
#[api_method(path = "/v9/published/ship", permissions = ["*"])]
async fn ship(ctx: &Ctx, order: u32) -> Result<Value, ApiError> {
    ctx.publish(&Shipped { order }).await?;
    Ok(json!({"order": order}))
}

/// Say where the caller is
#[api_method(path = "/v9/published/client", permissions = ["*"])]
async fn client(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.client().map(|client| client.to_string()))
}

fn builder() -> ApiBuilder {
    Api::builder().only("/v9/published/**").permission(CLERK).authenticator(NamedTokens)
}

fn guest() -> TestClient {
    TestClient::new(builder().build().unwrap())
}

fn ann() -> User {
    User::new("7", "ann")
}

#[test_waits::test]
async fn a_type_finds_its_event_and_those_whom_it_is_declared_for() {
    let guest = guest();
    let clerk = guest.identity(User::new("1", "carl").permission("clerk"));
    let (mut clerks, mut guests) = (clerk.events(), guest.events());
    guest.call("/v9/published/ship", json!(7)).await;
    guest.api().publish(&Closed).await.unwrap();
    assert_eq!(clerks.hear::<Shipped>().await, Shipped { order: 7 });
    assert_eq!(clerks.hear::<Closed>().await, Closed);
    let heard = guests.heard().await;
    assert_eq!(heard.iter().map(|event| &*event.name).collect::<Vec<_>>(), ["/v9/published/closed"]);
    assert_eq!(heard[0].payload, None, "a type without fields carries nothing");
}

#[test_waits::test]
async fn the_audience_of_a_call_is_one_of_those_that_are_declared() {
    let guest = guest();
    let api = guest.api();
    let (mut anns, mut others) = (guest.identity(ann()).events(), guest.identity(User::new("8", "bob")).events());
    api.publish_to(&ann(), &Noted("hello".to_owned())).await.unwrap();
    api.publish_to(CLERK, &Noted("clerks".to_owned())).await.unwrap();
    assert_eq!(anns.hear::<Noted>().await, Noted("hello".to_owned()));
    assert!(anns.heard().await.is_empty() && others.heard().await.is_empty());
    let refused = api.publish_to(Audience::Everyone, &Noted("all".to_owned())).await;
    assert!(matches!(refused, Err(PublishError::Audience { event: "/v9/published/noted", .. })), "{refused:?}");
    api.publish_to(&ann(), &Closed).await.unwrap();
    assert_eq!(anns.hear::<Closed>().await, Closed, "what is for everyone may be told to fewer");
}

#[test_waits::test]
async fn an_event_that_is_not_selected_or_does_not_fit_its_schema_is_not_published() {
    let guest = guest();
    let left_out = guest.api().publish(&LeftOut).await;
    assert!(left_out.unwrap_err().to_string().contains("/v9/unpublished is not declared in this API"));
    let broken = guest.api().publish(&Broken { number: 7 }).await;
    assert!(matches!(broken, Err(PublishError::Payload("/v9/published/broken"))), "{broken:?}");
}

#[test_waits::test]
async fn the_declaration_of_a_type_is_described_with_its_place() {
    let api = builder().build().unwrap();
    let event = api.event("/v9/published/shipped").unwrap();
    assert_eq!(
        (event.title(), event.description(), event.audience()),
        ("Order shipped", "To a customer.", &["clerk"][..])
    );
    let line =
        include_str!("published.rs").lines().position(|line| line.contains("JsonSchema, ApiEvent)]")).unwrap() + 1;
    assert_eq!((event.location().file, event.location().line as usize), (file!(), line));
    assert!(event.payload_schema().unwrap().to_string().contains("order"));
    assert!(api.event("/v9/published/closed").unwrap().payload_schema().is_none());
}

#[test_waits::test]
async fn a_client_hears_in_order_and_takes_what_it_asks_for_first() {
    let guest = guest();
    let mut events = guest.events();
    let early = guest.events();
    guest.api().publish_by_name(Audience::Guests, "/v9/published/named", 1).await.unwrap();
    guest.api().publish(&Closed).await.unwrap();
    assert_eq!(events.hear::<Closed>().await, Closed);
    let named = events.hear_any().await;
    assert_eq!((&*named.name, named.payload), ("/v9/published/named", Some(json!(1))));
    drop(early);
    assert!(guest.events().heard().await.is_empty(), "what was published before is not heard");
}

#[test_waits::test]
async fn a_client_with_a_token_hears_what_the_token_is_worth() {
    let guest = guest();
    let mut admins = guest.token("t_admin").events();
    guest.api().publish_to(Audience::User("1".into()), &Noted("one".to_owned())).await.unwrap();
    guest.api().publish(&Closed).await.unwrap();
    assert_eq!(admins.hear::<Closed>().await, Closed);
}

#[test_waits::test(start_paused = true)]
#[should_panic(expected = "no event /v9/published/shipped, awaited at rpc-core/tests/it/published.rs:")]
async fn an_event_that_does_not_come_is_told_with_the_line_that_waits() {
    let guest = guest();
    let mut events = guest.events();
    guest.api().publish(&Closed).await.unwrap();
    events.hear::<Shipped>().await;
}

#[test_waits::test]
#[should_panic(expected = "is refused: ")]
async fn a_client_that_is_nobody_hears_nothing() {
    let guest = guest();
    guest.token("unknown").events().heard().await;
}

#[derive(Debug, PartialEq, Deserialize)]
struct Order {
    order: u32,
}

#[test_waits::test]
async fn an_answer_is_read_as_a_type() {
    let guest = guest();
    assert_eq!(guest.call_as::<Order>("/v9/published/ship", json!([7])).await, Order { order: 7 });
    assert_eq!(guest.call("/v9/published/ship", json!([8])).await.data_as::<Order>().order, 8);
}

#[test_waits::test]
#[should_panic(expected = "/v9/published/ship, called at rpc-core/tests/it/published.rs:")]
async fn an_answer_of_another_type_is_told_with_path_and_line() {
    guest().call_as::<Vec<u32>>("/v9/published/ship", json!([7])).await;
}

#[test_waits::test]
#[should_panic(expected = "  \"order\": 7")]
async fn an_answer_of_another_type_is_told_with_its_json() {
    let reply = guest().call("/v9/published/ship", json!([7])).await;
    let _: Vec<u32> = reply.data_as();
}

#[test_waits::test]
#[should_panic(expected = "failed: 400 ")]
async fn a_failure_is_told_with_its_status_and_details() {
    guest().call_as::<Order>("/v9/published/ship", json!(["seven"])).await;
}

#[test_waits::test]
async fn a_client_calls_from_an_address() {
    let guest = guest();
    let near = guest.client([192, 0, 2, 7]);
    assert_eq!(near.call_as::<Option<String>>("/v9/published/client", json!([])).await.as_deref(), Some("192.0.2.7"));
    assert_eq!(guest.call_as::<Option<String>>("/v9/published/client", json!([])).await, None);
}
