//! Callers that go on through a fault, and what they were told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::node::{Node, PASSWORD, PROFILE};
use crate::http::try_call;
use crate::process::soon;

/// API tokens that a writer has at a time.
const KEPT: usize = 20;

/// What has happened so far, to all callers together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    /// Changes that were acknowledged.
    pub(super) changed: usize,
    /// Calls that were answered with 503.
    pub(super) refused: usize,
    /// Calls that need no database, answered as always.
    pub(super) echoed: usize,
    /// Calls that got no whole answer.
    pub(super) cut: usize,
}

/// Callers that call one after the other until they are told to stop.
pub(super) struct Load {
    counts: watch::Sender<Counts>,
    stop: watch::Sender<bool>,
    writers: JoinSet<Ledger>,
    readers: JoinSet<()>,
}

/// A caller's way to the nodes: to the first one, and on to the next one when it goes away.
#[derive(Clone)]
struct Way {
    addresses: Arc<[String]>,
    at: usize,
    counts: watch::Sender<Counts>,
    stopped: watch::Receiver<bool>,
}

impl Way {
    /// A call. `None` when it was refused with 503, or got no whole answer from a node that went away.
    async fn call(&mut self, token: &str, path: &str, params: Value) -> Option<(u16, Value)> {
        let answered = self.try_call(token, path, params).await?;
        if answered.0 == 503 {
            assert_eq!(answered.1["data"], json!(null), "{path}: {}", answered.1);
            self.counts.send_modify(|counts| counts.refused += 1);
            return None;
        }
        Some(answered)
    }

    /// The same, with refusals.
    async fn try_call(&mut self, token: &str, path: &str, params: Value) -> Option<(u16, Value)> {
        match try_call(&self.addresses[self.at], token, path, params).await {
            Ok(answered) => Some(answered),
            Err(error) => {
                self.at += 1;
                assert!(self.at < self.addresses.len(), "{path}: {error}");
                self.counts.send_modify(|counts| counts.cut += 1);
                None
            }
        }
    }

    fn goes_on(&self) -> bool {
        !*self.stopped.borrow()
    }
}

impl Load {
    /// Two that change things, each a user with a session, and two that do not.
    pub(super) async fn start(nodes: &[&Node]) -> Self {
        let (counts, (stop, stopped)) = (watch::Sender::new(Counts::default()), watch::channel(false));
        let addresses = nodes.iter().map(|node| node.address.clone()).collect();
        let way = Way { addresses, at: 0, counts: counts.clone(), stopped };
        let root = nodes[0].root().await;
        let fields = json!([{"username": "ann", "password": PASSWORD}]);
        nodes[0].ok(&root, "/v1/admin/users/create", fields).await;
        let ann = nodes[0].sign_in("ann", PASSWORD).await;
        let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
        writers.spawn(write_tokens(way.clone(), ann.clone()));
        writers.spawn(write_users(way.clone(), root));
        readers.spawn(echo(way.clone()));
        readers.spawn(read(way, ann));
        Self { counts, stop, writers, readers }
    }

    /// Waits until something has happened so many times more.
    pub(super) async fn more(&mut self, what: impl Fn(&Counts) -> usize, times: usize) {
        let mut counts = self.counts.subscribe();
        let before = what(&counts.borrow_and_update());
        let reached = async {
            tokio::select! {
                reached = counts.wait_for(|counts| what(counts) >= before + times) => drop(reached.unwrap()),
                // Nobody ends before they are told to, unless they fail.
                Some(ended) = self.writers.join_next() => panic!("{ended:?}"),
                Some(ended) = self.readers.join_next() => ended.unwrap(),
            }
        };
        soon("what callers go on with", reached).await;
    }

    /// Ends the calls. What was acknowledged, and how it went.
    pub(super) async fn stop(mut self) -> (Vec<Ledger>, Counts) {
        self.stop.send_replace(true);
        let mut ledgers = Vec::new();
        while let Some(ledger) = soon("the last call", self.writers.join_next()).await {
            ledgers.push(ledger.unwrap());
        }
        while let Some(ended) = soon("the last call", self.readers.join_next()).await {
            ended.unwrap();
        }
        let counts = *self.counts.borrow();
        (ledgers, counts)
    }
}

/// What somebody was told of their changes.
#[derive(Debug)]
pub(super) struct Ledger {
    token: String,
    /// The list in which it is to be seen.
    list: &'static str,
    /// The names of what was made, and is to be there.
    made: BTreeSet<String>,
    /// The names of what was removed, and is not to be there.
    removed: BTreeSet<String>,
    /// The names of what was asked for without an acknowledgement: it may be there or not.
    unsure: BTreeSet<String>,
}

