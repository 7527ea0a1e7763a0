use rpc_auth::{FixedTokens, Secret, TokenFormat, TokenHash, TokenKind};
use rpc_core::{Api, ApiError, Ctx, TestClient, User, api_method, api_module};
use serde_json::json;

api_module! {
    /// Who calls
    path = "/v1/who"
}

/// Name of the caller
#[api_method(path = "/v1/who/am-i", permissions = ["user"])]
async fn am_i(ctx: &Ctx) -> Result<Option<String>, ApiError> {
    Ok(ctx.identity().user().map(|user| user.name.to_string()))
}

struct Tokens {
    client: TestClient,
    good: Secret,
    unknown: Secret,
}

fn tokens() -> Tokens {
    let format = TokenFormat::new("app").unwrap();
    let generate = || format.generate(TokenKind::Api).unwrap();
    let (good, hashed, unknown) = (generate(), generate(), generate());
    let table = FixedTokens::new(format.clone())
        .with(&good, User::new("2", "ann").by_api_token())
        .with_hash(TokenHash::of(hashed.expose()), User::new("3", "bob").by_api_token());
    let api = Api::builder().authenticator(table).build().unwrap();
    Tokens { client: TestClient::new(api), good, unknown }
}

#[test_waits::test]
async fn a_token_of_the_table_names_its_user() {
    let Tokens { client, good, .. } = tokens();
    let reply = client.token(good.expose()).call("/v1/who/am-i", json!([])).await;
    assert_eq!((reply.status, reply.data), (200, json!("ann")));
}

#[test_waits::test]
async fn all_other_tokens_are_answered_alike() {
    let Tokens { client, good, unknown } = tokens();
    let guest = client.call("/v1/who/am-i", json!([])).await;
    let cut = &good.expose()[..good.expose().len() - 1];
    for token in [unknown.expose(), cut, "", "nonsense"] {
        let reply = client.token(token).call("/v1/who/am-i", json!([])).await;
        assert_eq!(reply.status, 401);
        assert_eq!(reply, guest);
    }
}

#[test_waits::test]
async fn nobody_calls_with_the_token_of_a_mail() {
    let format = TokenFormat::new("app").unwrap();
    let mailed = format.generate(TokenKind::Confirmation).unwrap();
    let table = FixedTokens::new(format).with(&mailed, User::new("2", "ann"));
    let client = TestClient::new(Api::builder().authenticator(table).build().unwrap());
    let reply = client.token(mailed.expose()).call("/v1/who/am-i", json!([])).await;
    assert_eq!(reply.status, 401);
}

#[test]
fn the_table_prints_no_token() {
    let format = TokenFormat::new("app").unwrap();
    let token = format.generate(TokenKind::Api).unwrap();
    let table = FixedTokens::new(format).with(&token, User::new("2", "ann"));
    assert!(!format!("{table:?}").contains(token.expose()));
}
