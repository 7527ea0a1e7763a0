//! The life of a call, one stage a file:
//! resolve → authenticate → authorize → admit → validate → handle, with `observe` beside all of them.
//!
//! A stage takes what the stage before made. None knows the next one's business.

mod admit;
pub(crate) mod authenticate;
mod authorize;
mod handle;
pub(crate) mod observe;
mod resolve;
pub(crate) mod span;
mod validate;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;

use tracing::Span;

use self::observe::{Progress, Recorder};
use crate::api::Api;
use crate::authenticator::AuthRequest;
use crate::budget::{Account, Hold, Resource, Share};
use crate::call::{Call, CallHead, Credentials, Outcome, Params};
use crate::ctx::Ctx;
use crate::error::ApiError;
use crate::identity::Identity;
use crate::limits::Permit;
use crate::method::Method;
use crate::method::entry::HandlerFuture;
use crate::reply::Encoded;

/// A call that may run: its caller is known, permitted, and within the limits.
#[derive(Debug)]
pub(crate) struct Admitted {
    begun: Begun,
    permit: Permit,
    slot: Option<Hold>,
}

/// A call whose method is known.
#[derive(Debug)]
struct Begun {
    recorder: Recorder,
    params: Params,
    credentials: Credentials,
    share: Share,
}

impl Api {
    /// Runs a call through all stages. Every transport ends here.
    pub fn call<'c>(&'c self, call: Call<'c>) -> impl Future<Output = Outcome> + Send + use<'c> {
        self.call_to(self.find(call.path), call)
    }

    /// Runs a call through all stages, where the method of its path was already looked up.
    pub(crate) async fn call_to(&self, method: Option<&Arc<Method>>, mut call: Call<'_>) -> Outcome {
        let method = match resolve::resolve(method, call.transport) {
            Ok(method) => method,
            Err(error) => return Outcome { codec: call.codec, result: Err(error) },
        };
        let head = std::mem::take(&mut call.head);
        let mut begun = Begun::new(self, method, call);
        let span = begun.recorder.span().clone();
        let result = within(&span, pin!(begun.stages(&head))).await;
        begun.ended(result)
    }

    /// Whether the caller may call at all, before a large body is read. Nothing is recorded: the call itself follows.
    pub(crate) async fn precheck(&self, call: &Call<'_>) -> Result<(), ApiError> {
        let method = resolve::resolve(self.find(call.path), call.transport)?;
        let credentials =
            if method.ignores_token() { Credentials::Known(Identity::guest()) } else { call.credentials.clone() };
        let request = AuthRequest::new(&call.head, call.client, call.transport);
        let identity = authenticate::authenticate(self, credentials, request).await?;
        know(call.share.account.as_ref(), &identity);
        authorize::authorize(&method, &identity)
    }

    /// The stages up to the limits: after them the caller can be told that the call is accepted.
    pub(crate) async fn admit(&self, mut call: Call<'_>) -> Result<Admitted, Outcome> {
        let method = resolve::resolve(self.find(call.path), call.transport)
            .map_err(|error| Outcome { codec: call.codec, result: Err(error) })?;
        let head = std::mem::take(&mut call.head);
        let mut begun = Begun::new(self, method, call);
        let span = begun.recorder.span().clone();
        let admitted = within(&span, pin!(begun.let_in(&head))).await;
        match admitted {
            Ok((permit, slot)) => Ok(Admitted { begun, permit, slot }),
            Err(error) => Err(begun.ended(Err(error))),
        }
    }
}

// The stages work on a call where it is: it is large, and moves cost more than most of them.
impl Begun {
    /// Begins a call. From here on it is recorded.
    fn new(api: &Api, method: Arc<Method>, call: Call<'_>) -> Self {
        let Call { params, codec, credentials, transport, client, request_id, trace, uploads, share, .. } = call;
        let (credentials, ignored) = if method.ignores_token() {
            (Credentials::Known(Identity::guest()), credentials)
        } else {
            (credentials, Credentials::None)
        };
        let (api, identity) = (api.clone(), Identity::guest());
        let ctx =
            Ctx { api, method, identity, ignored, codec, transport, client, request_id, trace, uploads, head: None };
        Self { recorder: Recorder::start(ctx), params, credentials, share }
    }

