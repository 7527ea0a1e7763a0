use rpc_auth::{ApiTokenId, ApiTokenQuery, ApiTokenRecord, Page, PageRequest};
use rpc_core::read::{Condition, Direction, Read};
use rpc_core::{ApiError, Ctx, ReadFields, Reply, Timestamp, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;

use super::errors::{WithPointers, at, in_permissions};
use super::list::{Listed, ONE_ROW, nothing};
use super::rows::{PermissionRow, Permissions, held};
use crate::app::App;

api_module! {
    /// API access tokens
    path = "/v1/api-tokens"
}

/// A token that was just made.
#[derive(Serialize, JsonSchema)]
struct NewToken {
    id: String,
    name: String,
    /// The token itself, told once.
    token: String,
    enabled: bool,
    created: Timestamp,
    permissions: Permissions,
}

/// Generate new token
#[api_method(path = "/v1/api-tokens/create", permissions = ["user"], session_only)]
async fn create(ctx: &Ctx, app: &App, name: String) -> Result<NewToken, ApiError> {
    let (record, token) = app.accounts.create_api_token(ctx.identity(), &name).await.with_pointers(at(0))?;
    Ok(NewToken {
        id: record.id.to_string(),
        name: record.name,
        token: token.expose().to_owned(),
        enabled: record.enabled,
        created: record.created,
        permissions: Permissions::new(),
    })
}

/// Remove token
#[api_method(path = "/v1/api-tokens/delete", permissions = ["user"], session_only)]
async fn delete(ctx: &Ctx, app: &App, #[param(name = "tokenId")] token_id: String) -> Result<(), ApiError> {
    Ok(app.accounts.delete_api_token(ctx.identity(), &token_id).await?)
}

/// Get token permissions
#[api_method(path = "/v1/api-tokens/get-permissions", permissions = ["user"])]
async fn get_permissions(
    ctx: &Ctx,
    app: &App,
    #[param(name = "tokenId")] token_id: String,
) -> Result<Vec<PermissionRow>, ApiError> {
    Ok(PermissionRow::all(app.accounts.api_token_permissions(ctx.identity(), &token_id).await?))
}

#[derive(ReadFields)]
struct TokenFields {
    #[read("=", sortable)]
    id: Option<Condition<String>>,
}

/// A token, without the token itself.
#[derive(Serialize, JsonSchema)]
struct TokenRow {
    id: String,
    name: String,
    enabled: bool,
    created: Timestamp,
    /// To within a minute; `null` when it was never used.
    last_used: Option<Timestamp>,
    /// Those that hold now, each `true`.
    permissions: Permissions,
}

impl TokenRow {
    fn new((record, names): (ApiTokenRecord, Vec<&'static str>)) -> Self {
        Self {
            id: record.id.to_string(),
            name: record.name,
            enabled: record.enabled,
            created: record.created,
            last_used: record.last_used,
            permissions: held(names),
        }
    }
}

/// Read tokens
#[api_method(path = "/v1/api-tokens/read", permissions = ["user"])]
async fn read(
    ctx: &Ctx,
    app: &App,
    #[param(opaque)] options: Option<Read<TokenFields>>,
) -> Result<Reply<Listed<TokenRow>>, ApiError> {
    let options = options.unwrap_or_default();
    let condition = options.filter.and_then(|fields| fields.id);
    let asked = [options.id.clone(), condition.and_then(equal)];
    let ids: Option<Vec<ApiTokenId>> = asked.into_iter().flatten().map(|id| id.parse().ok()).collect();
    let request =
        if options.id.is_some() { ONE_ROW } else { PageRequest { offset: options.offset, limit: options.limit } };
    let descending = options.order_by.first().is_some_and(|term| term.direction == Direction::Descending);
    let page = match ids.as_deref() {
        None => nothing(),
        Some([one, other]) if one != other => nothing(),
        Some([id, ..]) => page(ctx, app, ApiTokenQuery { id: Some(*id), page: request }).await?,
        Some([]) if descending => last_first(ctx, app, request).await?,
        Some([]) => page(ctx, app, ApiTokenQuery { id: None, page: request }).await?,
    };
    if options.id.is_some() { Listed::one(page, "Token") } else { Ok(Listed::page(page)) }
}

fn equal(condition: Condition<String>) -> Option<String> {
    match condition {
        Condition::Eq(id) => Some(id),
        _ => None,
    }
}

async fn page(ctx: &Ctx, app: &App, query: ApiTokenQuery) -> Result<Page<TokenRow>, ApiError> {
    let page = app.accounts.api_tokens(ctx.identity(), &query).await?;
    Ok(Page { rows: page.rows.into_iter().map(TokenRow::new).collect(), total: page.total })
}

/// A page of the list read backwards: stores have it forwards only.
async fn last_first(ctx: &Ctx, app: &App, request: PageRequest) -> Result<Page<TokenRow>, ApiError> {
    let total = page(ctx, app, ApiTokenQuery { id: None, page: ONE_ROW }).await?.total;
    let end = total.saturating_sub(request.offset);
    let offset = end.saturating_sub(request.limit.into());
    let limit = u32::try_from(end - offset).unwrap_or(request.limit);
    if limit == 0 {
        return Ok(Page { rows: Vec::new(), total });
    }
    let mut page = page(ctx, app, ApiTokenQuery { id: None, page: PageRequest { offset, limit } }).await?;
    page.rows.reverse();
    Ok(page)
}

/// Set token enabled
#[api_method(path = "/v1/api-tokens/set-enabled", permissions = ["user"], session_only)]
async fn set_enabled(
    ctx: &Ctx,
    app: &App,
    #[param(name = "tokenId")] token_id: String,
    enabled: bool,
) -> Result<(), ApiError> {
    Ok(app.accounts.set_api_token_enabled(ctx.identity(), &token_id, enabled).await?)
}

/// Set token permissions
#[api_method(path = "/v1/api-tokens/set-permissions", permissions = ["user"], session_only)]
async fn set_permissions(
    ctx: &Ctx,
    app: &App,
    #[param(name = "tokenId")] token_id: String,
    permissions: Permissions,
) -> Result<(), ApiError> {
    let set = app.accounts.set_api_token_permissions(ctx.identity(), &token_id, permissions);
    set.await.with_pointers(in_permissions)
}

/// Update token permissions
#[api_method(path = "/v1/api-tokens/update-permissions", permissions = ["user"], session_only)]
async fn update_permissions(
    ctx: &Ctx,
    app: &App,
    #[param(name = "tokenId")] token_id: String,
    permissions: Permissions,
) -> Result<(), ApiError> {
    let updated = app.accounts.update_api_token_permissions(ctx.identity(), &token_id, permissions);
    updated.await.with_pointers(in_permissions)
}
