//! What is stored is what was given; what cannot be stored is an error.

use rpc_auth::postgres::PgStore;
use rpc_auth::{
    Authority, ConfirmationStore, GrantCeiling, MemoryStore, NewConfirmation, NewUser, PageRequest, SessionStore,
    SessionsChange, TokenHash, UserChange, UserError, UserId, UserQuery, UserStore,
};
use rpc_core::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use test_postgres::{Cluster, StopMode};

use super::{migrate, migrated};

fn searched(text: &str) -> UserQuery {
    let page = PageRequest { offset: 0, limit: 1000 };
    UserQuery { id: None, search: Some(text.to_owned()), name: None, with_root: false, order: Vec::new(), page }
}

fn named(name: &str) -> NewUser {
    NewUser { name: name.to_owned(), ..NewUser::default() }
}

async fn names(store: &impl UserStore, query: &UserQuery) -> Vec<String> {
    store.users(query).await.unwrap().rows.into_iter().map(|user| user.name).collect()
}

/// Letters whose case is odd, what has a meaning in patterns, what no index of trigrams knows.
#[test_waits::test]
async fn searches_find_what_the_store_in_memory_finds() {
    let database = migrated().await;
    let (postgres, memory) = (PgStore::new(database.pool(1).await), MemoryStore::default());
    let texts = [
        "annabel",
        "Anna\u{131}",
        "\u{130}stanbul",
        "\u{3a3}\u{3af}\u{3c3}\u{3c5}\u{3c6}\u{3bf}\u{3c2}",
        "stra\u{df}e",
        "STRASSE",
        "a%b_c\\d",
        "%%",
        "__",
        "\\\\",
        "a\nb",
        "a\u{301}b",
        "\u{e1}b",
        "日本語",
        "\u{1F600}\u{1F601}",
        "\u{1C4}x",
        "\u{ffff}",
        "-. .-",
        "\u{212A}elvin",
        "\u{fb01}n",
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let [name, email, telegram] = [0, 5, 11].map(|shift| texts[(number + shift) % texts.len()]);
        let user = NewUser {
            email: (number % 3 > 0).then(|| format!("{email}@{number}")),
            telegram_name: (number % 2 > 0).then(|| format!("{telegram}{number}")),
            ..named(&format!("{name}{number}{text}"))
        };
        postgres.create_user(user.clone()).await.unwrap();
        memory.create_user(user).await.unwrap();
    }
    for text in texts {
        let characters: Vec<char> = text.chars().collect();
        for part in (1..=4).flat_map(|length| characters.windows(length)) {
            let part: String = part.iter().collect();
            for asked in [part.to_lowercase(), part.to_uppercase(), part] {
                let by_name = UserQuery { search: None, name: Some(asked.clone()), ..searched("") };
                for query in [searched(&asked), by_name] {
                    assert_eq!(names(&postgres, &query).await, names(&memory, &query).await, "{query:?}");
                }
            }
        }
    }
}

#[test_waits::test]
async fn moments_are_kept_to_the_millisecond() {
    let database = migrated().await;
    let store = PgStore::new(database.pool(1).await);
    for millis in [0, 1, -1, -999, 946_684_799_999, 946_684_800_000, 1_700_000_000_123, -62_135_596_800_001] {
        let created = Timestamp::from_millis(millis);
        let user = store.create_user(NewUser { created, ..named(&millis.to_string()) }).await.unwrap();
        assert_eq!(user.created, created);
        assert_eq!(store.user(user.id).await.unwrap(), Some(user));
    }
    // Beyond what the type can tell: the nearest.
    for (created, stored) in [(i64::MAX, 9_224_318_015_999_999), (i64::MIN, -210_866_803_200_000)] {
        let created = Timestamp::from_millis(created);
        let user = store.create_user(NewUser { created, ..named(&created.millis().to_string()) }).await.unwrap();
        assert_eq!(user.created.millis(), stored);
    }
    assert_eq!(
        store.purge_sessions(Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX)).await.unwrap(),
        0
    );
}

/// Services refuse it; a text that comes here anyway does no harm.
#[test_waits::test]
async fn a_text_that_cannot_be_stored_is_an_error() {
    let database = migrated().await;
    let store = PgStore::new(database.pool(1).await);
    assert!(matches!(store.create_user(named("a\0b")).await, Err(UserError::Store(_))));
    assert!(store.user_by_name("a\0b").await.is_err());
    assert!(store.users(&searched("\0")).await.is_err());
    assert!(store.create_user(named("ann")).await.is_ok());
}

#[test_waits::test]
async fn a_database_that_is_read_only_is_an_error_that_says_so_to_no_client() {
    let database = migrated().await;
    let ann = PgStore::new(database.pool(1).await).create_user(named("ann")).await.unwrap();
    let options = database.options().options([("default_transaction_read_only", "on")]);
    let store = PgStore::new(PgPoolOptions::new().max_connections(2).connect_with(options).await.unwrap());
    assert_eq!(store.user(ann.id).await.unwrap(), Some(ann.clone()));
    let Err(UserError::Store(error)) = store.create_user(named("bob")).await else { panic!("it is made") };
    assert_eq!(error.to_string(), "the storage is unavailable");
    assert!(error.0.to_string().contains("read-only"));
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.is_err());
    let change = UserChange { sessions: SessionsChange::End, ..UserChange::default() };
    assert!(store.update_user(ann.id, &change).await.is_err());
    assert_eq!(store.user(ann.id).await.unwrap(), Some(ann));
}

/// A store on a server of its own, which keeps what it has acknowledged.
async fn durable() -> (Cluster, PgStore) {
    let cluster = Cluster::start_with("synchronous_commit = on\n");
    let pool = PgPool::connect_with(cluster.options("postgres")).await.unwrap();
    migrate(&pool).await;
    (cluster, PgStore::new(pool))
}

#[test_waits::test]
async fn a_server_that_is_gone_is_an_error_until_it_is_back() {
    let (cluster, store) = durable().await;
    let ann = store.create_user(named("ann")).await.unwrap();
    cluster.stop(StopMode::Immediate);
    assert!(store.user(ann.id).await.is_err());
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.is_err());
    cluster.start_again();
    assert_eq!(store.user(ann.id).await.unwrap(), Some(ann));
}

/// However often and whenever: an id that was given stays with its user.
#[test_waits::test]
async fn an_id_is_not_given_again_after_a_crash() {
    let (cluster, store) = durable().await;
    let mut last = UserId::ROOT;
    for name in ["ann", "bob", "eve"] {
        let id = store.create_user(named(name)).await.unwrap().id;
        assert!(id > last);
        last = id;
        assert!(store.delete_user(id, &GrantCeiling::NONE, &Authority::Application).await.unwrap());
        cluster.stop(StopMode::Immediate);
        cluster.start_again();
    }
}

/// A constraint of the table that no operation can break by itself.
#[test_waits::test]
async fn a_hash_that_is_stored_already_is_an_error() {
    let database = migrated().await;
    let store = PgStore::new(database.pool(2).await);
    for name in ["ann", "bob"] {
        let email = Some(format!("{name}@example.com"));
        store.create_user(NewUser { email, ..named(name) }).await.unwrap();
    }
    let confirmation = |user, email: &str| NewConfirmation {
        user: UserId::new(user),
        kind: rpc_auth::ConfirmationKind::Email,
        hash: TokenHash::of("one"),
        email: email.to_owned(),
        expires: Timestamp::from_millis(1),
    };
    store.create_confirmation(confirmation(2, "ann@example.com")).await.unwrap();
    assert!(store.create_confirmation(confirmation(3, "bob@example.com")).await.is_err());
}
