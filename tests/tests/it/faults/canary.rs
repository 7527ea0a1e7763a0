//! What Postgres says when it fails reaches the log, and no caller.

use rpc_auth::{TokenFormat, TokenKind};
use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use test_postgres::TestDatabase;

use super::node::{Node, PASSWORD, node_command};
use crate::http::Request;

const CANARY: &str = "canary";

/// Fails with a text that is known again, in each field that a message of Postgres has.
const FAIL: &str = "CREATE FUNCTION fail_with_canary() RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN \
    RAISE EXCEPTION 'canary message' USING DETAIL = 'canary detail', HINT = 'canary hint', \
    TABLE = 'canary_table', COLUMN = 'canary_column', CONSTRAINT = 'canary_constraint'; END $$";

/// Puts something that fails in the place of each table of the application.
async fn poison(pool: &PgPool) {
    pool.execute(FAIL).await.unwrap();
    let tables = "SELECT format('%I', tablename) FROM pg_tables JOIN pg_class ON relname = tablename \
        WHERE schemaname = 'public' AND tablename NOT LIKE '%migrations' AND NOT relispartition";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(pool).await.unwrap();
    assert!(tables.len() > 6, "{tables:?}");
    for table in tables {
        let hide = format!("ALTER TABLE {table} RENAME TO canary_{table}");
        let replace = format!(
            "CREATE VIEW {table} AS SELECT * FROM canary_{table} WHERE fail_with_canary() WITH LOCAL CHECK OPTION"
        );
        pool.execute(AssertSqlSafe(format!("{hide}; {replace}"))).await.unwrap();
    }
}

/// Calls of methods that need the database.
fn calls() -> Vec<(&'static str, Value)> {
    let token = TokenFormat::new("app").unwrap().generate(TokenKind::Confirmation).unwrap();
    let credentials = json!([{"username": "root", "password": PASSWORD}]);
    vec![
        ("/v1/session/signin", credentials),
        ("/v1/session/signout", json!([])),
        ("/v1/session/signup", json!([{"username": "ann", "password": PASSWORD}])),
        ("/v1/session/confirm-email-by-token", json!([token.expose()])),
        ("/v1/session/set-password-by-token", json!([token.expose(), "staple the battery horse"])),
        ("/v1/profile/read", json!([])),
        ("/v1/profile/set-email", json!(["root@example.com"])),
        ("/v1/profile/set-telegram-username", json!(["rooted"])),
        ("/v1/api-tokens/create", json!(["laptop"])),
        ("/v1/api-tokens/read", json!([])),
        ("/v1/api-tokens/delete", json!(["1"])),
        ("/v1/api-tokens/get-permissions", json!(["1"])),
        ("/v1/admin/users/create", json!([{"username": "bob"}])),
        ("/v1/admin/users/read", json!([])),
        ("/v1/admin/users/suggest", json!([])),
        ("/v1/admin/users/delete", json!(["2"])),
        ("/v1/admin/users/set-enabled", json!(["2", false])),
        ("/v1/admin/users/set-password", json!(["root"])),
        ("/v1/admin/settings/update", json!([{"app_url": "https://example.com"}])),
        ("/v1/admin/api-call-log/read-log", json!([])),
        ("/v1/admin/api-call-log/read-history-stat", json!(["/v1/test/test"])),
    ]
}

#[tokio::test]
async fn the_words_of_a_failing_database_are_in_the_log_and_in_no_answer() {
    let database = TestDatabase::empty().await;
    let node = Node::of(node_command(database.url()).env("APP_DRAIN_TIME", "1s")).await;
    let bearer = format!("Bearer {}", node.root().await);
    let headers = || vec![("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    node.ok(bearer.trim_start_matches("Bearer "), "/v1/profile/read", json!([])).await;
    poison(&database.pool(1).await).await;
    for (path, params) in calls() {
        let rpc = json!({"jsonrpc": "2.0", "id": 1, "method": path, "params": params}).to_string();
        for (to, body) in [(path, params.to_string()), ("/api", rpc)] {
            let request = Request { verb: "POST", path: to, headers: headers(), body: &body };
            let response = request.send(&node.address).await;
            let text = format!("{}\n{}", response.head, response.body);
            assert!(text.contains("Service is unavailable") && !text.to_lowercase().contains(CANARY), "{path}: {text}");
        }
    }
    node.signal(Signal::TERM);
    let log = node.ended().await.stderr;
    let told = |event: &str| log.lines().any(|line| line.contains(event) && line.contains("canary message"));
    for event in ["\"call.unavailable\"", "\"settings.unread\"", "\"calllog.retry\""] {
        assert!(told(event), "no {event}: {log}");
    }
}
