//! Whoever is shut out on one node stays out on the other, by every door.

use rpc_auth::postgres::PgStore;
use rpc_auth::{ConfirmationKind, ConfirmationStore, NewConfirmation, TokenFormat, TokenHash, TokenKind, UserStore};
use rpc_core::{Clock, SystemClock, Timestamp};
use serde_json::{Value, json};
use sqlx::PgPool;
use test_postgres::TestDatabase;

use super::node::{Node, OTHER_PASSWORD, PASSWORD, PROFILE, Person};
use super::socket::Socket;

const SET_BY_TOKEN: &str = "/v1/session/set-password-by-token";

/// A confirmation token of a user, as if it was mailed.
pub(super) async fn confirmation(pool: &PgPool, name: &str, kind: ConfirmationKind) -> String {
    let store = PgStore::new(pool.clone());
    let user = store.user_by_name(name).await.unwrap().unwrap();
    let token = TokenFormat::new("app").unwrap().generate(TokenKind::Confirmation).unwrap();
    let now = Timestamp::from(SystemClock::default().now());
    let (hash, expires) = (TokenHash::of(token.expose()), now.after(std::time::Duration::from_secs(600)));
    let email = user.email.unwrap_or_default();
    store.create_confirmation(NewConfirmation { user: user.id, kind, hash, email, expires }).await.unwrap();
    token.expose().to_owned()
}

/// Two nodes, and every way in of somebody on both of them, opened.
struct Doors {
    nodes: [Node; 2],
    root: String,
    ann: Person,
    sockets: Vec<Socket>,
    reset: String,
}

impl Doors {
    async fn open(database: &TestDatabase) -> Self {
        let nodes = Node::two(database.url()).await;
        let root = nodes[0].root().await;
        let ann = Person::make(&nodes[0], &root, "ann").await;
        nodes[0].ok(&ann.session, "/v1/profile/set-email", json!(["ann@example.com"])).await;
        let reset = confirmation(&database.pool(1).await, "ann", ConfirmationKind::PasswordReset).await;
        let mut sockets = Vec::new();
        for node in &nodes {
            for credential in [&ann.session, &ann.token] {
                node.ok(credential, PROFILE, json!([])).await;
                sockets.push(node.socket(credential).await);
            }
        }
        Self { nodes, root, ann, sockets, reset }
    }

    /// Holds both nodes to it that the session and the API token are bad, also as those of open sockets.
    async fn are_closed(&mut self) {
        for node in &self.nodes {
            for credential in [&self.ann.session, &self.ann.token] {
                node.until(401, credential, PROFILE, json!([])).await;
                assert_eq!(node.status(credential, "/v1/session/signin", json!([])).await, 401);
            }
        }
        for socket in &mut self.sockets {
            assert_eq!(socket.closed().await, Some(4000));
        }
    }
}

fn credentials(name: &str, password: &str) -> Value {
    json!([{"username": name, "password": password}])
}

#[tokio::test]
async fn a_disabled_or_deleted_user_comes_back_by_no_door_of_any_node() {
    for (path, params) in
        [("/v1/admin/users/set-enabled", json!(["ann", false])), ("/v1/admin/users/delete", json!(["ann"]))]
    {
        let database = TestDatabase::empty().await;
        let mut doors = Doors::open(&database).await;
        doors.nodes[0].ok(&doors.root, path, params).await;
        doors.are_closed().await;
        for node in &doors.nodes {
            for login in ["ann", "ann@example.com"] {
                assert_eq!(node.status("", "/v1/session/signin", credentials(login, PASSWORD)).await, 401, "{path}");
            }
            assert_eq!(node.status("", SET_BY_TOKEN, json!([doors.reset, OTHER_PASSWORD])).await, 400, "{path}");
            node.ok("", "/v1/session/send-password-reset-email", json!(["ann"])).await;
        }
    }
}

#[tokio::test]
async fn a_reset_ends_everything_on_all_nodes() {
    let database = TestDatabase::empty().await;
    let mut doors = Doors::open(&database).await;
    let there = doors.nodes[1].sign_in("ann", PASSWORD).await;
    doors.sockets.push(doors.nodes[0].socket(&there).await);
    doors.nodes[0].ok("", SET_BY_TOKEN, json!([doors.reset, OTHER_PASSWORD])).await;
    doors.are_closed().await;
    for node in &doors.nodes {
        node.until(401, &there, PROFILE, json!([])).await;
        assert_eq!(node.status("", "/v1/session/signin", credentials("ann", PASSWORD)).await, 401);
        node.sign_in("ann", OTHER_PASSWORD).await;
    }
}
