//! The floor: hyper answering fixed bytes. What a server costs above it is its own.

use std::convert::Infallible;
use std::io;
use std::pin::pin;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

const ANSWER: &[u8] = br#"{"status":200,"reason":"OK","data":"hello"}"#;

/// Serves until `shutdown` is ready.
///
/// # Errors
///
/// The listener fails.
#[expect(clippy::disallowed_methods, reason = "nothing waits for these tasks: they end with the process")]
pub async fn serve(listener: TcpListener, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http1().timer(TokioTimer::new());
    let mut shutdown = pin!(shutdown);
    loop {
        let (socket, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            () = &mut shutdown => return Ok(()),
        };
        socket.set_nodelay(true)?;
        let server = server.clone();
        tokio::spawn(async move { server.serve_connection(TokioIo::new(socket), service_fn(answer)).await.ok() });
    }
}

/// Reads the body, as every server has to, and answers.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = request.into_body().collect().await;
    let mut response = Response::new(Full::new(Bytes::from_static(ANSWER)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
