//! The tables of all methods, each taken every way in.

mod api_tokens;
mod call_log;
mod events;
mod profile;
mod session;
mod settings;
mod test;
mod users;

use std::collections::BTreeSet;

use crate::scenario::{Scenario, Way, compare_lines, take};
use crate::world::World;

/// Methods that succeed in no table, since they need somebody outside: a mail server. The list may only shrink.
const NEVER_SUCCEED: [&str; 1] = ["/v1/admin/settings/test-smtp"];

/// Every table.
fn all() -> Vec<Scenario> {
    let tables = [session::table(), profile::table(), api_tokens::table(), users::table(), settings::table()];
    tables.into_iter().flatten().chain(call_log::table()).chain(test::table()).collect()
}

#[test_waits::test]
async fn sessions_are_made_and_ended() {
    take(session::table(), Way::InProcess).await;
}

#[test_waits::test]
async fn users_read_and_change_their_profile() {
    take(profile::table(), Way::InProcess).await;
}

#[test_waits::test]
async fn users_manage_their_api_tokens() {
    take(api_tokens::table(), Way::InProcess).await;
}

#[test_waits::test]
async fn administrators_manage_users() {
    take(users::table(), Way::InProcess).await;
}

#[test_waits::test]
async fn administrators_change_settings() {
    take(settings::table(), Way::InProcess).await;
}

#[test_waits::test]
async fn administrators_read_what_was_called() {
    take(call_log::table(), Way::InProcess).await;
}

#[test_waits::test]
async fn the_test_methods_answer_what_they_get() {
    take(test::table(), Way::InProcess).await;
}

#[test_waits::test]
async fn everything_is_the_same_over_plain_http() {
    take(all(), Way::PlainHttp).await;
}

#[test_waits::test]
async fn everything_is_the_same_over_json_rpc() {
    take(all(), Way::JsonRpc).await;
}

#[test_waits::test]
async fn everything_is_the_same_in_a_batch() {
    take(all(), Way::Batch).await;
}

#[test_waits::test]
async fn everything_is_the_same_over_websocket() {
    take(all(), Way::WebSocketJson).await;
}

#[test_waits::test]
async fn everything_is_the_same_over_websocket_in_message_pack() {
    take(all(), Way::WebSocketMsgPack).await;
}

#[test_waits::test]
async fn every_method_has_scenarios_in_which_it_succeeds_and_fails() {
    let world = World::new().await;
    let methods: BTreeSet<&str> = world.api.methods().map(|method| method.path()).collect();
    let paths = |succeeds: bool| -> BTreeSet<&str> {
        all().iter().filter(|scenario| scenario.succeeds() == succeeds).map(Scenario::path).collect()
    };
    let need_nobody = methods.iter().copied().filter(|path| !NEVER_SUCCEED.contains(path));
    assert_eq!(paths(true), need_nobody.collect());
    assert_eq!(paths(false), methods);
}

#[test]
fn what_the_store_is_asked_is_told_of_every_scenario() {
    compare_lines(&all());
}
