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
/// [`announce`](Self::announce) tells the listeners of its own node before it returns, so that a change holds here when
/// the answer to whoever made it goes out. Other nodes hear it soon after, in the order of one node's announcements.
#[async_trait]
pub trait Bus: Send + Sync + fmt::Debug + 'static {
    /// Tells all nodes.
    ///
    /// # Errors
    ///
    /// Other nodes may not have heard it. The listeners of this node have.
    async fn announce(&self, notice: Notice) -> Result<(), BusError>;

    /// Adds a listener of this node, for as long as it lives.
    fn listen(&self, listener: Weak<dyn Listener>);
}

/// Somebody on this node who acts on notices. It is called on the announcer's path and returns at once.
pub trait Listener: Send + Sync {
    /// A notice has come.
    fn hear(&self, notice: &Notice);
}

/// Other nodes could not be told.
#[derive(Debug, thiserror::Error)]
#[error("other nodes could not be told")]
pub struct BusError(#[source] pub Box<dyn Error + Send + Sync>);

/// One thing that nodes tell each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Notice {
    /// An event was published.
    Event(PublishedEvent),
    /// What the user may do has changed, or their credentials have: whatever is known of them is to be looked up anew.
    User(Box<str>),
    /// A matter of the application.
    Other {
        /// What it is about.
        topic: Box<str>,
        /// What there is to say.
        content: Value,
    },
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

#[async_trait]
impl Bus for LocalBus {
    async fn announce(&self, notice: Notice) -> Result<(), BusError> {
        let listeners: Vec<_> = {
            let mut known = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
            known.retain(|listener| listener.strong_count() > 0);
            known.iter().filter_map(Weak::upgrade).collect()
        };
        listeners.iter().for_each(|listener| listener.hear(&notice));
        Ok(())
    }

    fn listen(&self, listener: Weak<dyn Listener>) {
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner).push(listener);
    }
}
