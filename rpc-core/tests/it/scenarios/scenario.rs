//! One line of the table: a call, and how it ends.

use std::sync::Arc;
use std::time::Duration;

use rpc_core::{Api, Disposition, ManualClock, Permission, TestClient};
use serde_json::{Value, json};
use test_waits::{soon, until};
use tokio::sync::Semaphore;

use super::methods::Door;
use super::ways::{Answer, Ended, Way};
use crate::support::NamedTokens;
use crate::support::server::Running;

pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) ways: &'static [Way],
    path: String,
    params: Value,
    token: Option<&'static str>,
    before: Before,
    websocket: OverWebSocket,
    expected: Answer,
    /// Pointer and keyword of each violation.
    violations: &'static [(&'static str, &'static str)],
    record: Option<(Disposition, bool)>,
}

/// What happens before the call.
#[derive(Clone, Copy)]
pub(super) enum Before {
    Nothing,
    /// The same call, by the same caller, on the same way.
    Same,
    /// The same method is called by somebody who does not get an answer yet.
    Held,
    /// The server begins to stop.
    Stop,
}

/// What is different over WebSocket, where credentials are looked at once.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum OverWebSocket {
    Same,
    /// The handshake has the answer, and no method is called.
    Refused,
    /// The connection is closed, and no method is called.
    Closed(u16),
}

/// What the log is told: user, status, how far the call came, and whether it reached the handler.
pub(super) type Record = (Option<String>, u16, Disposition, bool);

impl Scenario {
    /// A guest's call of a method below `/v9/scenarios`, every way, answered with no data.
    pub(super) fn new(name: &'static str, method: &str, params: Value) -> Self {
        Self {
            name,
            ways: Way::ALL,
            path: format!("/v9/scenarios/{method}"),
            params,
            token: None,
            before: Before::Nothing,
            websocket: OverWebSocket::Same,
            expected: Answer { status: 200, reason: "OK".to_owned(), ..Answer::default() },
            violations: &[],
            record: Some((Disposition::Finished, true)),
        }
    }

    pub(super) fn ways(self, ways: &'static [Way]) -> Self {
        Self { ways, ..self }
    }

    pub(super) fn by(self, token: &'static str) -> Self {
        Self { token: Some(token), ..self }
    }

    pub(super) fn after(self, before: Before) -> Self {
        Self { before, ..self }
    }

    pub(super) fn over_websocket(self, websocket: OverWebSocket) -> Self {
        Self { websocket, ..self }
    }

    pub(super) fn answers(mut self, data: Value) -> Self {
        self.expected.data = data;
        self
    }

    pub(super) fn says(mut self, status: u64, reason: &str, extra: Value) -> Self {
        let Value::Object(extra) = extra else { panic!("{extra}") };
        self.expected = Answer { status, reason: reason.to_owned(), extra, ..self.expected };
        self
    }

    /// An error of the handler.
    pub(super) fn fails(mut self, status: u64, code: i64, reason: &str) -> Self {
        self.expected = Answer { status, code: Some(code), reason: reason.to_owned(), ..Answer::default() };
        self.expected.names_request = code == -32603;
        self
    }

    /// An error before the handler.
    pub(super) fn refused(self, status: u64, code: i64, reason: &str) -> Self {
        self.fails(status, code, reason).ends(Disposition::Refused, false)
    }

    /// The parameters are invalid.
    pub(super) fn invalid(self, violations: &'static [(&'static str, &'static str)]) -> Self {
        Self { violations, ..self.refused(400, -32602, "Parameters are invalid") }
    }

    pub(super) fn again_after(mut self, seconds: u64) -> Self {
        self.expected.retry_after = Some(seconds);
        self
    }

    pub(super) fn ends(self, disposition: Disposition, accepted: bool) -> Self {
        Self { record: Some((disposition, accepted)), ..self }
    }

    pub(super) fn unrecorded(self) -> Self {
        Self { record: None, ..self }
    }

    pub(super) fn is_same_everywhere(&self) -> bool {
        self.websocket == OverWebSocket::Same
    }

    /// Makes the call on a server of its own.
    pub(super) async fn take(&self, way: Way) -> (Ended, Vec<Record>) {
        let builder = Api::builder()
            .only("/v9/scenarios/**")
            .permission(Permission::new("admin", "Administrator", "May do everything."))
            .state(Door(Semaphore::new(0)))
            .clock(Arc::new(ManualClock::new(Duration::from_secs(1_700_000_000))))
            .authenticator(NamedTokens);
        let server = Running::serve(builder, |service| service).await;
        let call = || way.ask(&server, self.token, &self.path, &self.params);
        let mut held = None;
        match self.before {
            Before::Nothing => {}
            Before::Same => drop(call().await),
            Before::Held => {
                let (client, path) = (TestClient::new(server.api.clone()), self.path.clone());
                held = Some(tokio::spawn(async move { client.call(&path, json!([])).await }));
                until("the other call to run", || server.api.active_calls() > 0).await;
            }
            Before::Stop => server.api.stop(),
        }
        server.memory.take();
        let ended = soon("the end of the call", call()).await;
        let seen = server.memory.take();
        if let Some(held) = held {
            held.abort();
        }
        assert!(seen.iter().all(|seen| seen.method == self.path), "{seen:?}");
        (ended, seen.into_iter().map(|seen| (seen.user, seen.status, seen.disposition, seen.accepted)).collect())
    }

    /// The difference to what is expected.
    pub(super) fn compare(&self, way: Way, ended: &Ended, records: &[Record]) -> Option<String> {
        let websocket = if Way::WEBSOCKET.contains(&way) { self.websocket } else { OverWebSocket::Same };
        let mut expected = self.expected.clone();
        if way == Way::InProcess {
            expected.retry_after = None;
        }
        let expected = match websocket {
            OverWebSocket::Same | OverWebSocket::Refused => Ended::Answered(Box::new(expected)),
            OverWebSocket::Closed(code) => Ended::Closed(code),
        };
        let told = if websocket == OverWebSocket::Same { self.records() } else { Vec::new() };
        let violations: Vec<(&str, &str)> = ended
            .violations()
            .iter()
            .map(|violation| (violation["pointer"].as_str().unwrap(), violation["keyword"].as_str().unwrap()))
            .collect();
        let as_expected = match (ended, &expected) {
            (Ended::Answered(answer), Ended::Answered(expected)) => {
                **answer == Answer { violations: answer.violations.clone(), ..(**expected).clone() }
            }
            (ended, expected) => ended == expected,
        };
        if as_expected && violations == self.violations && records == told {
            return None;
        }
        Some(format!("\n  {ended:?}\n  {records:?}\nrather than\n  {expected:?}\n  {:?} {told:?}", self.violations))
    }

    fn records(&self) -> Vec<Record> {
        let user = match self.token {
            Some("t_user") => Some("ann"),
            Some("t_admin" | "t_api") => Some("bob"),
            Some("t_root") => Some("root"),
            _ => None,
        };
        let status = u16::try_from(self.expected.status).unwrap();
        let record = |(disposition, accepted)| (user.map(str::to_owned), status, disposition, accepted);
        self.record.map(record).into_iter().collect()
    }
}
