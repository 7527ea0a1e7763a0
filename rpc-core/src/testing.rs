//! A client inside the process, whose calls take the whole pipeline.

mod events;
mod reply;

use std::net::IpAddr;
use std::panic::Location;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::events::TestEvents;
pub use self::reply::TestReply;
use crate::api::Api;
use crate::call::{Call, Credentials, Token};
use crate::identity::Identity;
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
    address: Option<IpAddr>,
    upload: Option<Upload>,
}

impl TestClient {
    /// A client that calls as a guest.
    #[must_use]
    pub fn new(api: Api) -> Self {
        Self { api, credentials: Credentials::None, address: None, upload: None }
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

    /// The same client with a file for every call.
    #[must_use]
    pub fn upload(&self, upload: Upload) -> Self {
        Self { upload: Some(upload), ..self.clone() }
    }

    /// The same client from an address, which limits go by, and which handlers see.
    #[must_use]
    pub fn client(&self, address: impl Into<IpAddr>) -> Self {
        Self { address: Some(address.into()), ..self.clone() }
    }

    /// Calls a method. `params` that are no array are the only parameter.
    pub async fn call(&self, path: &str, params: Value) -> TestReply {
        let params = match params {
            Value::Array(params) => params,
            only => vec![only],
        };
        let mut call = Call::in_process(path, self.api.request_id()).with_params(params);
        call.credentials = self.credentials.clone();
        call.client = self.address;
        call.upload.clone_from(&self.upload);
        TestReply::from(self.api.call(call).await)
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
