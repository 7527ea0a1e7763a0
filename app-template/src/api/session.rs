use rpc_auth::{AccountError, SignUpFields, SignedIn};
use rpc_core::reserved::{ROOT, USER};
use rpc_core::{ApiError, ApiEvent, Ctx, Identity, Reply, api_method, api_module};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::errors::{WithPointers, at, in_fields};
use super::rows::{Permissions, avatar, held};
use crate::app::App;

api_module! {
    /// Session
    path = "/v1/session"
}

/// A session of the user has ended
///
/// Heard by the user's other connections, after those of the session are closed.
#[derive(Serialize, ApiEvent)]
#[event(name = "/session/signed-out", audience = ["self"])]
struct SignedOut;

/// Confirm user email using email confirmation token
#[api_method(path = "/v1/session/confirm-email-by-token", permissions = ["*"], ignores_token, rate = "100/min")]
async fn confirm_email_by_token(
    ctx: &Ctx,
    app: &App,
    /// Email confirmation token.
    token: String,
) -> Result<(), ApiError> {
    Ok(app.accounts.confirm_email(&token, ctx.client()).await?)
}

/// Send confirmation email
#[api_method(path = "/v1/session/send-confirmation-email", permissions = ["*"], ignores_token, rate = "60/h")]
async fn send_confirmation_email(
    ctx: &Ctx,
    app: &App,
    /// User name or email.
    user_id: String,
) -> Result<(), ApiError> {
    let (accounts, client) = (app.accounts.clone(), ctx.client());
    in_background(app, async move { accounts.send_confirmation(&user_id, client).await }).await;
    Ok(())
}

/// Send password reset email
#[api_method(path = "/v1/session/send-password-reset-email", permissions = ["*"], ignores_token, rate = "60/h")]
async fn send_password_reset_email(
    ctx: &Ctx,
    app: &App,
    /// User name or email.
    user_id: String,
) -> Result<(), ApiError> {
    let (accounts, client) = (app.accounts.clone(), ctx.client());
    in_background(app, async move { accounts.send_password_reset(&user_id, client).await }).await;
    Ok(())
}

/// Answers before it is known whether there is anybody to write to: neither answer nor time tells.
async fn in_background(app: &App, work: impl Future<Output = Result<(), AccountError>> + Send + 'static) {
    let work = async {
        if let Err(error) = work.await {
            tracing::warn!(event = "mail.unsent", %error, "a mail that was asked for was not sent: {error}");
        }
    };
    app.background.start(work).await;
}

/// Set user password using password recovery token
#[api_method(path = "/v1/session/set-password-by-token", permissions = ["*"], ignores_token, rate = "100/min")]
async fn set_password_by_token(ctx: &Ctx, app: &App, token: String, password: String) -> Result<(), ApiError> {
    app.accounts.set_password_by_token(&token, &password, ctx.client()).await.with_pointers(at(1))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
}

/// Somebody is signed in.
#[derive(Serialize, JsonSchema)]
struct Session {
    /// The session's token, told once; absent where a present token was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    auth: Auth,
    /// Settings that every user may know.
    settings: Map<String, Value>,
}

/// Who is signed in.
#[derive(Serialize, JsonSchema)]
struct Auth {
    is_authenticated: bool,
    user_id: String,
    username: String,
    /// Those that hold now, each `true`.
    permissions: Permissions,
    /// The address of a picture.
    avatar: Option<String>,
}

/// Signin
///
/// If `credentials` parameter is specified - will try to sign in user using username and password, otherwise will try to sign in user, using currently used api token.
///
/// **Returns**:
///
/// -   `200`: Sign in successfully.
///
/// -   `401`: Bad credentials.
///
/// -   `403`: Not authorized.
///
/// -   Any other status means bad request, internal or connection error. Refer to the response `reason` property for more information.
#[api_method(path = "/v1/session/signin", permissions = ["*"], ignores_token)]
async fn signin(
    ctx: &Ctx,
    app: &App,
    credentials: Option<Credentials>,
    /// Array of permissions. Only user, who has this permissions can sign in. If `null` permissions will not check.
    #[param(name = "signinPermissions", nullable)]
    signin_permissions: Option<Vec<String>>,
) -> Result<Session, ApiError> {
    let required = signin_permissions.as_deref();
    match credentials {
        Some(Credentials { username, password }) => {
            let signed_in = app.accounts.sign_in(&username, &password, required, ctx.client()).await?;
            Ok(opened(app, &signed_in))
        }
        None => present(app, &ctx.authenticate().await?, required).await,
    }
}

/// A session that was just made.
fn opened(app: &App, signed_in: &SignedIn) -> Session {
    let SignedIn { token, user, .. } = signed_in;
    let auth = Auth {
        is_authenticated: true,
        user_id: user.id.to_string(),
        username: user.name.clone(),
        permissions: held(app.accounts.vocabulary().held_by(user)),
        avatar: avatar(app, user),
    };
    Session { token: Some(token.expose().to_owned()), auth, settings: Map::new() }
}

/// What the caller's present token stands for.
async fn present(app: &App, identity: &Identity, required: Option<&[String]>) -> Result<Session, ApiError> {
    let user = app.accounts.user_of(identity).await?;
    let meets = |name: &String| match name.as_str() {
        USER => true,
        ROOT => identity.is_root(),
        declared => identity.holds(declared),
    };
    if required.is_some_and(|required| !required.iter().any(meets)) {
        return Err(AccountError::Forbidden("Not permitted").into());
    }
    let permissions = app.accounts.vocabulary().permissions().iter().map(|permission| permission.name);
    let auth = Auth {
        is_authenticated: true,
        user_id: user.id.to_string(),
        username: user.name.clone(),
        permissions: held(permissions.filter(|name| identity.holds(name))),
        avatar: avatar(app, &user),
    };
    Ok(Session { token: None, auth, settings: Map::new() })
}

/// Signout
#[api_method(path = "/v1/session/signout", permissions = ["*"])]
async fn signout(ctx: &Ctx, app: &App) -> Result<(), ApiError> {
    app.accounts.sign_out(ctx.identity()).await?;
    let Some(user) = ctx.identity().user() else { return Ok(()) };
    if let Err(error) = ctx.publish_to(user, &SignedOut).await {
        tracing::warn!(event = "event.unpublished", %error, "a sign-out was not told to the user: {error}");
    }
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
struct SignupFields {
    username: String,
    password: Option<String>,
    email: Option<String>,
    telegram_name: Option<String>,
}

/// Signup
#[api_method(path = "/v1/session/signup", permissions = ["*"], ignores_token, rate = "60/h")]
async fn signup(ctx: &Ctx, app: &App, fields: SignupFields) -> Result<Reply<()>, ApiError> {
    let SignupFields { username, password, email, telegram_name } = fields;
    let fields = SignUpFields { user_name: username, password, email, telegram_name };
    app.accounts.sign_up(&fields, ctx.client()).await.with_pointers(in_fields)?;
    Ok(Reply::new(()).reason("You were registered."))
}
