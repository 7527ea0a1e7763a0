//! A kiosk on the reference application. It has the application's users, sessions, settings, commands, log and metrics; what is
//! its own is below: an option, a permission, a state, an event and two methods.
//!
//! ```text
//! cargo run -p kiosk -- --port 8080          KIOSK_CURRENCY=CHF, or currency = "CHF" in kiosk.toml, or --currency CHF
//! cargo run -p kiosk -- methods              the methods of the application, and the two of the kiosk
//! cargo run -p kiosk -- docs                 their reference; docs --configuration has the option
//! ```

use std::process::ExitCode;
use std::sync::Mutex;

use app_template::{ConfigOption, Program, ProgramParts, StartError};
use rpc_core::{ApiError, ApiEvent, Ctx, Permission, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;

static CURRENCY: ConfigOption<String> = ConfigOption::new("currency", "EUR", "Currency of all prices").with_flag();
static MAX_ITEMS: ConfigOption<u32> = ConfigOption::new("max-items", "10", "Items of one order").within("1", "1000");

/// Allows to look at the orders of others.
const CLERK: Permission = Permission::new("clerk", "Clerk", "Look at the orders of all customers");

/// What the methods of the kiosk work with.
struct Kiosk {
    currency: String,
    max_items: u32,
    orders: Mutex<Vec<Order>>,
}

impl Kiosk {
    /// Opens the kiosk. A kiosk with a database would keep the pool of `parts.postgres()`.
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
#[event(name = "/kiosk/ordered", audience = ["clerk"])]
struct Order {
    /// Who ordered.
    customer: String,
    items: u32,
    currency: String,
}

api_module! {
    /// Kiosk
    path = "/v1/kiosk"
}

/// Place an order
#[api_method(path = "/v1/kiosk/order", permissions = ["user"])]
async fn order(ctx: &Ctx, kiosk: &Kiosk, items: u32) -> Result<Order, ApiError> {
    if items == 0 || items > kiosk.max_items {
        return Err(ApiError::new(409, format!("An order has 1 to {} items", kiosk.max_items)));
    }
    let customer = ctx.identity().user().map(|user| user.name.to_string()).unwrap_or_default();
    let order = Order { customer, items, currency: kiosk.currency.clone() };
    kiosk.orders.lock().map_err(|error| ApiError::internal(error.to_string()))?.push(order.clone());
    ctx.publish(&order).await?;
    Ok(order)
}

/// List all orders
#[api_method(path = "/v1/kiosk/list", permissions = ["clerk"])]
async fn list(kiosk: &Kiosk) -> Result<Vec<Order>, ApiError> {
    Ok(kiosk.orders.lock().map_err(|error| ApiError::internal(error.to_string()))?.clone())
}

fn main() -> ExitCode {
    Program::new("kiosk")
        .version(env!("CARGO_PKG_VERSION"))
        .permission(CLERK)
        .option(&CURRENCY)
        .option(&MAX_ITEMS)
        .state(Kiosk::open)
        .run()
}
