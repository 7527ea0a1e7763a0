//! One line of a table: a call, and how it ends, whichever way it comes in.

use std::fmt;

use rpc_core::client::ClientError;
use rpc_core::{TestReply, Violation};
use serde_json::{Map, Value, json};

use crate::world::{Served, Who, World};

/// How calls come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    InProcess,
    Http,
    WebSocket,
}

/// A call, and how it ends.
pub(crate) struct Scenario {
    name: &'static str,
    before: Vec<(Who, &'static str, Value)>,
    who: Who,
    path: &'static str,
    params: Value,
    expected: Ended,
    /// To whom, and how the subject begins. Nothing else is sent.
    mails: Vec<(&'static str, &'static str)>,
    after: Vec<(Who, &'static str, Value, Value)>,
}

/// What is told of the end of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ended {
    status: u16,
    reason: Option<String>,
    data: Value,
    total: Option<u64>,
    /// Pointer and keyword.
    errors: Vec<(String, String)>,
}

/// A call that is expected to end with 200, no data, and no mail, until more is said.
pub(crate) fn scenario(name: &'static str, who: Who, path: &'static str, params: Value) -> Scenario {
    let expected = Ended { status: 200, reason: None, data: Value::Null, total: None, errors: Vec::new() };
    let (before, mails, after) = (Vec::new(), Vec::new(), Vec::new());
    Scenario { name, before, who, path, params, expected, mails, after }
}

impl Scenario {
    /// Another call, which succeeds, before.
    pub(crate) fn before(mut self, who: Who, path: &'static str, params: Value) -> Self {
        self.before.push((who, path, params));
        self
    }

    /// Another call after, and its data.
    pub(crate) fn then(mut self, who: Who, path: &'static str, params: Value, data: Value) -> Self {
        self.after.push((who, path, params, data));
        self
    }

    /// The data. The texts `$time`, `$token` and `$password` stand for some such value, `$any` for anything.
    pub(crate) fn data(mut self, data: Value) -> Self {
        self.expected.data = data;
        self
    }

    pub(crate) fn total(mut self, total: u64) -> Self {
        self.expected.total = Some(total);
        self
    }

    pub(crate) fn reason(mut self, reason: &str) -> Self {
        self.expected.reason = Some(reason.to_owned());
        self
    }

    pub(crate) fn fails(mut self, status: u16, reason: &str) -> Self {
        self.expected.status = status;
        self.reason(reason)
    }

    /// The parameters are refused, for these pointers and keywords.
    pub(crate) fn refused(mut self, errors: &[(&str, &str)]) -> Self {
        self.expected.errors =
            errors.iter().map(|(pointer, keyword)| ((*pointer).to_owned(), (*keyword).to_owned())).collect();
        self.fails(400, "Parameters are invalid")
    }

    pub(crate) fn mails(mut self, mails: &[(&'static str, &'static str)]) -> Self {
        self.mails = mails.to_vec();
        self
    }

    /// Takes a way with a world of its own. What is different, if anything is.
    async fn take(&self, way: Way) -> Result<(), String> {
        let world = World::new().await;
        for (who, path, params) in &self.before {
            world.ok(&world.as_known(*who).await, path, params.clone()).await;
        }
        world.all_mails().await;
        let served = Served::start(&world.api).await;
        let token = world.token(self.who).await;
        let ended = call(&world, &served, way, token.as_deref(), self.path, &self.params).await;
        self.compare(&ended)?;
        let mails = world.all_mails().await;
        let as_expected = |(mail, (to, subject)): (&app_template::mail::Mail, &(&str, &str))| {
            mail.to() == *to && mail.subject().starts_with(subject)
        };
        if mails.len() != self.mails.len() || !mails.iter().zip(&self.mails).all(as_expected) {
            return Err(format!("mails {mails:?} rather than {:?}", self.mails));
        }
        for (who, path, params, data) in &self.after {
            let reply = world.as_known(*who).await.call(path, params.clone()).await;
            if !fits(data, &reply.data) {
                return Err(format!("afterwards {path} answers {} rather than {data}", reply.data));
            }
        }
        Ok(())
    }

