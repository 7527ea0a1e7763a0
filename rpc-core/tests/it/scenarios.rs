//! One table of calls, each of which ends the same whichever way it comes in: status, code, reason, data, violations, and what
//! the log is told.

mod methods;
mod scenario;
mod table;
mod ways;

use self::scenario::Scenario;
use self::ways::Way;

/// Takes the whole table one way, and tells of every difference at once.
async fn take(way: Way) {
    let mut differences = Vec::new();
    let mut taken = 0;
    for scenario in table::all().iter().filter(|scenario| scenario.ways.contains(&way)) {
        taken += 1;
        differences.extend(differences_of(scenario, way).await);
    }
    assert!(differences.is_empty(), "{} of {taken} scenarios differ:\n{}", differences.len(), differences.join("\n"));
    assert!(taken > 30, "the table is not taken: {taken}");
}

async fn differences_of(scenario: &Scenario, way: Way) -> Option<String> {
    let (ended, records) = scenario.take(way).await;
    if let Some(difference) = scenario.compare(way, &ended, &records) {
        return Some(format!("{way:?}: {}: {difference}", scenario.name));
    }
    // The texts of violations are not in the table: they are those of the first way.
    let (first, _) = scenario.take(scenario.ways[0]).await;
    (scenario.is_same_everywhere() && first.violations() != ended.violations())
        .then(|| format!("{way:?}: {}: {:?} rather than {:?}", scenario.name, ended.violations(), first.violations()))
}

#[test_waits::test]
async fn in_process() {
    take(Way::InProcess).await;
}

#[test_waits::test]
async fn plain_http_in_json() {
    take(Way::HttpJson).await;
}

#[test_waits::test]
async fn plain_http_in_messagepack() {
    take(Way::HttpMsgPack).await;
}

#[test_waits::test]
async fn json_rpc_in_json() {
    take(Way::RpcJson).await;
}

#[test_waits::test]
async fn json_rpc_in_messagepack() {
    take(Way::RpcMsgPack).await;
}

#[test_waits::test]
async fn websocket_in_json() {
    take(Way::WsJson).await;
}

#[test_waits::test]
async fn websocket_in_messagepack() {
    take(Way::WsMsgPack).await;
}
