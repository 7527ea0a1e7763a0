//! What operations cost when there is much.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use rpc_auth::postgres::PgStore;
use rpc_auth::{
    ApiTokenId, ApiTokenQuery, ApiTokenStore, Authority, CallerRights, ConfirmationKind, ConfirmationStore, Credential,
    GrantCeiling, GrantsChange, NetworkStore, NewConfirmation, NewSession, NewUser, PageRequest, PasswordHash,
    SessionId, SessionStore, SessionsChange, TokenHash, UserChange, UserId, UserQuery, UserSort, UserStore,
};
use rpc_core::Timestamp;
use rpc_core::read::{Direction, OrderBy};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgPool};
use test_postgres::{Cluster, TestDatabase};

use super::{migrate, migrated};

/// 20,000 users with a session, an API token, a confirmation and a trusted network each; one more has a hundred of the first two.
const FILL: &str = "
    INSERT INTO rpc_auth_users (name, lowered_name, email, lowered_email, email_confirmed, password, enabled, created)
        SELECT 'user-' || n, 'user-' || n, n || '@example.com', n || '@example.com', n % 2 = 0, '$first', n % 10 > 0,
               to_timestamp(1700000000 + n)
        FROM generate_series(1, 20001) AS n;
    INSERT INTO rpc_auth_sessions (user_id, hash, created, last_used)
        SELECT id, sha256(('session-' || id)::bytea), created, created FROM rpc_auth_users;
    INSERT INTO rpc_auth_api_tokens (user_id, name, hash, enabled, created)
        SELECT id, 'token', sha256(('token-' || id)::bytea), true, created FROM rpc_auth_users;
    INSERT INTO rpc_auth_sessions (user_id, hash, created, last_used)
        SELECT 20002, sha256(('more-' || n)::bytea), now(), now() FROM generate_series(1, 99) AS n;
    INSERT INTO rpc_auth_api_tokens (user_id, name, hash, enabled, created)
        SELECT 20002, 'token', sha256(('more-' || n)::bytea), true, now() FROM generate_series(1, 99) AS n;
    INSERT INTO rpc_auth_confirmations (user_id, kind, hash, email, expires)
        SELECT id, CASE WHEN email_confirmed THEN 'password-reset' ELSE 'email' END,
               sha256(('mailed-' || id)::bytea), email, created + interval '1 year'
        FROM rpc_auth_users;
    INSERT INTO rpc_auth_networks (user_id, network, trusted_until)
        SELECT id, '192.0.2.1', created + interval '1 year' FROM rpc_auth_users;";

/// A time at which all of them are good.
const NOW: Timestamp = Timestamp::from_millis(1_700_100_000_000);

/// A store with many rows over one connection, which knows what it did.
struct Full {
    store: PgStore,
    pool: PgPool,
    _database: TestDatabase,
}

impl Full {
    async fn new() -> Self {
        let database = migrated().await;
        let pool = database.pool(1).await;
        pool.execute(FILL).await.unwrap();
        pool.execute("VACUUM ANALYZE").await.unwrap();
        Self { store: PgStore::new(pool.clone()), pool, _database: database }
    }

    /// How often a table was read from its beginning to its end.
    async fn whole_reads(&self) -> i64 {
        self.pool.execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        let reads = "SELECT sum(seq_scan)::bigint FROM pg_stat_user_tables WHERE relname LIKE 'rpc_auth_%'";
        sqlx::query_scalar(reads).fetch_one(&self.pool).await.unwrap()
    }

    /// How often an index was looked into.
    async fn uses_of(&self, index: &str) -> i64 {
        self.pool.execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        let uses = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = $1";
        sqlx::query_scalar(uses).bind(index).fetch_one(&self.pool).await.unwrap()
    }

    /// Does something, and sees that it reads no whole table; often enough that the server may settle on another plan.
    async fn reads_no_whole_table<T>(&self, what: &str, operation: impl AsyncFn(&PgStore, i64) -> T) {
        let before = self.whole_reads().await;
        for time in 0..7 {
            operation(&self.store, time).await;
        }
        assert_eq!(self.whole_reads().await, before, "{what}");
    }
}

fn everybody() -> UserQuery {
    let page = PageRequest { offset: 0, limit: 100 };
    UserQuery { id: None, search: None, name: None, with_root: true, order: Vec::new(), page }
}

