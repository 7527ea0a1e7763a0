//! Records that wait to be written: bounded, shared out, and without a lock on the way of a call.
//!
//! Room is counted in bytes. A quarter of it is for privileged calls alone, an eighth for those of users, an eighth for those of
//! guests; the rest is common. Within the room of its standing a caller may hold as much as is still free there (Choudhury and
//! Hahne, "Dynamic queue length thresholds", 1998): alone half of it, beside one who does the same a third. So there is always
//! room for whoever has little in the queue, whoever floods it.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crossbeam_queue::SegQueue;

use super::record::{Record, Standing};
use super::shares::{Places, Shares};

/// Numbers by [`Standing`].
pub(super) type ByStanding<T> = [T; Standing::ALL.len()];

/// A bounded queue. Whoever is beyond a bound is refused at once.
pub(super) struct Queue {
    lanes: ByStanding<Lane>,
    common: Room,
    shares: Shares,
    /// Bytes that a record is counted as at least, so that their number is bounded too.
    min_cost: usize,
    /// Records that wait. One is counted before it is pushed, and until it has been popped.
    length: AtomicUsize,
    /// The order of the next record.
    order: AtomicU64,
    /// Whose turn it is, users' or guests'.
    turn: AtomicUsize,
    closed: AtomicBool,
}

/// The records of one standing, in order.
struct Lane {
    records: SegQueue<Waiting>,
    own: Room,
    /// All records that were ever taken.
    taken: AtomicU64,
}

struct Waiting {
    record: Record,
    places: Places,
    /// Whether it is in the common room, and not in that of its lane.
    is_common: bool,
}

impl Queue {
    pub(super) fn new(max_records: usize, max_bytes: usize) -> Self {
        let own = [max_bytes / 4, max_bytes / 8, max_bytes / 8];
        let lane = |max| Lane { records: SegQueue::new(), own: Room::new(max), taken: AtomicU64::new(0) };
        Self {
            lanes: own.map(lane),
            common: Room::new(max_bytes - own.iter().sum::<usize>()),
            shares: Shares::default(),
            min_cost: if max_records == 0 { usize::MAX } else { max_bytes.div_ceil(max_records) },
            length: AtomicUsize::new(0),
            order: AtomicU64::new(0),
            turn: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// Takes a record. Returns how many wait then, or the record when there is no room.
    #[expect(clippy::result_large_err, reason = "a refused record is given back where it is, without an allocation")]
    pub(super) fn push(&self, mut record: Record) -> Result<usize, Record> {
        let waiting = self.length.fetch_add(1, Ordering::AcqRel) + 1;
        let (cost, lane) = (self.cost(&record), self.lane(record.standing()));
        let places = self.shares.places(record.sharer());
        let room = lane.own.free().saturating_add(self.common.free());
        let held = self.shares.add(places, cost);
        let has_share = held.saturating_add(cost) <= room && !self.closed.load(Ordering::Acquire);
        let is_own = has_share && lane.own.take(cost);
        let is_common = !is_own && has_share && self.common.take(cost);
        if !is_own && !is_common {
            self.shares.remove(places, cost);
            self.length.fetch_sub(1, Ordering::AcqRel);
            return Err(record);
        }
        // Counted before it is there: whoever waits for as many waits for this one too.
        lane.taken.fetch_add(1, Ordering::AcqRel);
        record.order = self.order.fetch_add(1, Ordering::Relaxed);
        lane.records.push(Waiting { record, places, is_common });
        Ok(waiting)
    }

    /// The next record: privileged ones first, then one of a user and one of a guest in turn.
    pub(super) fn pop(&self) -> Option<Record> {
        let others = match self.turn.fetch_add(1, Ordering::Relaxed) % 2 {
            0 => [Standing::User, Standing::Guest],
            _ => [Standing::Guest, Standing::User],
        };
        let mut lanes = std::iter::once(Standing::Privileged).chain(others).map(|standing| self.lane(standing));
        let (lane, waiting) = lanes.find_map(|lane| Some((lane, lane.records.pop()?)))?;
        let Waiting { record, places, is_common } = waiting;
        let cost = self.cost(&record);
        if is_common { &self.common } else { &lane.own }.give(cost);
        self.shares.remove(places, cost);
        self.length.fetch_sub(1, Ordering::AcqRel);
        Some(record)
    }

    pub(super) fn len(&self) -> usize {
        self.length.load(Ordering::Acquire)
    }

    /// How many records were taken so far.
    pub(super) fn taken(&self) -> ByStanding<u64> {
        std::array::from_fn(|lane| self.lanes[lane].taken.load(Ordering::Acquire))
    }

    /// Takes no more records.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    fn lane(&self, standing: Standing) -> &Lane {
        &self.lanes[standing as usize]
    }

    fn cost(&self, record: &Record) -> usize {
        record.weight().max(self.min_cost)
    }
}

/// Bytes that may be held, and how many are.
struct Room {
    max: usize,
    held: AtomicUsize,
}

impl Room {
    const fn new(max: usize) -> Self {
        Self { max, held: AtomicUsize::new(0) }
    }

    fn free(&self) -> usize {
        self.max.saturating_sub(self.held.load(Ordering::Relaxed))
    }

    /// Takes room for so many bytes. Returns whether there was as much.
    fn take(&self, bytes: usize) -> bool {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed);
        let fits = held.saturating_add(bytes) <= self.max;
        if !fits {
            self.give(bytes);
        }
        fits
    }

    fn give(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}
