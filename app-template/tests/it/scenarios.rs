//! The tables of all methods, each taken in the process, over HTTP and over WebSocket.

mod api_tokens;
mod events;
mod profile;
mod session;
mod settings;
mod test;
mod users;

use crate::scenario::{Scenario, Way, take};

/// Every table.
fn all() -> Vec<Scenario> {
    let tables = [session::table(), profile::table(), api_tokens::table(), users::table(), settings::table()];
    tables.into_iter().flatten().chain(test::table()).collect()
}

#[tokio::test]
async fn sessions_are_made_and_ended() {
    take(session::table(), Way::InProcess).await;
}

#[tokio::test]
async fn users_read_and_change_their_profile() {
    take(profile::table(), Way::InProcess).await;
}

#[tokio::test]
async fn users_manage_their_api_tokens() {
    take(api_tokens::table(), Way::InProcess).await;
}

#[tokio::test]
async fn administrators_manage_users() {
    take(users::table(), Way::InProcess).await;
}

#[tokio::test]
async fn administrators_change_settings() {
    take(settings::table(), Way::InProcess).await;
}

#[tokio::test]
async fn the_test_methods_answer_what_they_get() {
    take(test::table(), Way::InProcess).await;
}

#[tokio::test]
async fn everything_is_the_same_over_http() {
    take(all(), Way::Http).await;
}

#[tokio::test]
async fn everything_is_the_same_over_websocket() {
    take(all(), Way::WebSocket).await;
}
