//! What the database itself tells nodes about, whoever changes it.

use std::time::Duration;

use rpc_auth::postgres::PgStore;
use rpc_auth::{
    ApiTokenId, ApiTokenStore, Authority, GrantCeiling, GrantsChange, NewSession, NewUser, PasswordHash, SessionId,
    SessionStore, SessionsChange, TokenHash, UserChange, UserId, UserStore,
};
use rpc_core::Timestamp;
use sqlx::{AssertSqlSafe, PgPool};
use test_postgres::TestDatabase;

use super::migrated;

const ANN: UserId = UserId::new(2);
const ABOUT_ANN: &[&str] = &["{\"user\":\"2\"}"];
const ABOUT_BOTH: &[&str] = &["{\"user\":\"2\"}", "{\"user\":\"3\"}"];
const ABOUT_ALL: &[&str] = &["\"missed\""];
const NOTHING: &[&str] = &[];

fn password(text: &str) -> PasswordHash {
    PasswordHash::from_phc(text)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::default().after(Duration::from_secs(seconds))
}

/// Ann and Bob, each with two sessions and two API tokens.
struct World {
    pool: PgPool,
    store: PgStore,
    _database: TestDatabase,
}

impl World {
    async fn new() -> Self {
        let database = migrated().await;
        let pool = database.pool(4).await;
        let store = PgStore::new(pool.clone());
        for name in ["ann", "bob"] {
            let user = NewUser { name: name.to_owned(), password: password("$first"), ..NewUser::default() };
            let user = store.create_user(user).await.unwrap().id;
            for number in 0..2 {
                sign_in(&store, user, &format!("{name} {number}"), 2).await;
                let hash = TokenHash::of(&format!("{name} {number}"));
                store.create_api_token(user, "token", hash, at(0), 9, &Authority::Application).await.unwrap();
            }
        }
        let world = Self { pool, store, _database: database };
        assert_eq!(world.told().await, NOTHING);
        world
    }

    /// What nodes were told since the last time, in the order of its text, under a name that is no node's.
    async fn told(&self) -> Vec<String> {
        let read = "DELETE FROM rpc_bus_notices RETURNING node, content";
        let rows: Vec<(String, String)> = sqlx::query_as(read).fetch_all(&self.pool).await.unwrap();
        assert!(rows.iter().all(|(node, _)| node.is_empty()), "{rows:?}");
        let mut told: Vec<String> = rows.into_iter().map(|(_, content)| content).collect();
        told.sort_unstable();
        told
    }
}

async fn sign_in(store: &PgStore, user: UserId, token: &str, max: usize) {
    let rehashed = Some(password("$first"));
    let hash = TokenHash::of(token);
    let session = NewSession { user, hash, password: password("$first"), rehashed, created: at(0) };
    store.create_session(session, max).await.unwrap().unwrap();
}

#[test_waits::test]
async fn whatever_changes_who_a_token_is_good_for_is_told_by_the_change_itself() {
    let world = World::new().await;
    for (statement, expected) in [
        ("UPDATE rpc_auth_users SET enabled = false WHERE name = 'ann'", ABOUT_ANN),
        ("UPDATE rpc_auth_users SET enabled = true WHERE name = 'ann'", ABOUT_ANN),
        ("UPDATE rpc_auth_users SET permissions = '{\"admin\": true}'", ABOUT_BOTH),
        ("UPDATE rpc_auth_users SET name = name || 'a', lowered_name = name || 'a' WHERE name = 'ann'", ABOUT_ANN),
        ("UPDATE rpc_auth_sessions SET created = to_timestamp(0) WHERE user_id = 2", ABOUT_ANN),
        ("DELETE FROM rpc_auth_sessions WHERE user_id = 2", ABOUT_ANN),
        ("UPDATE rpc_auth_api_tokens SET enabled = false", ABOUT_BOTH),
        ("UPDATE rpc_auth_api_tokens SET permissions = '{\"admin\": true}' WHERE user_id = 2", ABOUT_ANN),
        ("DELETE FROM rpc_auth_api_tokens WHERE id = (SELECT min(id) FROM rpc_auth_api_tokens)", ABOUT_ANN),
        ("DELETE FROM rpc_auth_users WHERE name <> 'bob'", ABOUT_ANN),
        ("TRUNCATE rpc_auth_sessions", ABOUT_ALL),
        ("TRUNCATE rpc_auth_users CASCADE", ABOUT_ALL),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&world.pool).await.unwrap();
        assert_eq!(world.told().await, expected, "{statement}");
    }
}

