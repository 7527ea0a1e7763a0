//! Rights that end between the look at a caller and the change that they were let in for.

use std::time::Duration;

use rpc_auth::{
    ApiTokenId, ApiTokenQuery, Authority, GrantCeiling, GrantsChange, PageRequest, TokenHash, UserChange, UserId,
    UserQuery,
};
use rpc_core::TestClient;
use serde_json::{Value, json};
use test_waits::within;

use crate::world::{OTHER_PASSWORD, PASSWORD, Who, World};

const PROFILE: &str = "/v1/profile/read";
const BOB: UserId = UserId::new(3);
/// The API token of Bob that holds `admin`.
const TOKEN: ApiTokenId = ApiTokenId::new(3);
/// Longer than any of it takes on a slow machine.
const LONG: Duration = Duration::from_secs(60);

/// What ends the rights of Bob, or lessens them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Disabled,
    Deleted,
    Demoted,
    SignedOut,
    TokenDisabled,
    TokenDeleted,
    TokenDemoted,
}

const IN_SESSION: [Cause; 4] = [Cause::Disabled, Cause::Deleted, Cause::Demoted, Cause::SignedOut];
const BY_TOKEN: [Cause; 6] =
    [Cause::Disabled, Cause::Deleted, Cause::Demoted, Cause::TokenDisabled, Cause::TokenDeleted, Cause::TokenDemoted];

impl Cause {
    /// Happens in the store, as on another node that could tell nobody: this one lets Bob in with what it knew.
    async fn happen(self, world: &World, session: &str) {
        let (store, by) = (&world.store.inner, Authority::Application);
        let denied = || GrantsChange::Merge([("admin".to_owned(), false)].into());
        match self {
            Self::Disabled => {
                let change = UserChange { enabled: Some(false), ..UserChange::default() };
                assert!(store.update_user(BOB, &change).await.unwrap().is_some());
            }
            Self::Deleted => assert!(store.delete_user(BOB, &GrantCeiling::NONE, &by).await.unwrap()),
            Self::Demoted => {
                let change = UserChange { permissions: Some(denied()), ..UserChange::default() };
                assert!(store.update_user(BOB, &change).await.unwrap().is_some());
            }
            Self::SignedOut => {
                let (session, _) = store.session(&TokenHash::of(session)).await.unwrap().unwrap();
                assert!(store.delete_session(session.id).await.unwrap());
            }
            Self::TokenDisabled => {
                assert!(store.set_api_token_enabled(BOB, TOKEN, false, &by).await.unwrap().is_some());
            }
            Self::TokenDeleted => assert!(store.delete_api_token(BOB, TOKEN, &by).await.unwrap().is_some()),
            Self::TokenDemoted => {
                assert!(store.change_api_token_grants(BOB, TOKEN, &denied(), &by).await.unwrap().is_some());
            }
        }
    }

    fn lessens(self) -> bool {
        matches!(self, Self::Demoted | Self::TokenDemoted)
    }

    /// What a caller whose rights it ended is told.
    fn refusal(self) -> (u16, &'static str) {
        if self.lessens() { (403, "Not permitted") } else { (401, "Not authenticated") }
    }
}

/// Every change that an administrator makes.
fn of_administrators() -> Vec<(&'static str, Value)> {
    vec![
        ("/v1/admin/users/create", json!([{"username": "zoe", "password": PASSWORD, "permissions": {"admin": true}}])),
        ("/v1/admin/users/create", json!([{"username": "zoe"}])),
        ("/v1/admin/users/set-enabled", json!(["ann", false])),
        ("/v1/admin/users/set-password", json!(["ann", OTHER_PASSWORD])),
        ("/v1/admin/users/set-password", json!(["ann"])),
        ("/v1/admin/users/set-username", json!(["ann", "anna"])),
        ("/v1/admin/users/set-username", json!(["ann", "anna", OTHER_PASSWORD])),
        ("/v1/admin/users/set-permissions", json!(["ann", {}])),
        ("/v1/admin/users/update-permissions", json!(["ann", {}])),
        ("/v1/admin/users/delete", json!(["ann"])),
        ("/v1/admin/settings/update", json!([{"telegram_bot_name": "other_bot"}])),
    ]
}

/// Every change that a user makes of what is their own; the API token is another one than that of [`TOKEN`].
fn of_ones_own() -> Vec<(&'static str, Value)> {
    vec![
        ("/v1/profile/set-email", json!(["robert@example.com"])),
        ("/v1/profile/set-telegram-username", json!(["robert_t"])),
        ("/v1/api-tokens/create", json!(["phone"])),
        ("/v1/api-tokens/set-enabled", json!(["2", false])),
        ("/v1/api-tokens/set-permissions", json!(["2", {}])),
        ("/v1/api-tokens/update-permissions", json!(["2", {}])),
        ("/v1/api-tokens/delete", json!(["2"])),
    ]
}

/// All users, Bob's API tokens and the settings.
async fn stored(world: &World) -> String {
    let page = PageRequest { offset: 0, limit: 100 };
    let query = UserQuery { id: None, search: None, name: None, with_root: true, order: Vec::new(), page };
    let users = world.store.inner.users(&query).await.unwrap();
    let tokens = world.store.inner.api_tokens(BOB, &ApiTokenQuery { id: None, page }).await.unwrap();
    let settings = world.ok(&world.as_known(Who::Root).await, "/v1/admin/settings/read", json!([])).await;
    format!("{users:?} {tokens:?} {settings}")
}

