//! The stages of a call, through the in-process client.

use std::sync::Arc;
use std::time::Duration;

use rpc_core::{
    Api, ApiBuilder, ApiError, Ctx, Disposition, ErrorCode, ManualClock, Permission, Reply, TestClient, TestReply,
    Upload, User, api_method, api_module,
};
use serde_json::json;
use test_waits::until;
use tokio::sync::Semaphore;

use crate::support::{Memory, NamedTokens, Seen};

api_module! {
    /// Stages of a call
    path = "/v9/stages"
}

/// Doors that tests open: handlers wait here.
struct Doors {
    inside: Semaphore,
    open: Semaphore,
}

/// Anybody
#[api_method(path = "/v9/stages/anybody", permissions = ["*"])]
async fn anybody(ctx: &Ctx, text: String, count: Option<u32>) -> Result<(String, Option<u32>), ApiError> {
    assert_eq!(ctx.method().path(), "/v9/stages/anybody");
    Ok((text, count))
}

/// Guests only
#[api_method(path = "/v9/stages/guests", permissions = ["guest"])]
async fn guests() -> Result<(), ApiError> {
    Ok(())
}

/// Admins
#[api_method(path = "/v9/stages/admins", permissions = ["admin"])]
async fn admins(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.identity().user().map(|user| user.name.to_string()))
}

/// Sessions only
#[api_method(path = "/v9/stages/sessions", permissions = ["user"], session_only)]
async fn sessions() -> Result<(), ApiError> {
    Ok(())
}

/// Inside only
#[api_method(path = "/v9/stages/inside", permissions = ["*"], private)]
async fn inside() -> Result<&'static str, ApiError> {
    Ok("inside")
}

/// Calls another method
#[api_method(path = "/v9/stages/caller", permissions = ["*"])]
async fn caller(ctx: &Ctx, path: String) -> Result<u16, ApiError> {
    Ok(Box::pin(ctx.call(&path, Vec::new())).await.status())
}

/// Name of the caller, who may be a guest
#[api_method(path = "/v9/stages/name", permissions = ["*"])]
async fn name(ctx: &Ctx) -> Result<String, ApiError> {
    Ok(ctx.user()?.name.to_string())
}

/// Fails in a way of its own
#[api_method(path = "/v9/stages/fails", permissions = ["*"])]
async fn fails(status: u16) -> Result<(), ApiError> {
    Err(ApiError::new(status, "It failed").with_source("secret cause"))
}

/// Fails inside
#[api_method(path = "/v9/stages/breaks", permissions = ["*"])]
async fn breaks() -> Result<(), ApiError> {
    Err(ApiError::internal("secret cause"))
}

/// Panics
#[api_method(path = "/v9/stages/panics", permissions = ["*"], concurrency = 1)]
async fn panics() -> Result<(), ApiError> {
    panic!("secret cause")
}

/// Says more than its data
#[api_method(path = "/v9/stages/says-more", permissions = ["*"])]
async fn says_more() -> Result<Reply<Vec<u8>>, ApiError> {
    Ok(Reply::new(vec![1, 2]).status(201).reason("Made").total(9).with("status", 1))
}

/// Waits for the door
#[api_method(path = "/v9/stages/waits", permissions = ["*"], concurrency = 3, concurrency_per_user = 2)]
async fn waits(doors: &Doors) -> Result<(), ApiError> {
    doors.inside.add_permits(1);
    doors.open.acquire().await.map_err(ApiError::internal)?.forget();
    Ok(())
}

/// Takes too long
#[api_method(path = "/v9/stages/slow", permissions = ["*"], timeout = "20ms")]
async fn slow() -> Result<(), ApiError> {
    std::future::pending().await
}

/// Rarely
#[api_method(path = "/v9/stages/rarely", permissions = ["*"], rate = "3/min")]
async fn rarely() -> Result<(), ApiError> {
    Ok(())
}

/// Needs a file
#[api_method(path = "/v9/stages/needs-file", permissions = ["*"], upload = "1 MiB")]
async fn needs_file(file: &Upload) -> Result<u64, ApiError> {
    Ok(file.size())
}

/// Takes a file
#[api_method(path = "/v9/stages/takes-file", permissions = ["*"])]
async fn takes_file(file: Option<&Upload>) -> Result<Option<String>, ApiError> {
    Ok(file.map(|file| file.name().to_owned()))
}

fn builder() -> ApiBuilder {
    Api::builder()
        .only("/v9/stages/**")
        .permission(Permission::new("admin", "Administrator", "May do everything."))
        .state(Doors { inside: Semaphore::new(0), open: Semaphore::new(0) })
        .authenticator(NamedTokens)
}

fn client() -> (TestClient, Memory) {
    let memory = Memory::default();
    (TestClient::new(builder().observer(memory.clone()).build().unwrap()), memory)
}

fn error(reply: &TestReply) -> (u16, Option<i32>) {
    (reply.status, reply.code)
}

