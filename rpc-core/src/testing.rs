//! A client inside the process, whose calls take the whole pipeline.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::call::{Call, Credentials, Outcome, RequestHead, Token};
use crate::codec::Codec;
use crate::error::payload::{Content, Payload};
use crate::error::{ApiError, Details};
use crate::identity::Identity;
use crate::limits::DocumentLimits;
use crate::reply::{Download, Encoded};
use crate::upload::{Upload, Uploads};

/// Calls methods of an [`Api`] without a network.
///
/// ```
/// # use rpc_core::{Api, ApiError, TestClient, api_method, api_module};
/// api_module! {
///     /// Greetings
///     path = "/v1/greetings"
/// }
///
/// /// Say hello
/// #[api_method(path = "/v1/greetings/hello", permissions = ["*"])]
/// async fn hello(name: String) -> Result<String, ApiError> {
///     Ok(format!("Hello, {name}!"))
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let client = TestClient::new(Api::builder().build().unwrap());
/// let reply = client.call("/v1/greetings/hello", serde_json::json!(["Ann"])).await;
/// assert_eq!((reply.status, reply.data), (200, "Hello, Ann!".into()));
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct TestClient {
    api: Api,
    credentials: Credentials,
    uploads: Uploads,
    head: Option<Arc<RequestHead>>,
}

/// An answer, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct TestReply {
    /// The HTTP status.
    pub status: u16,
    /// The reason.
    pub reason: String,
    /// The data; for an error, the details that its method gave, with their `kind`, or `null`.
    pub data: Value,
    /// Further fields, such as `total`.
    pub extra: Map<String, Value>,
    /// The number of the error's code.
    pub code: Option<i32>,
    /// The details of an error, such as what is wrong with the parameters.
    pub details: Details,
    /// The headers that the method has set, cookies and the location of a redirect among them.
    pub headers: HeaderMap,
    /// The file that the answer is, where it is one.
    pub file: Option<TestFile>,
}

/// A file as an answer, read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestFile {
    /// The name that clients are told.
    pub name: String,
    /// The content type.
    pub content_type: String,
    /// All of it.
    pub content: Bytes,
}

impl TestFile {
    async fn read(download: Download) -> io::Result<Self> {
        let (name, content_type) = (download.name().into_owned(), download.content_type.clone());
        let content_type = content_type.to_str().unwrap_or_default().to_owned();
        Ok(Self { name, content_type, content: download.read().await? })
    }
}

impl TestClient {
    /// A client that calls as a guest.
    #[must_use]
    pub fn new(api: Api) -> Self {
        Self { api, credentials: Credentials::None, uploads: Uploads::default(), head: None }
    }

    /// The same client as somebody else, without asking the authenticator.
    #[must_use]
    pub fn identity(&self, identity: impl Into<Identity>) -> Self {
        Self { credentials: Credentials::Known(identity.into()), ..self.clone() }
    }

    /// The same client with a token, which the authenticator looks at.
    #[must_use]
    pub fn token(&self, token: &str) -> Self {
        Self { credentials: Credentials::Token(Token::new(token)), ..self.clone() }
    }

    /// The same client with a header for every call, beside those that it has.
    ///
    /// # Panics
    ///
    /// The name or the value is none of a header.
    #[must_use]
    pub fn header(&self, name: &str, value: &str) -> Self {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("the name of a header");
        let value = HeaderValue::from_str(value).expect("the value of a header");
        self.with_head(|head| head.add(name, value))
    }

    /// The same client with an extension for every call, as a `tower` layer would put into the request.
    #[must_use]
    pub fn extension<T: Clone + Send + Sync + 'static>(&self, extension: T) -> Self {
        self.with_head(|head| head.extend(extension))
    }

    fn with_head(&self, change: impl FnOnce(&mut RequestHead)) -> Self {
        let mut head = self.head.as_deref().map(RequestHead::copied).unwrap_or_default();
        change(&mut head);
        Self { head: Some(Arc::new(head)), ..self.clone() }
    }

    /// The same client with a file for every call.
    #[must_use]
    pub fn upload(&self, upload: Upload) -> Self {
        Self { uploads: upload.into(), ..self.clone() }
    }

    /// The same client with a file in a field for every call, beside those that it has. For methods that take `&Uploads`.
    #[must_use]
    pub fn upload_as(&self, field: &str, upload: Upload) -> Self {
        let mut client = self.clone();
        client.uploads.push(field, upload);
        client
    }

    /// Calls a method. `params` that are no array are the only parameter. An answer that is a file is read whole.
    ///
    /// # Panics
    ///
    /// The file cannot be read.
    pub async fn call(&self, path: &str, params: Value) -> TestReply {
        let params = match params {
            Value::Array(params) => params,
            only => vec![only],
        };
        let mut call = Call::in_process(path, self.api.request_id()).with_params(params);
        call.credentials = self.credentials.clone();
        call.uploads.clone_from(&self.uploads);
        call.head = self.head.clone().into();
        let mut outcome = self.api.call(call).await;
        let file = match outcome.take_download() {
            Some(download) => Some(TestFile::read(download).await.expect("a file that can be read")),
            None => None,
        };
        TestReply { file, ..TestReply::from(outcome) }
    }

    /// The `Api`.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }
}

impl TestReply {
    /// The details of an error as a type: a struct of the variant's fields, or an enum with `#[serde(tag = "kind")]`.
    ///
    /// # Errors
    ///
    /// They are of another type, or there are none.
    pub fn error_details<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_value(if self.code.is_some() { self.data.clone() } else { Value::Null })
    }
}

impl From<Outcome> for TestReply {
    fn from(outcome: Outcome) -> Self {
        let (status, reason, codec) = (outcome.status(), outcome.reason().to_owned(), outcome.codec);
        match outcome.result {
            Ok(reply) => Self {
                status,
                reason,
                headers: headers(&reply),
                file: None,
                data: decoded(codec, &reply.data),
                extra: reply.extra,
                code: None,
                details: Details::default(),
            },
            Err(error) => {
                let (data, extra) = shown(codec, &error);
                let (code, details) = (Some(error.number()), error.details().clone());
                Self { status, reason, data, extra, code, details, headers: HeaderMap::new(), file: None }
            }
        }
    }
}

fn decoded(codec: Codec, bytes: &[u8]) -> Value {
    codec.decode(bytes, DocumentLimits::NONE).expect("what was encoded decodes")
}

/// What a method gave to its error: data, and extra fields of a reply.
fn shown(codec: Codec, error: &ApiError) -> (Value, Map<String, Value>) {
    match error.payload() {
        None => (Value::Null, Map::new()),
        Some(Payload::Reply { data, extra }) => (decoded(codec, data), extra.clone()),
        Some(Payload::Own { kind, fields }) => {
            let mut data = Map::from_iter([("kind".to_owned(), Value::from(*kind))]);
            for (name, content) in &fields.0 {
                let value = match content {
                    Content::Encoded(bytes) => decoded(codec, bytes),
                    Content::Typed(value) => serde_json::to_value(value).unwrap_or_default(),
                };
                data.insert(name.clone().into_owned(), value);
            }
            (data.into(), Map::new())
        }
    }
}

fn headers(reply: &Encoded) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in reply.head().into_iter().flat_map(|head| head.all_headers()) {
        headers.append(name, value.clone());
    }
    headers
}
