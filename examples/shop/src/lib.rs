//! The methods of a shop, as a library: a program gives them their parts, and serves them.
//!
//! Read on in this order: `items.rs` has parameters, a list, an upload and a download; `orders.rs` typed errors and an event;
//! `tokens.rs` says who calls; `calls.rs` asks the log of calls; `main.rs` is the program, `tests/shop.rs` needs no network.

mod calls;
mod items;
mod orders;
mod tokens;

use std::sync::Arc;

use rpc_calllog::CallLog;
use rpc_core::{Api, ApiBuilder, Permission};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::items::{Item, ItemError};
use crate::items::{Items, Pictures};
pub use crate::orders::{Order, OrderError, OrderShipped, Orders};
pub use crate::tokens::{Claims, Tokens};

/// The permission of those who work in the shop. Attributes take the constant, so that a slip does not compile.
const CLERK: &str = "clerk";

/// A page of a list; the schema of each kind of page is its own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The rows of this page.
    pub rows: Vec<T>,
    /// How many rows there are on all pages.
    pub total: usize,
}

impl<T: Clone> Page<T> {
    fn of(rows: &[T], offset: usize, limit: usize) -> Self {
        Self { total: rows.len(), rows: rows.iter().skip(offset).take(limit).cloned().collect() }
    }
}

/// The API of a shop, to be built. Methods join it without a list: the build fails if the linker has dropped those of a module, as
/// it may in a program that uses nothing of a crate and does not say `use shop as _;`.
pub fn api(items: Vec<Item>, orders: Arc<dyn Orders>, tokens: Tokens, calls: CallLog) -> ApiBuilder {
    Api::builder()
        .expect("/v1/items/**")
        .expect("/v1/orders/**")
        .permission(Permission::new(CLERK, "Clerk", "Keep the items and ship orders"))
        .authenticator(tokens)
        .state(Items(items))
        .state(Pictures::default())
        .state(orders)
        .observer(calls.clone())
        .state(calls)
}
