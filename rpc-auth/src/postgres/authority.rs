//! The rights of callers, held against what is in Postgres.

use sqlx::PgConnection;

use super::rows::{self, api_token_columns, session_columns, user_columns};
use crate::model::{
    ApiTokenRecord, Authority, AuthorityError, CallerRights, Credential, SessionRecord, UserId, UserRecord,
};

/// Users, in the order in which everybody locks them.
macro_rules! users {
    ($lock:literal) => {
        concat!("SELECT ", user_columns!(), " FROM rpc_auth_users WHERE id = ANY($1) ORDER BY id ", $lock)
    };
}

const SHARE: &str = users!("FOR SHARE");
const LOCK: &str = users!("FOR NO KEY UPDATE");
const LOCK_TO_DELETE: &str = users!("FOR UPDATE");

/// Waits for whoever ends it, and keeps others from doing so. Noting its use goes on.
const SESSION: &str = concat!("SELECT ", session_columns!(), " FROM rpc_auth_sessions WHERE id = $1 FOR KEY SHARE");
/// Nobody changes it while its owner is locked.
const API_TOKEN: &str = concat!("SELECT ", api_token_columns!(), " FROM rpc_auth_api_tokens WHERE id = $1");

/// What was found of rows that are held, unless somebody lacks the rights.
pub(super) type Held<T> = Result<Result<T, AuthorityError>, sqlx::Error>;

/// What is to be done to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    /// A change of them, or of what is theirs.
    Change,
    /// A deletion.
    Delete,
}

/// Holds the rights of whoever makes a change until the end of the transaction that `connection` is in: nobody takes them
/// away before. For changes of other tables of the same database. The transaction has to be one in which each statement sees
/// what was committed before it (`READ COMMITTED`), and locks nothing of others before this.
///
/// # Errors
///
/// The database does not answer. Inside: whoever makes the change may not, and the transaction is to be given up.
pub async fn hold(connection: &mut PgConnection, by: &Authority) -> Result<Result<(), AuthorityError>, sqlx::Error> {
    let Authority::Caller(rights) = by else { return Ok(Ok(())) };
    let users = locked(connection, SHARE, &[rights.user.number()]).await?;
    check(connection, rights, &users).await
}

/// Holds them likewise, and locks a user to whom something is to be done. The user as they are then, if they are there.
///
/// Both are locked by one statement, small id to large: two who change each other do not wait for each other.
pub(super) async fn hold_over(
    connection: &mut PgConnection,
    by: &Authority,
    user: UserId,
    intent: Intent,
) -> Held<Option<UserRecord>> {
    let statement = match intent {
        Intent::Change => LOCK,
        Intent::Delete => LOCK_TO_DELETE,
    };
    let mut ids = vec![user.number()];
    if let Authority::Caller(rights) = by {
        ids.push(rights.user.number());
    }
    let users = locked(connection, statement, &ids).await?;
    if let Authority::Caller(rights) = by
        && let Err(refused) = check(connection, rights, &users).await?
    {
        return Ok(Err(refused));
    }
    Ok(Ok(users.into_iter().find(|row| row.id == user)))
}

async fn locked(
    connection: &mut PgConnection,
    statement: &'static str,
    ids: &[i64],
) -> Result<Vec<UserRecord>, sqlx::Error> {
    let users = sqlx::query(statement).bind(ids).fetch_all(connection).await?;
    users.iter().map(rows::user).collect()
}

/// Looks at what the caller came with, once the caller is locked: as it is then.
async fn check(connection: &mut PgConnection, rights: &CallerRights, users: &[UserRecord]) -> Held<()> {
    let (mut session, mut api_token) = (None, None);
    match rights.credential {
        Credential::None => {}
        Credential::Session(id) => {
            let row = sqlx::query(SESSION).bind(id.number()).fetch_optional(connection).await?;
            session = row.as_ref().map(rows::session).transpose()?;
        }
        Credential::ApiToken(id) => {
            let row = sqlx::query(API_TOKEN).bind(id.number()).fetch_optional(connection).await?;
            api_token = row.as_ref().map(rows::api_token).transpose()?;
        }
    }
    let user = users.iter().find(|user| user.id == rights.user);
    let (session, api_token): (Option<SessionRecord>, Option<ApiTokenRecord>) = (session, api_token);
    Ok(rights.check(user, session.as_ref(), api_token.as_ref()))
}
