//! Which answers about tokens come from memory, and when none may. What the store says is changed behind the accounts' back:
//! whoever still gets the old answer was not answered by the store.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rpc_auth::{
    AccountMail, AccountMailer, AccountOptions, AccountParts, AccountStore, Accounts, ApiTokenId, Authority,
    CachedAuthenticator, HasherOptions, MemoryStore, NewUser, PasswordHash, TokenFormat, TokenHash, TokenKind, UserId,
};
use rpc_core::{
    AuthError, AuthRequest, Authenticator, Bus, BusError, Listener, LocalBus, Notice, Permission, SystemClock,
    Timestamp, Token,
};

/// A bus that hears nothing while it is told so.
#[derive(Debug, Default)]
struct Deafened {
    local: LocalBus,
    is_deaf: AtomicBool,
}

#[async_trait]
impl Bus for Deafened {
    async fn announce(&self, notice: Notice) -> Result<(), BusError> {
        self.local.announce(notice).await
    }

    fn listen(&self, listener: Weak<dyn Listener>) {
        self.local.listen(listener);
    }

    fn is_current(&self) -> bool {
        !self.is_deaf.load(Ordering::SeqCst)
    }
}

impl Deafened {
    fn is_deaf(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Ordering::SeqCst);
    }
}

struct NoMails;

impl AccountMailer for NoMails {
    fn send(&self, _: AccountMail) {}
}

fn format() -> TokenFormat {
    TokenFormat::new("test").unwrap()
}

/// Accounts on a store and a bus, with cheap hashes.
pub(crate) fn accounts(store: Arc<dyn AccountStore>, bus: Arc<dyn Bus>, permissions: Vec<Permission>) -> Accounts {
    let (clock, mailer) = (Arc::new(SystemClock::default()), Arc::new(NoMails));
    let mut options = AccountOptions::new("test", format());
    options.hasher = HasherOptions { memory_kib: 8, passes: 1, ..HasherOptions::default() };
    Accounts::new(AccountParts { store, bus, clock, mailer, permissions }, options)
}

/// A user with a token, and whoever checks it.
pub(crate) struct Node {
    store: Arc<dyn AccountStore>,
    authenticator: CachedAuthenticator,
    _accounts: Accounts,
    pub(crate) user: UserId,
    pub(crate) id: ApiTokenId,
    token: Token,
}

impl Node {
    pub(crate) async fn on(store: Arc<dyn AccountStore>, bus: Arc<dyn Bus>) -> Self {
        let user =
            NewUser { name: "ann".into(), password: PasswordHash::unusable(), enabled: true, ..NewUser::default() };
        let user = store.create_user(user).await.unwrap().id;
        let token = format().generate(TokenKind::Api).unwrap();
        let hash = TokenHash::of(token.expose());
        let record =
            store.create_api_token(user, "t", hash, Timestamp::default(), 1, &Authority::Application).await.unwrap();
        let accounts = accounts(Arc::clone(&store), bus, Vec::new());
        let (authenticator, token) = (accounts.authenticator(), Token::new(token.expose()));
        Self { store, authenticator, _accounts: accounts, user, id: record.id, token }
    }

    async fn new() -> (Self, Arc<Deafened>) {
        let bus = Arc::new(Deafened::default());
        (Self::on(Arc::new(MemoryStore::default()), Arc::clone(&bus) as _).await, bus)
    }

    /// Enables or disables the token without a word to anybody.
    async fn enable(&self, enabled: bool) {
        self.store.set_api_token_enabled(self.user, self.id, enabled, &Authority::Application).await.unwrap().unwrap();
    }

    pub(crate) async fn lets_in(&self) -> bool {
        match self.authenticator.authenticate(&self.token, &AuthRequest::in_process()).await {
            Ok(_) => true,
            Err(AuthError::BadToken) => false,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test_waits::test]
async fn while_notices_are_heard_the_store_is_asked_once() {
    let (node, bus) = Node::new().await;
    assert!(node.lets_in().await);
    node.enable(false).await;
    assert!(node.lets_in().await, "from memory");
    bus.local.tell(&Notice::User(node.user.to_string().into()));
    assert!(!node.lets_in().await);
    node.enable(true).await;
    assert!(!node.lets_in().await, "from memory");
}

#[test_waits::test]
async fn while_notices_may_be_lost_each_call_asks_the_store() {
    let (node, bus) = Node::new().await;
    assert!(node.lets_in().await);
    bus.is_deaf(true);
    for enabled in [false, true, false] {
        node.enable(enabled).await;
        assert_eq!(node.lets_in().await, enabled);
    }
}

#[test_waits::test]
async fn what_was_read_while_notices_may_have_been_lost_is_not_used_later() {
    for first in [true, false] {
        let (node, bus) = Node::new().await;
        node.enable(first).await;
        bus.is_deaf(true);
        assert_eq!(node.lets_in().await, first);
        node.enable(!first).await;
        bus.is_deaf(false);
        assert_eq!(node.lets_in().await, !first);
    }
}

#[test_waits::test]
async fn after_missed_notices_everything_is_read_anew() {
    for first in [true, false] {
        let (node, bus) = Node::new().await;
        node.enable(first).await;
        assert_eq!(node.lets_in().await, first);
        node.enable(!first).await;
        bus.announce(Notice::Missed).await.unwrap();
        assert_eq!(node.lets_in().await, !first);
        // And kept again.
        node.enable(first).await;
        assert_eq!(node.lets_in().await, !first);
    }
}