#[test_waits::test]
async fn a_good_call_reaches_its_handler() {
    let (client, memory) = client();
    let reply = client.call("/v9/stages/anybody", json!(["x", 7])).await;
    assert_eq!((reply.status, reply.reason.as_str(), reply.data), (200, "OK", json!(["x", 7])));
    let reply = client.call("/v9/stages/anybody", json!(["x"])).await;
    assert_eq!(reply.data, json!(["x", null]));
    let method = "/v9/stages/anybody".to_owned();
    let disposition = Disposition::Finished;
    let seen = Seen { method, user: None, status: 200, disposition, accepted: true, client: None };
    assert_eq!(memory.take(), [seen.clone(), seen]);
}

#[test_waits::test]
async fn an_unknown_method_is_404() {
    let (client, memory) = client();
    for path in ["/v9/stages/nothing", "", "/", "/v9/stages/anybody/"] {
        assert_eq!(error(&client.call(path, json!([])).await), (404, Some(-32601)), "{path}");
    }
    assert_eq!(memory.take(), []);
}

#[test_waits::test]
async fn credentials_come_before_permission_before_parameters() {
    let (client, _) = client();
    let bad_params = json!([1, 2, 3]);
    let table = [
        (client.clone(), 401),
        (client.token("nonsense"), 401),
        (client.token("t_user"), 403),
        (client.token("t_admin"), 400),
        (client.token("t_root"), 400),
        (client.token("t_down"), 503),
    ];
    for (client, status) in table {
        assert_eq!(client.call("/v9/stages/admins", bad_params.clone()).await.status, status, "{client:?}");
    }
    assert_eq!(client.token("nonsense").call("/v9/stages/anybody", json!(["x"])).await.status, 401);
    assert_eq!(client.token("t_user").call("/v9/stages/guests", json!([])).await.status, 403);
    assert_eq!(client.token("t_admin").call("/v9/stages/admins", json!([])).await.data, json!("bob"));
}

#[test_waits::test]
async fn a_session_only_method_refuses_api_tokens() {
    let (client, _) = client();
    let reply = client.token("t_api").call("/v9/stages/sessions", json!([])).await;
    assert_eq!((reply.status, reply.reason.as_str()), (403, "Sign in to do this"));
    assert_eq!(client.token("t_user").call("/v9/stages/sessions", json!([])).await.status, 200);
    assert_eq!(client.call("/v9/stages/sessions", json!([])).await.status, 401);
}

#[test_waits::test]
async fn a_private_method_is_reached_from_inside() {
    let (client, _) = client();
    assert_eq!(client.call("/v9/stages/inside", json!([])).await.data, json!("inside"));
    assert_eq!(client.call("/v9/stages/caller", json!("/v9/stages/inside")).await.data, json!(200));
}

#[test_waits::test]
async fn a_call_made_by_a_method_is_the_callers_own() {
    let (client, _) = client();
    let call =
        |client: TestClient| async move { client.call("/v9/stages/caller", json!(["/v9/stages/admins"])).await.data };
    assert_eq!(call(client.token("t_user")).await, json!(403));
    assert_eq!(call(client.token("t_admin")).await, json!(200));
}

#[test_waits::test]
async fn a_method_that_asks_for_its_user_refuses_guests() {
    let (client, _) = client();
    assert_eq!(error(&client.call("/v9/stages/name", json!([])).await), (401, Some(401)));
    let ann = client.identity(User::new("7", "ann"));
    assert_eq!(ann.call("/v9/stages/name", json!([])).await.data, json!("ann"));
}

#[test_waits::test]
async fn errors_of_methods_travel_and_their_sources_do_not() {
    let (client, memory) = client();
    let reply = client.call("/v9/stages/fails", json!([409])).await;
    assert_eq!((error(&reply), reply.reason.as_str()), ((409, Some(409)), "It failed"));
    assert_eq!(error(&client.call("/v9/stages/fails", json!([200])).await), (500, Some(500)));
    memory.take();
    for (path, disposition) in [("breaks", Disposition::Finished), ("panics", Disposition::Panicked)] {
        let reply = client.call(&format!("/v9/stages/{path}"), json!([])).await;
        assert_eq!(
            (error(&reply), reply.reason.as_str()),
            ((500, Some(ErrorCode::Internal.number())), "Internal error")
        );
        assert!(reply.details.request_id.is_some());
        assert!(!format!("{reply:?}").contains("secret"));
        let seen = memory.take();
        assert_eq!((seen[0].disposition, seen[0].accepted, seen.len()), (disposition, true, 1), "{path}");
    }
}

#[test_waits::test]
async fn a_reply_says_more_than_its_data() {
    let (client, _) = client();
    let reply = client.call("/v9/stages/says-more", json!([])).await;
    assert_eq!((reply.status, reply.reason.as_str(), reply.data), (201, "Made", json!([1, 2])));
    assert_eq!(serde_json::Value::Object(reply.extra), json!({"total": 9}));
}

