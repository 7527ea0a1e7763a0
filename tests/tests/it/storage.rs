//! The application on Postgres: started, migrated, and worked on from the command line.

use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};
use sqlx::{Connection, Executor};
use test_postgres::TestDatabase;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::http::{call, call_as};
use crate::process::{Ended, Running, command, run, soon};

const PASSWORD: &str = "correct horse battery";

/// A command on a database.
fn on(database: &TestDatabase, args: &[&str]) -> Command {
    let mut app = command("app-template", args);
    app.env("APP_DATABASE_URL", database.url());
    app
}

async fn app(database: &TestDatabase, args: &[&str]) -> Ended {
    run(&mut on(database, args)).await
}

async fn serve(database: &TestDatabase) -> (Running, String) {
    Running::serve(on(database, &["--port", "0"]).env("APP_ROOT_PASSWORD", PASSWORD)).await
}

/// Signs in; the token.
async fn sign_in(address: &str, name: &str, password: &str) -> Option<String> {
    let (_, answer) = call(address, "/v1/session/signin", json!([{"username": name, "password": password}])).await;
    answer["data"]["token"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_application_is_killed() {
    let database = TestDatabase::empty().await;
    let (running, address) = serve(&database).await;
    let root = sign_in(&address, "root", PASSWORD).await.unwrap();
    let ann = json!([{"username": "ann", "password": PASSWORD}]);
    let (status, answer) = call_as(&address, &root, "/v1/admin/users/create", ann).await;
    assert_eq!(status, 200, "{answer}");
    running.signal(Signal::KILL);
    running.ended().await;

    let mut again = Running::start(on(&database, &["--port", "0"]).env("APP_ROOT_PASSWORD", "another horse battery"));
    let storage = again.event("storage.ready").await;
    assert_eq!(storage["storage"], "postgres");
    let listening = again.event("server.listening").await;
    let address = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    assert!(sign_in(address, "ann", PASSWORD).await.is_some());
    assert!(sign_in(address, "root", "another horse battery").await.is_none(), "root is made once");
    let (status, users) = call_as(address, &root, "/v1/admin/users/read", json!([])).await;
    assert_eq!((status, &users["total"]), (200, &json!(2)));
    again.signal(Signal::TERM);
    assert_eq!(again.ended().await.code, Some(0));
}

#[tokio::test]
async fn of_nodes_that_start_at_once_one_makes_root_and_all_serve() {
    let database = TestDatabase::empty().await;
    let mut nodes: Vec<_> = (0..4).map(|_| Running::start(&mut on(&database, &["--port", "0"]))).collect();
    let mut passwords = Vec::new();
    for node in &mut nodes {
        let mut event = json!(null);
        while event["event"] != "server.listening" {
            event = serde_json::from_str(&node.stderr_line().await).unwrap();
            passwords.extend(event["password"].as_str().map(str::to_owned));
        }
        let address = event["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200);
        passwords.push(address);
    }
    let (addresses, passwords): (Vec<_>, Vec<_>) = passwords.into_iter().partition(|text| text.contains(':'));
    assert_eq!((addresses.len(), passwords.len()), (4, 1));
    for address in addresses {
        assert!(sign_in(&address, "root", &passwords[0]).await.is_some());
    }
}

#[tokio::test]
async fn a_start_whose_address_is_taken_makes_nothing_and_the_next_one_tells_the_password() {
    let database = TestDatabase::empty().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, port) = (taken.local_addr().unwrap().to_string(), taken.local_addr().unwrap().port().to_string());
    for args in [&["--port", &port][..], &["--port", "0", "--metrics-bind", &address]] {
        let ended = app(&database, args).await;
        assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    }
    let before = app(&database, &["migrate", "status"]).await;
    assert!(before.stdout.contains("accounts: 0 done, "), "{}", before.stdout);
    let mut running = Running::start(&mut on(&database, &["--port", "0"]));
    let created = running.event("root.created").await;
    let listening = running.event("server.listening").await;
    let address = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    assert!(sign_in(address, "root", created["password"].as_str().unwrap()).await.is_some());
}

#[tokio::test]
async fn migrations_are_listed_done_and_then_no_longer_pending() {
    let database = TestDatabase::empty().await;
    let before = app(&database, &["migrate", "status"]).await;
    assert_eq!(before.code, Some(1));
    assert!(before.stdout.contains("accounts: 0 done, ") && before.stdout.contains("\n  0001 "), "{}", before.stdout);
    assert!(before.stderr.ends_with(" pending. Try: app-template migrate\n"), "{}", before.stderr);

    let refused = app(&database, &["user", "list"]).await;
    assert_eq!(refused.code, Some(4));
    assert!(refused.stderr.ends_with(" pending. Try: app-template migrate\n"), "{}", refused.stderr);

    let done = app(&database, &["migrate"]).await;
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.stdout.starts_with("up to date: "), "{}", done.stdout);
    let steps = done.stderr.lines().filter(|line| line.contains("\"migrate.step\"")).count();
    assert_eq!(done.stdout, format!("up to date: {steps} migrations\n"));

    let after = app(&database, &["migrate", "status"]).await;
    assert_eq!((after.code, after.stderr.as_str()), (Some(0), ""));
    assert!(after.stdout.lines().all(|line| line.ends_with(" done, 0 pending")), "{}", after.stdout);
    assert_eq!(app(&database, &["migrate", "up"]).await.stderr, "");
}

#[tokio::test]
async fn a_newer_database_is_told_apart_from_a_foreign_one() {
    let database = TestDatabase::empty().await;
    assert_eq!(app(&database, &["migrate"]).await.code, Some(0));
    let pool = database.pool(1).await;
    let future = "INSERT INTO _rpc_auth_migrations (version, description, success, checksum, execution_time) \
                  VALUES (9999, 'from the future', true, '', 0)";
    pool.execute(future).await.unwrap();
    for args in [&["--port", "0"][..], &["migrate"], &["migrate", "status"], &["user", "list"]] {
        let ended = app(&database, args).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), ""), "{args:?}");
        let expected =
            "error: the database is newer than this program: accounts has migration 9999, and this program knows ";
        assert!(ended.stderr.starts_with(expected), "{args:?}: {}", ended.stderr);
    }
    pool.execute("DELETE FROM _rpc_auth_migrations WHERE version = 9999").await.unwrap();
    pool.execute("UPDATE _rpc_auth_migrations SET checksum = 'x' WHERE version = 1").await.unwrap();
    let ended = app(&database, &["--port", "0"]).await;
    let expected =
        "error: the database is not one of this program: migration 1 of accounts differs from what was done\n";
    assert_eq!(ended.code, Some(4));
    assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_said_with_a_way_out() {
    let database = TestDatabase::empty().await;
    let missing = database.url().replacen("/test_", "/no_such_", 1);
    let ended =
        run(command("app-template", &["--port", "0", "--database-url", &missing]).env("APP_LOG_LEVEL", "warn")).await;
    assert_eq!(ended.code, Some(4));
    assert!(ended.stderr.contains(" refuses: database \"no_such_"), "{}", ended.stderr);
    assert!(ended.stderr.contains(" does not exist. Try: createdb no_such_"), "{}", ended.stderr);

    let url = "postgres://ann:canary@127.0.0.1:1/app";
    let mut nobody = command("app-template", &["migrate", "--database-url", url]);
    let ended = run(nobody.env("APP_DATABASE_WAIT", "600ms")).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), ""));
    let mut lines = ended.stderr.lines();
    let waiting: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!((&waiting["event"], &waiting["level"]), (&json!("storage.waiting"), &json!("INFO")));
    let last: Vec<&str> = lines.collect();
    assert!(last[0].starts_with("error: Postgres at 127.0.0.1:1/app does not answer within 0 s: "), "{last:?}");
    assert_eq!(last[1], "  Try: start it, or name another one with --database-url");
    assert!(!ended.stderr.contains("canary"));

    let bad = app_with_url("postgres://host/app?sslmode=perhaps").await;
    assert_eq!(bad.code, Some(3));
    assert!(bad.stderr.starts_with("error: APP_DATABASE_URL: "), "{}", bad.stderr);
    let other = app_with_url("mysql://ann:canary@host/app").await;
    let expected =
        "error: APP_DATABASE_URL: expected the URL of a Postgres database, such as postgres://user@host/name\n";
    assert_eq!((other.code, other.stderr.as_str()), (Some(3), expected));
}

