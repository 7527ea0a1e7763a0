//! A whole application in memory, with people in it.

mod recording;
mod served;
mod storage;

use std::sync::Arc;
use std::time::Duration;

use app_template::mail::{Mail, MailTemplates, MemoryMailer, QueueOptions};
use app_template::{App, AppOptions, AppParts};
use rpc_auth::{
    AccountOptions, Authority, ConfirmationKind, Grants, GrantsChange, HasherOptions, NewConfirmation, NewUser,
    PasswordHash, PasswordHasher, TokenFormat, TokenHash, TokenKind, UserChange, UserId,
};
use rpc_core::{Api, Bus, Clock, LocalBus, ManualClock, Permission, TestClient, TestReply};
use serde_json::{Value, json};
use test_waits::{soon, until};
use tokio::sync::OnceCell;

pub(crate) use self::recording::RecordingStore;
pub(crate) use self::served::{Plain, Served};
use self::storage::Storage;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
/// A password that nobody has yet.
pub(crate) const OTHER_PASSWORD: &str = "staple the battery horse";
/// When everything begins: 2023-11-14T22:13:20.123Z.
pub(crate) const START: Duration = Duration::from_millis(1_700_000_000_123);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Who calls.
///
/// | id | name | |
/// | --- | --- | --- |
/// | 1 | root | |
/// | 2 | ann | no permission; ann@example.com, confirmed |
/// | 3 | bob | `admin`; bob@example.com, unconfirmed |
/// | 4 | cid | disabled; cid@example.com, confirmed |
/// | 5 | eve | `admin` and `audit`, no address |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    Guest,
    Root,
    Ann,
    Bob,
    Eve,
    /// By the API token 1, which holds nothing.
    AnnToken,
    /// By the API token 2, which holds nothing.
    BobBareToken,
    /// By the API token 3, which holds `admin`.
    BobToken,
    /// By root's API token 4, which holds `admin`.
    RootToken,
}

/// The options of the tests: cheap hashes, a second permission.
pub(crate) fn options() -> AppOptions {
    let tokens = TokenFormat::new("app").unwrap();
    let mut options = AppOptions::new("Acme", tokens);
    options.accounts.hasher = hasher();
    options.permissions = vec![Permission::new("audit", "Audit", "Look at what others did")];
    options.mail_queue = QueueOptions { senders: 1, ..QueueOptions::default() };
    options
}

fn hasher() -> HasherOptions {
    HasherOptions { memory_kib: 8, passes: 1, max_wait: Duration::from_secs(20), ..HasherOptions::default() }
}

/// An application, and everything around it.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) api: Api,
    pub(crate) store: Arc<RecordingStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) mailer: Arc<MemoryMailer>,
    pub(crate) bus: Arc<LocalBus>,
    storage: Storage,
    api_tokens: [String; 4],
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world with other options of accounts.
    pub(crate) async fn with(change: impl FnOnce(&mut AccountOptions)) -> Self {
        let mut options = options();
        change(&mut options.accounts);
        Self::of(options).await
    }

    pub(crate) async fn of(options: AppOptions) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let storage = Storage::new().await;
        let store = Arc::new(RecordingStore::over(Arc::clone(&storage.accounts)));
        let mailer = Arc::new(MemoryMailer::default());
        let bus = Arc::new(LocalBus::default());
        let parts = AppParts {
            accounts: Arc::clone(&store) as _,
            settings: Arc::clone(&storage.settings),
            call_log: Arc::clone(&storage.call_log),
            mailer: Arc::clone(&mailer) as _,
            templates: MailTemplates::built_in().unwrap(),
            bus: Arc::clone(&bus) as Arc<dyn Bus>,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
        };
        let app = App::new(parts, options).await.unwrap();
        let api = app.api().unwrap();
        let api_tokens = populate(&store).await;
        store.take_calls();
        let world = Self { app, api, store, clock, mailer, bus, storage, api_tokens };
        let app_url = json!({"app_url": "https://app.example.com/"});
        world.ok(&world.as_known(Who::Root).await, "/v1/admin/settings/update", json!([app_url])).await;
        world.store.take_calls();
        world
    }

    /// Another node: an application of its own over the same store and bus.
    pub(crate) async fn another(&self) -> App {
        let parts = AppParts {
            accounts: Arc::clone(&self.store) as _,
            settings: Arc::clone(&self.storage.settings),
            call_log: Arc::clone(&self.storage.call_log),
            mailer: Arc::clone(&self.mailer) as _,
            templates: MailTemplates::built_in().unwrap(),
            bus: Arc::clone(&self.bus) as Arc<dyn Bus>,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
        };
        App::new(parts, options()).await.unwrap()
    }

    /// The API of another node.
    pub(crate) async fn another_node(&self) -> Api {
        self.another().await.api().unwrap()
    }

    pub(crate) fn guest(&self) -> TestClient {
        TestClient::new(self.api.clone())
    }

    /// A client of somebody; people who are no API tokens sign in for it.
    pub(crate) async fn as_known(&self, who: Who) -> TestClient {
        match self.token(who).await {
            Some(token) => self.guest().token(&token),
            None => self.guest(),
        }
    }

    /// A token of somebody.
    pub(crate) async fn token(&self, who: Who) -> Option<String> {
        let name = match who {
            Who::Guest => return None,
            Who::AnnToken => return Some(self.api_tokens[0].clone()),
            Who::BobBareToken => return Some(self.api_tokens[1].clone()),
            Who::BobToken => return Some(self.api_tokens[2].clone()),
            Who::RootToken => return Some(self.api_tokens[3].clone()),
            Who::Root => "root",
            Who::Ann => "ann",
            Who::Bob => "bob",
            Who::Eve => "eve",
        };
        Some(self.sign_in(name, PASSWORD).await)
    }

    /// Signs in.
    pub(crate) async fn sign_in(&self, name: &str, password: &str) -> String {
        let reply = self.try_sign_in(name, password).await;
        assert_eq!(reply.status, 200, "{name}: {reply:?}");
        reply.data["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn try_sign_in(&self, name: &str, password: &str) -> TestReply {
        let credentials = json!([{"username": name, "password": password}]);
        self.guest().call("/v1/session/signin", credentials).await
    }

    /// A call that succeeds.
    pub(crate) async fn ok(&self, client: &TestClient, path: &str, params: Value) -> Value {
        let reply = client.call(path, params).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.data
    }

    /// The mails of which there must be so many and no more, by what has happened so far; takes them out.
    pub(crate) async fn mails(&self, count: usize) -> Vec<Mail> {
        let mails = self.all_mails().await;
        let told: Vec<_> = mails.iter().map(|mail| (mail.to(), mail.subject())).collect();
        assert_eq!(told.len(), count, "{told:?}");
        mails
    }

    /// The mails of what has happened so far, however many; takes them out.
    pub(crate) async fn all_mails(&self) -> Vec<Mail> {
        soon("the end of the work in the background", self.app.settled()).await;
        until("all mails to be sent", || self.app.mails().outbox().counters().waiting == 0).await;
        self.mailer.take(0).await
    }

    /// The token in the one mail that there is.
    pub(crate) async fn mailed_token(&self) -> String {
        let mails = self.mails(1).await;
        token_in(&mails[0])
    }

    /// Everything that the database holds, as text; nothing where there is none.
    pub(crate) async fn database_dump(&self) -> Option<String> {
        self.storage.dump().await
    }

    /// A confirmation token of a user, as if it was mailed.
    pub(crate) async fn confirmation(&self, user: i64, email: &str, kind: ConfirmationKind) -> String {
        let token = TokenFormat::new("app").unwrap().generate(TokenKind::Confirmation).unwrap();
        let expires = rpc_core::Timestamp::from(self.clock.now()).after(HOUR);
        let (user, hash) = (UserId::new(user), TokenHash::of(token.expose()));
        let confirmation = NewConfirmation { user, kind, hash, email: email.to_owned(), expires };
        self.store.inner.create_confirmation(confirmation).await.unwrap();
        token.expose().to_owned()
    }
}

