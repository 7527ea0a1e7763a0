//! Pages of rows.

use rpc_core::read::OrderBy;

use crate::model::{ApiTokenId, UserId};

/// A page of a list, and how many rows there are on all pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// How many rows match, on all pages.
    pub total: u64,
}

/// Which page of the rows that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// Rows to skip; any number.
    pub offset: u64,
    /// Rows at most.
    pub limit: u32,
}

/// By what users are sorted. Text sorts by code point, ids as numbers; ties are broken by id, small to large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserSort {
    /// The id.
    Id,
    /// The name.
    Name,
    /// When they were made.
    Created,
    /// The disabled before the enabled.
    Enabled,
}

/// Which users, in which order.
#[derive(Debug, Clone, PartialEq)]
pub struct UserQuery {
    /// Only the user with this id.
    pub id: Option<UserId>,
    /// Only users with this text anywhere in name, address or Telegram name, ignoring case; every character is itself.
    pub search: Option<String>,
    /// Only users with this text anywhere in the name, likewise.
    pub name: Option<String>,
    /// Whether root is among them.
    pub with_root: bool,
    /// The order; by name where it is empty.
    pub order: Vec<OrderBy<UserSort>>,
    /// The page.
    pub page: PageRequest,
}

/// Which API tokens of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenQuery {
    /// Only the token with this id.
    pub id: Option<ApiTokenId>,
    /// The page.
    pub page: PageRequest,
}
