//! Records that wait to be written: bounded, and without a lock on the way of a call.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crossbeam_queue::SegQueue;

use super::record::Record;

/// A bounded queue. Whoever is beyond a bound is refused at once.
pub(super) struct Queue {
    records: SegQueue<Record>,
    most_records: usize,
    most_bytes: usize,
    /// Records that wait. One is counted before it is pushed, and until it has been popped.
    length: AtomicUsize,
    bytes: AtomicUsize,
    /// All records that were ever taken.
    taken: AtomicU64,
    closed: AtomicBool,
}

impl Queue {
    pub(super) fn new(most_records: usize, most_bytes: usize) -> Self {
        Self {
            records: SegQueue::new(),
            most_records,
            most_bytes,
            length: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            taken: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// Takes a record. How many wait then; `None` when there is no room.
    pub(super) fn push(&self, record: Record) -> Option<usize> {
        let weight = record.weight();
        let waiting = self.length.fetch_add(1, Ordering::AcqRel);
        let bytes = self.bytes.fetch_add(weight, Ordering::Relaxed);
        if waiting >= self.most_records || bytes + weight > self.most_bytes || self.closed.load(Ordering::Acquire) {
            self.leave(weight);
            return None;
        }
        // Counted before it is there: whoever waits for as many waits for this one too.
        self.taken.fetch_add(1, Ordering::AcqRel);
        self.records.push(record);
        Some(waiting + 1)
    }

    /// The record that waits longest.
    pub(super) fn pop(&self) -> Option<Record> {
        let record = self.records.pop()?;
        self.leave(record.weight());
        Some(record)
    }

    pub(super) fn len(&self) -> usize {
        self.length.load(Ordering::Acquire)
    }

    /// How many records were taken so far.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Acquire)
    }

    /// Takes no more records.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// Throws away what waits. How many.
    pub(super) fn clear(&self) -> u64 {
        std::iter::from_fn(|| self.pop()).count() as u64
    }

    fn leave(&self, weight: usize) {
        self.bytes.fetch_sub(weight, Ordering::Relaxed);
        self.length.fetch_sub(1, Ordering::AcqRel);
    }
}
