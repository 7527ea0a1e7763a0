//! Somebody whom nodes know, until they do not any more.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::PROMISED;
use crate::node::{Node, PROFILE, Person};
use crate::socket::Socket;

/// A WebSocket that was closed: with which code, and when.
type Closed = (Option<u16>, Instant);

/// Somebody with a session and an API token, whom each of some nodes knows by both and has a WebSocket open with by both.
pub(crate) struct Known<'n> {
    nodes: Vec<&'n Node>,
    name: &'n str,
    pub(crate) person: Person,
    /// Whether the session and the API token are to be good in the end.
    left: [bool; 2],
    kept: Vec<Socket>,
    closing: JoinSet<Closed>,
}

impl<'n> Known<'n> {
    /// Makes them on the first node.
    pub(crate) async fn make(nodes: &[&'n Node], root: &str, name: &'n str, left: [bool; 2]) -> Self {
        let person = Person::make(nodes[0], root, name).await;
        let (mut kept, mut closing) = (Vec::new(), JoinSet::new());
        for (credential, left) in [&person.session, &person.token].into_iter().zip(left) {
            for node in nodes {
                node.ok(credential, PROFILE, json!([])).await;
                let socket = node.socket(credential).await;
                if left {
                    kept.push(socket);
                } else {
                    closes(&mut closing, socket);
                }
            }
        }
        Self { nodes: nodes.to_vec(), name, person, left, kept, closing }
    }

    /// Each credential, with the status that a call with it has in the end.
    pub(crate) fn credentials(&self) -> [(&str, u16); 2] {
        let [session, token] = self.left.map(|left| if left { 200 } else { 401 });
        [(&self.person.session, session), (&self.person.token, token)]
    }

    /// Holds all nodes to what was taken.
    pub(crate) async fn lost(mut self, taken: Taken<'_>) {
        for node in &self.nodes {
            for (credential, expected) in self.credentials() {
                taken.is_seen_by(node, credential, PROFILE, expected).await;
            }
        }
        taken.closes(self.closing).await;
        for socket in &mut self.kept {
            assert_eq!(profile(socket).await["name"], self.name);
        }
    }
}

/// What somebody is told about themselves.
pub(crate) async fn profile(socket: &mut Socket) -> Value {
    socket.call(PROFILE, json!([])).await["result"]["data"].take()
}

/// Notes when a WebSocket is closed.
pub(crate) fn closes(closing: &mut JoinSet<Closed>, mut socket: Socket) {
    closing.spawn(async move { (socket.closed().await, Instant::now()) });
}

/// The moment at which something was taken from somebody.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken<'w> {
    what: &'w str,
    at: Instant,
}

impl<'w> Taken<'w> {
    pub(crate) fn now(what: &'w str) -> Self {
        Self { what, at: Instant::now() }
    }

    /// Holds what came then to what is promised.
    pub(crate) fn in_time(self, until: Instant, then: &str) {
        let late = until.saturating_duration_since(self.at);
        assert!(late < PROMISED, "{}: {then} after {late:?}", self.what);
    }

    /// Holds a node to it that a call that begins when the time is over, or later, has a status.
    pub(crate) async fn is_seen_by(self, node: &Node, token: &str, path: &str, expected: u16) {
        loop {
            let asked = Instant::now();
            let status = node.status(token, path, json!([])).await;
            if status == expected {
                return;
            }
            self.in_time(asked, &format!("status {status} of a call that began"));
        }
    }

    /// Holds WebSockets to it that they were closed in time, as those of somebody who is shut out.
    pub(crate) async fn closes(self, mut closing: JoinSet<Closed>) {
        while let Some(closed) = closing.join_next().await {
            let (code, at) = closed.unwrap();
            assert_eq!(code, Some(4000), "{}", self.what);
            self.in_time(at, "closed");
        }
    }
}