/// The token at the end of a mail's link.
pub(crate) fn token_in(mail: &Mail) -> String {
    let (_, rest) = mail.text().split_once("/#/").or_else(|| mail.text().split_once("#/")).expect("a link");
    rest.split_whitespace().next().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// The hash of everybody's password, which is made once.
async fn password() -> PasswordHash {
    static HASH: OnceCell<PasswordHash> = OnceCell::const_new();
    HASH.get_or_init(|| async { PasswordHasher::new(hasher()).hash(PASSWORD).await.unwrap() }).await.clone()
}

/// Makes the people, and their API tokens.
async fn populate(store: &RecordingStore) -> [String; 4] {
    let store = &store.inner;
    let (password, now) = (password().await, START.into());
    store.create_root("root", password.clone(), now).await.unwrap();
    for (name, email, permissions) in [
        ("ann", Some("ann@example.com"), &[][..]),
        ("bob", Some("bob@example.com"), &["admin"]),
        ("cid", Some("cid@example.com"), &[]),
        ("eve", None, &["admin", "audit"]),
    ] {
        let permissions = Grants(permissions.iter().map(|&name: &&str| (name.to_owned(), true)).collect());
        let email = email.map(str::to_owned);
        let user =
            NewUser { name: name.to_owned(), password: password.clone(), email, permissions, ..NewUser::default() };
        store.create_user(NewUser { created: now, ..user }).await.unwrap();
    }
    for (user, email) in [(2, "ann@example.com"), (4, "cid@example.com")] {
        let hash = TokenHash::of(email);
        let (user, kind, email) = (UserId::new(user), ConfirmationKind::Email, email.to_owned());
        let expires = rpc_core::Timestamp::from(START).after(HOUR);
        store.create_confirmation(NewConfirmation { user, kind, hash, email, expires }).await.unwrap();
        store.confirm_email(&hash, now).await.unwrap();
    }
    let disabled = UserChange { enabled: Some(false), ..UserChange::default() };
    store.update_user(UserId::new(4), &disabled).await.unwrap();
    let tokens = TokenFormat::new("app").unwrap();
    let mut texts = Vec::new();
    for (user, permission) in [(2, None), (3, None), (3, Some("admin")), (1, Some("admin"))] {
        let token = tokens.generate(TokenKind::Api).unwrap();
        let hash = TokenHash::of(token.expose());
        let made =
            store.create_api_token(UserId::new(user), "laptop", hash, now, 100, &Authority::Application).await.unwrap();
        let grants = permission.into_iter().map(|name: &str| (name.to_owned(), true)).collect();
        store
            .change_api_token_grants(made.user, made.id, &GrantsChange::Merge(grants), &Authority::Application)
            .await
            .unwrap();
        texts.push(token.expose().to_owned());
    }
    texts.try_into().unwrap()
}
