//! What each scenario asks of the store.

use std::collections::{BTreeMap, BTreeSet};

use super::Way;

/// A line a scenario: `<path>, <name>: <calls in their order>`. Callers are known by heart already.
const COMMITTED: &str = include_str!("store_calls.txt");

/// Looks that a WebSocket takes for itself, when it hears that something has changed for its user.
const RECHECKS: [&str; 2] = ["session", "api_token_by_hash"];

/// What is noted of the network that somebody comes from: there is none inside the process.
const OF_NETWORKS: [&str; 2] = ["trust_network", "is_trusted_network"];

pub(super) struct StoreCalls(BTreeMap<&'static str, Vec<&'static str>>);

impl StoreCalls {
    /// The committed list.
    pub(super) fn committed() -> Self {
        let line = |line: &'static str| {
            let (scenario, calls) = line.rsplit_once(':').unwrap();
            (scenario, calls.split_whitespace().collect())
        };
        Self(COMMITTED.lines().map(line).collect())
    }

    pub(super) fn compare(&self, way: Way, path: &str, name: &str, calls: &[&'static str]) -> Result<(), String> {
        let matters = |call: &&&str| {
            let is_recheck = way.is_websocket() && RECHECKS.contains(*call);
            let has_network = way != Way::InProcess;
            !is_recheck && (has_network || !OF_NETWORKS.contains(*call))
        };
        let scenario = format!("{path}, {name}");
        let expected = self.0.get(&*scenario).map(Vec::as_slice).unwrap_or_default();
        if calls.iter().filter(matters).eq(expected.iter().filter(matters)) {
            return Ok(());
        }
        Err(format!("the store was asked\n{scenario}: {}\nrather than {}", calls.join(" "), expected.join(" ")))
    }

    pub(super) fn compare_lines(&self, scenarios: &BTreeSet<(&str, &str)>) {
        let scenarios: BTreeSet<String> = scenarios.iter().map(|(path, name)| format!("{path}, {name}")).collect();
        let lines: BTreeSet<String> = self.0.keys().map(|&line| line.to_owned()).collect();
        let difference: Vec<_> = scenarios.symmetric_difference(&lines).collect();
        assert!(difference.is_empty(), "scenarios without a line, or lines without a scenario: {difference:#?}");
        assert_eq!(lines.len(), COMMITTED.lines().count(), "a scenario has two lines");
    }
}
