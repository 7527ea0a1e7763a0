//! Many who do things to one user at once.

use std::collections::BTreeMap;
use std::time::Duration;

use rpc_auth::postgres::PgStore;
use rpc_auth::{
    ApiTokenError, ApiTokenId, ApiTokenStore, Authority, CallerRights, ConfirmationError, ConfirmationKind,
    ConfirmationStore, Credential, GrantCeiling, GrantsChange, NewConfirmation, NewSession, NewUser, PasswordHash,
    SessionId, SessionStore, SessionsChange, TokenHash, UserChange, UserError, UserId, UserStore,
};
use rpc_core::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPoolOptions;
use test_waits::within;
use tokio::task::JoinSet;

use super::migrated;

/// Longer than all of it takes on a slow machine.
const LONG: Duration = Duration::from_secs(120);
const ROUNDS: i64 = 12;
const SESSIONS: usize = 4;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

/// What a user who signs in, is used, is changed, is mailed and is ended at once meets. `who` and `round` keep tokens apart.
async fn live(store: &PgStore, user: UserId, who: usize, round: i64) {
    let unique = format!("{user} {who} {round}");
    let hash = TokenHash::of(&unique);
    match who {
        0..4 => {
            let password = PasswordHash::from_phc("$first");
            let rehashed = (who == 0).then(|| password.clone());
            let session = NewSession { user, hash, password, rehashed, created: at(round) };
            store.create_session(session, SESSIONS).await.unwrap();
        }
        4 | 5 => {
            // Backwards on one of the two.
            let mut ids: Vec<i64> = (1..60).collect();
            if who == 5 {
                ids.reverse();
            }
            let used: Vec<_> = ids.iter().map(|id| (SessionId::new(*id), at(round))).collect();
            store.touch_sessions(&used).await.unwrap();
            let used: Vec<_> = ids.iter().map(|id| (ApiTokenId::new(*id), at(round))).collect();
            store.touch_api_tokens(&used).await.unwrap();
        }
        6 => {
            let made = store.create_api_token(user, "token", hash, at(round), 5, &Authority::Application).await;
            assert!(matches!(made, Ok(_) | Err(ApiTokenError::TooMany | ApiTokenError::NoUser)), "{made:?}");
        }
        7 => {
            let change = GrantsChange::Merge([(format!("p{round}"), true)].into());
            store.update_user(user, &UserChange { permissions: Some(change), ..UserChange::default() }).await.unwrap();
        }
        8 | 9 => {
            let kind = if who == 8 { ConfirmationKind::Email } else { ConfirmationKind::PasswordReset };
            let email = "ann@example.com".to_owned();
            store.create_confirmation(NewConfirmation { user, kind, hash, email, expires: at(1000) }).await.unwrap();
            let used = match kind {
                ConfirmationKind::Email => store.confirm_email(&hash, at(0)).await,
                ConfirmationKind::PasswordReset => {
                    store.reset_password(&hash, PasswordHash::from_phc("$first"), at(0)).await
                }
            };
            assert!(matches!(used, Ok(_) | Err(ConfirmationError::Invalid)), "{used:?}");
        }
        10 => {
            let change = UserChange { sessions: SessionsChange::End, ..UserChange::default() };
            store.update_user(user, &change).await.unwrap();
        }
        11 => drop(store.purge_sessions(at(round - 3), at(round - 2)).await.unwrap()),
        12 => drop(store.purge_confirmations(at(round)).await.unwrap()),
        13..16 => in_each_others_name(store, user, who, round).await,
        _ if round == ROUNDS - 1 => {
            let _ = store.delete_user(user, &GrantCeiling::NONE, &Authority::Application).await.unwrap();
        }
        _ => {}
    }
}

/// Ann changes Bob, in the name of her session, while he changes her; and both make users.
async fn in_each_others_name(store: &PgStore, user: UserId, who: usize, round: i64) {
    let other = UserId::new(5 - user.number());
    let credential = if who == 13 { Credential::None } else { Credential::Session(SessionId::new(1 + round)) };
    let by = Authority::Caller(CallerRights { user: other, credential, permissions: BTreeMap::new() });
    let done = if who == 15 {
        let name = format!("made by {other} {round}");
        store.create_user(NewUser { name, by, ..NewUser::default() }).await.map(drop)
    } else {
        let email = Some(Some("ann@example.com".to_owned()));
        let change = UserChange { email, sessions: SessionsChange::End, by, ..UserChange::default() };
        store.update_user(user, &change).await.map(drop)
    };
    assert!(matches!(done, Ok(()) | Err(UserError::Authority(_) | UserError::EmailTaken)), "{done:?}");
}

/// Deadlocks are not looked for, so that one would last, and no second try could hide it.
#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_for_somebody_who_waits_for_them() {
    let database = migrated().await;
    let options = database.options().options([("deadlock_timeout", "1h")]);
    let pool = PgPoolOptions::new().max_connections(20).connect_with(options).await.unwrap();
    let store = PgStore::new(pool.clone());
    let mut users = Vec::new();
    for name in ["ann", "bob"] {
        let (password, email) = (PasswordHash::from_phc("$first"), Some("ann@example.com".to_owned()));
        let user = NewUser { name: name.to_owned(), password, email, ..NewUser::default() };
        users.push(store.create_user(user).await.unwrap().id);
    }
    let mut tasks = JoinSet::new();
    for (user, who) in users.iter().flat_map(|user| (0..17).map(|who| (*user, who))) {
        let store = store.clone();
        tasks.spawn(async move {
            for round in 0..ROUNDS {
                live(&store, user, who, round).await;
            }
        });
    }
    within(LONG, "all changes", tasks.join_all()).await;
    for user in users {
        assert_eq!(store.user(user).await.unwrap(), None);
    }
    for rows in ["rpc_auth_sessions", "rpc_auth_api_tokens", "rpc_auth_confirmations"] {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {rows}")));
        let count: i64 = count.fetch_one(&pool).await.unwrap();
        assert_eq!(count, 0, "{rows}");
    }
}

/// Two who take each other's names at once: both are refused, or told of a free one; nobody waits for long.
#[test_waits::test(flavor = "multi_thread", worker_threads = 4)]
async fn swapped_names_are_no_deadlock() {
    let database = migrated().await;
    let store = PgStore::new(database.pool(8).await);
    let mut ids = Vec::new();
    for name in ["ann", "bob"] {
        ids.push(store.create_user(NewUser { name: name.to_owned(), ..NewUser::default() }).await.unwrap().id);
    }
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let (store, id) = (store.clone(), ids[task % 2]);
        tasks.spawn(async move {
            for name in ["ann", "bob", "eve"].into_iter().cycle().skip(task).take(30) {
                let change = UserChange { name: Some(name.to_owned()), ..UserChange::default() };
                let result = store.update_user(id, &change).await;
                assert!(matches!(result, Ok(Some(_)) | Err(UserError::NameTaken)), "{result:?}");
            }
        });
    }
    within(LONG, "all changes", tasks.join_all()).await;
}
