//! Calls over HTTP/1.1, on connections that are kept and used again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use ::http::{Method, Request, Response, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::answer::{self, Answer};
use super::batch::Batch;
use super::endpoint::endpoint;
use super::error::ClientError;
use super::{ANSWER, MAX_BYTES, TIMEOUT, request};
use crate::codec::Codec;

/// How long a connection is kept without use: less than servers keep it, so that they do not close it under a request.
const IDLE: Duration = Duration::from_secs(60);
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Calls methods over HTTP. Cheap to clone; clones share connections.
///
/// A call is sent once. Only one that found its kept connection closed, before a byte of it was sent, is sent on another.
#[derive(Clone)]
pub struct HttpClient {
    connections: Client<HttpConnector, Full<Bytes>>,
    endpoint: Uri,
    authorization: Option<HeaderValue>,
    codec: Codec,
    timeout: Duration,
    max_bytes: usize,
    next: Arc<AtomicU64>,
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("endpoint", &self.endpoint)
            .field("authorization", &self.authorization)
            .field("codec", &self.codec)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A guest's client for the server at a URL: `http://127.0.0.1:8080`. A URL with a path names the RPC endpoint itself.
    /// Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`ClientError::Address`]: it is no such URL.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT));
        let connections = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self {
            connections,
            endpoint: endpoint(base_url, "http")?,
            authorization: None,
            codec: Codec::Json,
            timeout: TIMEOUT,
            max_bytes: MAX_BYTES,
            next: Arc::default(),
        })
    }

    /// Calls as the owner of a session or an API token. `Debug` does not show the token.
    ///
    /// # Errors
    ///
    /// [`ClientError::Token`]: it has characters that cannot travel in a header.
    pub fn token(mut self, token: &str) -> Result<Self, ClientError> {
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| ClientError::Token)?;
        value.set_sensitive(true);
        self.authorization = Some(value);
        Ok(self)
    }

    /// How requests and answers are encoded. Default: JSON.
    #[must_use]
    pub fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }

    /// How long a call may take, from the first byte of a new connection to the last of the answer. Default: 30 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Bytes of an answer that are read. Default: 16 MiB; beyond it [`ClientError::TooLarge`].
    #[must_use]
    pub fn max_bytes(mut self, max: usize) -> Self {
        self.max_bytes = max;
        self
    }

    /// Calls a method; `serde_json::Value` as the type takes the data as it is.
    ///
    /// Dropping the future closes the connection, at which the server drops the call.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the server's own word is [`ClientError::Api`].
    pub async fn call<T: DeserializeOwned>(&self, path: &str, args: impl Serialize) -> Result<Answer<T>, ClientError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let body = request::Request::new(Some(id), path, args)?.encode(self.codec)?;
        let (status, document) = self.exchange(body).await?;
        let (_, result) = answer::read(document).ok_or(ClientError::Status(status))?;
        result?.typed()
    }

    /// Calls several methods in one request. The answers are in the order of the calls.
    ///
    /// # Errors
    ///
    /// [`ClientError`] where the batch as a whole has no answer, such as one with more calls than the server takes.
    pub async fn batch(&self, batch: &Batch<'_>) -> Result<Vec<Result<Answer<Value>, ClientError>>, ClientError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let (_, document) = self.exchange(batch.encode(self.codec)?).await?;
        batch.read(document)
    }

    /// One request, one decoded response and its status.
    async fn exchange(&self, body: Vec<u8>) -> Result<(u16, Value), ClientError> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        request.uri_mut().clone_from(&self.endpoint);
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.codec.content_type()));
        headers.extend(self.authorization.clone().map(|value| (AUTHORIZATION, value)));
        let exchange = async {
            let response = self.connections.request(request).await.map_err(|error| {
                if error.is_connect() { ClientError::Connect(error.into()) } else { ClientError::ConnectionLost }
            })?;
            self.read(response).await
        };
        tokio::time::timeout(self.timeout, exchange).await.map_err(|_| ClientError::Timeout(self.timeout))?
    }

    async fn read(&self, response: Response<Incoming>) -> Result<(u16, Value), ClientError> {
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let codec = content_type.and_then(|text| Codec::of_content_type(Some(text)));
        let Some(codec) = codec else { return Err(ClientError::Status(status)) };
        let body = Limited::new(body, self.max_bytes).collect().await.map_err(|error| {
            let too_large = error.downcast_ref::<LengthLimitError>().is_some();
            if too_large { ClientError::TooLarge(self.max_bytes) } else { ClientError::ConnectionLost }
        })?;
        let decoded = codec.decode(&body.to_bytes(), ANSWER);
        Ok((status, decoded.map_err(|error| ClientError::Decode(error.into()))?))
    }
}
