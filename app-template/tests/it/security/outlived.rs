//! Which credentials outlive what they were given for, and which do not.

use rpc_auth::{ConfirmationKind, Password};
use rpc_core::client::WsClient;
use rpc_core::{Identity, TestClient, User};
use serde_json::{Value, json};

use super::doors::is_closed;
use crate::world::{OTHER_PASSWORD, Served, Who, World};

const PROFILE: &str = "/v1/profile/read";
const CONFIRM: &str = "/v1/session/confirm-email-by-token";
const SET_PASSWORD: &str = "/v1/session/set-password-by-token";
/// A password of nobody, which no cause sets.
const TAKEN_OVER: &str = "whoever has the old mail";

/// What happens to Ann, or what she does.
#[derive(Debug, Clone, Copy)]
enum Cause {
    /// A method that somebody calls.
    Called(Who, &'static str, fn() -> Value),
    Disabled,
    DisabledAndEnabled,
    /// What the command line does, in root's name and without a session.
    PasswordByOperator,
    /// Likewise.
    DisabledByOperator,
    ResetByMail,
    ConfirmedByMail,
}

/// What is good after it: the reset link, the link that confirms, the session with its WebSocket, the API token.
#[derive(Debug, PartialEq, Eq)]
struct Good {
    reset: bool,
    confirms: bool,
    session: bool,
    api_token: bool,
}

const ALL: Good = Good { reset: true, confirms: true, session: true, api_token: true };
const NO_MAIL: Good = Good { reset: false, confirms: false, ..ALL };
const NEW_PASSWORD: Good = Good { session: false, ..NO_MAIL };
const NONE: Good = Good { api_token: false, ..NEW_PASSWORD };

const SET_ENABLED: &str = "/v1/admin/users/set-enabled";

const MATRIX: [(Cause, Good); 16] = [
    (Cause::Called(Who::Bob, "/v1/admin/users/set-password", || json!(["ann", OTHER_PASSWORD])), NEW_PASSWORD),
    (Cause::Called(Who::BobToken, "/v1/admin/users/set-password", || json!(["ann"])), NEW_PASSWORD),
    (Cause::Called(Who::Bob, "/v1/admin/users/set-username", || json!(["ann", "anna", OTHER_PASSWORD])), NEW_PASSWORD),
    (Cause::PasswordByOperator, NEW_PASSWORD),
    (Cause::ResetByMail, NONE),
    (Cause::Called(Who::Ann, "/v1/profile/set-email", || json!(["ann@example.org"])), NO_MAIL),
    (Cause::Called(Who::Ann, "/v1/profile/set-email", || json!([])), NO_MAIL),
    (Cause::Disabled, NONE),
    (Cause::DisabledByOperator, NONE),
    (Cause::DisabledAndEnabled, NEW_PASSWORD),
    (Cause::Called(Who::Bob, "/v1/admin/users/delete", || json!(["ann"])), NONE),
    // And what no credential rests on.
    (Cause::Called(Who::Bob, "/v1/admin/users/set-username", || json!(["ann", "anna"])), ALL),
    (Cause::Called(Who::Bob, "/v1/admin/users/set-permissions", || json!(["ann", {"admin": true}])), ALL),
    (Cause::Called(Who::Bob, SET_ENABLED, || json!(["ann", true])), ALL),
    (Cause::Called(Who::Ann, "/v1/profile/set-email", || json!(["ANN@example.com"])), ALL),
    (Cause::ConfirmedByMail, Good { confirms: false, ..ALL }),
];

/// Everything that lets Ann in.
struct Credentials {
    session: TestClient,
    websocket: WsClient,
    api_token: TestClient,
    reset: String,
    confirms: String,
    _served: Served,
}

impl Credentials {
    async fn new(world: &World) -> Self {
        let served = Served::start(&world.api).await;
        let token = world.token(Who::Ann).await.unwrap();
        Self {
            session: world.guest().token(&token),
            websocket: served.websocket(Some(&token)).await,
            api_token: world.as_known(Who::AnnToken).await,
            reset: world.confirmation(2, "ann@example.com", ConfirmationKind::PasswordReset).await,
            confirms: world.confirmation(2, "ann@example.com", ConfirmationKind::Email).await,
            _served: served,
        }
    }

