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

use std::sync::Arc;

use tracing::Instrument;

use self::observe::{Progress, Recorder};
use crate::api::Api;
use crate::budget::{Account, Hold, Resource, Share};
use crate::call::{Call, Credentials, Outcome, Params};
use crate::ctx::Ctx;
use crate::error::ApiError;
use crate::identity::Identity;
use crate::limits::Permit;
use crate::method::entry::HandlerFuture;
use crate::reply::Encoded;

/// A call that may run: its caller is known, permitted, and within the limits.
#[derive(Debug)]
pub(crate) struct Admitted {
    recorder: Recorder,
    params: Params,
    permit: Permit,
    place: Option<Hold>,
    document: Option<Arc<Hold>>,
}

/// A call whose method is known.
struct Begun {
    recorder: Recorder,
    params: Params,
    credentials: Credentials,
    share: Share,
}

impl Api {
    /// Takes a call through all stages. Every way in ends here.
    pub async fn call(&self, call: Call<'_>) -> Outcome {
        let begun = match self.begin(call) {
            Ok(begun) => begun,
            Err(refused) => return refused,
        };
        let span = begun.recorder.span().clone();
        begun.stages().instrument(span).await
    }

    /// Whether the caller may call at all, before a large body is read. Nothing is recorded: the call itself follows.
    pub(crate) async fn precheck(&self, call: &Call<'_>) -> Result<(), ApiError> {
        let method = resolve::resolve(self, call)?;
        let credentials = if method.ignores_token() { Credentials::None } else { call.credentials.clone() };
        let identity = authenticate::authenticate(self, credentials, call.client).await?;
        know(call.share.account.as_ref(), &identity);
        authorize::authorize(&method, &identity)
    }

    /// The stages up to the limits: after them the caller can be told that the call is accepted.
    pub(crate) async fn admit(&self, call: Call<'_>) -> Result<Admitted, Outcome> {
        let begun = self.begin(call)?;
        let span = begun.recorder.span().clone();
        begun.admit().instrument(span).await
    }

    /// Finds the method; from here on the call is recorded.
    fn begin(&self, call: Call<'_>) -> Result<Begun, Outcome> {
        let codec = call.codec;
        let method = resolve::resolve(self, &call).map_err(|error| Outcome { codec, result: Err(error) })?;
        let Call { params, codec, credentials, transport, client, request_id, trace, upload, share, .. } = call;
        let (credentials, ignored) =
            if method.ignores_token() { (Credentials::None, credentials) } else { (credentials, Credentials::None) };
        let (api, identity) = (self.clone(), Identity::guest());
        let ctx = Ctx { api, method, identity, ignored, codec, transport, client, request_id, trace, upload };
        Ok(Begun { recorder: Recorder::start(ctx), params, credentials, share })
    }
}

impl Begun {
    /// All stages, in the call's span.
    async fn stages(self) -> Outcome {
        let Self { mut recorder, params, credentials, share: Share { account, document } } = self;
        let result = match let_in(&mut recorder, credentials, account.as_ref()).await {
            Ok(places) => run(&mut recorder, params, (places, document)).await,
            Err(error) => Err(error),
        };
        ended(recorder, result)
    }

    /// The stages up to the limits, in the call's span.
    async fn admit(self) -> Result<Admitted, Outcome> {
        let Self { mut recorder, params, credentials, share: Share { account, document } } = self;
        match let_in(&mut recorder, credentials, account.as_ref()).await {
            Ok((permit, place)) => Ok(Admitted { recorder, params, permit, place, document }),
            Err(error) => Err(ended(recorder, Err(error))),
        }
    }
}

/// The stages from the parameters on. What the call holds is given back before it is recorded.
async fn run(recorder: &mut Recorder, params: Params, held: impl Send) -> Result<Encoded, ApiError> {
    let (ctx, progress) = recorder.split();
    let result = match start(ctx, params, progress) {
        Ok(running) => handle::finish(ctx, running, progress).await,
        Err(error) => Err(error),
    };
    drop(held);
    result
}

/// Finds out who calls, and whether they may now.
async fn let_in(
    recorder: &mut Recorder,
    credentials: Credentials,
    account: Option<&Arc<Account>>,
) -> Result<(Permit, Option<Hold>), ApiError> {
    let ctx = recorder.ctx();
    let identity = authenticate::authenticate(&ctx.api, credentials, ctx.client).await?;
    let ctx = recorder.identify(identity);
    know(account, &ctx.identity);
    authorize::authorize(&ctx.method, &ctx.identity)?;
    admit::admit(ctx, account)
}

/// Records the call, and tells what it came to.
fn ended(recorder: Recorder, result: Result<Encoded, ApiError>) -> Outcome {
    let codec = recorder.ctx().codec();
    recorder.finish(result.as_ref());
    Outcome { codec, result }
}

/// Notes whether somebody has signed in on a connection.
fn know(account: Option<&Arc<Account>>, identity: &Identity) {
    if let Some(account) = account.filter(|_| identity.user().is_some()) {
        account.knows_caller();
    }
}

impl Admitted {
    /// The stages from the parameters on, in the call's span.
    pub(crate) fn run(self) -> impl Future<Output = Outcome> + Send {
        // No `async fn`: it would hold the call twice.
        let span = self.recorder.span().clone();
        self.stages().instrument(span)
    }

    async fn stages(self) -> Outcome {
        let Self { mut recorder, params, permit, place, document } = self;
        let result = run(&mut recorder, params, (permit, place, document)).await;
        ended(recorder, result)
    }

    /// Runs without anybody waiting for the answer. Beside too many of these the caller waits for the end after all, so that
    /// whoever waits for nothing is served at the pace of the work.
    pub(crate) async fn detach(self) {
        let account = self.place.as_ref().map(Hold::account);
        match account.map(|account| account.try_take(Resource::Detached, 1)) {
            Some(None) => {
                self.run().await;
            }
            room => {
                let tasks = Arc::clone(self.recorder.ctx().api.tasks());
                tasks.spawn(async move {
                    self.run().await;
                    drop(room);
                });
            }
        }
    }
}

/// What the caller sent is needed up to here only: the call of the handler holds what it took of it.
fn start<'c>(ctx: &'c Ctx, mut params: Params, progress: &mut Progress) -> Result<HandlerFuture<'c>, ApiError> {
    let arguments = validate::validate(ctx, &mut params)?;
    handle::start(ctx, arguments, progress)
}
