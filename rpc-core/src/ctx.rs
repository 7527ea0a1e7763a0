//! What a handler may know of its call, and do in its name.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::api::{Api, Publishing};
use crate::authenticator::AuthRequest;
use crate::call::{Call, CallHead, Credentials, Outcome, RequestHead, RequestId, TraceContext, Transport};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::events::typed::{ApiEvent, ImpliedAudience};
use crate::events::{Audience, PublishError};
use crate::identity::{Identity, User};
use crate::method::Method;
use crate::observer::Tracer;
use crate::pipeline::authenticate::authenticate;
use crate::state::State;
use crate::upload::{Upload, Uploads};

/// The context of one call.
#[derive(Debug)]
pub struct Ctx {
    pub(crate) api: Api,
    pub(crate) method: Arc<Method>,
    pub(crate) identity: Identity,
    /// What a method that ignores tokens was called with.
    pub(crate) ignored: Credentials,
    pub(crate) codec: Codec,
    pub(crate) transport: Transport,
    pub(crate) client: Option<IpAddr>,
    pub(crate) request_id: RequestId,
    pub(crate) trace: Option<TraceContext>,
    pub(crate) uploads: Uploads,
    /// Kept for methods that [want it](Self::wants_head).
    pub(crate) head: Option<Arc<RequestHead>>,
}

impl Ctx {
    /// Who calls.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The user who calls, for methods that guests may not call.
    ///
    /// ```
    /// use rpc_core::{ApiError, Ctx, api_method};
    ///
    /// /// Name of the caller
    /// #[api_method(path = "/v1/session/name", permissions = ["user"])]
    /// async fn name(ctx: &Ctx) -> Result<String, ApiError> {
    ///     Ok(ctx.user()?.name.to_string())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// A guest calls (401). A method whose permissions admit none never meets that.
    pub fn user(&self) -> Result<&User, ApiError> {
        self.identity.user().ok_or_else(|| ApiError::of(ErrorCode::Unauthorized))
    }

    /// Checks the token that came with a call of a method that ignores tokens. For other methods, and without a token: who calls.
    ///
    /// # Errors
    ///
    /// The token is no good (401), or cannot be checked now (503).
    pub async fn authenticate(&self) -> Result<Identity, ApiError> {
        match &self.ignored {
            Credentials::None if !self.may_ignore_head() => Ok(self.identity.clone()),
            credentials => {
                let head = CallHead::from(self.head.clone());
                let request = AuthRequest::new(&head, self.client, self.transport);
                authenticate(&self.api, credentials.clone(), request).await
            }
        }
    }

    /// The address of the caller; `None` for calls from inside the process.
    #[must_use]
    pub fn client(&self) -> Option<IpAddr> {
        self.client
    }

    /// The head of the request that the call came in with, or of the upgrade for one over a WebSocket. `None` for calls from
    /// inside the process, and for methods that do not take `&RequestHead`: nothing of it is kept for them.
    #[must_use]
    pub fn head(&self) -> Option<&RequestHead> {
        self.head.as_deref()
    }

    /// The id under which logs show the call.
    #[must_use]
    pub fn request_id(&self) -> RequestId {
        self.request_id
    }

    /// The trace that the call belongs to, to be sent on to the services that are called for it: as the headers
    /// [`traceparent`](TraceContext::traceparent) and [`tracestate`](TraceContext::tracestate).
    ///
    /// Where spans are exported (see [`Tracer`](crate::Tracer)), the parent in it is the span that this is called in; else it
    /// is as the caller sent it, and `None` when the caller sent none.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        self.api.tracer().and_then(Tracer::outgoing).or_else(|| self.trace.clone())
    }

    /// How the call came in.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The method that runs.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The `Api` that the method belongs to.
    #[must_use]
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// Time since the Unix epoch, by the injected clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.api.clock().now()
    }

    /// Calls another method as the same caller, through all stages.
    ///
    /// A call that makes calls is a loop of futures: box the result when a method may call itself.
    pub async fn call(&self, path: &str, params: Vec<Value>) -> Outcome {
        let mut call = Call::in_process(path, self.request_id).with_params(params);
        call.credentials = Credentials::Known(self.identity.clone());
        call.client = self.client;
        call.head = self.head.clone().into();
        call.trace = self.trace.clone();
        self.api.call(call).await
    }

    /// Publishes an event to those whom its declaration names: see [`Api::publish`].
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn publish<E>(&self, event: &E) -> Publishing<'_>
    where
        E: ApiEvent,
        E::Audience: ImpliedAudience<E>,
    {
        self.api.publish(event)
    }

    /// Publishes an event to one of the audiences that it is declared for: see [`Api::publish_to`].
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub fn publish_to<E: ApiEvent>(&self, audience: impl Into<Audience>, event: &E) -> Publishing<'_> {
        self.api.publish_to(audience, event)
    }

    /// Publishes an event that is known by its name alone: see [`Api::publish_by_name`].
    ///
    /// # Errors
    ///
    /// See [`PublishError`].
    pub async fn publish_by_name(
        &self,
        audience: impl Into<Audience>,
        name: &str,
        payload: impl Serialize,
    ) -> Result<(), PublishError> {
        self.api.publish_by_name(audience, name, payload).await
    }

    /// Whether the method takes the head, or may ask for who calls by it later.
    pub(crate) fn wants_head(&self) -> bool {
        self.method.takes_head() || self.may_ignore_head()
    }

    /// Whether there may be a credential in the head that was not looked at.
    fn may_ignore_head(&self) -> bool {
        self.method.ignores_token() && self.api.authenticator().reads_head()
    }

    pub(crate) fn codec(&self) -> Codec {
        self.codec
    }

    pub(crate) fn state<S: State + ?Sized>(&self) -> &S {
        self.api.state().expect("the build of the `Api` checks that every state is there")
    }

    pub(crate) fn upload(&self) -> Option<&Upload> {
        self.uploads.first()
    }

    pub(crate) fn uploads(&self) -> &Uploads {
        &self.uploads
    }
}