    /// Tries them, the link that would change the others last.
    async fn good(&self, world: &World) -> Good {
        let is_let_in = async |client: &TestClient| client.call(PROFILE, json!([])).await.status == 200;
        let (session, api_token) = (is_let_in(&self.session).await, is_let_in(&self.api_token).await);
        if session {
            self.websocket.call::<Value>(PROFILE, ()).await.unwrap();
        } else {
            assert!(is_closed(&self.websocket).await);
        }
        let confirms = is_taken(world, CONFIRM, json!([self.confirms])).await;
        let reset = is_taken(world, SET_PASSWORD, json!([self.reset, TAKEN_OVER])).await;
        Good { reset, confirms, session, api_token }
    }
}

async fn is_taken(world: &World, path: &str, params: Value) -> bool {
    let reply = world.guest().call(path, params).await;
    assert!(matches!((reply.status, reply.reason.as_str()), (200, _) | (400, "Token is invalid")), "{reply:?}");
    reply.status == 200
}

impl Cause {
    async fn happen(self, world: &World, credentials: &Credentials) {
        let set_enabled = async |enabled: bool| {
            world.ok(&world.as_known(Who::Bob).await, SET_ENABLED, json!(["ann", enabled])).await;
        };
        let (accounts, operator) = (world.app.accounts(), Identity::from(User::new("1", "root").root()));
        match self {
            Self::Called(Who::Ann, path, params) => drop(world.ok(&credentials.session, path, params()).await),
            Self::Called(who, path, params) => drop(world.ok(&world.as_known(who).await, path, params()).await),
            Self::Disabled => set_enabled(false).await,
            Self::DisabledAndEnabled => {
                set_enabled(false).await;
                set_enabled(true).await;
            }
            Self::PasswordByOperator => {
                let password = Password::Given(OTHER_PASSWORD.to_owned());
                accounts.set_user_password(&operator, "ann", password).await.unwrap();
            }
            Self::DisabledByOperator => accounts.set_user_enabled(&operator, "ann", false).await.unwrap(),
            Self::ResetByMail => {
                let reset = json!([credentials.reset, OTHER_PASSWORD]);
                world.ok(&world.guest(), SET_PASSWORD, reset).await;
            }
            Self::ConfirmedByMail => drop(world.ok(&world.guest(), CONFIRM, json!([credentials.confirms])).await),
        }
    }
}

#[test_waits::test]
async fn a_credential_is_void_once_what_it_rests_on_has_changed() {
    for (cause, expected) in MATRIX {
        let world = World::new().await;
        let credentials = Credentials::new(&world).await;
        cause.happen(&world, &credentials).await;
        assert_eq!(credentials.good(&world).await, expected, "{cause:?}");
        let is_taken_over = world.try_sign_in("ann@example.com", TAKEN_OVER).await.status == 200;
        assert_eq!(is_taken_over, expected.reset, "{cause:?}");
    }
}

#[test_waits::test]
async fn a_link_is_void_also_when_the_address_that_it_was_sent_to_comes_back() {
    let world = World::new().await;
    let credentials = Credentials::new(&world).await;
    for email in ["ann@example.org", "ann@example.com"] {
        world.ok(&credentials.session, "/v1/profile/set-email", json!([email])).await;
    }
    assert_eq!(credentials.good(&world).await, NO_MAIL);
}

#[test_waits::test]
async fn a_link_of_root_is_void_once_the_operator_gives_root_a_new_password() {
    let world = World::new().await;
    world.ok(&world.as_known(Who::Root).await, "/v1/profile/set-email", json!(["root@example.com"])).await;
    let reset = world.confirmation(1, "root@example.com", ConfirmationKind::PasswordReset).await;
    let password = world.app.accounts().reset_root_password().await.unwrap();
    assert!(!is_taken(&world, SET_PASSWORD, json!([reset, TAKEN_OVER])).await);
    assert_eq!(world.try_sign_in("root", password.expose()).await.status, 200);
}
