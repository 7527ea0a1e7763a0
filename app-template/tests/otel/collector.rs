//! A collector of traces on the loopback: takes `POST /v1/traces`, and reads the spans by the wire format of Protocol Buffers.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What was received so far.
type Bodies = Arc<Mutex<Vec<Bytes>>>;

pub(crate) struct Collector {
    url: String,
    bodies: Bodies,
    serving: JoinHandle<()>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Bodies::default();
        let received = Arc::clone(&bodies);
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        let serving = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = service_fn(|request| take(request, &received));
                // A client that goes away is no fault of the collector.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            }
        });
        Self { url, bodies, serving }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// What was received.
    pub(crate) fn stop(self) -> Vec<Bytes> {
        self.serving.abort();
        std::mem::take(&mut self.bodies.lock().unwrap())
    }
}

async fn take(request: Request<Incoming>, bodies: &Bodies) -> Result<Response<Full<Bytes>>, Infallible> {
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/v1/traces"));
    assert_eq!(request.headers()["content-type"], "application/x-protobuf");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    bodies.lock().unwrap().push(body);
    Ok(Response::new(Full::default()))
}

/// A span, as far as the tests look.
#[derive(Debug)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) state: String,
    /// Empty at the root.
    pub(crate) parent: String,
    pub(crate) name: String,
    pub(crate) is_server: bool,
    /// The keys.
    pub(crate) attributes: Vec<String>,
}

impl Span {
    /// All spans of an `ExportTraceServiceRequest`: its `resource_spans` (1) hold `scope_spans` (2), which hold `spans` (2).
    pub(crate) fn all(body: &[u8]) -> Vec<Self> {
        let resources = messages(body, 1);
        let scopes = resources.iter().flat_map(|resource| messages(resource, 2));
        scopes.collect::<Vec<_>>().iter().flat_map(|scope| messages(scope, 2)).map(Self::read).collect()
    }

    fn read(span: &[u8]) -> Self {
        let bytes = |field| messages(span, field).into_iter().next().unwrap_or_default();
        let hex = |field| bytes(field).iter().map(|byte| format!("{byte:02x}")).collect();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let key = |attribute: &[u8]| text(messages(attribute, 1)[0]);
        Self {
            trace: hex(1),
            id: hex(2),
            state: text(bytes(3)),
            parent: hex(4),
            name: text(bytes(5)),
            is_server: fields(span).iter().any(|field| matches!(field, (6, Field::Number(2)))),
            attributes: messages(span, 9).into_iter().map(key).collect(),
        }
    }
}

/// A field of a message.
#[derive(Debug)]
enum Field<'m> {
    Number(u64),
    Bytes(&'m [u8]),
}

/// The fields of a message that hold bytes: texts, ids and messages.
fn messages(message: &[u8], number: u64) -> Vec<&[u8]> {
    let bytes = |(field, value)| match value {
        Field::Bytes(bytes) if field == number => Some(bytes),
        _ => None,
    };
    fields(message).into_iter().filter_map(bytes).collect()
}

fn fields(mut message: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut fields = Vec::new();
    while !message.is_empty() {
        let tag = varint(&mut message);
        let value = match tag & 7 {
            0 => Field::Number(varint(&mut message)),
            1 => Field::Bytes(split(&mut message, 8)),
            2 => {
                let length = varint(&mut message);
                Field::Bytes(split(&mut message, length as usize))
            }
            5 => Field::Bytes(split(&mut message, 4)),
            other => panic!("wire type {other}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}

fn varint(message: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let byte = split(message, 1)[0];
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

fn split<'m>(message: &mut &'m [u8], length: usize) -> &'m [u8] {
    let (head, rest) = message.split_at(length);
    *message = rest;
    head
}
