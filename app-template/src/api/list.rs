//! The answers of lists.

use rpc_auth::{Page, PageRequest};
use rpc_core::{ApiError, Reply};
use schemars::JsonSchema;
use serde::Serialize;

/// The one row of a list that is asked for by its id.
pub(super) const ONE_ROW: PageRequest = PageRequest { offset: 0, limit: 1 };

/// A page of rows, or the row that was asked for by its id.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub(super) enum Listed<T> {
    Rows(Vec<T>),
    Row(Box<T>),
}

impl<T> Listed<T> {
    /// A page.
    pub(super) fn page(page: Page<T>) -> Reply<Self> {
        Reply::new(Self::Rows(page.rows)).total(page.total)
    }

    /// The row, or 404.
    pub(super) fn one(page: Page<T>, what: &str) -> Result<Reply<Self>, ApiError> {
        let row = page.rows.into_iter().next();
        let row = row.ok_or_else(|| ApiError::new(404, format!("{what} is not found")))?;
        Ok(Reply::new(Self::Row(Box::new(row))))
    }
}

/// A page on which nothing is.
pub(super) fn nothing<T>() -> Page<T> {
    Page { rows: Vec::new(), total: 0 }
}
