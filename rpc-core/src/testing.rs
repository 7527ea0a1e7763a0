//! A client inside the process, whose calls take the whole pipeline.

mod events;
mod reply;

use std::net::IpAddr;
use std::panic::Location;
use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::events::TestEvents;
pub use self::reply::{TestFile, TestReply};
use crate::api::Api;
use crate::call::{Call, Credentials, RequestHead, Token};
use crate::identity::Identity;
use crate::upload::{Upload, Uploads};

/// Calls methods of an [`Api`] without a network.
///
/// ```standalone_crate
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
    address: Option<IpAddr>,
    uploads: Uploads,
    head: Option<Arc<RequestHead>>,
}

impl TestClient {
    /// A client that calls as a guest.
    #[must_use]
    pub fn new(api: Api) -> Self {
        Self { api, credentials: Credentials::None, address: None, uploads: Uploads::default(), head: None }
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

    /// The same client from an address, which limits go by, and which handlers see.
    #[must_use]
    pub fn client(&self, address: impl Into<IpAddr>) -> Self {
        Self { address: Some(address.into()), ..self.clone() }
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
        call.client = self.address;
        call.uploads.clone_from(&self.uploads);
        call.head = self.head.clone().into();
        let mut outcome = self.api.call(call).await;
        let file = match outcome.take_download() {
            Some(download) => Some(TestFile::read(download).await.expect("a file that can be read")),
            None => None,
        };
        TestReply { file, ..TestReply::from(outcome) }
    }

    /// Calls a method for its data: [`call`](Self::call), and then [`TestReply::data_as`].
    ///
    /// # Panics
    ///
    /// The call fails, or answers with something else: the message has the path, the line of the caller, and the answer.
    #[track_caller]
    pub fn call_as<T: DeserializeOwned>(&self, path: &str, params: Value) -> impl Future<Output = T> {
        let caller = Location::caller();
        async move {
            let reply = self.call(path, params).await;
            reply.read().unwrap_or_else(|reason| fail(format_args!("{path}, called at {caller}, {reason}")))
        }
    }

    /// What this client hears from now on: the events that it may hear, as over a WebSocket.
    #[must_use]
    pub fn events(&self) -> TestEvents {
        TestEvents::new(self.clone())
    }

    /// The `Api`.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }
}

/// Ends the test.
#[track_caller]
#[expect(clippy::panic, reason = "a test that meets the unexpected ends there")]
fn fail(message: std::fmt::Arguments<'_>) -> ! {
    panic!("{message}")
}
