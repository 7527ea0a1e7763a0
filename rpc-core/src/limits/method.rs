//! The limits of one method: as declared or configured, and in force.

use std::time::Duration;

use super::Limits;

/// How often one caller may call a method: `calls` at once, refilled evenly over `period`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls a period, at least 1.
    pub calls: u32,
    /// The period, longer than zero.
    pub period: Duration,
}

/// The limits of one method. `None` means: the default of [`Limits`](crate::Limits), or no limit where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MethodLimits {
    /// Calls of the method that run at the same time on this node.
    pub concurrency: Option<u32>,
    /// The same for one caller: a user, or a guest's address.
    pub concurrency_per_user: Option<u32>,
    /// Calls over time for one caller: a user, or a guest's address.
    pub rate: Option<Rate>,
    /// How long a call may run before it is dropped and answered with 504.
    pub timeout: Option<Duration>,
    /// Bytes of a request body.
    pub max_body: Option<u64>,
    /// Bytes of an uploaded file.
    pub upload: Option<u64>,
}

/// The limits of one method that are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectiveLimits {
    /// Calls that run at the same time on this node; `None`: no limit.
    pub concurrency: Option<u32>,
    /// The same for one caller.
    pub concurrency_per_user: Option<u32>,
    /// Calls over time for one caller; `None`: no limit.
    pub rate: Option<Rate>,
    /// How long a call may run.
    pub timeout: Duration,
    /// Bytes of a request body.
    pub max_body: u64,
    /// Bytes of an uploaded file.
    pub upload: u64,
}

impl EffectiveLimits {
    /// The configured limits, else the attribute's, else the defaults.
    pub(crate) fn new(attribute: &MethodLimits, configured: &MethodLimits, defaults: &Limits) -> Self {
        Self {
            concurrency: configured.concurrency.or(attribute.concurrency),
            concurrency_per_user: configured.concurrency_per_user.or(attribute.concurrency_per_user),
            rate: configured.rate.or(attribute.rate),
            timeout: configured.timeout.or(attribute.timeout).unwrap_or(defaults.call_timeout),
            max_body: configured.max_body.or(attribute.max_body).unwrap_or(defaults.max_body),
            upload: configured.upload.or(attribute.upload).unwrap_or(defaults.upload),
        }
    }

    /// Whether admission needs to know who calls.
    pub(crate) fn per_caller(&self) -> bool {
        self.concurrency_per_user.is_some() || self.rate.is_some()
    }
}
