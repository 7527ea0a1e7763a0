//! What callers and the connection's task have in common.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::{Semaphore, broadcast, oneshot, watch};

use super::{ConnectionState, Event};
use crate::client::ANSWER;
use crate::client::answer::{self, Answer};
use crate::client::error::ClientError;
use crate::codec::Codec;

/// Where an answer goes.
pub(super) type Reply = oneshot::Sender<Result<Answer<Value>, ClientError>>;

pub(super) struct Shared {
    pub(super) next_id: AtomicU64,
    /// Permits for calls in flight.
    pub(super) slots: Semaphore,
    pub(super) events: broadcast::Sender<Event>,
    pub(super) state: watch::Sender<ConnectionState>,
    pending: Mutex<HashMap<u64, Reply>>,
    subscriptions: Mutex<BTreeSet<String>>,
}

/// What a message from the server leaves to do.
#[derive(Debug, PartialEq)]
pub(super) enum Heard {
    /// Nothing more.
    Done,
    /// The server asks whether anybody is there.
    Ping(Value),
}

impl Shared {
    pub(super) fn new(in_flight: usize, events: usize) -> Self {
        Self {
            next_id: AtomicU64::new(1),
            slots: Semaphore::new(in_flight.min(Semaphore::MAX_PERMITS)),
            events: broadcast::Sender::new(events),
            state: watch::Sender::new(ConnectionState::Connected),
            pending: Mutex::default(),
            subscriptions: Mutex::default(),
        }
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<u64, Reply>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn subscribed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Expects the answer of a call that is sent.
    pub(super) fn expect(&self, id: u64, reply: Reply) {
        self.pending().insert(id, reply);
    }

    /// Expects an answer no longer. Returns whether it was expected.
    pub(super) fn forget(&self, id: u64) -> bool {
        self.pending().remove(&id).is_some()
    }

    /// Fails all calls that were sent over the connection, which has ended.
    pub(super) fn lose(&self, error: impl Fn() -> ClientError) {
        let pending = std::mem::take(&mut *self.pending());
        for reply in pending.into_values() {
            let _ = reply.send(Err(error()));
        }
    }

    /// Ends the client: nothing is sent any more.
    pub(super) fn end(&self, state: ConnectionState) {
        self.state.send_replace(state);
        self.slots.close();
        self.lose(|| self.ended());
    }

    /// Why nothing is sent any more.
    pub(super) fn ended(&self) -> ClientError {
        match *self.state.borrow() {
            ConnectionState::SignedOut => ClientError::SignedOut,
            _ => ClientError::Closed,
        }
    }

    /// Adds names. Returns those that are new.
    pub(super) fn add_subscriptions<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        let mut subscribed = self.subscribed();
        names.iter().copied().filter(|name| subscribed.insert((*name).to_owned())).collect()
    }

    pub(super) fn remove_subscriptions(&self, names: &[&str]) {
        let mut subscribed = self.subscribed();
        for name in names {
            subscribed.remove(*name);
        }
    }

    pub(super) fn subscriptions(&self) -> Vec<String> {
        self.subscribed().iter().cloned().collect()
    }

    /// Takes a message: an answer goes to its caller, an event to all who listen.
    pub(super) fn hear(&self, codec: Codec, bytes: &[u8]) -> Heard {
        let document = match codec.decode(bytes, ANSWER) {
            Ok(document) => document,
            Err(error) => {
                tracing::warn!(event = "client.undecodable", %error, "a message of the server does not decode");
                return Heard::Done;
            }
        };
        let method = document.get("method").and_then(Value::as_str);
        match method {
            Some("/event") => self.event(document, false),
            Some("/publish") => self.event(document, true),
            Some("/pong") => self.settle(&document["id"], Ok(Answer::ok())),
            Some("/ping") if document.get("id").is_some() => return Heard::Ping(document["id"].clone()),
            Some(_) => {}
            None => {
                if let Some((id, result)) = answer::read(document) {
                    self.settle(&id, result);
                }
            }
        }
        Heard::Done
    }

    fn settle(&self, id: &Value, result: Result<Answer<Value>, ClientError>) {
        let reply = id.as_u64().and_then(|id| self.pending().remove(&id));
        if let Some(reply) = reply {
            let _ = reply.send(result);
        }
    }

    fn event(&self, mut document: Value, subscribed: bool) {
        let Value::Array(args) = document["params"].take() else { return };
        let mut args = args.into_iter();
        if let Some(Value::String(name)) = args.next() {
            // Without receivers there is nobody to tell.
            let _ = self.events.send(Event { name, args: args.collect(), subscribed });
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::sync::oneshot;

    use super::{Heard, Shared};
    use crate::client::{ClientError, ConnectionState};
    use crate::codec::Codec;

    fn hear(shared: &Shared, text: &str) -> Heard {
        shared.hear(Codec::Json, text.as_bytes())
    }

    #[test]
    fn an_answer_goes_to_its_caller_and_to_nobody_else() {
        let shared = Shared::new(1, 1);
        let (reply, mut answer) = oneshot::channel();
        shared.expect(7, reply);
        for text in ["{", "[]", "null", r#"{"id":7}"#, r#"{"id":"7","result":{"status":200,"reason":"OK"}}"#] {
            assert_eq!(hear(&shared, text), Heard::Done, "{text}");
            assert!(answer.try_recv().is_err());
        }
        hear(&shared, r#"{"id":7,"result":{"status":200,"reason":"OK","data":1,"meta":{}}}"#);
        assert_eq!(answer.try_recv().unwrap().unwrap().data, 1);
        hear(&shared, r#"{"id":7,"method":"/pong"}"#);
    }

    #[test]
    fn events_and_pings_are_told_apart() {
        let shared = Shared::new(1, 2);
        let mut events = shared.events.subscribe();
        hear(&shared, r#"{"method":"/event","params":["/a",1]}"#);
        hear(&shared, r#"{"method":"/publish","params":["/b"]}"#);
        for text in [r#"{"method":"/event"}"#, r#"{"method":"/event","params":[7]}"#, r#"{"method":"/ping"}"#] {
            assert_eq!(hear(&shared, text), Heard::Done);
        }
        let (first, second) = (events.try_recv().unwrap(), events.try_recv().unwrap());
        assert_eq!((first.name.as_str(), first.args, first.subscribed), ("/a", vec![json!(1)], false));
        assert_eq!((second.name.as_str(), second.args, second.subscribed), ("/b", vec![], true));
        assert!(events.try_recv().is_err());
        assert_eq!(hear(&shared, r#"{"method":"/ping","id":3}"#), Heard::Ping(json!(3)));
    }

    #[test]
    fn the_end_reaches_all_who_wait() {
        let shared = Shared::new(1, 1);
        let (reply, mut answer) = oneshot::channel();
        shared.expect(1, reply);
        shared.end(ConnectionState::SignedOut);
        assert!(matches!(answer.try_recv(), Ok(Err(ClientError::SignedOut))));
        assert!(shared.slots.is_closed());
    }
}
