//! A bound was reached: whose it is, and which limit sets it.

use std::time::Duration;

use super::Resource;
use crate::error::{ApiError, ErrorCode};

/// When to try again: what is held is given back at moments that nobody knows.
const RETRY: Duration = Duration::from_secs(1);

/// Whose bound it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Connection,
    Network,
    Process,
}

impl Scope {
    /// The name of the limit that sets this bound.
    pub(super) fn limit_name(self, resource: Resource) -> &'static str {
        match (resource, self) {
            (Resource::Memory, Self::Connection) => "memory_per_connection",
            (Resource::Memory, Self::Network) => "memory_per_network",
            (Resource::Memory, Self::Process) => "memory",
            (Resource::Calls | Resource::Detached, Self::Connection) => "calls_per_connection",
            (Resource::Calls | Resource::Detached, Self::Network) => "calls_per_network",
            (Resource::Calls | Resource::Detached, Self::Process) => "calls",
            (Resource::Uploads, Self::Connection | Self::Network) => "uploads_per_network",
            (Resource::Uploads, Self::Process) => "uploads",
            (Resource::Connections, Self::Connection | Self::Network) => "connections_per_network",
            (Resource::Connections, Self::Process) => "connections",
        }
    }
}

/// A part of the budget that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(super) resource: Resource,
    pub(super) scope: Scope,
}

impl From<Exhausted> for ApiError {
    /// 429 where the caller's own share is used up, 503 where everybody's is.
    fn from(Exhausted { resource, scope }: Exhausted) -> Self {
        let limit = scope.limit_name(resource);
        let (code, reason) = match scope {
            Scope::Connection | Scope::Network => {
                (ErrorCode::TooManyRequests, format!("Too many requests: your `{limit}` is used up"))
            }
            Scope::Process => {
                (ErrorCode::BackendDown, format!("Service is unavailable: `{limit}` of the server is used up"))
            }
        };
        Self::of(code).with_reason(reason).with_retry_after(RETRY)
    }
}