    /// All stages.
    async fn stages(&mut self, head: &CallHead<'_>) -> Result<Encoded, ApiError> {
        let held = self.let_in(head).await?;
        self.run(held).await
    }

    /// The stages up to the limits: who calls, and whether they may now.
    async fn let_in(&mut self, head: &CallHead<'_>) -> Result<(Permit, Option<Hold>), ApiError> {
        let account = self.share.account.as_ref();
        let credentials = std::mem::replace(&mut self.credentials, Credentials::None);
        let ctx = self.recorder.ctx();
        let request = AuthRequest::new(head, ctx.client, ctx.transport);
        let identity = authenticate::authenticate(&ctx.api, credentials, request).await?;
        let ctx = self.recorder.identify(identity);
        know(account, &ctx.identity);
        authorize::authorize(&ctx.method, &ctx.identity)?;
        if ctx.wants_head() {
            ctx.head = head.for_call(account)?;
        }
        admit::admit(ctx, account)
    }

    /// The stages from the parameters on. What the call holds is given back before it is recorded.
    async fn run(&mut self, held: (Permit, Option<Hold>)) -> Result<Encoded, ApiError> {
        let (ctx, progress) = self.recorder.split();
        let params = std::mem::replace(&mut self.params, Params::None);
        let started = start(ctx, params, &mut self.share, progress);
        let result = match started {
            Ok((running, _arguments)) => handle::finish(ctx, running, progress).await,
            Err(error) => Err(error),
        };
        drop(held);
        result
    }

    /// Records the call, and returns its outcome.
    fn ended(&mut self, result: Result<Encoded, ApiError>) -> Outcome {
        self.recorder.finish(result.as_ref());
        Outcome { codec: self.recorder.ctx().codec(), result }
    }
}

/// Runs a part of a call in its span.
fn within<F: Future>(span: &Span, mut part: Pin<&mut F>) -> impl Future<Output = F::Output> {
    poll_fn(move |cx| span.in_scope(|| part.as_mut().poll(cx)))
}

/// Notes whether somebody has signed in on a connection.
fn know(account: Option<&Arc<Account>>, identity: &Identity) {
    if let Some(account) = account.filter(|_| identity.user().is_some()) {
        account.knows_caller();
    }
}

impl Admitted {
    /// The stages from the parameters on.
    pub(crate) async fn run(mut self) -> Outcome {
        let span = self.begun.recorder.span().clone();
        let result = within(&span, pin!(self.begun.run((self.permit, self.slot)))).await;
        self.begun.ended(result)
    }

    /// Runs the call while nobody waits for its answer. When too many such calls run, the caller waits for the end after all, so
    /// that it cannot send faster than the work is done.
    pub(crate) async fn detach(self) {
        let account = self.slot.as_ref().map(Hold::account);
        match account.map(|account| account.try_take(Resource::Detached, 1)) {
            Some(None) => {
                self.run().await;
            }
            room => {
                let tasks = Arc::clone(self.begun.recorder.ctx().api.tasks());
                tasks.spawn(async move {
                    self.run().await;
                    drop(room);
                });
            }
        }
    }
}

/// What the caller sent is needed up to here only: the call of the handler holds what it took of it, and room for that.
fn start<'c>(
    ctx: &'c Ctx,
    mut params: Params,
    share: &mut Share,
    progress: &mut Progress,
) -> Result<(HandlerFuture<'c>, Option<Hold>), ApiError> {
    let (arguments, memory) = validate::validate(ctx, &mut params)?;
    share.document = None;
    let account = share.account.as_ref().filter(|_| memory > 0);
    let held = account.map(|account| account.take(Resource::Memory, memory)).transpose()?;
    Ok((handle::start(ctx, arguments, progress)?, held))
}
