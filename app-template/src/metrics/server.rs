//! The server of the metrics, on an address of its own: one request a connection, and little time for it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::{Metrics, sample};

/// Connections at once. Beyond it new ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 16;
/// How long a connection lasts, whatever it does.
const CONNECTION_TIME: Duration = Duration::from_secs(10);
/// Bytes for the head of a request: the least that hyper takes.
const HEAD: usize = 8 * 1024;
/// The pause after an error of `accept`, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A socket that listens, for those who ask for metrics.
#[derive(Debug)]
pub(crate) struct MetricsServer {
    listener: TcpListener,
    metrics: Metrics,
}

impl MetricsServer {
    /// Answers those who connect to a socket that listens.
    pub(crate) fn new(listener: TcpListener, metrics: Metrics) -> Self {
        Self { listener, metrics }
    }

    /// Serves until it is dropped.
    pub(crate) async fn serve(self) {
        let (permits, tasks) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), TaskTracker::new());
        while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let metrics = self.metrics.clone();
                    tasks.spawn(async move {
                        // Whoever is too slow asks again.
                        let _ = tokio::time::timeout(CONNECTION_TIME, connection(stream, metrics)).await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(event = "accept.failed", %error, "a connection for metrics could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, metrics: Metrics) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let response = respond(&request, &metrics);
        async move {
            // A body is of no use, but a connection that is closed on one that still comes is reset, with its answer.
            let mut body = request.into_body();
            while let Some(Ok(_)) = body.frame().await {}
            Ok::<_, Infallible>(response)
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).keep_alive(false).max_buf_size(HEAD);
    // It went away, or spoke no HTTP: nobody is there to be told.
    let _ = builder.serve_connection(TokioIo::new(stream), answer).await;
}

fn respond<B>(request: &Request<B>, metrics: &Metrics) -> Response<Full<Bytes>> {
    let is_asked = request.method() == Method::GET && request.uri().path() == "/metrics";
    let (status, content_type, text) = if is_asked {
        (StatusCode::OK, sample::CONTENT_TYPE, metrics.text())
    } else {
        (StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "GET /metrics is all that there is here\n".to_owned())
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use rpc_auth::TokenFormat;
    use test_waits::Bounded;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::task::TaskTracker;

    use super::{MAX_CONNECTIONS, MetricsServer};
    use crate::app::{App, AppOptions};
    use crate::metrics::Metrics;

    async fn serve() -> SocketAddr {
        let app = App::in_memory(AppOptions::new("Acme", TokenFormat::new("app").unwrap())).await.unwrap();
        let metrics = Metrics::new(&app, &app.api().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        TaskTracker::new().spawn(MetricsServer::new(listener, metrics).serve());
        address
    }

    async fn ask(address: SocketAddr, head: &str) -> String {
        let mut stream = Bounded::new(TcpStream::connect(address).await.unwrap());
        stream.write_all(format!("{head} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[test_waits::test]
    async fn only_metrics_are_served() {
        let address = serve().await;
        let answer = ask(address, "GET /metrics").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\n"), "{answer}");
        assert!(answer.contains("\nbuild_info{name=\"app-template\",version="), "{answer}");
        for head in ["POST /metrics", "HEAD /metrics", "GET /", "GET /metrics/", "GET /v1/test/test", "OPTIONS *"] {
            assert!(ask(address, head).await.starts_with("HTTP/1.1 404 Not Found\r\n"), "{head}");
        }
    }

    #[test_waits::test]
    async fn a_body_that_nobody_wants_does_not_cost_the_answer() {
        let address = serve().await;
        let head = "POST /metrics HTTP/1.1\r\nhost: x\r\ncontent-length: 4000000\r\n\r\n";
        for _ in 0..5 {
            let mut stream = Bounded::new(TcpStream::connect(address).await.unwrap());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&vec![b'x'; 4_000_000]).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
            for header in ["x-content-type-options: nosniff\r\n", "content-security-policy: default-src 'none'"] {
                assert!(answer.contains(header), "{answer}");
            }
        }
    }

    #[test_waits::test(start_paused = true)]
    async fn connections_that_say_nothing_make_room_for_others() {
        let address = serve().await;
        let mut silent = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            silent.push(TcpStream::connect(address).await.unwrap());
        }
        silent[0].write_all(b"GET /metrics HTTP/1.1\r\nhost: ").await.unwrap();
        assert!(ask(address, "GET /metrics").await.starts_with("HTTP/1.1 200 OK\r\n"));
        for mut stream in silent {
            // Its end, or a reset: it is closed.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
}