/// Bob is known to this node, and then it happens. Returns him, who is let in still.
async fn known(world: &World, who: Who, cause: Cause) -> TestClient {
    let token = world.token(who).await.unwrap();
    let bob = world.guest().token(&token);
    world.ok(&bob, PROFILE, json!([])).await;
    cause.happen(world, &token).await;
    world.ok(&bob, "/v1/admin/settings/read", json!([])).await;
    bob
}

#[test_waits::test]
async fn whoever_is_shut_out_changes_nothing_however_long_a_node_lets_them_in() {
    for (who, causes) in [(Who::Bob, &IN_SESSION[..]), (Who::BobToken, &BY_TOKEN)] {
        for &cause in causes {
            let world = World::new().await;
            let bob = known(&world, who, cause).await;
            let before = stored(&world).await;
            let own = if who == Who::Bob && !cause.lessens() { of_ones_own() } else { Vec::new() };
            for (path, params) in [of_administrators(), own].concat() {
                let reply = bob.call(path, params.clone()).await;
                let refusal = (reply.status, reply.reason.as_str());
                assert_eq!(refusal, cause.refusal(), "{cause:?}: {path} {params}: {reply:?}");
            }
            assert_eq!(stored(&world).await, before, "{cause:?}");
        }
    }
}

#[test_waits::test]
async fn a_demoted_user_still_changes_what_is_their_own() {
    let world = World::new().await;
    let bob = known(&world, Who::Bob, Cause::Demoted).await;
    for (path, params) in of_ones_own() {
        world.ok(&bob, path, params).await;
    }
}

#[test_waits::test]
async fn nobody_gives_an_api_token_what_was_taken_from_them_meanwhile() {
    let world = World::new().await;
    let bob = world.as_known(Who::Bob).await;
    let root = world.as_known(Who::Root).await;
    let gate = world.store.stop_the_next_change();
    let grant = bob.call("/v1/api-tokens/set-permissions", json!(["2", {"admin": true}]));
    let taken = async {
        gate.reached().await;
        world.ok(&root, "/v1/admin/users/set-permissions", json!(["bob", {}])).await;
        gate.open();
    };
    let (reply, ()) = within(LONG, "the grant", async { tokio::join!(grant, taken) }).await;
    assert_eq!((reply.status, reply.reason.as_str()), (403, "Not permitted"));
    let token = world.store.inner.api_token(BOB, ApiTokenId::new(2)).await.unwrap().unwrap();
    assert!(!token.permissions.holds("admin", false));
}

/// A change by an administrator who may: the method, its parameters by the id of whom it is about, and the status that the call
/// which waited has then.
type Change = (&'static str, fn(Value) -> Value, u16);

/// What happens while the password is hashed.
const MEANWHILE: [Change; 4] = [
    ("/v1/admin/users/set-enabled", |bob| json!([bob, false]), 401),
    ("/v1/admin/users/delete", |bob| json!([bob]), 401),
    ("/v1/admin/users/set-password", |bob| json!([bob, OTHER_PASSWORD]), 401),
    ("/v1/admin/users/set-permissions", |bob| json!([bob, {}]), 403),
];

#[test_waits::test]
async fn an_administrator_who_is_shut_out_while_a_password_is_hashed_changes_nobody() {
    for (path, params) in [
        ("/v1/admin/users/create", json!([{"username": "zoe", "password": PASSWORD, "permissions": {"admin": true}}])),
        ("/v1/admin/users/set-password", json!(["ann", OTHER_PASSWORD])),
        ("/v1/admin/users/set-username", json!(["ann", "anna", OTHER_PASSWORD])),
    ] {
        for (end, end_params, status) in MEANWHILE {
            let world = World::new().await;
            let (bob, root) = (world.as_known(Who::Bob).await, world.as_known(Who::Root).await);
            let ann = world.store.inner.user(UserId::new(2)).await.unwrap();
            let gate = world.store.stop_the_next_change();
            let change = bob.call(path, params.clone());
            let ended = async {
                // The hash is made, and the change is on its way to the store.
                gate.reached().await;
                world.ok(&root, end, end_params(json!("bob"))).await;
                gate.open();
            };
            let (reply, ()) = within(LONG, "the change", async { tokio::join!(change, ended) }).await;
            assert_eq!(reply.status, status, "{path} after {end}: {reply:?}");
            assert_eq!(world.store.inner.user(UserId::new(2)).await.unwrap(), ann, "{path} after {end}");
            assert_eq!(world.store.inner.user_by_name("zoe").await.unwrap(), None, "{path} after {end}");
        }
    }
}

/// As many as there were when the answer to the disabling came, whatever was under way.
#[test_waits::test]
async fn a_disabled_administrator_makes_no_further_users_after_the_answer() {
    let world = World::new().await;
    let (bob, root) = (world.as_known(Who::Bob).await, world.as_known(Who::Root).await);
    let names: Vec<String> = (0..20).map(|number| format!("zoe-{number}")).collect();
    let made = futures_util::future::join_all(names.iter().map(|name| {
        let fields = json!([{"username": name, "password": PASSWORD, "permissions": {"admin": true}}]);
        let bob = &bob;
        async move { bob.call("/v1/admin/users/create", fields).await.status }
    }));
    let disabled = async {
        world.ok(&root, "/v1/admin/users/set-enabled", json!(["bob", false])).await;
        count(&world, &names).await
    };
    let (statuses, then) = within(LONG, "all changes", async { tokio::join!(made, disabled) }).await;
    assert_eq!(count(&world, &names).await, then);
    assert!(statuses.iter().all(|status| matches!(status, 200 | 401)), "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), then);
}

async fn count(world: &World, names: &[String]) -> usize {
    let mut count = 0;
    for name in names {
        count += usize::from(world.store.inner.user_by_name(name).await.unwrap().is_some());
    }
    count
}
