//! A batch: what is written at once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use foldhash::fast::FixedState;
use rpc_core::Timestamp;

use crate::call::LoggedCall;
use crate::statistics::{Bucket, MethodBucket, Resolution};

/// A process that writes to a log: 64 random bits, drawn when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub u64);

impl NodeId {
    /// A new random id.
    #[must_use]
    pub fn random() -> Self {
        Self(RandomState::new().hash_one("nodes of a call log"))
    }
}

/// Identifies a batch. A node numbers its batches upwards, and writes one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BatchId {
    /// The node that writes it.
    pub node: NodeId,
    /// Greater than that of every batch that the node has written before.
    pub sequence: u64,
}

/// Some calls and what they add to the buckets: written whole or not at all, and once.
#[derive(Debug, Clone)]
pub struct Batch {
    id: BatchId,
    made: Timestamp,
    calls: Vec<LoggedCall>,
    minutes: Vec<MethodBucket>,
    tens: Vec<MethodBucket>,
}

impl Batch {
    /// Makes a batch of calls, and counts them. `made` is now.
    #[must_use]
    pub fn new(id: BatchId, made: Timestamp, calls: Vec<LoggedCall>) -> Self {
        let mut minutes = Buckets::default();
        for call in &calls {
            minutes.of(call.method.clone(), Resolution::Minute.start(call.finished())).add(call);
        }
        let mut tens = Buckets::default();
        for ((method, start), bucket) in &minutes.0 {
            tens.of(method.clone(), Resolution::TenMinutes.start(*start)).merge(bucket);
        }
        Self { id, made, calls, minutes: minutes.sorted(), tens: tens.sorted() }
    }

    /// Which batch it is.
    #[must_use]
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// When it was made: from then on the store remembers the id.
    #[must_use]
    pub fn made(&self) -> Timestamp {
        self.made
    }

    /// The calls, in the order in which they ended.
    #[must_use]
    pub fn calls(&self) -> &[LoggedCall] {
        &self.calls
    }

    /// What the calls add to buckets, one for each method and start; ordered by method, then start, so that nodes that write at
    /// the same time lock rows in the same order.
    #[must_use]
    pub fn buckets(&self, resolution: Resolution) -> &[MethodBucket] {
        match resolution {
            Resolution::Minute => &self.minutes,
            Resolution::TenMinutes => &self.tens,
        }
    }

    /// Returns the calls.
    #[must_use]
    pub fn into_calls(self) -> Vec<LoggedCall> {
        self.calls
    }
}

#[derive(Default)]
struct Buckets(HashMap<(Cow<'static, str>, Timestamp), Bucket, FixedState>);

impl Buckets {
    fn of(&mut self, method: Cow<'static, str>, start: Timestamp) -> &mut Bucket {
        self.0.entry((method, start)).or_insert_with(|| Bucket::empty(start))
    }

    fn sorted(self) -> Vec<MethodBucket> {
        let buckets = self.0.into_iter().map(|((method, _), bucket)| MethodBucket { method, bucket });
        let mut buckets: Vec<_> = buckets.collect();
        buckets.sort_unstable_by(|a, b| (&a.method, a.bucket.start).cmp(&(&b.method, b.bucket.start)));
        buckets
    }
}