fn session(user: i64, token: &str) -> NewSession {
    let password = PasswordHash::from_phc("$first");
    NewSession { user: UserId::new(user), hash: TokenHash::of(token), password, rehashed: None, created: NOW }
}

#[test_waits::test]
async fn no_operation_on_users_reads_all_of_them() {
    let full = Full::new().await;
    full.reads_no_whole_table("a user", async |store, n| store.user(UserId::new(50 + n)).await.unwrap().unwrap()).await;
    let name = |n: i64| format!("user-{}", 100 + n);
    full.reads_no_whole_table("by name", async |store, n| store.user_by_name(&name(n)).await.unwrap().unwrap()).await;
    full.reads_no_whole_table("by login", async |store, n| store.user_by_login(&name(n)).await.unwrap().unwrap()).await;
    full.reads_no_whole_table("creation", async |store, n| {
        let [email, telegram_name] = ["@example.org", "_t"].map(|text| Some(format!("{n}{text}")));
        let user = NewUser { name: format!("new-{n}"), email, telegram_name, ..NewUser::default() };
        store.create_user(user).await.unwrap()
    })
    .await;
    full.reads_no_whole_table("change", async |store, n| {
        let [name, email, telegram_name] = ["changed", "changed@example.org", "changed_t"].map(|t| format!("{n}{t}"));
        let change = UserChange {
            name: Some(name),
            email: Some(Some(email)),
            telegram_name: Some(Some(telegram_name)),
            ..UserChange::default()
        };
        store.update_user(UserId::new(200 + n), &change).await.unwrap().unwrap()
    })
    .await;
    full.reads_no_whole_table("deletion", async |store, n| {
        assert!(store.delete_user(UserId::new(n + 300), &GrantCeiling::NONE, &Authority::Application).await.unwrap())
    })
    .await;
    full.reads_no_whole_table("root", async |store, _| {
        store.create_root("root", PasswordHash::unusable(), NOW).await.unwrap()
    })
    .await;
}

/// The number of those who match is counted in an index too.
#[test_waits::test]
async fn no_search_among_users_reads_all_of_them() {
    let full = Full::new().await;
    for (search, name, found) in [(Some("R-1234"), None, 11), (None, Some("r-1234"), 11), (Some("9999@exam"), None, 2)]
    {
        let query = UserQuery { search: search.map(str::to_owned), name: name.map(str::to_owned), ..everybody() };
        let what = format!("a search for {query:?}");
        full.reads_no_whole_table(&what, async |store, _| {
            assert_eq!(store.users(&query).await.unwrap().total, found);
        })
        .await;
    }
}

/// What the rights of a caller are held against, and what is void with a change, is found by its key.
#[test_waits::test]
async fn no_change_in_the_name_of_a_caller_reads_a_whole_table() {
    let full = Full::new().await;
    let rights = |credential| CallerRights { user: UserId::new(52), credential, permissions: [].into() };
    for credential in [Credential::Session(SessionId::new(51)), Credential::ApiToken(ApiTokenId::new(51))] {
        let by = Authority::Caller(rights(credential));
        full.reads_no_whole_table(&format!("by {credential:?}"), async |store, n| {
            let new = NewUser { name: format!("{credential:?} {n}"), by: by.clone(), ..NewUser::default() };
            let made = store.create_user(new).await.unwrap().id;
            let (enabled, sessions) = (Some(false), SessionsChange::End);
            let change = UserChange { enabled, sessions, by: by.clone(), ..UserChange::default() };
            store.update_user(UserId::new(800 + n), &change).await.unwrap().unwrap();
            assert!(store.delete_user(made, &GrantCeiling::NONE, &by).await.unwrap());
        })
        .await;
    }
}

