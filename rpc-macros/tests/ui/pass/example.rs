use rpc_core::{ApiError, Ctx, Upload, api_method, api_module};

struct App;

api_module! {
    /// Application users management
    path = "/v1/admin/users"
}

/// Set user enabled
#[api_method(path = "/v1/admin/users/set-enabled", permissions = ["admin"])]
async fn set_enabled(
    ctx: &Ctx,
    app: &App,
    file: Option<&Upload>,
    /// User id or name.
    #[param(name = "userId")]
    user_id: String,
    mut enabled: bool,
) -> Result<(), ApiError> {
    enabled = !enabled;
    let _ = (ctx, app, file, user_id, enabled);
    Ok(())
}

fn main() {
    let _ = set_enabled::ENTRY;
}
