//! Roles of the server that may connect to the database of the nodes, or make functions in it, while the nodes serve.

use rustix::process::Signal;
use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Executor};
use test_postgres::Cluster;
use tokio::task::JoinSet;

use super::node::{Node, PASSWORD, PROFILE};
use crate::process::soon;

/// A server with a database of the role `app`, and a role that may connect to it and nothing else.
struct World {
    cluster: Cluster,
    url: String,
}

impl World {
    async fn new() -> Self {
        let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
        let mut superuser = cluster.options("postgres").connect().await.unwrap();
        for statement in ["CREATE ROLE app LOGIN", "CREATE ROLE stranger LOGIN", "CREATE DATABASE app OWNER app"] {
            superuser.execute(statement).await.unwrap();
        }
        let url = cluster.url("app").replacen("postgres://postgres@", "postgres://app@", 1);
        Self { cluster, url }
    }

    fn stranger(&self) -> PgPool {
        PgPoolOptions::new().connect_lazy_with(self.stranger_options())
    }

    fn stranger_options(&self) -> PgConnectOptions {
        self.cluster.options("app").username("stranger")
    }
}

/// What the nodes would once have believed, or died of.
fn forged() -> Vec<String> {
    let event = |name: &str, audience: &str| {
        format!(r#"ffff.1.{{"event":{{"name":"{name}","audience":{audience},"payload":null}}}}"#)
    };
    vec![
        "[".repeat(7_990),
        format!("ffff.1.{}", "[".repeat(7_900)),
        event("/session/signed-out", r#""everyone""#),
        event("/session/signed-out", r#""users""#),
        event("/session/signed-out", r#"{"user":"2"}"#),
        event("/settings/updated", r#""everyone""#),
        "rpc_auth.0.\"missed\"".to_owned(),
        "rpc_auth.0.{\"user\":\"2\"}".to_owned(),
        "ffff.18446744073709551615".to_owned(),
    ]
}

/// Goes on until it is dropped.
fn attack(stranger: &PgPool) -> JoinSet<()> {
    let (stranger, mut attack) = (stranger.clone(), JoinSet::new());
    attack.spawn(async move {
        loop {
            let forged = "SELECT pg_notify('rpc_bus', text) FROM unnest($1::text[]) AS forged (text)";
            sqlx::query(forged).bind(self::forged()).execute(&stranger).await.unwrap();
        }
    });
    attack
}

#[tokio::test]
async fn a_role_that_may_only_connect_is_neither_heard_nor_told_and_ends_no_node() {
    let world = World::new().await;
    let [here, there] = Node::two(&world.url).await;
    let root = here.root().await;
    let fields = json!([{"username": "ann", "password": PASSWORD, "permissions": {"admin": true}}]);
    here.ok(&root, "/v1/admin/users/create", fields).await;
    let (first, second) = (here.sign_in("ann", PASSWORD).await, here.sign_in("ann", PASSWORD).await);
    let mut socket = there.socket(&first).await;

    let stranger = world.stranger();
    let mut listener = PgListener::connect_with(&stranger).await.unwrap();
    listener.listen("rpc_bus").await.unwrap();
    let mut attack = attack(&stranger);
    here.ok(&second, "/v1/session/signout", json!([])).await;
    assert_eq!(socket.event().await, json!(["/session/signed-out"]), "the one that was published");
    here.ok(&root, "/v1/admin/users/set-enabled", json!(["ann", false])).await;
    assert_eq!(socket.closed().await, Some(4000));
    there.until(401, &first, PROFILE, json!([])).await;
    assert!(attack.try_join_next().is_none(), "the attack went on");
    attack.shutdown().await;

    // Of what nodes have told each other the stranger has heard that they have.
    sqlx::query("SELECT pg_notify('rpc_bus', 'that is all')").execute(&stranger).await.unwrap();
    let (forged, mut bells) = (forged(), 0);
    loop {
        let heard = soon("a notification", listener.recv()).await.unwrap().payload().to_owned();
        match heard.split_once('.') {
            _ if heard == "that is all" => break,
            _ if forged.contains(&heard) => {}
            Some((node, number)) if node.len() == 16 && number.parse::<u64>().is_ok() => bells += 1,
            _ => panic!("{heard:.200}"),
        }
    }
    assert!(bells > 0);
    for node in [here, there] {
        node.signal(Signal::TERM);
        assert_eq!(node.ended().await.code, Some(0));
    }
}

/// Functions and operators that fit better what statements of the application and its triggers give them than the server's do.
const TRAPS: &str = r"
    CREATE FUNCTION public.format(text, bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE FUNCTION public.trap(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE OPERATOR public.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = public.trap);
    CREATE FUNCTION public.div(numeric, integer) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE FUNCTION public.trap(text, bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = bigint, FUNCTION = public.trap)";

#[tokio::test]
async fn a_role_that_may_make_functions_beside_the_tables_runs_none_as_the_application() {
    let world = World::new().await;
    let [here, there] = Node::two(&world.url).await;
    let mut superuser = world.cluster.options("app").connect().await.unwrap();
    superuser.execute("GRANT CREATE ON SCHEMA public TO stranger").await.unwrap();
    world.stranger().execute(TRAPS).await.unwrap();
    let root = here.root().await;
    here.ok(&root, "/v1/admin/users/create", json!([{"username": "ann", "password": PASSWORD}])).await;
    let ann = here.sign_in("ann", PASSWORD).await;
    there.ok(&ann, PROFILE, json!([])).await;
    here.ok(&root, "/v1/admin/users/set-enabled", json!(["ann", false])).await;
    there.until(401, &ann, PROFILE, json!([])).await;
    here.ok(&root, "/v1/admin/users/read", json!([])).await;
    // Another one starts, among what was made meanwhile, and says what is open.
    let mut third = crate::process::Running::start(&mut super::node::node_command(&world.url));
    let mut exposed = Vec::new();
    loop {
        let line: serde_json::Value = serde_json::from_str(&third.stderr_line().await).unwrap();
        match line["event"].as_str() {
            Some("storage.exposed") => exposed.push(line["msg"].as_str().unwrap().to_owned()),
            Some("server.listening") => break,
            _ => {}
        }
    }
    for command in
        ["REVOKE CREATE ON SCHEMA public FROM stranger", "REVOKE CONNECT, TEMPORARY ON DATABASE app FROM PUBLIC"]
    {
        assert!(exposed.iter().any(|line| line.contains(command)), "{exposed:?}");
    }
    assert!(exposed.iter().any(|line| line.contains("DROP FUNCTION format(text,bigint)")), "{exposed:?}");
}
