//! A node that is told to stop under load.

use std::io::ErrorKind;

use rustix::process::Signal;
use serde_json::json;
use test_postgres::TestDatabase;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::node::{Node, PASSWORD};
use crate::http::try_call;
use crate::process::soon;

const CALLERS: usize = 8;

/// Makes users until it is told to stop, at the first node, and from when that one stops at the second. Each one that is
/// answered for is made, each one that is not answered for was not made, and no answer is cut.
async fn make_users(
    nodes: [String; 2],
    root: String,
    caller: usize,
    made: watch::Sender<usize>,
    goes_on: watch::Receiver<bool>,
) -> i64 {
    let (mut at, mut own) = (0, 0);
    while *goes_on.borrow() {
        let fields = json!([{"username": format!("caller{caller}.{own}"), "password": PASSWORD}]);
        match try_call(&nodes[at], &root, "/v1/admin/users/create", fields).await {
            Ok((200, _)) => {
                own += 1;
                made.send_modify(|made| *made += 1);
            }
            Ok((503, answer)) => {
                assert_eq!((at, &answer["code"]), (0, &json!(-32816)), "{answer}");
                at = 1;
            }
            Ok(answered) => panic!("{answered:?}"),
            Err(error) => {
                assert!(at == 0 && error.kind() != ErrorKind::UnexpectedEof, "{error}");
                at = 1;
            }
        }
    }
    assert_eq!(at, 1, "the node that stops took calls to the end");
    own
}

#[tokio::test]
async fn a_node_that_stops_under_load_cuts_no_answer_and_the_other_one_takes_over() {
    let database = TestDatabase::empty().await;
    let [here, there] = Node::two(database.url()).await;
    let root = here.root().await;
    let mut socket = here.socket(&root).await;
    let (made, (goes_on, watched)) = (watch::Sender::new(0), watch::channel(true));
    let nodes = [here.address.clone(), there.address.clone()];
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(make_users(nodes.clone(), root.clone(), caller, made.clone(), watched.clone()));
    }
    let reach = async |more: usize| {
        let mut count = made.subscribe();
        let goal = *count.borrow_and_update() + more;
        soon("more users", count.wait_for(|made| *made >= goal)).await.unwrap();
    };
    reach(100).await;
    here.signal(Signal::TERM);
    assert_eq!(socket.closed().await, Some(1001));
    let ended = here.ended().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    reach(100).await;
    goes_on.send_replace(false);
    let mut users = 0;
    while let Some(caller) = soon("the last call", callers.join_next()).await {
        users += caller.unwrap();
    }
    there.signal(Signal::TERM);
    assert_eq!(there.ended().await.code, Some(0));
    let pool = database.pool(1).await;
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM rpc_auth_users WHERE name LIKE 'caller%'")
        .fetch_one(&pool)
        .await
        .unwrap();
    let logged = "SELECT count(*) FROM rpc_calllog_calls WHERE method = '/v1/admin/users/create' AND status = 200";
    let logged: i64 = sqlx::query_scalar(logged).fetch_one(&pool).await.unwrap();
    assert_eq!((stored, logged), (users, users), "stored, logged, and made");
}