impl Ledger {
    fn new(token: &str, list: &'static str) -> Self {
        let (made, removed, unsure) = Default::default();
        Self { token: token.to_owned(), list, made, removed, unsure }
    }

    /// Holds a node to what was acknowledged.
    pub(super) async fn holds(&self, node: &Node) {
        let mut stored = BTreeSet::new();
        loop {
            let page = json!([{"limit": 100, "offset": stored.len(), "order_by": "id"}]);
            let rows = node.ok(&self.token, self.list, page).await;
            let rows = rows.as_array().unwrap();
            let before = stored.len();
            stored.extend(rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()));
            assert_eq!(stored.len(), before + rows.len(), "a name is there twice");
            if rows.len() < 100 {
                break;
            }
        }
        let lost: Vec<_> = self.made.difference(&stored).collect();
        let risen: Vec<_> = self.removed.intersection(&stored).collect();
        let strange = stored.iter().filter(|name| !self.made.contains(*name) && !self.unsure.contains(*name));
        let strange: Vec<_> = strange.filter(|name| !["root", "ann"].contains(&name.as_str())).collect();
        assert!(lost.is_empty() && risen.is_empty() && strange.is_empty(), "{lost:?} {risen:?} {strange:?}");
        assert!(!self.made.is_empty(), "nothing was acknowledged");
    }
}

/// Makes API tokens and removes them, and uses each of them meanwhile.
async fn write_tokens(mut way: Way, session: String) -> Ledger {
    let mut ledger = Ledger::new(&session, "/v1/api-tokens/read");
    let mut ids = BTreeMap::new();
    for number in 0.. {
        if !way.goes_on() {
            break;
        }
        let name = format!("t{number:08}");
        match way.call(&session, "/v1/api-tokens/create", json!([name])).await {
            None => drop(ledger.unsure.insert(name.clone())),
            Some((status, answer)) => {
                assert_eq!(status, 200, "{answer}");
                way.counts.send_modify(|counts| counts.changed += 1);
                let text = |field: &str| answer["data"][field].as_str().unwrap().to_owned();
                ids.insert(name.clone(), text("id"));
                ledger.made.insert(name);
                if let Some((status, answer)) = way.call(&text("token"), PROFILE, json!([])).await {
                    assert_eq!((status, &answer["data"]["name"]), (200, &json!("ann")), "{answer}");
                }
            }
        }
        if ids.len() > KEPT
            && let Some((name, id)) = ids.pop_first()
        {
            ledger.made.remove(&name);
            match way.call(&session, "/v1/api-tokens/delete", json!([id])).await {
                None => drop(ledger.unsure.insert(name)),
                Some((status, answer)) => {
                    assert_eq!(status, 200, "{answer}");
                    way.counts.send_modify(|counts| counts.changed += 1);
                    ledger.removed.insert(name);
                }
            }
        }
    }
    ledger
}

/// Makes users.
async fn write_users(mut way: Way, root: String) -> Ledger {
    let mut ledger = Ledger::new(&root, "/v1/admin/users/read");
    for number in 0.. {
        if !way.goes_on() {
            break;
        }
        let name = format!("u{number:08}");
        let fields = json!([{"username": name, "password": PASSWORD}]);
        match way.call(&root, "/v1/admin/users/create", fields).await {
            None => drop(ledger.unsure.insert(name)),
            Some((status, answer)) => {
                assert_eq!(status, 200, "{answer}");
                way.counts.send_modify(|counts| counts.changed += 1);
                ledger.made.insert(name);
            }
        }
    }
    ledger
}

/// Calls what needs no database: it is answered as always.
async fn echo(mut way: Way) {
    while way.goes_on() {
        if let Some((status, answer)) = way.try_call("", "/v1/test/test", json!(["x"])).await {
            assert_eq!((status, &answer["data"]), (200, &json!("x")));
            way.counts.send_modify(|counts| counts.echoed += 1);
        }
    }
}

/// Reads what is known of oneself: it is right, or cannot be said.
async fn read(mut way: Way, session: String) {
    while way.goes_on() {
        if let Some((status, answer)) = way.call(&session, PROFILE, json!([])).await {
            assert_eq!((status, &answer["data"]["name"]), (200, &json!("ann")), "{answer}");
        }
    }
}
