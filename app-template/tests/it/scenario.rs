//! One line of a table: a call, and how it ends, whichever way it comes in.

mod store_calls;
mod way;

use std::collections::BTreeSet;
use std::fmt;

use rpc_auth::ConfirmationKind;
use rpc_core::Violation;
use serde_json::{Map, Value, json};

use self::store_calls::StoreCalls;
pub(crate) use self::way::Way;
use crate::world::{Served, Who, World};

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

    /// What the table is about.
    pub(crate) fn path(&self) -> &'static str {
        self.path
    }

    pub(crate) fn succeeds(&self) -> bool {
        self.expected.status == 200
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
    async fn take(&self, way: Way, store_calls: &StoreCalls) -> Result<(), String> {
        let world = World::new().await;
        for (who, path, params) in &self.before {
            world.ok(&world.as_known(*who).await, path, params.clone()).await;
        }
        world.all_mails().await;
        let served = Served::start(&world.api).await;
        let params = with_tokens(&world, &self.params).await;
        let caller = way.open(&world, &served, world.token(self.who).await.as_deref()).await;
        world.store.take_calls();
        let ended = caller.call(self.path, &params).await;
        self.compare(&ended)?;
        let mails = world.all_mails().await;
        store_calls.compare(way, self.path, self.name, &world.store.take_calls())?;
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
        // MessagePack has no 0.0 that is not 0.
        (Value::Number(pattern), Value::Number(value)) => pattern.as_f64() == value.as_f64(),
        (pattern, value) => pattern == value,
    }
}

/// The parameters, with tokens as they would be mailed to Bob for the texts `$email-token` and `$reset-token`.
async fn with_tokens(world: &World, params: &Value) -> Value {
    let mut params = params.clone();
    for param in params.as_array_mut().unwrap() {
        let kind = match param.as_str() {
            Some("$email-token") => ConfirmationKind::Email,
            Some("$reset-token") => ConfirmationKind::PasswordReset,
            _ => continue,
        };
        *param = json!(world.confirmation(3, "bob@example.com", kind).await);
    }
    params
}

impl Ended {
    fn new(status: u16, reason: String, data: Value, extra: &Map<String, Value>, errors: &[Violation]) -> Self {
        let errors = errors.iter().map(|error| (error.pointer.clone(), error.keyword.clone().into_owned())).collect();
        Self { status, reason: Some(reason), data, total: extra.get("total").and_then(Value::as_u64), errors }
    }
}

/// Takes a whole table one way, and tells of every difference at once.
pub(crate) async fn take(table: Vec<Scenario>, way: Way) {
    let (mut differences, store_calls) = (Vec::new(), StoreCalls::committed());
    for scenario in &table {
        let taken = scenario.take(way, &store_calls).await;
        differences.extend(taken.err().map(|difference| format!("{}: {difference}", scenario.name)));
    }
    let (different, all) = (differences.len(), table.len());
    assert!(differences.is_empty(), "{way:?}: {different} of {all} differ:\n{}", differences.join("\n"));
}

/// Holds the list of what the store is asked to the scenarios: each has a line, and each line has a scenario.
pub(crate) fn compare_lines(scenarios: &[Scenario]) {
    let mut named = BTreeSet::new();
    for Scenario { path, name, .. } in scenarios {
        assert!(named.insert((*path, *name)), "two scenarios of {path} are called {name:?}");
    }
    StoreCalls::committed().compare_lines(&named);
}

/// An object of permissions that are held.
pub(crate) fn held(names: &[&str]) -> Value {
    json!(names.iter().map(|name| ((*name).to_owned(), json!(true))).collect::<Map<_, _>>())
}