#[test_waits::test]
async fn what_changes_nothing_about_tokens_is_not_told() {
    let world = World::new().await;
    for statement in [
        "UPDATE rpc_auth_users SET email = 'a@example.com', lowered_email = 'a@example.com', telegram_name = 'a' \
         WHERE name = 'ann'",
        "UPDATE rpc_auth_users SET enabled = enabled, permissions = permissions, name = name",
        "UPDATE rpc_auth_sessions SET last_used = now()",
        "UPDATE rpc_auth_api_tokens SET last_used = now(), name = 'other'",
        "BEGIN; UPDATE rpc_auth_users SET enabled = false; ROLLBACK",
    ] {
        sqlx::raw_sql(statement).execute(&world.pool).await.unwrap();
        assert_eq!(world.told().await, NOTHING, "{statement}");
    }
}

#[test_waits::test]
async fn a_node_is_told_what_the_store_changes_once_and_not_what_it_does_all_the_time() {
    let world = World::new().await;
    let store = world.store.clone();
    let used: Vec<_> = (1..5).map(|id| (SessionId::new(id), at(9))).collect();
    store.touch_sessions(&used).await.unwrap();
    let used: Vec<_> = (1..5).map(|id| (ApiTokenId::new(id), at(9))).collect();
    store.touch_api_tokens(&used).await.unwrap();
    sign_in(&store, ANN, "third", 9).await;
    store.create_api_token(ANN, "third", TokenHash::of("third"), at(0), 9, &Authority::Application).await.unwrap();
    assert_eq!(store.purge_sessions(at(0), at(5)).await.unwrap(), 1);
    assert_eq!(world.told().await, NOTHING);

    sign_in(&store, ANN, "makes room", 2).await;
    assert_eq!(world.told().await, ABOUT_ANN, "a session made room");
    let merge = GrantsChange::Merge([("admin".to_owned(), true)].into());
    let change = UserChange {
        enabled: Some(false),
        permissions: Some(merge),
        sessions: SessionsChange::End,
        ..UserChange::default()
    };
    store.update_user(ANN, &change).await.unwrap().unwrap();
    assert_eq!(world.told().await, ABOUT_ANN, "disabled, with the sessions");
    store.delete_user(ANN, &GrantCeiling::NONE, &Authority::Application).await.unwrap();
    assert_eq!(world.told().await, ABOUT_ANN, "deleted, with all that was theirs");
}

/// What whoever may make functions and operators in the schema of the tables would have the triggers run.
const TRAPS: &str = r"
    CREATE FUNCTION public.format(text, bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE FUNCTION public.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE FUNCTION public.trap(text, bigint) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE FUNCTION public.trap(bigint, text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE FUNCTION public.trap(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE FUNCTION public.trap(name, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
    CREATE OPERATOR public.|| (LEFTARG = text, RIGHTARG = bigint, FUNCTION = public.trap);
    CREATE OPERATOR public.|| (LEFTARG = bigint, RIGHTARG = text, FUNCTION = public.trap);
    CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, FUNCTION = public.trap);
    CREATE OPERATOR public.= (LEFTARG = name, RIGHTARG = text, FUNCTION = public.trap)";

#[test_waits::test]
async fn what_the_database_tells_runs_no_code_of_others() {
    let world = World::new().await;
    for (path, number) in ["public", "public, pg_catalog", "pg_temp, public, pg_catalog"].into_iter().zip(0..) {
        let mut connection = world.pool.acquire().await.unwrap();
        if number == 0 {
            sqlx::raw_sql(TRAPS).execute(&mut *connection).await.unwrap();
        }
        let change =
            format!("SET search_path = {path}; UPDATE rpc_auth_users SET enabled = NOT enabled; RESET search_path");
        sqlx::raw_sql(AssertSqlSafe(change)).execute(&mut *connection).await.unwrap();
        assert_eq!(world.told().await, ABOUT_BOTH, "{path}");
    }
}
