//! A disk on which there is no room for more.

use serde_json::json;
use sqlx::{ConnectOptions, Connection, PgConnection};
use test_postgres::Cluster;

use super::node::{Node, PASSWORD, PROFILE, Person};

/// The size of a file of the write-ahead log, which there has to be room for: without it the server ends.
const ROOM: u64 = 16 * 1024 * 1024;

const MAKE_TOKEN: &str = "/v1/api-tokens/create";

/// Fills the table of API tokens with those of a user, up to the quota.
async fn fill(connection: &mut PgConnection, user: &str) {
    let rows = "INSERT INTO rpc_auth_api_tokens (user_id, name, hash, enabled, created) \
                SELECT id, 'filler', sha256(int8send(number)), false, now() \
                FROM rpc_auth_users, generate_series($2::bigint, $2 + 9999) AS number WHERE name = $1";
    let mut number = 0_i64;
    while sqlx::query(rows).bind(user).bind(number).execute(&mut *connection).await.is_ok() {
        number += 10_000;
        assert!(number < 1_000_000, "it is never full");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_what_needs_room_and_nothing_else() {
    let cluster = Cluster::start();
    let node = Node::start(&cluster.url("postgres")).await;
    let root = node.root().await;
    let ann = Person::make(&node, &root, "ann").await;
    Person::make(&node, &root, "filler").await;
    let mut operator = cluster.options("postgres").connect().await.unwrap();
    cluster.set_quota(Some(ROOM));
    fill(&mut operator, "filler").await;

    let mut made = vec!["laptop".to_owned()];
    let refused = loop {
        // A page may have room for a few.
        let name = format!("token {}", made.len());
        let (status, answer) = node.call(&ann.session, MAKE_TOKEN, json!([name])).await;
        if status != 200 {
            break (status, answer);
        }
        made.push(name);
    };
    assert_eq!((refused.0, &refused.1["code"]), (503, &json!(-32814)), "{}", refused.1);
    for credential in [&ann.session, &ann.token] {
        assert_eq!(node.ok(credential, PROFILE, json!([])).await["name"], "ann");
    }
    node.sign_in("ann", PASSWORD).await;
    node.ok(&ann.session, "/v1/api-tokens/set-enabled", json!([ann.token_id, false])).await;
    assert_eq!(node.status(&ann.token, PROFILE, json!([])).await, 401);
    node.ready(true).await;

    cluster.set_quota(None);
    node.ok(&ann.session, MAKE_TOKEN, json!(["again"])).await;
    made.push("again".to_owned());
    let tokens = node.ok(&ann.session, "/v1/api-tokens/read", json!([])).await;
    let names: Vec<_> = tokens.as_array().unwrap().iter().map(|token| token["name"].as_str().unwrap()).collect();
    assert_eq!(names, made);
    operator.close().await.unwrap();
}