async fn app_with_url(url: &str) -> Ended {
    run(command("app-template", &["migrate"]).env("APP_DATABASE_URL", url)).await
}

#[tokio::test]
async fn a_start_that_waits_for_the_database_stops_when_it_is_told_to() {
    let mut app = command("app-template", &["--port", "0", "--database-url", "postgres://ann@127.0.0.1:1/app"]);
    let mut running = Running::start(&mut app);
    running.event("storage.waiting").await;
    running.signal(Signal::TERM);
    assert_eq!(running.ended().await.code, Some(0));
}

/// Runs a command with a line on stdin.
async fn with_stdin(database: &TestDatabase, args: &[&str], line: &str) -> Ended {
    let mut app = on(database, args);
    let mut child = app.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(line.as_bytes()).await.unwrap();
    let output = soon("the end of a command", child.wait_with_output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn password_in(ended: &Ended) -> String {
    let line = ended.stdout.lines().find_map(|line| line.strip_prefix("password"));
    line.unwrap_or_else(|| panic!("{ended:?}")).trim().to_owned()
}

#[tokio::test]
async fn whoever_runs_it_changes_users_and_running_nodes_follow() {
    let database = TestDatabase::empty().await;
    let (_running, address) = serve(&database).await;
    let created = app(&database, &["user", "create", "ann", "--admin"]).await;
    assert_eq!(created.code, Some(0), "{}", created.stderr);
    assert!(created.stdout.starts_with("ann was made\npassword   "), "{}", created.stdout);
    let token = sign_in(&address, "ann", &password_in(&created)).await.unwrap();
    assert_eq!(call_as(&address, &token, "/v1/admin/users/suggest", json!([])).await.0, 200);

    let created =
        with_stdin(&database, &["user", "create", "bob", "--password-stdin", "--json"], "staple battery horse\n").await;
    let answer: Value = serde_json::from_str(&created.stdout).unwrap_or_else(|_| panic!("{created:?}"));
    assert_eq!((&answer["name"], &answer["id"], answer.get("password")), (&json!("bob"), &json!("3"), None));
    assert!(sign_in(&address, "bob", "staple battery horse").await.is_some());

    let list = app(&database, &["user", "list"]).await;
    let names: Vec<&str> = list.stdout.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(names, ["ann", "bob", "root"]);
    let list = app(&database, &["user", "list", "--json"]).await;
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    assert_eq!((&list[0]["permissions"], &list[1]["enabled"]), (&json!({"admin": true}), &json!(true)));

    let disabled = app(&database, &["user", "disable", "ann"]).await;
    assert_eq!((disabled.code, disabled.stdout.as_str()), (Some(0), "ann is disabled\n"));
    let refused = async {
        // Another process made the change: this node hears of it within a second.
        while call_as(&address, &token, "/v1/profile/read", json!([])).await.0 != 401 {}
    };
    soon("the end of a session", refused).await;
    assert!(app(&database, &["user", "enable", "ann"]).await.stdout.contains("ann is enabled"));
    let changed =
        with_stdin(&database, &["user", "set-password", "ann", "--password-stdin"], "another battery horse\r\n").await;
    assert_eq!((changed.code, changed.stdout.as_str()), (Some(0), "ann has a new password\n"));
    assert!(sign_in(&address, "ann", "another battery horse").await.is_some());

    let reset = app(&database, &["user", "reset-root-password"]).await;
    assert!(sign_in(&address, "root", PASSWORD).await.is_none());
    assert!(sign_in(&address, "root", &password_in(&reset)).await.is_some());
}

#[tokio::test]
async fn what_cannot_be_done_to_a_user_is_said() {
    let database = TestDatabase::empty().await;
    assert_eq!(app(&database, &["migrate"]).await.code, Some(0));
    let expected = "error: ann: there is no root user yet. Try: app-template user reset-root-password\n";
    let early = app(&database, &["user", "create", "ann"]).await;
    assert_eq!((early.code, early.stderr.as_str()), (Some(1), expected));
    let made = app(&database, &["user", "reset-root-password"]).await;
    assert_eq!((made.code, password_in(&made).len()), (Some(0), 24));
    for (args, message) in [
        (&["user", "disable", "nobody"][..], "error: nobody: User is not found\n"),
        (&["user", "disable", "root"], "error: root: The root user cannot be changed like this\n"),
        (&["user", "create", "x"], "error: x: "),
        (&["user", "set-password", "root", "--password-stdin"], "error: no password on stdin: "),
    ] {
        let ended = app(&database, args).await;
        assert!(ended.stderr.starts_with(message) && ended.stdout.is_empty(), "{args:?}: {ended:?}");
    }
}

#[tokio::test]
async fn a_call_from_the_command_line_is_made_as_somebody_of_the_database() {
    let database = TestDatabase::empty().await;
    assert_eq!(app(&database, &["migrate"]).await.code, Some(0));
    app(&database, &["user", "reset-root-password"]).await;
    app(&database, &["user", "create", "ann"]).await;
    let called = app(&database, &["call", "/v1/profile/read", "--as", "ann"]).await;
    let answer: Value = serde_json::from_str(&called.stdout).unwrap_or_else(|_| panic!("{called:?}"));
    assert_eq!((called.code, &answer["data"]["name"]), (Some(0), &json!("ann")));
    let refused = app(&database, &["call", "/v1/admin/users/read", "--as", "ann"]).await;
    assert!(refused.stderr.starts_with("error: /v1/admin/users/read: 403 "), "{}", refused.stderr);
}

#[tokio::test]
async fn a_node_says_that_it_is_not_ready_while_its_database_is_away() {
    let cluster = test_postgres::Cluster::start();
    let mut app = command("app-template", &["--port", "0"]);
    let app = app.env("DATABASE_URL", cluster.url("postgres")).env("APP_DATABASE_TIMEOUT", "500ms");
    let (_running, address) = Running::serve(app.env("APP_ROOT_PASSWORD", PASSWORD)).await;
    let ready = async |expected: u16| {
        let page = || async {
            let request = crate::http::Request { verb: "GET", path: "/readyz", headers: vec![], body: "" };
            request.send(&address).await.status
        };
        soon("a change of readiness", async { while page().await != expected {} }).await;
    };
    ready(200).await;
    let token = sign_in(&address, "root", PASSWORD).await.unwrap();
    cluster.stop(test_postgres::StopMode::Fast);
    ready(503).await;
    let (status, answer) = call_as(&address, &token, "/v1/admin/users/read", json!([])).await;
    assert_eq!((status, &answer["code"]), (503, &json!(-32814)), "{answer}");
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200, "what needs no database goes on");
    cluster.start_again();
    ready(200).await;
    let users = async { while call_as(&address, &token, "/v1/admin/users/read", json!([])).await.0 != 200 {} };
    soon("users", users).await;
    sqlx::PgConnection::connect_with(&cluster.options("postgres")).await.unwrap().close().await.unwrap();
}