    fn compare(&self, ended: &Ended) -> Result<(), String> {
        let Ended { status, reason, data, total, errors } = &self.expected;
        let same = *status == ended.status
            && (reason.is_none() || *reason == ended.reason)
            && fits(data, &ended.data)
            && (total.is_none() || *total == ended.total)
            && *errors == ended.errors;
        if same { Ok(()) } else { Err(format!("{ended}\nrather than {}", self.expected)) }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, reason, data, total, errors } = self;
        write!(f, "{status} {} {data} total {total:?} {errors:?}", reason.as_deref().unwrap_or("…"))
    }
}

/// Whether a value fits a pattern.
fn fits(pattern: &Value, value: &Value) -> bool {
    match (pattern, value) {
        (Value::String(pattern), value) if pattern.starts_with('$') => match (pattern.as_str(), value.as_str()) {
            ("$any", _) => true,
            ("$time", Some(text)) => text.len() == 24 && text.ends_with('Z'),
            ("$token", Some(text)) => text.starts_with("app_") && text.len() > 40,
            ("$password", Some(text)) => text.len() >= 16,
            _ => false,
        },
        (Value::Array(patterns), Value::Array(values)) => {
            patterns.len() == values.len() && patterns.iter().zip(values).all(|(pattern, value)| fits(pattern, value))
        }
        (Value::Object(patterns), Value::Object(values)) => {
            let fits = |(name, pattern): (&String, &Value)| values.get(name).is_some_and(|value| fits(pattern, value));
            patterns.len() == values.len() && patterns.iter().all(fits)
        }
        (pattern, value) => pattern == value,
    }
}

async fn call(world: &World, served: &Served, way: Way, token: Option<&str>, path: &str, params: &Value) -> Ended {
    let answer = match way {
        Way::InProcess => {
            let client = world.guest();
            let client = if let Some(token) = token { client.token(token) } else { client };
            return client.call(path, params.clone()).await.into();
        }
        Way::Http => served.http(token).call::<Value>(path, params).await,
        Way::WebSocket => served.websocket(token).await.call::<Value>(path, params).await,
    };
    match answer {
        Ok(answer) => Ended::new(answer.status, answer.reason, answer.data, &answer.extra, &[]),
        Err(ClientError::Api(failure)) => {
            Ended::new(failure.status, failure.reason, Value::Null, &Map::new(), &failure.errors)
        }
        Err(error) => panic!("{path}: {error}"),
    }
}

impl Ended {
    fn new(status: u16, reason: String, data: Value, extra: &Map<String, Value>, errors: &[Violation]) -> Self {
        let errors = errors.iter().map(|error| (error.pointer.clone(), error.keyword.clone().into_owned())).collect();
        Self { status, reason: Some(reason), data, total: extra.get("total").and_then(Value::as_u64), errors }
    }
}

impl From<TestReply> for Ended {
    fn from(reply: TestReply) -> Self {
        Self::new(reply.status, reply.reason, reply.data, &reply.extra, &reply.details.errors)
    }
}

/// Takes a whole table one way, and tells of every difference at once.
pub(crate) async fn take(table: Vec<Scenario>, way: Way) {
    let mut differences = Vec::new();
    for scenario in &table {
        let taken = scenario.take(way).await;
        differences.extend(taken.err().map(|difference| format!("{}: {difference}", scenario.name)));
    }
    let (different, all) = (differences.len(), table.len());
    assert!(differences.is_empty(), "{way:?}: {different} of {all} differ:\n{}", differences.join("\n"));
}

/// An object of permissions that are held.
pub(crate) fn held(names: &[&str]) -> Value {
    json!(names.iter().map(|name| ((*name).to_owned(), json!(true))).collect::<Map<_, _>>())
}
