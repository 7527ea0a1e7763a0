use rpc_auth::{
    AccountError, CreatedUser, Field, Page, PageRequest, Password, SignUpFields, UserQuery, UserRecord, UserSort,
};
use rpc_core::read::{Condition, Direction, OrderBy, PAGE, Read, Sortable};
use rpc_core::{ApiError, Ctx, ReadFields, Reply, api_method, api_module};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::errors::{WithPointers, at, in_fields, in_permissions};
use crate::api::list::{Listed, ONE_ROW, nothing};
use crate::api::rows::{PermissionRow, Permissions, UserRow, held};
use crate::app::App;

api_module! {
    /// Application users management
    path = "/v1/admin/users"
}

#[derive(Deserialize, JsonSchema)]
struct UserFields {
    username: String,
    password: Option<String>,
    enabled: Option<bool>,
    permissions: Option<Permissions>,
    email: Option<String>,
    telegram_name: Option<String>,
}

/// A user who was just made.
#[derive(Serialize, JsonSchema)]
struct NewUser {
    id: String,
    name: String,
    /// The password, told once, if it was generated.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    enabled: bool,
    /// Those that hold now, each `true`.
    permissions: Permissions,
}

/// Create user
#[api_method(path = "/v1/admin/users/create", permissions = ["admin"])]
async fn create(ctx: &Ctx, app: &App, fields: UserFields) -> Result<NewUser, ApiError> {
    let UserFields { username, password, enabled, permissions, email, telegram_name } = fields;
    let fields = rpc_auth::UserFields {
        account: SignUpFields { user_name: username, password, email, telegram_name },
        enabled: enabled.unwrap_or(true),
        permissions: permissions.unwrap_or_default(),
    };
    let CreatedUser { user, password } =
        app.accounts.create_user(ctx.identity(), fields).await.with_pointers(in_fields)?;
    Ok(NewUser {
        id: user.id.to_string(),
        permissions: held(app.accounts.vocabulary().held_by(&user)),
        name: user.name,
        password: password.map(|password| password.expose().to_owned()),
        enabled: user.enabled,
    })
}

/// Remove user
#[api_method(path = "/v1/admin/users/delete", permissions = ["admin"])]
async fn delete(ctx: &Ctx, app: &App, #[param(name = "userId")] user_id: String) -> Result<(), ApiError> {
    Ok(app.accounts.delete_user(ctx.identity(), &user_id).await?)
}

/// Get user permissions
#[api_method(path = "/v1/admin/users/get-permissions", permissions = ["admin"])]
async fn get_permissions(
    ctx: &Ctx,
    app: &App,
    #[param(name = "userId")] user_id: String,
) -> Result<Vec<PermissionRow>, ApiError> {
    Ok(PermissionRow::all(app.accounts.user_permissions(ctx.identity(), &user_id).await?))
}

#[derive(ReadFields)]
struct UserList {
    #[read("=", sortable)]
    id: Option<Condition<String>>,
    #[read("like")]
    search: Option<Condition<String>>,
    #[read(sortable)]
    name: Sortable,
    #[read(sortable)]
    created: Sortable,
    #[read(sortable)]
    enabled: Sortable,
}

/// Read users
#[api_method(path = "/v1/admin/users/read", permissions = ["admin"])]
async fn read(ctx: &Ctx, app: &App, options: Option<Read<UserList>>) -> Result<Reply<Listed<UserRow>>, ApiError> {
    let options = options.unwrap_or_default();
    let asks_for_one = options.id.is_some();
    let users = match query(options) {
        Some(query) => app.accounts.users(ctx.identity(), query).await?,
        None => nothing(),
    };
    let rows = users.rows.into_iter().map(|user| UserRow::new(app, user)).collect();
    let page = Page { rows, total: users.total };
    if asks_for_one { Listed::one(page, "User") } else { Ok(Listed::page(page)) }
}

/// What the store is asked; `None` where no user can match.
fn query(options: Read<UserList>) -> Option<UserQuery> {
    let Read { filter, order_by, offset, limit, id } = options;
    let (mut ids, mut search) = (Vec::from_iter(id), None);
    let page = if ids.is_empty() { PageRequest { offset, limit } } else { ONE_ROW };
    if let Some(filter) = filter {
        ids.extend(filter.id.and_then(text));
        search = filter.search.and_then(text);
    }
    let ids = ids.iter().map(|id| id.parse().ok()).collect::<Option<Vec<_>>>()?;
    if ids.windows(2).any(|pair| pair[0] != pair[1]) {
        return None;
    }
    let order = order_by.into_iter().map(|term| OrderBy { field: sort(term.field), direction: term.direction });
    find(UserQuery { id: ids.first().copied(), search, order: order.collect(), ..every_user(page) })
}

fn every_user(page: PageRequest) -> UserQuery {
    UserQuery { id: None, search: None, name: None, with_root: false, order: Vec::new(), page }
}

