//! What was bought: a store behind a trait, errors that programs can read, and an event.

use async_trait::async_trait;
use rpc_core::{ApiError, ApiEvent, Audience, Ctx, Reply, api_method, api_module};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::items::{ItemError, Items};
use crate::{CLERK, Claims};

/// An order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Its number.
    pub id: usize,
    /// The id of the user who placed it.
    pub customer: String,
    /// The number of the item.
    pub item: usize,
    /// In cents.
    pub price: u32,
    /// Each change makes it one more.
    pub version: u32,
    /// Whether it is on its way.
    pub shipped: bool,
}

/// Why an order is not placed or changed.
#[derive(Debug, ApiError)]
pub enum OrderError {
    /// There is no such order.
    #[api_error(status = 404)]
    NoOrder,
    /// Somebody else has changed the order: read it again, and decide anew.
    #[api_error(status = 409, code = 40901, reason = "The order is at version {current} by now")]
    Conflict {
        /// The version that it has.
        current: u32,
    },
    /// The order is on its way.
    #[api_error(status = 409, code = 40902)]
    Shipped,
    /// The errors of items are errors here, too.
    #[api_error(transparent, from)]
    Item(ItemError),
    /// So are those of the framework.
    #[api_error(transparent, from)]
    Call(ApiError),
}

/// Where orders are kept. Methods take it as `&dyn Orders`: a shop with a database gives another one.
#[async_trait]
pub trait Orders: Send + Sync {
    /// Keeps a new order under the next number.
    async fn place(&self, order: Order) -> Result<Order, OrderError>;
    /// Marks an order as shipped if it is at that version: the look and the change are one step.
    async fn ship(&self, id: usize, version: u32) -> Result<Order, OrderError>;
}

/// In memory: the number of an order is its place in the list.
#[async_trait]
impl Orders for Mutex<Vec<Order>> {
    async fn place(&self, order: Order) -> Result<Order, OrderError> {
        let mut orders = self.lock().await;
        let order = Order { id: orders.len() + 1, ..order };
        orders.push(order.clone());
        Ok(order)
    }

    async fn ship(&self, id: usize, version: u32) -> Result<Order, OrderError> {
        let mut orders = self.lock().await;
        match orders.iter_mut().find(|order| order.id == id) {
            None => Err(OrderError::NoOrder),
            Some(order) if order.version != version => Err(OrderError::Conflict { current: order.version }),
            Some(order) if order.shipped => Err(OrderError::Shipped),
            Some(order) => {
                (order.shipped, order.version) = (true, version + 1);
                Ok(order.clone())
            }
        }
    }
}

/// An order is on its way
///
/// Its customer hears it, and nobody else.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema, ApiEvent)]
#[event(name = "/orders/shipped", audience = ["self"])]
pub struct OrderShipped {
    /// The number of the order.
    pub order: usize,
}

api_module! {
    /// Orders
    path = "/v1/orders"
}

/// Place order
///
/// The customer's discount comes off the price.
#[api_method(path = "/v1/orders/place", permissions = ["user"], rate = "100/min")]
async fn place(ctx: &Ctx, items: &Items, orders: &dyn Orders, item: usize) -> Result<Reply<Order>, OrderError> {
    let user = ctx.user()?;
    let price = items.0.iter().find(|known| known.id == item).ok_or(ItemError::NoItem)?.price;
    let price = price - user.claims::<Claims>().map_or(0, |claims| claims.discount.min(price));
    let order = Order { id: 0, customer: user.id.to_string(), item, price, version: 1, shipped: false };
    Ok(Reply::new(orders.place(order).await?).status(201).reason("The order is placed"))
}

/// Ship order
#[api_method(path = "/v1/orders/ship", permissions = [CLERK])]
async fn ship(ctx: &Ctx, orders: &dyn Orders, id: usize, version: u32) -> Result<Order, OrderError> {
    let order = orders.ship(id, version).await?;
    ctx.publish_to(Audience::User(order.customer.clone().into()), &OrderShipped { order: id })
        .await
        .map_err(ApiError::from)?;
    Ok(order)
}
