//! The record of a call that has ended.

use std::net::IpAddr;
use std::time::Duration;

use super::disposition::Disposition;
use super::{RequestId, TraceContext, Transport};
use crate::error::ApiError;
use crate::identity::Identity;
use crate::method::Method;

/// A call that has ended.
#[derive(Debug)]
pub struct CallRecord<'a> {
    /// The method.
    pub method: &'a Method,
    /// The caller; a guest when the call ended before that was known.
    pub identity: &'a Identity,
    /// When the call began, since the Unix epoch.
    pub started: Duration,
    /// How long it took.
    pub runtime: Duration,
    /// How far it came.
    pub disposition: Disposition,
    /// Whether it reached the handler.
    pub accepted: bool,
    /// The status: 499 for a call whose caller went away.
    pub status: u16,
    /// The reason.
    pub reason: &'a str,
    /// The error, with its private source.
    pub error: Option<&'a ApiError>,
    /// How the call came in.
    pub transport: Transport,
    /// The address of the caller.
    pub client: Option<IpAddr>,
    /// The id under which logs show the call.
    pub request_id: RequestId,
    /// The trace that the caller says it belongs to.
    pub trace: Option<&'a TraceContext>,
}

impl CallRecord<'_> {
    /// Whether the method asks for a declared permission, or for root, and the caller holds it. A caller who is refused for lack
    /// of it is not privileged, nor is one who calls what every user may.
    #[must_use]
    pub fn is_privileged(&self) -> bool {
        let access = &self.method.access;
        access.is_privileged() && access.check(self.identity).is_ok()
    }
}
