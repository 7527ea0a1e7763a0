//! What every [`Bus`] has to do, as tests: for whoever writes one. Behind the feature `conformance`.
//!
//! [`bus_conformance!`](crate::bus_conformance) makes one test of each property. They are given a way to make two nodes that
//! hear each other, and nothing else; each test makes its own.
//!
//! ```
//! // In a test of a crate that has `rpc-core` with the feature `conformance` among its dev-dependencies:
//! use std::sync::Arc;
//!
//! use rpc_core::{Bus, LocalBus};
//!
//! rpc_core::bus_conformance!(local, async {
//!     let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
//!     // Two nodes, and what has to outlive them.
//!     (Arc::clone(&bus), bus, ())
//! });
//! ```

pub mod contents;
pub mod hearing;
#[doc(hidden)]
pub mod suite;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::bus::{Bus, Listener, Notice};

/// How long a notice may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// A node on a bus, and what it heard.
#[derive(Debug)]
pub struct Node {
    /// Its bus.
    pub bus: Arc<dyn Bus>,
    heard: UnboundedReceiver<Notice>,
    listener: Arc<Recorder>,
}

#[derive(Debug)]
struct Recorder(UnboundedSender<Notice>);

impl Listener for Recorder {
    fn hear(&self, notice: &Notice) {
        // Nobody reads the notes of a test that is over.
        let _ = self.0.send(notice.clone());
    }
}

impl Node {
    fn new(bus: Arc<dyn Bus>) -> Self {
        let (sender, heard) = unbounded_channel();
        let listener = Arc::new(Recorder(sender));
        let weak = Arc::downgrade(&listener);
        bus.listen(weak);
        Self { bus, heard, listener }
    }

    /// Announces.
    async fn says(&self, notice: Notice) {
        self.bus.announce(notice).await.expect("the other node can be told");
    }

    /// The next notice, whatever it is.
    async fn hears_any(&mut self) -> Notice {
        let next = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
        next.expect("a notice arrives").expect("the listener lives")
    }

    /// The next notice of something.
    async fn hears(&mut self) -> Notice {
        loop {
            match self.hears_any().await {
                Notice::Missed => {}
                notice => return notice,
            }
        }
    }

    /// What it has heard until now.
    fn has_heard(&mut self) -> Vec<Notice> {
        let all = std::iter::from_fn(|| self.heard.try_recv().ok());
        all.filter(|notice| *notice != Notice::Missed).collect()
    }

    async fn is_current_soon(&self) {
        let wait = async {
            while !self.bus.is_current() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("a node that hears is current");
    }
}

fn other(number: usize) -> Notice {
    Notice::Other { topic: "number".into(), content: Value::from(number) }
}

/// Makes two nodes and holds a property against them, on a runtime of its own.
///
/// # Panics
///
/// The property does not hold; or the system gives no threads.
pub fn check<G>(
    constructor: impl Future<Output = (Arc<dyn Bus>, Arc<dyn Bus>, G)>,
    property: impl AsyncFnOnce(Node, Node),
) {
    suite::run(async {
        let (here, there, _guard) = constructor.await;
        let (here, there) = (Node::new(here), Node::new(there));
        here.is_current_soon().await;
        there.is_current_soon().await;
        property(here, there).await;
    });
}

/// Makes a module of tests, one for each property of a [`Bus`].
///
/// `bus_conformance!(name, constructor)`: `name` is the module's; `constructor` is an expression for a future of two nodes
/// (`Arc<dyn Bus>`) that hear each other and nobody else, and of what has to outlive them. It is evaluated in each test. The
/// module sees what is in scope around it. The tests are functions with `#[test]` and need no further attribute or crate.
#[macro_export]
macro_rules! bus_conformance {
    ($module:ident, $constructor:expr) => {
        $crate::conformance_suite! { [$crate::conformance] $module, $constructor;
            hearing {
                this_node_hears_before_the_announcement_returns
                what_was_begun_and_dropped_is_told
                each_node_hears_the_other
                one_nodes_announcements_arrive_in_order
                many_announced_at_once_arrive_once_each
                equal_notices_are_heard_as_often_as_they_are_announced
                a_listener_that_is_gone_hears_nothing
                a_bus_that_carries_stays_current
            }
            contents {
                every_kind_arrives_as_given
                odd_characters_arrive_as_given
                any_size_arrives_whole
                a_large_notice_keeps_its_place
            }
        }
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_is_made_a_test() {
        super::suite::check_list(concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance"));
    }
}
