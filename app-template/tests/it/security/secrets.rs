//! Secrets that are sent, searched for wherever they must not be.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use app_template::Metrics;
use app_template::mail::{Mail, MailVariables, SmtpOverride, SmtpServer};
use app_template::settings::{SecretBox, Settings, SettingsChange};
use data_encoding::HEXLOWER;
use rpc_auth::{
    AccountMail, AccountMailKind, ConfirmationKind, PasswordHash, Secret, SessionRecord, TokenHash, UserRecord,
};
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;

use crate::world::{OTHER_PASSWORD, Who, World};

/// Begins every secret below.
const CANARY: &str = "canary-";

thread_local! {
    /// What this thread's test has logged.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The log of this thread: each test has one, with all its tasks.
struct Log;

impl Log {
    /// Keeps everything from here on. The subscriber is everybody's: one that came and went with a test would miss what
    /// other tests were the first to log.
    fn start() {
        static STARTED: Once = Once::new();
        STARTED.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_span_events(FmtSpan::CLOSE)
                .with_ansi(false);
            tracing::subscriber::set_global_default(subscriber.with_writer(|| Self).finish()).unwrap();
        });
        LOGGED.take();
    }

    fn text() -> String {
        String::from_utf8(LOGGED.take()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A call of every method, with a secret wherever one may be.
fn calls(reset: &str) -> Vec<(Who, &'static str, Value)> {
    vec![
        (Who::Guest, "/v1/session/signin", json!([{"username": "ann", "password": "canary-sign-in"}])),
        (Who::Guest, "/v1/session/signin", json!([{"username": "canary-name", "password": "canary-name"}])),
        (Who::Guest, "/v1/session/signup", json!([{"username": "zoe", "password": "canary-sign-up"}])),
        (Who::Guest, "/v1/session/signup", json!([{"username": "yan", "password": ["canary-type"]}])),
        (Who::Guest, "/v1/session/send-confirmation-email", json!(["canary-confirmation"])),
        (Who::Guest, "/v1/session/send-password-reset-email", json!(["canary-reset"])),
        (Who::Guest, "/v1/session/confirm-email-by-token", json!(["canary-token"])),
        (Who::Guest, "/v1/session/set-password-by-token", json!(["canary-token", "canary-password"])),
        (Who::Guest, "/v1/session/set-password-by-token", json!([reset, "canary-new-password"])),
        (Who::Eve, "/v1/session/signout", json!(["canary-argument"])),
        (Who::Bob, "/v1/profile/read", json!(["canary-argument"])),
        (Who::Bob, "/v1/profile/set-email", json!(["canary-no-address"])),
        (Who::Bob, "/v1/profile/set-telegram-username", json!(["canary-no-name"])),
        (Who::Bob, "/v1/api-tokens/create", json!([["canary-argument"]])),
        (Who::Bob, "/v1/api-tokens/read", json!([{"where": {"id": "canary-id"}}])),
        (Who::Bob, "/v1/api-tokens/delete", json!(["canary-id"])),
        (Who::Bob, "/v1/api-tokens/set-enabled", json!(["canary-id", true])),
        (Who::Bob, "/v1/api-tokens/get-permissions", json!(["canary-id"])),
        (Who::Bob, "/v1/api-tokens/set-permissions", json!(["canary-id", {}])),
        (Who::Bob, "/v1/api-tokens/update-permissions", json!(["canary-id", {}])),
        (Who::Bob, "/v1/admin/users/create", json!([{"username": "xan", "password": "canary-create"}])),
        (Who::Bob, "/v1/admin/users/read", json!([{"where": {"search": ["like", "canary-search"]}}])),
        (Who::Bob, "/v1/admin/users/suggest", json!([{"where": {"name": ["like", "canary-suggest"]}}])),
        (Who::Bob, "/v1/admin/users/set-password", json!(["xan", "canary-set-password"])),
        (Who::Bob, "/v1/admin/users/set-username", json!(["xan", "xan2", "canary-set-username"])),
        (Who::Bob, "/v1/admin/users/set-enabled", json!(["canary-user", true])),
        (Who::Bob, "/v1/admin/users/get-permissions", json!(["canary-user"])),
        (Who::Bob, "/v1/admin/users/set-permissions", json!(["canary-user", {}])),
        (Who::Bob, "/v1/admin/users/update-permissions", json!(["canary-user", {}])),
        (Who::Bob, "/v1/admin/users/delete", json!(["canary-user"])),
        (
            Who::Root,
            "/v1/admin/settings/update",
            json!([{"telegram_bot_key": "canary-key", "smtp_password": "canary-smtp"}]),
        ),
        (Who::Root, "/v1/admin/settings/update", json!([{"smtp_hostname": "canary host"}])),
        (Who::Bob, "/v1/admin/settings/update", json!([{"app_url": "https://canary-host.example"}])),
        (Who::Bob, "/v1/admin/settings/read", json!([])),
        (Who::Bob, "/v1/admin/settings/test-smtp", json!([{"smtp_password": "canary-smtp"}])),
        (Who::Bob, "/v1/admin/settings/test-smtp", json!([{"smtp_port": "canary-port"}])),
        (Who::Bob, "/v1/admin/api-call-log/read-history-stat", json!(["canary-method"])),
        (Who::Bob, "/v1/admin/api-call-log/read-latest-stat", json!(["canary-method"])),
        (Who::Bob, "/v1/admin/api-call-log/read-log", json!([{"where": {"method_id": "canary-method"}}])),
        (Who::Guest, "/v1/test/test", json!([{"canary-argument": 1}])),
        (Who::Guest, "/v1/test/upload", json!(["canary-argument"])),
    ]
}

#[test_waits::test]
async fn no_secret_that_is_sent_comes_back_is_logged_or_is_stored_as_it_is() {
    Log::start();
    let mut world = World::new().await;
    let reset = world.confirmation(2, "ann@example.com", ConfirmationKind::PasswordReset).await;
    let mut called = std::collections::BTreeSet::new();
    let api = world.app.api_builder().counted().build().unwrap();
    let metrics = Metrics::new(&world.app, &api);
    world.api = api;
    let (bob, eve) = (world.as_known(Who::Bob).await, world.as_known(Who::Eve).await);
    let root = world.as_known(Who::Root).await;
    for (who, path, params) in calls(&reset) {
        called.insert(path);
        let client = match who {
            Who::Bob => &bob,
            Who::Eve => &eve,
            Who::Root => &root,
            _ => &world.guest(),
        };
        let reply = client.call(path, params).await;
        let told = format!("{reply:?}");
        assert!(!told.contains(CANARY) && !told.contains(&reset), "{path}: {told}");
    }
    assert_eq!(called.len(), world.api.methods().len(), "a method was not called");
    world.all_mails().await;
    let logged = world.app.calls().rows(None, 0, 1000).await.unwrap();
    let logged: String = logged.iter().map(|row| format!("{row:?}\n")).collect();
    let (log, dump, metrics) = (Log::text(), world.store.dump(), metrics.text());
    assert!(metrics.contains("/v1/admin/users/create"), "{metrics}");
    assert!(log.contains("/v1/admin/users/create") && log.contains("close time"), "{log}");
    assert!(logged.contains("/v1/admin/users/create"), "{logged}");
    assert!(dump.contains("xan2"), "{dump}");
    for (place, text) in [("log", &log), ("store", &dump), ("log of calls", &logged), ("metrics", &metrics)] {
        let found = text.lines().find(|line| line.contains(CANARY) || line.contains(&reset));
        assert_eq!(found, None, "in the {place}");
    }
    if let Some(dump) = world.database_dump().await {
        assert!(
            dump.contains("rpc_auth_users: ") && dump.contains("xan2") && dump.contains("app_settings: "),
            "{dump}"
        );
        is_not_in(&[CANARY, &reset], &dump);
    }
}

/// Holds a dump of a database to it that it has secrets neither as text nor as bytes.
fn is_not_in(secrets: &[&str], dump: &str) {
    for secret in secrets {
        let bytes = HEXLOWER.encode(secret.as_bytes());
        let found = dump.lines().find(|line| line.contains(secret) || line.contains(&bytes));
        assert_eq!(found, None, "in the database");
    }
}

#[test_waits::test]
async fn what_is_told_once_is_in_no_log() {
    Log::start();
    let world = World::new().await;
    let session = world.token(Who::Bob).await.unwrap();
    let bob = world.guest().token(&session);
    let api_token = world.ok(&bob, "/v1/api-tokens/create", json!(["ci"])).await["token"].clone();
    let created = world.ok(&bob, "/v1/admin/users/create", json!([{"username": "zoe"}])).await["password"].clone();
    let set = world.ok(&bob, "/v1/admin/users/set-password", json!(["zoe"])).await["password"].clone();
    world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!(["ann"])).await;
    let mailed = world.mailed_token().await;
    let (log, dump) = (Log::text(), world.store.dump());
    assert!(log.contains("/v1/admin/users/create"), "{log}");
    for secret in [&session, api_token.as_str().unwrap(), created.as_str().unwrap(), set.as_str().unwrap(), &mailed] {
        assert!(!log.contains(secret) && !dump.contains(secret));
        is_not_in(&[secret], &world.database_dump().await.unwrap_or_default());
    }
}

/// Does not compile with a type that can be serialised: the compiler then finds two implementations, and cannot choose.
macro_rules! is_never_serialised {
    ($($secret:ty),* $(,)?) => {
        $(const _: fn() = || {
            struct Serialised;
            trait AmbiguousIf<T> {
                fn chosen() {}
            }
            impl<T> AmbiguousIf<()> for T {}
            impl<T: serde::Serialize> AmbiguousIf<Serialised> for T {}
            <$secret as AmbiguousIf<_>>::chosen();
        };)*
    };
}

is_never_serialised!(
    Secret,
    PasswordHash,
    TokenHash,
    AccountMail,
    AccountMailKind,
    SessionRecord,
    UserRecord,
    SecretBox,
    Settings,
    SettingsChange,
    Mail,
    MailVariables,
    SmtpOverride,
    SmtpServer,
);

#[test_waits::test]
async fn the_words_of_a_failing_store_reach_nobody() {
    let world = World::new().await;
    let bob = world.as_known(Who::Bob).await;
    world.ok(&bob, "/v1/test/test", json!([])).await;
    *world.store.failure.lock().unwrap() = Some("canary-relation \"users\" does not exist");
    let valid = [
        ("/v1/session/signin", json!([{"username": "ann", "password": OTHER_PASSWORD}])),
        ("/v1/session/signin", json!([])),
        ("/v1/session/signout", json!([])),
        ("/v1/session/signup", json!([{"username": "zoe", "password": OTHER_PASSWORD}])),
        ("/v1/profile/read", json!([])),
        ("/v1/profile/set-email", json!([])),
        ("/v1/api-tokens/create", json!(["ci"])),
        ("/v1/api-tokens/read", json!([])),
        ("/v1/api-tokens/delete", json!(["2"])),
        ("/v1/admin/users/create", json!([{"username": "zoe"}])),
        ("/v1/admin/users/read", json!([])),
        ("/v1/admin/users/suggest", json!([])),
        ("/v1/admin/users/delete", json!(["ann"])),
        ("/v1/admin/users/set-password", json!(["ann"])),
        ("/v1/admin/users/get-permissions", json!(["ann"])),
    ];
    for (path, params) in valid {
        let reply = bob.call(path, params).await;
        assert_eq!((reply.status, reply.reason.as_str()), (503, "Service is unavailable"), "{path}");
        assert!(!format!("{reply:?}").contains("canary"), "{path}");
    }
    // What needs no store goes on, and it is answered at once that a mail may come.
    for (path, params) in [
        ("/v1/test/test", json!([])),
        ("/v1/admin/settings/read", json!([])),
        ("/v1/session/send-password-reset-email", json!(["ann"])),
    ] {
        world.ok(&bob, path, params).await;
    }
}
