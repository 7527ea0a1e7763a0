//! Spans of a running server, as a collector of traces receives them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that meets the unexpected ends there")]

mod collector;
mod server;

use self::collector::{Collector, Span};
use self::server::Server;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const CANARY: &str = "canary-8642";

fn find<'s>(spans: &'s [Span], method: &str) -> &'s Span {
    let mut found = spans.iter().filter(|span| span.name == method);
    let (first, second) = (found.next(), found.next());
    assert!(second.is_none(), "{method} twice: {spans:?}");
    first.unwrap_or_else(|| panic!("no {method}: {spans:?}"))
}

#[tokio::test]
async fn a_call_is_sent_as_the_child_of_its_callers_span_before_the_process_ends() {
    let collector = Collector::start().await;
    let server = Server::start(&collector.url()).await;
    let sampled = format!("traceparent: 00-{TRACE}-{PARENT}-01\r\ntracestate: vendor=1\r\n");
    assert!(server.post("/v1/test/test", &sampled, &format!("[\"{CANARY}\"]")).await.contains(" 200 OK"));
    let unsampled = format!("traceparent: 00-{TRACE}-{PARENT}-00\r\n");
    assert!(server.post("/v1/profile/read", &unsampled, "[]").await.contains(" 401 "));
    assert!(
        server
            .post("/v1/session/signin", "", &format!("[{{\"username\": \"{CANARY}\", \"password\": \"{CANARY}\"}}]"))
            .await
            .contains(" 4")
    );
    let log = server.stop().await;
    let bodies = collector.stop();
    let spans: Vec<Span> = bodies.iter().flat_map(|body| Span::all(body)).collect();
    let call = find(&spans, "/v1/test/test");
    assert_eq!((call.trace.as_str(), call.parent.as_str()), (TRACE, PARENT));
    assert!(call.id.len() == 16 && call.id != PARENT && call.is_server && call.state == "vendor=1", "{call:?}");
    assert!(call.attributes.contains(&"rpc.method".to_owned()) && call.attributes.contains(&"request_id".to_owned()));
    let root = find(&spans, "/v1/session/signin");
    assert!(root.trace != TRACE && root.trace.len() == 32 && root.parent.is_empty(), "{root:?}");
    assert!(spans.iter().all(|span| span.name != "/v1/profile/read"), "its caller asked for no record: {spans:?}");
    for (place, text) in [("log", log.as_bytes())].into_iter().chain(bodies.iter().map(|body| ("span", &**body))) {
        assert!(!text.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()), "in a {place}");
    }
    let line = log.lines().find(|line| line.contains("\"event\":\"call\"") && line.contains("/v1/test/test")).unwrap();
    assert!(line.contains(&format!("\"trace_id\":\"{TRACE}\"")), "{line}");
    assert!(!log.contains("traces.lost"), "{log}");
}

#[tokio::test]
async fn a_collector_that_is_not_there_keeps_nobody() {
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let server = Server::start(&nowhere).await;
    assert!(server.post("/v1/test/test", "", "[]").await.contains(" 200 OK"));
    let log = server.stop().await;
    assert!(log.contains("\"event\":\"traces.lost\""), "{log}");
}
