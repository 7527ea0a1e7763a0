//! What is counted of calls, by method and time.

use std::borrow::Cow;
use std::ops::AddAssign;
use std::time::Duration;

use rpc_core::Timestamp;

use crate::call::{Admission, LoggedCall};
use crate::sketch::Sketch;

/// The length of buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// One minute: for the last hour.
    Minute,
    /// Ten minutes: for the last 30 days.
    TenMinutes,
}

impl Resolution {
    /// The length.
    #[must_use]
    pub const fn length(self) -> Duration {
        match self {
            Self::Minute => Duration::from_mins(1),
            Self::TenMinutes => Duration::from_mins(10),
        }
    }

    /// When the bucket with a moment in it began. Buckets begin at whole minutes, or tens of them, of UTC.
    #[must_use]
    pub fn start(self, moment: Timestamp) -> Timestamp {
        let length = self.length().as_millis() as i64;
        Timestamp::from_millis(moment.millis().div_euclid(length) * length)
    }
}

/// Sums over some calls. Every call is in exactly one bucket of each resolution, so that sums are exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Calls that ended, in any way.
    pub requests: u64,
    /// Of these, those that reached the handler.
    pub accepted: u64,
    /// Of these, those that a limit refused.
    pub declined: u64,
    /// Of these, those that were answered with an error (400 and above), refused and cancelled ones included.
    pub errors: u64,
    /// Of these, those that failed by a fault of the program: a panic, or an internal error.
    pub exceptions: u64,
    /// The run times of the accepted ones together: a flood of refusals, each answered at once, makes no method look fast.
    pub runtime: Duration,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.accepted += other.accepted;
        self.declined += other.declined;
        self.errors += other.errors;
        self.exceptions += other.exceptions;
        self.runtime = self.runtime.saturating_add(other.runtime);
    }
}

/// The calls of one method that ended within a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bucket {
    /// When the span begins.
    pub start: Timestamp,
    /// The sums.
    pub counts: Counts,
    /// The run times of the accepted calls.
    pub sketch: Sketch,
}

impl Bucket {
    /// A bucket without calls.
    #[must_use]
    pub fn empty(start: Timestamp) -> Self {
        Self { start, ..Self::default() }
    }

    /// Adds a call.
    pub fn add(&mut self, call: &LoggedCall) {
        let is_accepted = call.admission == Admission::Accepted;
        self.counts += Counts {
            requests: 1,
            accepted: u64::from(is_accepted),
            declined: u64::from(call.admission == Admission::Declined),
            errors: u64::from(call.is_error()),
            exceptions: u64::from(call.exception),
            runtime: if is_accepted { call.runtime } else { Duration::ZERO },
        };
        if is_accepted {
            self.sketch.add(call.runtime);
        }
    }

    /// Adds what another bucket holds.
    pub fn merge(&mut self, other: &Self) {
        self.counts += other.counts;
        self.sketch.merge(&other.sketch);
    }

    /// The mean run time of the accepted calls, if there are any.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        let nanos = self.counts.runtime.as_nanos().checked_div(self.counts.accepted.into())?;
        Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// A bucket, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodBucket {
    /// The path of the method.
    pub method: Cow<'static, str>,
    /// The bucket.
    pub bucket: Bucket,
}

/// The latest statistics of one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// The path of the method.
    pub method: String,
    /// Up to when all calls of this node are in: now, unless the store has not taken the last ones yet.
    pub last_updated: Timestamp,
    /// Every bucket, also those without calls; oldest first.
    pub buckets: Vec<Bucket>,
}