#[test_waits::test]
async fn concurrency_limits_are_exact_also_after_cancelled_calls() {
    let memory = Memory::default();
    let api = builder().observer(memory.clone()).build().unwrap();
    let client = TestClient::new(api.clone());
    let start = |user: &str| {
        let client = client.identity(User::new(user, user));
        tokio::spawn(async move { client.call("/v9/stages/waits", json!([])).await })
    };
    let method = || api.method("/v9/stages/waits").unwrap();
    let running = async |count: u32| {
        until(format_args!("{count} calls to run"), || method().active_calls() == count).await;
    };
    let (first, second, third) = (start("1"), start("1"), start("2"));
    running(3).await;
    let full = client.identity(User::new("3", "c")).call("/v9/stages/waits", json!([])).await;
    assert_eq!(error(&full), (429, Some(-32802)));
    assert!(full.reason.contains("`concurrency`"), "{}", full.reason);
    third.abort();
    running(2).await;
    let full = client.identity(User::new("1", "a")).call("/v9/stages/waits", json!([])).await;
    assert!(full.reason.contains("`concurrency_per_user`"), "{}", full.reason);
    first.abort();
    second.abort();
    running(0).await;
    let dispositions: Vec<Disposition> = memory.take().iter().map(|seen| seen.disposition).collect();
    let (declined, cancelled) = (Disposition::Declined, Disposition::Cancelled);
    assert_eq!(dispositions, [declined, cancelled, declined, cancelled, cancelled]);
}

#[test_waits::test]
async fn a_hundred_parallel_calls_are_counted_exactly() {
    let api = builder().build().unwrap();
    let client = TestClient::new(api.clone());
    let calls: Vec<_> = (0..100)
        .map(|user| {
            let client = client.identity(User::new(&user.to_string(), "x"));
            tokio::spawn(async move { client.call("/v9/stages/waits", json!([])).await.status })
        })
        .collect();
    until("three calls to run", || api.method("/v9/stages/waits").unwrap().active_calls() >= 3).await;
    let waiting = || calls.iter().filter(|call| !call.is_finished()).count();
    until("all others to be refused", || waiting() <= 3).await;
    assert_eq!(waiting(), 3);
    let mut refused = 0;
    for call in calls {
        if call.is_finished() {
            refused += usize::from(call.await.unwrap() == 429);
        } else {
            call.abort();
            assert!(call.await.unwrap_err().is_cancelled());
        }
    }
    assert_eq!(refused, 97);
    assert_eq!(api.active_calls(), 0);
}

#[test_waits::test]
async fn a_panic_frees_its_place() {
    let (client, _) = client();
    for _ in 0..3 {
        assert_eq!(client.call("/v9/stages/panics", json!([])).await.status, 500);
    }
    assert_eq!(client.api().active_calls(), 0);
}

#[test_waits::test]
async fn a_rate_is_held_by_the_injected_clock() {
    let clock = Arc::new(ManualClock::new(Duration::from_secs(1_700_000_000)));
    let client = TestClient::new(builder().clock(clock.clone()).build().unwrap());
    let call = async |user: &str| client.identity(User::new(user, "x")).call("/v9/stages/rarely", json!([])).await;
    for _ in 0..3 {
        assert_eq!(call("1").await.status, 200);
    }
    assert_eq!(error(&call("1").await), (429, Some(-32802)));
    assert_eq!(call("2").await.status, 200);
    clock.advance(Duration::from_secs(20));
    assert_eq!((call("1").await.status, call("1").await.status), (200, 429));
}

#[test_waits::test]
async fn a_call_that_takes_too_long_is_dropped() {
    let (client, memory) = client();
    let reply = client.call("/v9/stages/slow", json!([])).await;
    assert_eq!((error(&reply), reply.reason.as_str()), ((504, Some(504)), "The call took longer than 20 ms"));
    assert_eq!(memory.take()[0].disposition, Disposition::TimedOut);
    assert_eq!(client.api().active_calls(), 0);
}

#[test_waits::test]
async fn uploads_reach_only_who_takes_them() {
    let (client, _) = client();
    let with_file = client.upload(Upload::new("a.txt", "text/plain", "hello"));
    assert_eq!(with_file.call("/v9/stages/needs-file", json!([])).await.data, json!(5));
    assert_eq!(error(&client.call("/v9/stages/needs-file", json!([])).await), (400, Some(-32905)));
    assert_eq!(with_file.call("/v9/stages/takes-file", json!([])).await.data, json!("a.txt"));
    assert_eq!(client.call("/v9/stages/takes-file", json!([])).await.data, json!(null));
    assert_eq!(error(&with_file.call("/v9/stages/guests", json!([])).await), (400, Some(-32903)));
}

#[test_waits::test]
async fn a_stopped_api_takes_no_calls() {
    let (client, memory) = client();
    client.api().stop();
    let reply = client.call("/v9/stages/anybody", json!(["x"])).await;
    assert_eq!(error(&reply), (503, Some(-32816)));
    assert_eq!(memory.take()[0].disposition, Disposition::Declined);
}
