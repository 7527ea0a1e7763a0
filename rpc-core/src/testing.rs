//! A client inside the process, whose calls take the whole pipeline.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::call::{Call, Credentials, Outcome, RequestHead, Token};
use crate::codec::Codec;
use crate::error::payload::{Content, Payload};
use crate::error::{ApiError, Details};
use crate::identity::Identity;
use crate::limits::DocumentLimits;
use crate::upload::Upload;

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
    upload: Option<Upload>,
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
}

impl TestClient {
    /// A client that calls as a guest.
    #[must_use]
    pub fn new(api: Api) -> Self {
        Self { api, credentials: Credentials::None, upload: None, head: None }
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
        Self { upload: Some(upload), ..self.clone() }
    }

    /// Calls a method. `params` that are no array are the only parameter.
    pub async fn call(&self, path: &str, params: Value) -> TestReply {
        let params = match params {
            Value::Array(params) => params,
            only => vec![only],
        };
        let mut call = Call::in_process(path, self.api.request_id()).with_params(params);
        call.credentials = self.credentials.clone();
        call.upload.clone_from(&self.upload);
        call.head = self.head.clone().into();
        TestReply::from(self.api.call(call).await)
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
                data: decoded(codec, &reply.data),
                extra: reply.extra,
                code: None,
                details: Details::default(),
            },
            Err(error) => {
                let (data, extra) = shown(codec, &error);
                let (code, details) = (Some(error.number()), error.details().clone());
                Self { status, reason, data, extra, code, details }
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
