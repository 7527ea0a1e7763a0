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

use self::observe::Recorder;
use crate::api::Api;
use crate::call::{Call, Credentials, Outcome};
use crate::codec::Params;
use crate::ctx::Ctx;
use crate::error::ApiError;
use crate::limits::Permit;

/// A call that may run: its caller is known, permitted, and within the limits.
#[derive(Debug)]
pub(crate) struct Admitted {
    ctx: Ctx,
    params: Params,
    permit: Permit,
    recorder: Recorder,
}

impl Api {
    /// Takes a call through all stages. Every way in ends here.
    pub async fn call(&self, call: Call<'_>) -> Outcome {
        match self.admit(call).await {
            Ok(admitted) => admitted.run().await,
            Err(outcome) => outcome,
        }
    }

    /// Whether the caller may call at all, before a large body is read. Nothing is recorded: the call itself follows.
    pub(crate) async fn precheck(&self, call: &Call<'_>) -> Result<(), ApiError> {
        let method = resolve::resolve(self, call)?;
        let credentials = if method.ignores_token() { Credentials::None } else { call.credentials.clone() };
        let identity = authenticate::authenticate(self, credentials, call.client).await?;
        authorize::authorize(&method, &identity)
    }

    /// The stages up to the limits: after them the caller can be told that the call is accepted.
    pub(crate) async fn admit(&self, call: Call<'_>) -> Result<Admitted, Outcome> {
        let codec = call.codec;
        let refuse = |error: ApiError| Outcome { codec, result: Err(error) };
        let method = resolve::resolve(self, &call).map_err(refuse)?;
        let mut recorder = Recorder::start(self, &method, &call);
        let Call { params, codec, credentials, transport, client, request_id, trace, upload, .. } = call;
        let (credentials, ignored) =
            if method.ignores_token() { (Credentials::None, credentials) } else { (credentials, Credentials::None) };
        let span = recorder.span().clone();
        let stages = async {
            let identity = authenticate::authenticate(self, credentials, client).await?;
            recorder.identify(&identity);
            authorize::authorize(&method, &identity)?;
            let permit = admit::admit(self, &method, &identity, client)?;
            Ok((identity, permit))
        };
        match stages.instrument(span).await {
            Ok((identity, permit)) => {
                let api = self.clone();
                let ctx = Ctx { api, method, identity, ignored, codec, transport, client, request_id, trace, upload };
                Ok(Admitted { ctx, params, permit, recorder })
            }
            Err(error) => {
                recorder.finish(Err(&error));
                Err(refuse(error))
            }
        }
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
        let Self { ctx, params, permit, mut recorder } = self;
        let codec = ctx.codec();
        let result = match validate::validate(&ctx, params) {
            Ok(arguments) => handle::handle(&ctx, arguments, &mut recorder).await,
            Err(error) => Err(error),
        };
        drop(permit);
        recorder.finish(result.as_ref());
        Outcome { codec, result }
    }

    /// Runs without anybody waiting for the answer.
    pub(crate) fn detach(self) {
        let tasks = Arc::clone(self.ctx.api.tasks());
        tasks.spawn(self.run());
    }
}
