//! What is taken of a call when it ends: as little work as possible; the rest is the writer's.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use foldhash::fast::FixedState;
use rpc_core::{CallRecord, Disposition, ErrorCode, Identity, RequestId, Transport, network};

use crate::call::{Admission, Caller, LoggedCall};

/// The reason of most calls.
const OK: &str = "OK";
/// Bytes of a reason that are taken: more than are kept.
const LONGEST_REASON: usize = 512;

/// The standing of a call in the queue: calls of one standing push out none of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Standing {
    /// The call needed what few hold, and its caller holds it.
    Privileged,
    User,
    Guest,
}

impl Standing {
    pub(super) const ALL: [Self; 3] = [Self::Privileged, Self::User, Self::Guest];

    fn of(record: &CallRecord<'_>) -> Self {
        match record.identity.user() {
            Some(_) if record.is_privileged() => Self::Privileged,
            Some(_) => Self::User,
            None => Self::Guest,
        }
    }
}

/// Whose share of the queue a record is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sharer<'r> {
    User(Standing, &'r str),
    /// A guest's network; `None` inside of the process.
    Guest(Option<IpAddr>),
}

/// A call that has ended.
pub(super) struct Record {
    /// Greater than that of every record that the queue took before.
    pub(super) order: u64,
    method: &'static str,
    /// Shared with whoever authenticated the call: no text is copied.
    identity: Identity,
    started: Duration,
    runtime: Duration,
    reason: Cow<'static, str>,
    client: Option<IpAddr>,
    request_id: RequestId,
    status: u16,
    transport: Transport,
    admission: Admission,
    standing: Standing,
    exception: bool,
}

impl Record {
    pub(super) fn new(record: &CallRecord<'_>) -> Self {
        let is_internal = record.error.is_some_and(|error| error.code() == ErrorCode::Internal);
        let admission = match record.disposition {
            _ if record.accepted => Admission::Accepted,
            Disposition::Declined => Admission::Declined,
            _ => Admission::Refused,
        };
        Self {
            order: 0,
            method: record.method.path(),
            identity: record.identity.clone(),
            started: record.started,
            runtime: record.runtime,
            reason: reason(record),
            client: record.client,
            request_id: record.request_id,
            status: record.status,
            transport: record.transport,
            admission,
            standing: Standing::of(record),
            exception: is_internal || record.disposition == Disposition::Panicked,
        }
    }

    pub(super) fn method(&self) -> &'static str {
        self.method
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    pub(super) fn sharer(&self) -> Sharer<'_> {
        match self.identity.user() {
            Some(user) => Sharer::User(self.standing, &user.id),
            None => Sharer::Guest(self.client.map(network)),
        }
    }

    /// The bytes that it takes, with a user's texts, which others may hold too.
    pub(super) fn weight(&self) -> usize {
        let user = self.identity.user().map_or(0, |user| user.id.len() + user.name.len());
        let reason = if let Cow::Owned(reason) = &self.reason { reason.capacity() } else { 0 };
        size_of::<Self>() + user + reason
    }

    /// The call, as it is kept.
    pub(super) fn into_call(self, callers: &mut Callers) -> LoggedCall {
        let call = LoggedCall {
            method: Cow::Borrowed(self.method),
            caller: callers.of(&self.identity),
            started: self.started.into(),
            runtime: self.runtime,
            admission: self.admission,
            exception: self.exception,
            status: self.status,
            reason: self.reason,
            transport: Cow::Borrowed(self.transport.name()),
            client: self.client,
            request_id: Some(self.request_id),
        };
        call.fit()
    }
}

/// Without an allocation for the usual ones.
fn reason(record: &CallRecord<'_>) -> Cow<'static, str> {
    let usual = record.error.map_or(OK, |error| error.code().reason());
    if record.reason == usual {
        return Cow::Borrowed(usual);
    }
    Cow::Owned(record.reason[..record.reason.floor_char_boundary(LONGEST_REASON)].to_owned())
}

/// The callers of a batch, each made once.
#[derive(Default)]
pub(super) struct Callers(HashMap<Box<str>, Caller, FixedState>);

impl Callers {
    fn of(&mut self, identity: &Identity) -> Option<Caller> {
        let user = identity.user()?;
        match self.0.get(&user.id) {
            Some(caller) if *caller.name == *user.name => Some(caller.clone()),
            _ => {
                let caller = Caller::new(&user.id, &user.name);
                self.0.insert(user.id.clone(), caller.clone());
                Some(caller)
            }
        }
    }
}
