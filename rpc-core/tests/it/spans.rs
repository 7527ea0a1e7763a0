//! The `tracing` spans of calls, and the traces that they belong to.

pub(crate) mod captured;

use std::sync::{Arc, Mutex};

use rpc_core::{
    Api, ApiBuilder, ApiError, Call, Credentials, Ctx, TestClient, TraceContext, Tracer, Transport, api_method,
    api_module,
};
use serde_json::json;

use self::captured::Captured;
use crate::rpc::socket::Socket;
use crate::support::NamedTokens;
use crate::support::server::Running;

api_module! {
    /// Spans
    path = "/v9/spans"
}

/// The trace as another service would be told of it
#[api_method(path = "/v9/spans/trace", permissions = ["*"])]
async fn trace(ctx: &Ctx) -> Result<Vec<Option<String>>, ApiError> {
    tracing::info!("inside");
    let trace = ctx.trace();
    let trace = trace.as_ref();
    Ok([trace.map(TraceContext::traceparent), trace.and_then(TraceContext::tracestate)]
        .map(|text| text.map(str::to_owned))
        .to_vec())
}

/// Calls `trace`
#[api_method(path = "/v9/spans/nested", permissions = ["*"])]
async fn nested(ctx: &Ctx) -> Result<u16, ApiError> {
    Ok(ctx.call("/v9/spans/trace", Vec::new()).await.status())
}

/// Fails
#[api_method(path = "/v9/spans/fails", permissions = ["user"])]
async fn fails() -> Result<(), ApiError> {
    Err(ApiError::new(418, "It failed"))
}

/// Never ends
#[api_method(path = "/v9/spans/waits", permissions = ["*"])]
async fn waits() -> Result<(), ApiError> {
    std::future::pending().await
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";

fn builder() -> ApiBuilder {
    Api::builder().only("/v9/spans/**").authenticator(NamedTokens)
}

#[test_waits::test]
async fn a_call_has_one_span_that_says_what_it_came_to() {
    let captured = Captured::start();
    let client = TestClient::new(builder().build().unwrap());
    client.call("/v9/spans/trace", json!([])).await;
    client.call("/v9/spans/fails", json!([])).await;
    client.token("t_user").call("/v9/spans/fails", json!([])).await;
    client.call("/v9/spans/nothing", json!([])).await;
    let spans = captured.spans();
    let told: Vec<_> =
        spans.iter().map(|span| (span.field("method"), span.field("user"), span.field("status"))).collect();
    let fails = Some("/v9/spans/fails");
    assert_eq!(
        told,
        [(Some("/v9/spans/trace"), None, Some("200")), (fails, None, Some("401")), (fails, Some("2"), Some("418")),]
    );
    for span in &spans {
        assert!(span.field("ms").unwrap().parse::<f64>().unwrap() >= 0.0);
        assert_eq!((span.field("transport"), span.field("trace_id")), (Some("in-process"), None));
        assert!(span.field("request_id").is_some());
    }
}

#[test_waits::test]
async fn what_a_handler_logs_is_in_the_span_of_its_call() {
    let captured = Captured::start();
    let client = TestClient::new(builder().build().unwrap());
    client.call("/v9/spans/nested", json!([])).await;
    let scopes = captured.scopes("inside");
    let methods: Vec<_> =
        scopes.iter().map(|scope| scope.iter().map(|span| span.field("method")).collect::<Vec<_>>()).collect();
    assert_eq!(methods, [[Some("/v9/spans/trace"), Some("/v9/spans/nested")]]);
}

#[test_waits::test]
async fn a_call_whose_caller_goes_away_ends_its_span_with_499() {
    let captured = Captured::start();
    let client = TestClient::new(builder().build().unwrap());
    tokio::select! {
        biased;
        _ = client.call("/v9/spans/waits", json!([])) => unreachable!("it never ends"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(captured.spans()[0].field("status"), Some("499"));
}

#[test_waits::test]
async fn a_trace_comes_with_a_request_and_its_state_with_it() {
    let captured = Captured::start();
    let server = Running::serve(builder(), |service| service).await;
    let asked = async |headers: &[&str]| server.send("GET", "/v9/spans/trace", headers, "").await.json()["data"].take();
    let parent = format!("traceparent: {PARENT}");
    assert_eq!(asked(&[&parent]).await, json!([PARENT, null]));
    assert_eq!(asked(&[&parent, "tracestate: a=1", "tracestate: b=2"]).await, json!([PARENT, "a=1,b=2"]));
    assert_eq!(asked(&[&parent, "tracestate: none"]).await, json!([PARENT, null]));
    let bad = ["traceparent: 00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "tracestate: a=1"];
    assert_eq!(asked(&bad).await, json!([null, null]));
    assert_eq!(asked(&[&parent, &parent]).await, json!([null, null]));
    let ids: Vec<_> = captured.spans().iter().map(|span| span.field("trace_id").map(str::to_owned)).collect();
    let id = Some(TRACE_ID.to_owned());
    assert_eq!(ids, [id.clone(), id.clone(), id, None, None]);
    server.stop().await;
}

#[test_waits::test]
async fn the_trace_of_an_upgrade_is_that_of_all_calls_on_the_socket() {
    let captured = Captured::start();
    let server = Running::serve(builder(), |service| service).await;
    let mut socket = Socket::open(&server, &[("traceparent", PARENT), ("tracestate", "a=1")]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(socket.call("/v9/spans/trace", json!([])).await["result"]["data"], json!([PARENT, "a=1"]));
    }
    let spans = captured.spans();
    let told: Vec<_> = spans.iter().map(|span| (span.field("transport"), span.field("trace_id"))).collect();
    assert_eq!(told, [(Some("websocket"), Some(TRACE_ID)); 2]);
    assert_ne!(spans[0].field("request_id"), spans[1].field("request_id"));
    server.stop().await;
}

/// Remembers the traces that spans were to join.
#[derive(Clone, Default)]
struct Joins(Arc<Mutex<Vec<String>>>);

const OUTGOING: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00";

impl Tracer for Joins {
    fn join(&self, span: &tracing::Span, trace: &TraceContext) {
        assert!(!span.is_disabled());
        self.0.lock().unwrap().push(trace.traceparent().to_owned());
    }

    fn outgoing(&self) -> Option<TraceContext> {
        let span = tracing::Span::current();
        assert_eq!(span.metadata().map(tracing::Metadata::name), Some("call"));
        TraceContext::parse(OUTGOING)
    }
}

#[test_waits::test]
async fn a_tracer_joins_calls_from_outside_and_says_what_to_send_on() {
    let _captured = Captured::start();
    let joins = Joins::default();
    let api = builder().tracer(joins.clone()).build().unwrap();
    let mut call = Call::in_process("/v9/spans/nested", api.request_id());
    call.transport = Transport::Http;
    call.credentials = Credentials::None;
    call.trace = TraceContext::parse(PARENT);
    assert_eq!(api.call(call).await.status(), 200);
    assert_eq!(*joins.0.lock().unwrap(), [PARENT], "the call inside is a child of the one that makes it");
    let reply = TestClient::new(api).call("/v9/spans/trace", json!([])).await;
    assert_eq!(reply.data, json!([OUTGOING, null]));
}
