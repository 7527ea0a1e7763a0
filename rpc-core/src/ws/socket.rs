//! One connection, as the rest of the node sees it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::outbox::Outbox;
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::identity::Identity;

/// What the hub and the connection's own task share.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) outbox: Outbox,
    identity: Mutex<Identity>,
    subscriptions: Mutex<HashSet<Box<str>>>,
    binary: AtomicBool,
}

impl Socket {
    pub(super) fn new(identity: Identity) -> Self {
        Self {
            outbox: Outbox::default(),
            identity: Mutex::new(identity),
            subscriptions: Mutex::default(),
            binary: AtomicBool::new(false),
        }
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn identify(&self, identity: Identity) {
        *self.identity.lock().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// The encoding of events: that of the client's last message, JSON before any.
    pub(super) fn codec(&self) -> Codec {
        if self.binary.load(Ordering::Relaxed) { Codec::MsgPack } else { Codec::Json }
    }

    pub(super) fn heard_in(&self, codec: Codec) {
        self.binary.store(codec == Codec::MsgPack, Ordering::Relaxed);
    }

    pub(super) fn subscribes(&self, name: &str) -> bool {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).contains(name)
    }

    /// Adds names; beyond `most` of them none is added.
    pub(super) fn subscribe(&self, names: Vec<String>, most: usize) -> Result<(), ApiError> {
        let mut subscriptions = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        let new: HashSet<&String> = names.iter().filter(|name| !subscriptions.contains(name.as_str())).collect();
        if subscriptions.len() + new.len() > most {
            let reason = format!("Too many requests: the limit is {most} subscriptions (`ws_subscriptions`)");
            return Err(ApiError::of(ErrorCode::TooManyRequests).with_reason(reason));
        }
        subscriptions.extend(names.into_iter().map(String::into_boxed_str));
        Ok(())
    }

    pub(super) fn unsubscribe(&self, names: &[String]) {
        let mut subscriptions = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().for_each(|name| {
            subscriptions.remove(name.as_str());
        });
    }
}
