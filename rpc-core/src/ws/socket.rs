//! One connection, as the rest of the node sees it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::outbox::{Outbox, Queued, Verdict};
use super::rights::{Expected, Rights};
use crate::bus::Bus;
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::events::Audience;
use crate::identity::Identity;

/// What the hub and the connection's own task share.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) outbox: Outbox,
    rights: Mutex<Rights>,
    /// Wakes the connection's task when there is something new.
    waker: AtomicWaker,
    /// Names of declared events.
    subscriptions: Mutex<HashSet<&'static str>>,
    binary: AtomicBool,
}

/// What there is to write.
#[derive(Debug)]
pub(super) enum Next {
    Event(Message),
    Nothing,
    /// An event, once what is buffered is written.
    AfterFlush,
    /// Events that are not for everyone, while it is not known whom they would reach.
    RightsUnknown,
}

impl Socket {
    /// A socket whose peer was found by a check that began at this time.
    pub(super) fn new(identity: Identity, checked_at: Instant) -> Self {
        Self {
            outbox: Outbox::default(),
            rights: Mutex::new(Rights::new(identity, checked_at)),
            waker: AtomicWaker::new(),
            subscriptions: Mutex::default(),
            binary: AtomicBool::new(false),
        }
    }

    pub(super) fn rights(&self) -> MutexGuard<'_, Rights> {
        self.rights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the connection recheck its credentials. Until then it delivers only what is for everyone.
    pub(super) fn doubt(&self) {
        self.rights().doubt();
        self.waker.wake();
    }

    /// Wakes the task when there is something new.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    /// Takes an event that is for the peer, as far as it is known now; `max` events may wait.
    pub(super) fn hear(&self, audience: &Arc<Audience>, max: usize, message: impl FnOnce() -> Message) {
        let expected = self.rights().expects(audience);
        if expected == Expected::No {
            return;
        }
        let (audience, is_expected) = (Arc::clone(audience), expected == Expected::Yes);
        self.outbox.push(Queued { message: message(), audience, is_expected }, max);
        self.waker.wake();
    }

    /// The event to write next. One that is not for everyone is given out only when everything before it `is_flushed`: what is
    /// buffered cannot be taken back when rights end before the client reads. If rights are not known, those for everyone go
    /// before it, unless the connection `may_recheck` first.
    pub(super) fn next_event(&self, bus: &dyn Bus, is_flushed: bool, may_recheck: bool) -> Next {
        let (mut rights, mut is_unknown, mut after_flush) = (None, false, false);
        let event = self.outbox.take(|audience| {
            if *audience == Audience::Everyone {
                return Verdict::Write;
            }
            if !is_flushed {
                after_flush = true;
                return Verdict::Stop;
            }
            match rights.get_or_insert_with(|| self.rights()).known(bus) {
                Some(identity) if audience.includes(identity) => Verdict::Write,
                Some(_) => Verdict::Drop,
                None => {
                    is_unknown = true;
                    if may_recheck { Verdict::Stop } else { Verdict::Hold }
                }
            }
        });
        match event {
            Some(message) => Next::Event(message),
            None if after_flush => Next::AfterFlush,
            None if is_unknown => Next::RightsUnknown,
            None => Next::Nothing,
        }
    }

    /// The encoding of events: that of the client's last message, JSON before any.
    pub(super) fn codec(&self) -> Codec {
        if self.binary.load(Ordering::Relaxed) { Codec::MsgPack } else { Codec::Json }
    }

    pub(super) fn heard_in(&self, codec: Codec) {
        self.binary.store(codec == Codec::MsgPack, Ordering::Relaxed);
    }

    fn subscriptions(&self) -> MutexGuard<'_, HashSet<&'static str>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn subscribes(&self, name: &str) -> bool {
        self.subscriptions().contains(name)
    }

    /// Adds names; beyond `max` of them none is added.
    pub(super) fn subscribe(&self, names: &HashSet<&'static str>, max: usize) -> Result<(), ApiError> {
        let mut subscriptions = self.subscriptions();
        if subscriptions.union(names).count() > max {
            return Err(too_many(max));
        }
        subscriptions.extend(names);
        Ok(())
    }

    pub(super) fn unsubscribe(&self, names: &[String]) {
        let mut subscriptions = self.subscriptions();
        for name in names {
            subscriptions.remove(name.as_str());
        }
    }
}

/// The answer to more subscriptions than the limit.
pub(super) fn too_many(max: usize) -> ApiError {
    let reason = format!("Too many requests: the limit is {max} subscriptions (`ws_subscriptions`)");
    ApiError::of(ErrorCode::TooManyRequests).with_reason(reason)
}
