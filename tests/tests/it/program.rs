//! A program on the application that keeps tables of its own.

use serde_json::Value;
use test_postgres::TestDatabase;

use crate::process::{Ended, Running, command, run};

async fn notes(database: &TestDatabase, args: &[&str]) -> Ended {
    run(command("notes-app", args).env("NOTES_DATABASE_URL", database.url())).await
}

#[test_waits::test]
async fn tables_of_its_own_are_made_with_those_of_the_application_and_its_states_find_them() {
    let database = TestDatabase::empty().await;
    let refused = notes(&database, &["call", "/v1/notes/add", "\"first\""]).await;
    assert_eq!(refused.code, Some(4), "{refused:?}");
    assert!(refused.stderr.contains("pending. Try: notes migrate"), "{refused:?}");
    assert_eq!(notes(&database, &["migrate"]).await.code, Some(0));
    let status = notes(&database, &["migrate", "status"]).await;
    assert!(status.stdout.ends_with("notes: 1 done, 0 pending\n"), "{status:?}");
    for (text, count) in [("\"first\"", 1), ("\"second\"", 2)] {
        let called = notes(&database, &["call", "/v1/notes/add", text]).await;
        let answer: Value = serde_json::from_str(&called.stdout).unwrap_or_else(|_| panic!("{called:?}"));
        assert_eq!(answer["data"], count);
    }
    let serve = &mut command("notes-app", &["serve", "--port", "0"]);
    let (server, _) = Running::serve(serve.env("NOTES_DATABASE_URL", database.url())).await;
    server.signal(rustix::process::Signal::TERM);
    assert_eq!(server.ended().await.code, Some(0));
}

#[test_waits::test]
async fn a_start_without_what_a_state_needs_ends_in_the_words_of_the_state() {
    let ended = run(&mut command("notes-app", &["serve", "--port", "0"])).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("error: notes are kept in a database. Try: --database-url\n"), "{ended:?}");
    let documented = run(&mut command("notes-app", &["docs"])).await;
    assert!(documented.stdout.contains("/v1/notes/add"), "documents need no database");
}
