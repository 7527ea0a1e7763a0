//! What can be asked about calls.

use std::collections::HashMap;
use std::time::Duration;

use rpc_core::Timestamp;

use super::CallLog;
use crate::call::LogRow;
use crate::statistics::{Bucket, Counts, MethodBucket, Resolution, Statistics};
use crate::store::{BucketQuery, RowQuery, StoreError};

/// How far the statistics by minute go back.
const LATEST: Duration = Duration::from_hours(1);
/// How far everything else goes back.
pub(super) const HISTORY: Duration = Duration::from_hours(30 * 24);

/// Buckets one after the other.
#[derive(Clone, Copy)]
struct Span {
    resolution: Resolution,
    from: Timestamp,
    to: Timestamp,
}

/// Answers are of the moment of the question: calls of this node that ended before are in, those of other nodes within their
/// [`interval`](super::CallLogOptions::interval).
impl CallLog {
    /// The last 60 whole minutes of a method, minute by minute.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn latest(&self, method: &str) -> Result<Statistics, StoreError> {
        self.flush().await;
        self.of_one(method, self.last_minutes()).await
    }

    /// The same of many methods, in their order, also of those that nobody has called.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn latest_of_all(&self, methods: &[&str]) -> Result<Vec<Statistics>, StoreError> {
        self.flush().await;
        let span = self.last_minutes();
        let last_updated = self.shared.updated();
        let mut found: HashMap<_, Vec<MethodBucket>> = HashMap::new();
        for bucket in self.shared.store.buckets(&span.query(None)).await? {
            found.entry(bucket.method.clone()).or_default().push(bucket);
        }
        let statistics = |&method: &&str| {
            let buckets = span.fill(found.remove(method).unwrap_or_default());
            Statistics { method: method.to_owned(), last_updated, buckets }
        };
        Ok(methods.iter().map(statistics).collect())
    }

    /// The last 30 days of a method, in spans of ten minutes, of which the last one is still running.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn history(&self, method: &str) -> Result<Statistics, StoreError> {
        self.flush().await;
        self.of_one(method, self.last_days()).await
    }

    /// The sums of the last 30 days, of one method or of all.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn totals(&self, method: Option<&str>) -> Result<Counts, StoreError> {
        self.flush().await;
        self.shared.store.totals(method, self.last_days().from).await
    }

    /// Calls of the last 30 days, of one method or of all, those that ended last first.
    ///
    /// # Errors
    ///
    /// See [`StoreError`].
    pub async fn rows(&self, method: Option<&str>, offset: u64, limit: u32) -> Result<Vec<LogRow>, StoreError> {
        self.flush().await;
        let since = self.last_days().from;
        self.shared.store.rows(&RowQuery { method, since, offset, limit }).await
    }

    async fn of_one(&self, method: &str, span: Span) -> Result<Statistics, StoreError> {
        let last_updated = self.shared.updated();
        let buckets = span.fill(self.shared.store.buckets(&span.query(Some(method))).await?);
        Ok(Statistics { method: method.to_owned(), last_updated, buckets })
    }

    fn last_minutes(&self) -> Span {
        let (resolution, to) = (Resolution::Minute, Resolution::Minute.start(self.shared.now()));
        Span { resolution, from: to.before(LATEST), to }
    }

    fn last_days(&self) -> Span {
        let resolution = Resolution::TenMinutes;
        let to = resolution.start(self.shared.now()).after(resolution.length());
        Span { resolution, from: to.before(HISTORY), to }
    }
}

impl Span {
    fn query(self, method: Option<&str>) -> BucketQuery<'_> {
        BucketQuery { resolution: self.resolution, method, from: self.from, to: self.to }
    }

    /// Every bucket, with what was found.
    fn fill(self, found: Vec<MethodBucket>) -> Vec<Bucket> {
        let mut found = found.into_iter().map(|found| found.bucket).peekable();
        let starts = std::iter::successors(Some(self.from), |start| Some(start.after(self.resolution.length())));
        let bucket = |start| found.next_if(|bucket| bucket.start == start).unwrap_or_else(|| Bucket::empty(start));
        starts.take_while(|start| *start < self.to).map(bucket).collect()
    }
}
