use rpc_core::{ApiError, Ctx, api_method, api_module};

use super::errors::{WithPointers, at};
use super::rows::UserRow;
use crate::app::App;

api_module! {
    /// User profile
    path = "/v1/profile"
}

/// Read user profile
#[api_method(path = "/v1/profile/read", permissions = ["user"])]
async fn read(ctx: &Ctx, app: &App) -> Result<UserRow, ApiError> {
    let user = app.accounts.user_of(ctx.identity()).await?;
    Ok(UserRow::new(app, user))
}

/// Set user email
#[api_method(path = "/v1/profile/set-email", permissions = ["user"], session_only)]
async fn set_email(ctx: &Ctx, app: &App, email: Option<String>) -> Result<(), ApiError> {
    app.accounts.set_email(ctx.identity(), email.as_deref()).await.with_pointers(at(0))
}

/// Set user telegram name
#[api_method(path = "/v1/profile/set-telegram-username", permissions = ["user"], session_only)]
async fn set_telegram_username(ctx: &Ctx, app: &App, username: Option<String>) -> Result<(), ApiError> {
    app.accounts.set_telegram_name(ctx.identity(), username.as_deref()).await.with_pointers(at(0))
}
