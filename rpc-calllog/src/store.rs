//! What the log needs of a storage: one narrow trait. Times are given by the caller, so that a store needs no clock.

use std::error::Error;

use async_trait::async_trait;
use rpc_core::Timestamp;
pub use rpc_core::storage::StoreError;
use thiserror::Error;

use crate::batch::Batch;
use crate::call::LogRow;
use crate::statistics::{Counts, MethodBucket, Resolution};

/// A batch was not written, or nobody knows.
#[derive(Debug, Error)]
pub enum WriteError {
    /// Something in the batch can never be stored; nothing of it was.
    #[error("the storage refuses something in the batch")]
    Refused(#[source] Box<dyn Error + Send + Sync>),
    /// The batch may be written or not: it is tried again, under the same id.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Which rows of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowQuery<'a> {
    /// Only calls of this method.
    pub method: Option<&'a str>,
    /// Only calls that ended then or later.
    pub since: Timestamp,
    /// Rows to skip.
    pub offset: u64,
    /// Rows at most.
    pub limit: u32,
}

/// Which buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketQuery<'a> {
    /// Their length.
    pub resolution: Resolution,
    /// Only those of this method.
    pub method: Option<&'a str>,
    /// Only those that start then or later.
    pub from: Timestamp,
    /// Only those that start before.
    pub to: Timestamp,
}

/// What is no longer needed, and may be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Calls that ended before, buckets of ten minutes that start before, and ids of nodes whose last batch was made before.
    pub calls: Timestamp,
    /// Buckets of one minute that start before.
    pub minutes: Timestamp,
}

/// A log of calls, with its statistics. Many nodes may write to one and read from it.
///
/// Methods are names to a store: rows and buckets of methods that only another version of a program knows are kept and read
/// like all others.
#[async_trait]
pub trait CallLogStore: Send + Sync + 'static {
    /// Adds the calls as rows, with growing ids in their order, and the buckets to the stored ones of the same method and start,
    /// in one atomic step. A batch whose sequence number is not greater than the last that was written of its node was written
    /// before: nothing is done, and that is a success. This holds as well while an earlier attempt is still being worked on,
    /// whose caller has given up waiting.
    ///
    /// # Errors
    ///
    /// See [`WriteError`].
    async fn write(&self, batch: &Batch) -> Result<(), WriteError>;

    /// Some rows, those that ended last first; of calls that ended at the same moment, those with greater ids first.
    async fn rows(&self, query: &RowQuery<'_>) -> Result<Vec<LogRow>, StoreError>;

    /// The buckets that hold something, ordered by method, then start.
    async fn buckets(&self, query: &BucketQuery<'_>) -> Result<Vec<MethodBucket>, StoreError>;

    /// The sums over the buckets of ten minutes that start then or later: of one method, or of all.
    async fn totals(&self, method: Option<&str>, since: Timestamp) -> Result<Counts, StoreError>;

    /// Removes what is not needed any longer, while others read and write. A store may keep calls for a day more.
    async fn purge(&self, retention: &Retention) -> Result<(), StoreError>;
}
