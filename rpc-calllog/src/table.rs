//! Counters by path, in a table that only grows.

use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;

use crate::counters::MethodCounts;

/// Rows of one segment: more than most applications have methods.
const ROWS: usize = 64;

/// How a call ended, as far as it is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) accepted: bool,
    pub(crate) declined: bool,
    pub(crate) error: bool,
    pub(crate) exception: bool,
}

/// Rows that are found by their path without a lock: a row, once there, stays where it is.
///
/// The first call of a method claims the first free row after the place that the path's hash names; when a segment is
/// full the search goes on in the next one. All threads search in the same order, so a path has one row.
#[derive(Debug)]
pub(crate) struct Table {
    rows: [OnceLock<Row>; ROWS],
    next: OnceLock<Box<Table>>,
}

#[derive(Debug)]
struct Row {
    path: &'static str,
    requests: AtomicU64,
    accepted: AtomicU64,
    declined: AtomicU64,
    errors: AtomicU64,
    exceptions: AtomicU64,
}

impl Default for Table {
    fn default() -> Self {
        Self { rows: [const { OnceLock::new() }; ROWS], next: OnceLock::new() }
    }
}

impl Table {
    /// Counts a call.
    pub(crate) fn add(&self, path: &'static str, ended: Ended) {
        let row = self.row(path);
        let count = |counter: &AtomicU64, holds: bool| {
            if holds {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        count(&row.requests, true);
        count(&row.accepted, ended.accepted);
        count(&row.declined, ended.declined);
        count(&row.errors, ended.error);
        count(&row.exceptions, ended.exception);
    }

    /// Every row, in no particular order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&'static str, MethodCounts)> {
        let segments = std::iter::successors(Some(self), |segment| segment.next.get().map(AsRef::as_ref));
        segments.flat_map(|segment| &segment.rows).filter_map(OnceLock::get).map(|row| (row.path, row.counts()))
    }

    fn row(&self, path: &'static str) -> &Row {
        let start = FixedState::default().hash_one(path) as usize % ROWS;
        let mut segment = self;
        loop {
            let (before, after) = segment.rows.split_at(start);
            let mut claimed = after.iter().chain(before).map(|row| row.get_or_init(|| Row::new(path)));
            if let Some(row) = claimed.find(|row| row.path == path) {
                return row;
            }
            segment = segment.next.get_or_init(Box::default);
        }
    }
}

impl Row {
    const fn new(path: &'static str) -> Self {
        Self {
            path,
            requests: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            declined: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            exceptions: AtomicU64::new(0),
        }
    }

    fn counts(&self) -> MethodCounts {
        MethodCounts {
            requests: self.requests.load(Ordering::Relaxed),
            accepted: self.accepted.load(Ordering::Relaxed),
            declined: self.declined.load(Ordering::Relaxed),
            errors: self.errors.load(Ordering::Relaxed),
            exceptions: self.exceptions.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, ROWS, Table};

    const ENDED: Ended = Ended { accepted: true, declined: false, error: false, exception: false };

    #[test]
    fn more_paths_than_a_segment_holds_have_a_row_each() {
        let paths: Vec<&'static str> = (0..ROWS * 3).map(|number| &*format!("/v1/m/{number}").leak()).collect();
        let table = Table::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| paths.iter().for_each(|path| table.add(path, ENDED)));
            }
        });
        let mut rows: Vec<_> = table.rows().collect();
        rows.sort_by_key(|(path, _)| *path);
        rows.dedup_by_key(|(path, _)| *path);
        assert_eq!(rows.len(), paths.len());
        assert!(rows.iter().all(|(_, counts)| counts.requests == 4 && counts.accepted == 4));
    }
}
