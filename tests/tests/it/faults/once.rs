//! A confirmation token is good once, whichever nodes it is brought to.

use rpc_auth::ConfirmationKind;
use serde_json::json;
use test_postgres::TestDatabase;

use super::doors::confirmation;
use super::node::{Node, PASSWORD, Person};

const ROUNDS: usize = 10;

#[tokio::test]
async fn of_two_uses_of_a_confirmation_token_at_once_on_two_nodes_one_wins() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(1).await;
    let [here, there] = Node::two(database.url()).await;
    let root = here.root().await;
    let ann = Person::make(&here, &root, "ann").await;
    here.ok(&ann.session, "/v1/profile/set-email", json!(["ann@example.com"])).await;
    for round in 0..ROUNDS {
        let token = confirmation(&pool, "ann", ConfirmationKind::Email).await;
        let confirm = |node: &Node| {
            let (address, params) = (node.address.clone(), json!([token]));
            async move { crate::http::call(&address, "/v1/session/confirm-email-by-token", params).await.0 }
        };
        let mut answers: [u16; 2] = tokio::join!(confirm(&here), confirm(&there)).into();
        answers.sort_unstable();
        assert_eq!(answers, [200, 400], "address, round {round}");

        let token = confirmation(&pool, "ann", ConfirmationKind::PasswordReset).await;
        let passwords = [0, 1].map(|node| format!("{PASSWORD} {round} {node}"));
        let set = async |node: &Node, password: &str| {
            node.status("", "/v1/session/set-password-by-token", json!([token, password])).await
        };
        let answers: [u16; 2] = tokio::join!(set(&here, &passwords[0]), set(&there, &passwords[1])).into();
        let won = answers.iter().position(|status| *status == 200).unwrap();
        assert_eq!(answers[1 - won], 400, "password, round {round}");
        // The password is the winner's.
        here.sign_in("ann", &passwords[won]).await;
    }
}
