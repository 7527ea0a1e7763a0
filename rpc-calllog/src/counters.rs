//! The observer, and what it has counted.

use std::sync::Arc;

use rpc_core::{CallRecord, Disposition, ErrorCode, Observer};

use crate::table::{Ended, Table};

/// An observer that counts calls by method, from the start of the process. Clones share the counts.
///
/// Methods with `log = false` are not counted.
#[derive(Debug, Clone, Default)]
pub struct CallCounters(Arc<Table>);

/// The counts of one method. Each is exact; calls that end while they are read may be in some and not yet in others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MethodCounts {
    /// Calls that ended, in any way.
    pub requests: u64,
    /// Of these, those that reached the handler.
    pub accepted: u64,
    /// Of these, those that a limit refused: status 429 or 503.
    pub declined: u64,
    /// Of these, those that were answered with an error (400 and above), refused and cancelled ones (499) included.
    pub errors: u64,
    /// Of these, those that failed by a fault of the program: a panic, or an internal error.
    pub exceptions: u64,
}

impl CallCounters {
    /// The counts of a method; zeros when it was not called.
    #[must_use]
    pub fn method(&self, path: &str) -> MethodCounts {
        self.0.rows().find(|(other, _)| *other == path).map(|(_, counts)| counts).unwrap_or_default()
    }

    /// The counts of every method that was called, ordered by path.
    #[must_use]
    pub fn snapshot(&self) -> Vec<(&'static str, MethodCounts)> {
        let mut rows: Vec<_> = self.0.rows().collect();
        rows.sort_unstable_by_key(|(path, _)| *path);
        rows
    }
}

impl Observer for CallCounters {
    fn observe(&self, record: &CallRecord<'_>) {
        if record.method.is_logged() {
            self.0.add(record.method.path(), ended(record));
        }
    }
}

fn ended(record: &CallRecord<'_>) -> Ended {
    let is_internal = record.error.is_some_and(|error| error.code() == ErrorCode::Internal);
    Ended {
        accepted: record.accepted,
        declined: record.disposition == Disposition::Declined,
        error: record.status >= 400,
        exception: is_internal || record.disposition == Disposition::Panicked,
    }
}
