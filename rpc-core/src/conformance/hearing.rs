//! Who hears what, when, and how often.

use std::task::{Context, Waker};

use futures_util::future::join_all;

use super::{Node, other};
use crate::bus::Notice;

/// Announcements that are made at once.
const MANY: usize = 500;

/// A change holds on its own node when the answer goes out.
pub async fn this_node_hears_before_the_announcement_returns(mut here: Node, there: Node) {
    here.says(Notice::User("7".into())).await;
    assert_eq!(here.has_heard(), [Notice::User("7".into())]);
    drop(there);
}

/// A caller who is gone withdraws nothing.
pub async fn what_was_begun_and_dropped_is_told(mut here: Node, mut there: Node) {
    let mut announcement = here.bus.announce(Notice::User("7".into()));
    // Whether it is ready at once is the bus's affair.
    let _ = announcement.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    drop(announcement);
    assert_eq!(here.has_heard(), [Notice::User("7".into())]);
    assert_eq!(there.hears().await, Notice::User("7".into()));
}

/// Both ways, and an announcer does not hear itself twice.
pub async fn each_node_hears_the_other(mut here: Node, mut there: Node) {
    here.says(other(1)).await;
    assert_eq!(there.hears().await, other(1));
    there.says(other(2)).await;
    assert_eq!((here.hears().await, here.hears().await), (other(1), other(2)));
    here.says(Notice::Missed).await;
    assert_eq!(there.hears().await, other(2));
    while there.hears_any().await != Notice::Missed {}
    assert_eq!((here.has_heard(), there.has_heard()), (vec![], vec![]));
}

/// The order of one node's announcements is kept.
pub async fn one_nodes_announcements_arrive_in_order(here: Node, mut there: Node) {
    for number in 0..MANY {
        here.says(other(number)).await;
    }
    for number in 0..MANY {
        assert_eq!(there.hears().await, other(number));
    }
}

/// Nothing is lost or doubled under load, from both sides.
pub async fn many_announced_at_once_arrive_once_each(mut here: Node, mut there: Node) {
    let from_here = (0..MANY).map(|number| here.says(other(number)));
    let from_there = (MANY..2 * MANY).map(|number| there.says(other(number)));
    tokio::join!(join_all(from_here), join_all(from_there));
    let number = |notice: Notice| match notice {
        Notice::Other { content, .. } => content.as_u64(),
        _ => None,
    };
    for node in [&mut here, &mut there] {
        let mut heard = Vec::new();
        for _ in 0..2 * MANY {
            heard.push(number(node.hears().await));
        }
        heard.sort_unstable();
        assert!(heard.into_iter().eq((0..2 * MANY as u64).map(Some)));
    }
    // What would come a second time would come before this.
    here.says(other(0)).await;
    assert_eq!(there.hears().await, other(0));
    assert_eq!((here.has_heard(), there.has_heard()), (vec![other(0)], vec![]));
}

/// Two equal notices are two, also when they are made at once.
pub async fn equal_notices_are_heard_as_often_as_they_are_announced(here: Node, mut there: Node) {
    join_all((0..20).map(|_| here.says(Notice::User("7".into())))).await;
    here.says(other(0)).await;
    for _ in 0..20 {
        assert_eq!(there.hears().await, Notice::User("7".into()));
    }
    assert_eq!(there.hears().await, other(0));
}

/// A listener is not kept alive, and not told when it is gone.
pub async fn a_listener_that_is_gone_hears_nothing(here: Node, mut there: Node) {
    let listener = std::sync::Arc::downgrade(&there.listener);
    let mut second = Node::new(std::sync::Arc::clone(&there.bus));
    drop(there.listener);
    assert_eq!(listener.strong_count(), 0);
    here.says(other(1)).await;
    assert_eq!(second.hears().await, other(1));
    while let Some(notice) = there.heard.recv().await {
        assert_eq!(notice, Notice::Missed);
    }
}

/// What is announced arrives, so nodes stay current.
pub async fn a_bus_that_carries_stays_current(here: Node, mut there: Node) {
    for number in 0..MANY {
        here.says(other(number)).await;
        assert_eq!(there.hears().await, other(number));
        assert!(here.bus.is_current() && there.bus.is_current(), "after {number}");
    }
}
