//! What nodes tell each other: a published event, a caller whose rights have changed.

use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError, Weak};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::Audience;

/// Carries notices to all nodes, this one included.
///
/// # What an implementation promises
///
/// - **This node first.** [`announce`](Self::announce) has told every listener of its own node when it returns, also with an
///   error, so that a change holds here when the answer to whoever made it goes out. [`LocalBus::tell`] does this part for
///   others.
/// - **At once.** The first poll tells this node and hands the notice over to be carried, outside of a runtime too: an
///   announcement that was begun and then dropped, because a caller is gone, is carried all the same.
/// - **Once.** A listener hears a notice at most once; the node that announced it does not hear its echo.
/// - **In order.** Other nodes hear what one node announces in the order in which it was announced, where one announcement
///   began after another had returned. Between two nodes there is no order.
/// - **Whole.** A notice arrives as it was given, whatever its size and characters; two that are equal are two.
/// - **From nodes only.** What somebody else put on the way is not told, and what cannot be read is [`Notice::Missed`]: both are
///   read with bounds of size and depth, since they may be anything.
/// - **Not silently lost.** What another node may have announced and this one did not hear is made up for by
///   [`Notice::Missed`]. It is told as soon as the loss is noticed, and again when notices are heard anew: not before, so that
///   what listeners then read from a store is no older than what they hear next.
/// - **In time, or not current.** Notices arrive soon, normally within milliseconds. While this node may not have heard what
///   others announced more than one second ago, [`is_current`](Self::is_current) is `false`.
/// - **Bounded.** An announcement takes seconds at most, also when nothing answers.
///
/// `rpc_core::conformance` (behind the feature `conformance`) holds the first five against any implementation.
#[async_trait]
pub trait Bus: Send + Sync + fmt::Debug + 'static {
    /// Announces a notice to all nodes.
    ///
    /// # Errors
    ///
    /// Other nodes may not have heard it. The listeners of this node have.
    async fn announce(&self, notice: Notice) -> Result<(), BusError>;

    /// Adds a listener of this node, for as long as it lives. Listeners hear a notice in the order in which they were added.
    fn listen(&self, listener: Weak<dyn Listener>);

    /// Whether the listeners of this node have heard all that others announced more than one second ago, as itself or as
    /// [`Notice::Missed`].
    ///
    /// What was derived from notices, such as a cache that they invalidate, is used only while this is `true`. It is asked for
    /// each call, and so answers without waiting. Time is measured by a clock that never jumps: the age of the last proof, such
    /// as a heartbeat that went the way of notices and was heard, counted from when it was sent.
    fn is_current(&self) -> bool;
}

/// A part of this node that acts on notices. The announcer calls it and waits for it, so it returns at once.
pub trait Listener: Send + Sync {
    /// Called for each notice. Every listener does something about [`Notice::Missed`].
    fn hear(&self, notice: &Notice);
}

/// Other nodes could not be told.
#[derive(Debug, thiserror::Error)]
#[error("other nodes could not be told")]
pub struct BusError(#[source] pub Box<dyn Error + Send + Sync>);

/// A message from one node to all nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Notice {
    /// An event was published.
    Event(PublishedEvent),
    /// The rights or the credentials of the user have changed: whatever is known of them has to be looked up again.
    User(Box<str>),
    /// A notice of the application.
    Other {
        /// What it is about.
        topic: Box<str>,
        /// Its content.
        content: Value,
    },
    /// Notices of any kind may have been lost, so anything may have changed. Listeners drop caches, and read again what they read
    /// from a store. Lost events stay lost.
    Missed,
}

/// An event on its way to its audience.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PublishedEvent {
    /// The event's name.
    pub name: Box<str>,
    /// Who is to hear it.
    pub audience: Audience,
    /// Its payload, if it has one.
    pub payload: Option<Value>,
}

/// The bus of a single process. Several `Api`s on one are several nodes.
#[derive(Default)]
pub struct LocalBus {
    listeners: Mutex<Vec<Weak<dyn Listener>>>,
}

impl fmt::Debug for LocalBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalBus")
    }
}

impl LocalBus {
    /// Tells the listeners of this process, before it returns. A bus between processes calls this first of all.
    pub fn tell(&self, notice: &Notice) {
        let listeners: Vec<_> = {
            let mut known = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
            known.retain(|listener| listener.strong_count() > 0);
            known.iter().filter_map(Weak::upgrade).collect()
        };
        listeners.iter().for_each(|listener| listener.hear(notice));
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn announce(&self, notice: Notice) -> Result<(), BusError> {
        self.tell(&notice);
        Ok(())
    }

    fn listen(&self, listener: Weak<dyn Listener>) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Always: whoever announces here tells everybody before it returns.
    fn is_current(&self) -> bool {
        true
    }
}
