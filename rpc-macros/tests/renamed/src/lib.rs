//! A user's crate that calls `rpc-core` by another name: the macros find it all the same.

use api::read::{Condition, Read, Sortable};
use api::{ApiError, Ctx, ReadFields, api_event, api_method, api_module};

/// A state.
#[derive(Debug)]
pub struct App;

/// What orders can be found and sorted by.
#[derive(Debug, ReadFields)]
pub struct OrderFields {
    /// Id.
    #[read("=", sortable)]
    pub id: Option<Condition<String>>,
    /// Time of creation.
    #[read(sortable)]
    pub created: Sortable,
}

api_module! {
    /// Orders
    path = "/v1/orders"
}

api_event! {
    /// Orders changed
    name = "/orders/changed", audience = ["user"], payload = Vec<String>
}

/// List orders
///
/// # Errors
///
/// None.
#[api_method(path = "/v1/orders/list", permissions = ["*"], rate = "10/min", timeout = "30s")]
pub async fn list(_ctx: &Ctx, app: &App, options: Option<Read<OrderFields>>) -> Result<String, ApiError> {
    Ok(format!("{app:?} {}", options.unwrap_or_default().limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_is_registered_under_its_path() {
        let api = api::Api::builder().state(App).build().unwrap();
        assert_eq!(api.methods().map(api::Method::path).collect::<Vec<_>>(), ["/v1/orders/list"]);
        assert_eq!(api.modules().count(), 1);
        assert_eq!(api.events().map(api::Event::name).collect::<Vec<_>>(), ["/orders/changed"]);
    }
}
