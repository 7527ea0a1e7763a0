use rpc_core::{ApiError, ApiEvent, Ctx, ErrorCode, Proof, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::App;
use crate::mail::{self, SmtpOverride};
use crate::settings::{PublicSettings, SettingsChange};

api_module! {
    /// Application settings
    path = "/v1/admin/settings"
}

/// The settings have changed
#[derive(Serialize, JsonSchema, ApiEvent)]
#[event(name = "/settings/updated", audience = ["admin"])]
struct SettingsUpdated(PublicSettings);

/// Root is root in a session only.
const ROOT_ONLY: &str = "Sign in as root to change app_url and the mail account";

/// Read application settings
#[api_method(path = "/v1/admin/settings/read", permissions = ["admin"])]
async fn read(app: &App) -> Result<PublicSettings, ApiError> {
    Ok(app.settings.current().public())
}

/// Test SMTP server settings
#[api_method(path = "/v1/admin/settings/test-smtp", permissions = ["admin"], concurrency = 16, concurrency_per_user = 2)]
async fn test_smtp(ctx: &Ctx, app: &App, settings: SmtpOverride) -> Result<(), ApiError> {
    let stored = app.settings.current();
    let by_token = ctx.identity().user().is_some_and(|user| user.proof == Proof::ApiToken);
    if by_token && !settings.is_stored_server(&stored) {
        return Err(ApiError::of(ErrorCode::Forbidden).with_reason("Sign in to try another server"));
    }
    Ok(mail::test_smtp(&settings, &stored, &app.smtp).await?)
}

/// Update application settings
#[api_method(path = "/v1/admin/settings/update", permissions = ["admin"])]
async fn update(
    ctx: &Ctx,
    app: &App,
    /// application settings object
    #[param(opaque)]
    settings: Map<String, Value>,
) -> Result<(), ApiError> {
    let change = SettingsChange::parse(&settings).map_err(ApiError::violations)?;
    if change.is_for_root() && !ctx.identity().is_root() {
        return Err(ApiError::of(ErrorCode::Forbidden).with_reason(ROOT_ONLY));
    }
    let settings = app.settings.update(&change, &app.accounts.authority(ctx.identity())?).await?;
    if let Err(error) = ctx.publish(&SettingsUpdated(settings.public())).await {
        tracing::warn!(event = "event.unpublished", %error, "a change of settings was not told: {error}");
    }
    Ok(())
}