/// However long the list is: what is sorted is a page.
#[test_waits::test]
async fn a_page_is_read_in_its_order() {
    let full = Full::new().await;
    for (field, ascending, descending) in [
        (UserSort::Id, "rpc_auth_users_pkey", "rpc_auth_users_pkey"),
        (UserSort::Name, "rpc_auth_users_name_key", "rpc_auth_users_name_key"),
        (UserSort::Created, "rpc_auth_users_created", "rpc_auth_users_created"),
        (UserSort::Enabled, "rpc_auth_users_enabled", "rpc_auth_users_enabled_first"),
    ] {
        for (direction, index) in [(Direction::Ascending, ascending), (Direction::Descending, descending)] {
            let query = UserQuery { order: vec![OrderBy { field, direction }], ..everybody() };
            let before = full.uses_of(index).await;
            assert_eq!(full.store.users(&query).await.unwrap().rows.len(), 100);
            assert!(full.uses_of(index).await > before, "{field:?} {direction:?}");
        }
    }
}

#[test_waits::test]
async fn no_operation_on_sessions_reads_all_of_them() {
    let full = Full::new().await;
    full.reads_no_whole_table("a session", async |store, n| {
        store.session(&TokenHash::of(&format!("session-{}", 50 + n))).await.unwrap().unwrap()
    })
    .await;
    full.reads_no_whole_table("sign-in", async |store, n| {
        store.create_session(session(20_002, &format!("new-{n}")), 100).await.unwrap().unwrap()
    })
    .await;
    full.reads_no_whole_table("use", async |store, n| {
        let used: Vec<_> = (0..50).map(|id| (SessionId::new(id * 300 + n), NOW)).collect();
        store.touch_sessions(&used).await.unwrap();
    })
    .await;
    full.reads_no_whole_table("end", async |store, n| {
        assert!(store.delete_session(SessionId::new(600 + n)).await.unwrap());
    })
    .await;
    full.reads_no_whole_table("end of all", async |store, n| {
        let change = UserChange { sessions: SessionsChange::End, ..UserChange::default() };
        store.update_user(UserId::new(700 + n), &change).await.unwrap().unwrap();
    })
    .await;
}

#[test_waits::test]
async fn no_operation_on_api_tokens_reads_all_of_them() {
    let full = Full::new().await;
    let (owner, of) = (UserId::new(20_002), |n: i64| (UserId::new(n + 51), ApiTokenId::new(n + 50)));
    full.reads_no_whole_table("by hash", async |store, n| {
        store.api_token_by_hash(&TokenHash::of(&format!("token-{}", 50 + n))).await.unwrap().unwrap()
    })
    .await;
    full.reads_no_whole_table("creation", async |store, n| {
        store
            .create_api_token(owner, "new", TokenHash::of(&format!("new-{n}")), NOW, 200, &Authority::Application)
            .await
            .unwrap()
    })
    .await;
    full.reads_no_whole_table("a token", async |store, n| store.api_token(of(n).0, of(n).1).await.unwrap().unwrap())
        .await;
    full.reads_no_whole_table("a list", async |store, _| {
        let query = ApiTokenQuery { id: None, page: PageRequest { offset: 0, limit: 100 } };
        assert!(store.api_tokens(owner, &query).await.unwrap().total > 100);
    })
    .await;
    full.reads_no_whole_table("use", async |store, n| {
        let used: Vec<_> = (0..50).map(|id| (ApiTokenId::new(id * 300 + n), NOW)).collect();
        store.touch_api_tokens(&used).await.unwrap();
    })
    .await;
    full.reads_no_whole_table("change", async |store, n| {
        store.set_api_token_enabled(of(n).0, of(n).1, false, &Authority::Application).await.unwrap().unwrap();
        let change = GrantsChange::Merge([("admin".to_owned(), true)].into());
        store.change_api_token_grants(of(n).0, of(n).1, &change, &Authority::Application).await.unwrap().unwrap();
    })
    .await;
    full.reads_no_whole_table("deletion", async |store, n| {
        store.delete_api_token(of(n).0, of(n).1, &Authority::Application).await.unwrap().unwrap()
    })
    .await;
}