/// Nothing stored holds U+0000, and not every store can be asked for it.
fn find(query: UserQuery) -> Option<UserQuery> {
    let asks_for_nul = [&query.search, &query.name].into_iter().flatten().any(|text| text.contains('\0'));
    (!asks_for_nul).then_some(query)
}

fn text(condition: Condition<String>) -> Option<String> {
    match condition {
        Condition::Eq(text) | Condition::Like(text) => Some(text),
        _ => None,
    }
}

fn sort(field: UserListSort) -> UserSort {
    match field {
        UserListSort::Id => UserSort::Id,
        UserListSort::Name => UserSort::Name,
        UserListSort::Created => UserSort::Created,
        UserListSort::Enabled => UserSort::Enabled,
    }
}

/// Set user enabled
#[api_method(path = "/v1/admin/users/set-enabled", permissions = ["admin"])]
async fn set_enabled(
    ctx: &Ctx,
    app: &App,
    /// User id or name.
    #[param(name = "userId")]
    user_id: String,
    enabled: bool,
) -> Result<(), ApiError> {
    Ok(app.accounts.set_user_enabled(ctx.identity(), &user_id, enabled).await?)
}

/// A password that was generated.
#[derive(Serialize, JsonSchema)]
struct GeneratedPassword {
    /// Told once.
    password: String,
}

/// Set user password
#[api_method(path = "/v1/admin/users/set-password", permissions = ["admin"])]
async fn set_password(
    ctx: &Ctx,
    app: &App,
    /// User id or name.
    #[param(name = "userId")]
    user_id: String,
    #[param(name = "pasword")] password: Option<String>,
) -> Result<Option<GeneratedPassword>, ApiError> {
    let password = password.map_or(Password::Generated, Password::Given);
    let generated = app.accounts.set_user_password(ctx.identity(), &user_id, password).await.with_pointers(at(1))?;
    Ok(generated.map(|password| GeneratedPassword { password: password.expose().to_owned() }))
}

/// Set user permissions
#[api_method(path = "/v1/admin/users/set-permissions", permissions = ["admin"])]
async fn set_permissions(
    ctx: &Ctx,
    app: &App,
    #[param(name = "userId")] user_id: String,
    permissions: Permissions,
) -> Result<(), ApiError> {
    app.accounts.set_user_permissions(ctx.identity(), &user_id, permissions).await.with_pointers(in_permissions)
}

/// Change user name
#[api_method(path = "/v1/admin/users/set-username", permissions = ["admin"])]
async fn set_username(
    ctx: &Ctx,
    app: &App,
    user_id: String,
    new_username: String,
    new_password: Option<String>,
) -> Result<(), ApiError> {
    let renamed = app.accounts.set_user_name(ctx.identity(), &user_id, &new_username, new_password).await;
    renamed.with_pointers(|field| (if *field == Field::Password { 2 } else { 1 }, String::new()))
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum LikeOperator {
    Like,
}

#[derive(Deserialize, JsonSchema)]
struct SuggestConditions {
    name: Option<(LikeOperator, String)>,
}

#[derive(Deserialize, JsonSchema)]
struct SuggestOptions {
    r#where: Option<SuggestConditions>,
}

/// A user, as little of them as a choice needs.
#[derive(Serialize, JsonSchema)]
struct Suggestion {
    id: String,
    name: String,
}

/// Suggest user name
#[api_method(path = "/v1/admin/users/suggest", permissions = ["admin"])]
async fn suggest(ctx: &Ctx, app: &App, options: Option<SuggestOptions>) -> Result<Reply<Vec<Suggestion>>, ApiError> {
    let condition = options.and_then(|options| options.r#where).and_then(|conditions| conditions.name);
    let name = condition.map(|(LikeOperator::Like, name)| name);
    let users = suggested(ctx, app, name).await?;
    let suggestion = |user: UserRecord| Suggestion { id: user.id.to_string(), name: user.name };
    Ok(Reply::new(users.rows.into_iter().map(suggestion).collect()).total(users.total))
}

async fn suggested(ctx: &Ctx, app: &App, name: Option<String>) -> Result<Page<UserRecord>, AccountError> {
    let by_name = OrderBy { field: UserSort::Name, direction: Direction::Ascending };
    let page = PageRequest { offset: 0, limit: PAGE };
    match find(UserQuery { name, order: vec![by_name], ..every_user(page) }) {
        Some(query) => app.accounts.users(ctx.identity(), query).await,
        None => Ok(nothing()),
    }
}

/// Update user permissions
#[api_method(path = "/v1/admin/users/update-permissions", permissions = ["admin"])]
async fn update_permissions(
    ctx: &Ctx,
    app: &App,
    #[param(name = "userId")] user_id: String,
    permissions: Permissions,
) -> Result<(), ApiError> {
    app.accounts.update_user_permissions(ctx.identity(), &user_id, permissions).await.with_pointers(in_permissions)
}
