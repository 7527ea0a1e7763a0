//! The log in memory: for tests, examples, and services that may forget.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use rpc_core::Timestamp;

use crate::batch::{Batch, NodeId};
use crate::call::{LogRow, RowId};
use crate::sketch::Sketch;
use crate::statistics::{Bucket, Counts, MethodBucket, Resolution};
use crate::store::{BucketQuery, CallLogStore, Retention, RowQuery, StoreError, WriteError};

/// Rows that are kept, unless said otherwise.
const ROWS: usize = 100_000;

/// A log in memory. Clones share what they hold; when the last one goes, so does what it held.
///
/// It keeps the last rows that were written, 100,000 by default (about 20 MB), and all buckets that retention leaves: some
/// hundred bytes for each method and ten minutes with calls.
#[derive(Clone)]
pub struct MemoryLog(Arc<RwLock<All>>);

/// Everything that is stored.
struct All {
    max_rows: usize,
    rows: VecDeque<LogRow>,
    next_id: i64,
    minutes: Buckets,
    tens: Buckets,
    /// The last batch of each node, and when it was made.
    written: HashMap<NodeId, (u64, Timestamp)>,
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::keeping(ROWS)
    }
}

impl MemoryLog {
    /// A log that keeps at most so many rows; the oldest are removed.
    #[must_use]
    pub fn keeping(rows: usize) -> Self {
        let (minutes, tens) = (Buckets::default(), Buckets::default());
        let (kept, written) = (VecDeque::new(), HashMap::new());
        Self(Arc::new(RwLock::new(All { max_rows: rows, rows: kept, next_id: 1, minutes, tens, written })))
    }

    // A panic inside of the lock is a fault of this module; what it left behind is not made better by refusing to go on.
    fn read(&self) -> RwLockReadGuard<'_, All> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> RwLockWriteGuard<'_, All> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows how much is stored, but nothing of it.
impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.read();
        f.debug_struct("MemoryLog").field("rows", &all.rows.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl CallLogStore for MemoryLog {
    async fn write(&self, batch: &Batch) -> Result<(), WriteError> {
        let mut all = self.all();
        let last = all.written.entry(batch.id().node).or_insert((0, batch.made()));
        if batch.id().sequence <= last.0 {
            return Ok(());
        }
        *last = (batch.id().sequence, batch.made());
        all.add_rows(batch);
        all.minutes.add(batch.buckets(Resolution::Minute));
        all.tens.add(batch.buckets(Resolution::TenMinutes));
        Ok(())
    }

    async fn rows(&self, query: &RowQuery<'_>) -> Result<Vec<LogRow>, StoreError> {
        let all = self.read();
        let asked = |row: &&LogRow| {
            query.method.is_none_or(|method| row.call.method == method) && row.call.finished() >= query.since
        };
        let mut rows: Vec<&LogRow> = all.rows.iter().rev().filter(asked).collect();
        // Almost in order already: calls of one node are written as they end.
        rows.sort_by_key(|row| std::cmp::Reverse((row.call.finished(), row.id)));
        let offset = usize::try_from(query.offset).unwrap_or(usize::MAX);
        Ok(rows.into_iter().skip(offset).take(query.limit as usize).cloned().collect())
    }

    async fn buckets(&self, query: &BucketQuery<'_>) -> Result<Vec<MethodBucket>, StoreError> {
        let all = self.read();
        let buckets = match query.resolution {
            Resolution::Minute => &all.minutes,
            Resolution::TenMinutes => &all.tens,
        };
        let mut found = Vec::new();
        for (method, starts) in buckets.of(query.method) {
            let within = starts.range(query.from..query.to.max(query.from));
            found.extend(
                within.map(|(start, packed)| MethodBucket { method: method.clone(), bucket: packed.bucket(*start) }),
            );
        }
        Ok(found)
    }

    async fn totals(&self, method: Option<&str>, since: Timestamp) -> Result<Counts, StoreError> {
        let all = self.read();
        let mut totals = Counts::default();
        for (_, starts) in all.tens.of(method) {
            starts.range(since..).for_each(|(_, packed)| totals += packed.counts);
        }
        Ok(totals)
    }

    async fn purge(&self, retention: &Retention) -> Result<(), StoreError> {
        let mut all = self.all();
        all.rows.retain(|row| row.call.finished() >= retention.calls);
        all.minutes.remove_before(retention.minutes);
        all.tens.remove_before(retention.calls);
        all.written.retain(|_, (_, made)| *made >= retention.calls);
        Ok(())
    }
}

impl All {
    fn add_rows(&mut self, batch: &Batch) {
        for call in batch.calls() {
            self.rows.push_back(LogRow { id: RowId(self.next_id), call: call.clone() });
            self.next_id += 1;
            if self.rows.len() > self.max_rows {
                self.rows.pop_front();
            }
        }
    }
}

/// Buckets of one resolution, by method and start.
#[derive(Default)]
struct Buckets(BTreeMap<Cow<'static, str>, BTreeMap<Timestamp, Packed>>);

/// What a bucket holds, its sketch in few bytes.
#[derive(Default)]
struct Packed {
    counts: Counts,
    sketch: Box<[u8]>,
}

impl Buckets {
    fn add(&mut self, buckets: &[MethodBucket]) {
        for MethodBucket { method, bucket } in buckets {
            let starts = self.0.entry(method.clone()).or_default();
            let packed = starts.entry(bucket.start).or_default();
            let mut whole = packed.bucket(bucket.start);
            whole.merge(bucket);
            *packed = Packed { counts: whole.counts, sketch: whole.sketch.to_bytes().into() };
        }
    }

    /// Of one method, or of all.
    fn of(&self, method: Option<&str>) -> impl Iterator<Item = (&Cow<'static, str>, &BTreeMap<Timestamp, Packed>)> {
        let one = method.into_iter().filter_map(|method| self.0.get_key_value(method));
        let all = method.is_none().then_some(&self.0).into_iter().flatten();
        one.chain(all)
    }

    fn remove_before(&mut self, moment: Timestamp) {
        for starts in self.0.values_mut() {
            *starts = starts.split_off(&moment);
        }
        self.0.retain(|_, starts| !starts.is_empty());
    }
}

impl Packed {
    fn bucket(&self, start: Timestamp) -> Bucket {
        let sketch = Sketch::from_bytes(&self.sketch).expect("these bytes are of this module's own making");
        Bucket { start, counts: self.counts, sketch }
    }
}
