//! What a call brings beside its parameters, and what its answer carries beside its data.

mod answers;
mod cookies;
mod downloads;
mod heads;
mod uploads;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rpc_core::http::HttpService;
use rpc_core::{
    Api, ApiBuilder, ApiError, AuthError, AuthRequest, Authenticator, Ctx, Identity, RequestHead, Token, User,
    api_method, api_module,
};

use crate::support::server::Running;

api_module! {
    /// Heads of requests
    path = "/v9/request"
}

/// A header, and a cookie
#[api_method(path = "/v9/request/head", permissions = ["*"])]
async fn head(head: &RequestHead, name: String) -> Result<(Option<String>, Option<String>), ApiError> {
    Ok((head.header(&name).map(str::to_owned), head.cookie("seen").map(str::to_owned)))
}

/// Whether the context has a head
#[api_method(path = "/v9/request/without", permissions = ["*"])]
async fn without(ctx: &Ctx) -> Result<bool, ApiError> {
    Ok(ctx.head().is_some())
}

/// The debug text of all that is known of a call
#[api_method(path = "/v9/request/debug", permissions = ["*"])]
async fn debug(ctx: &Ctx, _head: &RequestHead) -> Result<String, ApiError> {
    Ok(format!("{:?} {ctx:?}", ctx.head()))
}

/// What a layer has put beside the request
#[api_method(path = "/v9/request/extension", permissions = ["*"])]
async fn extension(head: &RequestHead) -> Result<Option<u32>, ApiError> {
    Ok(head.extension::<Tenant>().map(|tenant| tenant.0))
}

/// Who calls, and of which tenant
#[api_method(path = "/v9/request/whoami", permissions = ["*"])]
async fn whoami(ctx: &Ctx) -> Result<Option<(String, Option<u32>)>, ApiError> {
    Ok(ctx.identity().user().map(|user| (user.name.to_string(), user.claims::<Tenant>().map(|tenant| tenant.0))))
}

/// For users
#[api_method(path = "/v9/request/users", permissions = ["user"])]
async fn users() -> Result<(), ApiError> {
    Ok(())
}

/// Looks at credentials late
#[api_method(path = "/v9/request/late", permissions = ["*"], ignores_token)]
async fn late(ctx: &Ctx) -> Result<(Option<String>, Option<String>), ApiError> {
    let name = |identity: &Identity| identity.user().map(|user| user.name.to_string());
    Ok((name(ctx.identity()), name(&ctx.authenticate().await?)))
}

#[derive(Debug, Clone, Copy)]
struct Tenant(u32);

/// Knows callers by the header `x-api-key`, by the cookie `session`, and by a token that comes with `x-device: d`. What it knows is
/// `ann`, until it is gone.
#[derive(Clone, Default)]
struct Heads(Arc<Mutex<BTreeSet<String>>>);

impl Heads {
    fn withdraw(&self, secret: &str) {
        self.0.lock().unwrap().insert(secret.to_owned());
    }

    fn user(&self, secret: &str) -> Result<Identity, AuthError> {
        match secret.strip_prefix("ann") {
            Some(_) if self.0.lock().unwrap().contains(secret) => Err(AuthError::BadToken),
            Some(_) => Ok(User::new("2", "ann").with_claims(Tenant(7)).into()),
            None => Err(AuthError::BadToken),
        }
    }
}

#[async_trait]
impl Authenticator for Heads {
    async fn authenticate(&self, token: &Token, request: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        if request.header("x-device") == Some("d") { self.user(token.expose()) } else { Err(AuthError::BadToken) }
    }

    fn reads_head(&self) -> bool {
        true
    }

    async fn authenticate_head(&self, request: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        if let Some(key) = request.header("x-api-key") {
            return self.user(key);
        }
        // A session that is over is a guest, not an error: sockets have to find out by themselves.
        match request.cookie("session")? {
            Some("ann-guest") if self.0.lock().unwrap().contains("ann-guest") => Ok(Identity::guest()),
            Some(session) => self.user(session),
            None => Ok(request.extension::<Tenant>().map_or_else(Identity::guest, |_| User::new("3", "bob").into())),
        }
    }
}

fn builder() -> ApiBuilder {
    Api::builder().only("/v9/request/**").authenticator(Heads::default())
}

async fn start() -> Running {
    Running::serve(builder(), allowing).await
}

fn allowing(service: HttpService) -> HttpService {
    service.allow_origin("https://app.example")
}
