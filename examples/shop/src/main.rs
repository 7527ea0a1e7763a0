//! A shop on the reference application. It has the application's users, sessions, settings, commands, log and metrics; what is
//! its own is below: an option, a permission, a state, an event and two methods.
//!
//! ```text
//! cargo run -p shop -- --port 8080          SHOP_CURRENCY=CHF, or currency = "CHF" in shop.toml, or --currency CHF
//! cargo run -p shop -- methods              the methods of the application, and the two of the shop
//! cargo run -p shop -- docs                 their reference; docs --configuration has the option
//! ```

use std::process::ExitCode;
use std::sync::Mutex;

use app_template::{ConfigOption, Program, ProgramParts, StartError};
use rpc_core::{ApiError, ApiEvent, Ctx, Permission, State, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;

static CURRENCY: ConfigOption<String> = ConfigOption::new("currency", "EUR", "Currency of all prices").with_flag();
static MAX_ITEMS: ConfigOption<u32> = ConfigOption::new("max-items", "10", "Items of one order").within("1", "1000");

/// Allows to look at the orders of others.
const CLERK: Permission = Permission::new("clerk", "Clerk", "Look at the orders of all customers");

/// What the methods of the shop work with.
struct Shop {
    currency: String,
    max_items: u32,
    orders: Mutex<Vec<Order>>,
}

impl State for Shop {}

impl Shop {
    /// Opens the shop. A shop with a database would keep the pool of `parts.postgres()`.
    async fn open(parts: ProgramParts) -> Result<Self, StartError> {
        let currency = parts.value(&CURRENCY)?;
        if currency.len() != 3 {
            return Err(format!("currency is \"{currency}\": expected three letters, such as EUR").into());
        }
        Ok(Self { currency, max_items: parts.value(&MAX_ITEMS)?, orders: Mutex::default() })
    }
}

/// An order was placed
#[derive(Debug, Clone, Serialize, JsonSchema, ApiEvent)]
#[event(name = "/shop/ordered", audience = ["clerk"])]
struct Order {
    /// Who ordered.
    customer: String,
    items: u32,
    currency: String,
}

api_module! {
    /// Shop
    path = "/v1/shop"
}

/// Place an order
#[api_method(path = "/v1/shop/order", permissions = ["user"])]
async fn order(ctx: &Ctx, shop: &Shop, items: u32) -> Result<Order, ApiError> {
    if items == 0 || items > shop.max_items {
        return Err(ApiError::new(409, format!("An order has 1 to {} items", shop.max_items)));
    }
    let customer = ctx.identity().user().map(|user| user.name.to_string()).unwrap_or_default();
    let order = Order { customer, items, currency: shop.currency.clone() };
    shop.orders.lock().map_err(|error| ApiError::internal(error.to_string()))?.push(order.clone());
    ctx.publish(&order).await?;
    Ok(order)
}

/// List all orders
#[api_method(path = "/v1/shop/list", permissions = ["clerk"])]
async fn list(shop: &Shop) -> Result<Vec<Order>, ApiError> {
    Ok(shop.orders.lock().map_err(|error| ApiError::internal(error.to_string()))?.clone())
}

fn main() -> ExitCode {
    Program::new("shop")
        .version(env!("CARGO_PKG_VERSION"))
        .permission(CLERK)
        .option(&CURRENCY)
        .option(&MAX_ITEMS)
        .state(Shop::open)
        .run()
}