#[test_waits::test]
async fn no_operation_on_confirmations_reads_all_of_them() {
    let full = Full::new().await;
    // The addresses of users with an odd id are confirmed.
    let (email, reset) = (|n: i64| format!("mailed-{}", 50 + 2 * n), |n: i64| format!("mailed-{}", 51 + 2 * n));
    full.reads_no_whole_table("a look", async |store, n| {
        let (kind, hash) = (ConfirmationKind::Email, TokenHash::of(&email(n)));
        store.confirmation_user(&hash, kind, NOW).await.unwrap().unwrap();
    })
    .await;
    full.reads_no_whole_table("confirmation", async |store, n| {
        store.confirm_email(&TokenHash::of(&email(n)), NOW).await.unwrap()
    })
    .await;
    full.reads_no_whole_table("reset", async |store, n| {
        let result = store.reset_password(&TokenHash::of(&reset(n)), PasswordHash::from_phc("$second"), NOW).await;
        // One in ten is disabled.
        assert!(result.is_ok() || (51 + 2 * n - 1) % 10 == 0);
    })
    .await;
    full.reads_no_whole_table("creation", async |store, n| {
        let (user, hash) = (UserId::new(100 + n), TokenHash::of(&format!("new-{n}")));
        let (kind, email) = (ConfirmationKind::Email, "new@example.org".to_owned());
        store.create_confirmation(NewConfirmation { user, kind, hash, email, expires: NOW }).await.unwrap();
    })
    .await;
}

#[test_waits::test]
async fn no_operation_on_networks_reads_all_of_them() {
    let full = Full::new().await;
    let network = |n: i64| IpAddr::V4(Ipv4Addr::from_bits(0xc000_0201 + u32::try_from(n).unwrap()));
    full.reads_no_whole_table("a look", async |store, n| {
        assert!(store.is_trusted_network(UserId::new(50 + n), network(0), NOW).await.unwrap());
        assert!(!store.is_trusted_network(UserId::new(50 + n), network(1), NOW).await.unwrap());
    })
    .await;
    full.reads_no_whole_table("one more", async |store, n| {
        store.trust_network(UserId::new(60), network(n), NOW, 2).await.unwrap();
        store.trust_network(UserId::new(70 + n), network(1), NOW, 1).await.unwrap();
        assert!(!store.is_trusted_network(UserId::new(70 + n), network(0), NOW).await.unwrap());
    })
    .await;
}

/// How they are removed depends on how many they are.
#[test_waits::test]
async fn what_is_over_is_found_by_its_age() {
    let full = Full::new().await;
    // To plan a statement the server looks at a row or two of an index; to carry it out, at all that it is for.
    let indexes = [
        "rpc_auth_sessions_created",
        "rpc_auth_sessions_last_used",
        "rpc_auth_confirmations_expires",
        "rpc_auth_networks_trusted_until",
    ];
    let age = Timestamp::from_millis(1_700_000_000_500 + 20_000);
    assert_eq!(full.store.purge_sessions(age, age).await.unwrap(), 20);
    let year = Timestamp::from_millis(age.millis() + 366 * 86_400_000);
    assert_eq!(full.store.purge_confirmations(year).await.unwrap(), 20);
    assert_eq!(full.store.purge_networks(year).await.unwrap(), 20);
    full.whole_reads().await;
    for index in indexes {
        let read: i64 = sqlx::query_scalar("SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = $1")
            .bind(index)
            .fetch_one(&full.pool)
            .await
            .unwrap();
        assert!((20..100).contains(&read), "{index}: {read}");
    }
}

/// Whoever is not known yet is looked up by one statement, whatever they come with.
#[test_waits::test]
async fn a_look_at_a_token_is_one_statement() {
    let cluster = Cluster::start_with("log_min_messages = log\nlog_statement = all\n");
    let pool = PgPoolOptions::new().max_connections(1).connect_with(cluster.options("postgres")).await.unwrap();
    migrate(&pool).await;
    let store = PgStore::new(pool);
    let statements = || fs::read_to_string(cluster.folder().join("log")).unwrap().matches("LOG:  execute ").count();
    let user = NewUser { name: "ann".to_owned(), password: PasswordHash::from_phc("$first"), ..NewUser::default() };
    let ann = store.create_user(user).await.unwrap().id;
    store.create_session(session(ann.number(), "session"), 100).await.unwrap().unwrap();
    store.create_api_token(ann, "token", TokenHash::of("token"), NOW, 100, &Authority::Application).await.unwrap();

    let before = statements();
    assert!(before > 0);
    for _ in 0..3 {
        store.session(&TokenHash::of("session")).await.unwrap().unwrap();
        store.api_token_by_hash(&TokenHash::of("token")).await.unwrap().unwrap();
    }
    assert_eq!(statements(), before + 6);
}
