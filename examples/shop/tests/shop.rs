//! The shop without a network, and its service without a server.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

use std::sync::Arc;
use std::time::Duration;

use axum::{body::Body, http::Request};
use rpc_calllog::{CallLog, CallLogOptions, MemoryLog};
use rpc_core::http::{HttpService, ServedBody};
use rpc_core::{ManualClock, TestClient, Upload};
use serde::Deserialize;
use serde_json::json;
use shop::{Claims, Item, Order, OrderShipped, Page, Tokens};
use tokio::sync::Mutex;
use tower_service::Service;

/// A shop, and those who come to it.
struct World {
    clock: Arc<ManualClock>,
    tokens: Tokens,
    guest: TestClient,
    ann: TestClient,
    clerk: TestClient,
}

fn world() -> World {
    let clock = Arc::new(ManualClock::new(Duration::from_hours(500_000)));
    let tokens = Tokens::new(b"a secret of tests", clock.clone());
    let calls = CallLog::start(Arc::new(MemoryLog::default()), clock.clone(), CallLogOptions::default());
    let items =
        vec![Item { id: 1, name: "Mug".into(), price: 950 }, Item { id: 2, name: "Tea pot".into(), price: 2400 }];
    let shop = shop::api(items, Arc::new(Mutex::new(Vec::new())), tokens.clone(), calls).clock(clock.clone());
    let guest = TestClient::new(shop.build().unwrap());
    let ann = guest.token(&tokens.session("ann", false));
    let clerk = guest.token(&tokens.session("bob", true));
    World { clock, tokens, guest, ann, clerk }
}

#[test_waits::test]
async fn a_list_comes_by_pages() {
    let World { guest, .. } = world();
    let second: Page<Item> = guest.call_as("/v1/items/list", json!([1, 1])).await;
    assert_eq!((second.rows[0].name.as_str(), second.rows.len(), second.total), ("Tea pot", 1, 2));
    assert_eq!(guest.call("/v1/items/list", json!([-1, 0])).await.details.errors.len(), 2);
}

#[test_waits::test]
async fn a_picture_comes_back_whole_in_part_or_not_again() {
    let World { guest, ann, clerk, .. } = world();
    let uploading = |content_type| clerk.upload(Upload::new("mug", content_type, &b"a picture"[..]));
    assert_eq!(uploading("text/html").call("/v1/items/set-picture", json!(1)).await.status, 415);
    assert_eq!(ann.call("/v1/items/remove-picture", json!(1)).await.status, 403);
    uploading("image/png").call_as::<()>("/v1/items/set-picture", json!(1)).await;
    let file = guest.call("/v1/items/picture", json!(1)).await.file.unwrap();
    assert_eq!((file.content_type.as_str(), &file.content[..]), ("image/png", &b"a picture"[..]));
    let mut service = HttpService::new(guest.api().clone());
    let whole = get(&mut service, "accept", "*/*").await;
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()["cache-control"]),
        (200, &"private, no-cache".parse().unwrap())
    );
    assert_eq!(get(&mut service, "if-none-match", whole.headers()["etag"].to_str().unwrap()).await.status(), 304);
    let part = get(&mut service, "range", "bytes=2-").await;
    assert_eq!((part.status().as_u16(), &part.headers()["content-range"]), (206, &"bytes 2-8/9".parse().unwrap()));
    clerk.call_as::<()>("/v1/items/remove-picture", json!(1)).await;
    assert_eq!(guest.call("/v1/items/picture", json!(1)).await.data, json!({"kind": "no_picture"}));
}

async fn get(service: &mut HttpService, header: &str, value: &str) -> axum::http::Response<ServedBody> {
    let request = Request::get("/v1/items/picture?id=1")
        .header("host", "localhost")
        .header(header, value)
        .body(Body::empty())
        .unwrap();
    service.call(request).await.unwrap()
}

/// The errors of orders, as a program reads them.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Refusal {
    Conflict { current: u32 },
    Shipped,
}

#[test_waits::test]
async fn an_order_is_shipped_once_and_its_customer_hears_of_it() {
    let World { ann, clerk, .. } = world();
    let order: Order = ann.call_as("/v1/orders/place", json!([1])).await;
    let (mut anns, mut clerks) = (ann.events(), clerk.events());
    let shipped: Order = clerk.call_as("/v1/orders/ship", json!([order.id, order.version])).await;
    assert_eq!(shipped, Order { version: 2, shipped: true, ..order });
    assert_eq!(anns.hear::<OrderShipped>().await, OrderShipped { order: 1 });
    assert!(clerks.heard().await.is_empty());
    let conflict = clerk.call("/v1/orders/ship", json!([1, 1])).await;
    let details: Refusal = conflict.error_details().unwrap();
    assert_eq!((conflict.code, details), (Some(40901), Refusal::Conflict { current: 2 }));
    let again = clerk.call("/v1/orders/ship", json!([1, 2])).await;
    assert_eq!(again.error_details::<Refusal>().unwrap(), Refusal::Shipped);
}

#[test_waits::test]
async fn people_have_tokens_and_programs_have_keys() {
    let World { clock, tokens, guest, ann, .. } = world();
    let claims = Claims { user: "till".to_owned(), discount: 100, ..Claims::default() };
    let (key, session) = (tokens.sign(&claims), tokens.session("ann", true));
    let till = guest.header("X-Api-Key", &key);
    let order: Order = till.call_as("/v1/orders/place", json!(1)).await;
    assert_eq!((order.customer.as_str(), order.price), ("till", 850));
    let status = async |client: &TestClient| client.call("/v1/orders/place", json!(1)).await.status;
    let forged = Tokens::new(b"another secret", clock.clone()).session("ann", true);
    assert_eq!((status(&ann).await, status(&guest.token(&forged)).await), (201, 401));
    assert_eq!(status(&guest.token(&key)).await, 401, "a key is no session");
    assert_eq!(status(&guest.header("X-Api-Key", &session)).await, 401, "nor is a session a key");
    clock.advance(Tokens::LIFETIME);
    assert_eq!((status(&ann).await, status(&till).await), (401, 201));
}
