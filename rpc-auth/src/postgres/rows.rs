//! Rows as records. Columns are named one by one: a `*` would break statements that are prepared already when a migration
//! adds a column.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;

use crate::model::{ApiTokenId, ApiTokenRecord, Grants, SessionId, SessionRecord, UserId, UserRecord};
use crate::password::PasswordHash;
use crate::store::Page;
use crate::token::hash::TokenHash;

/// The columns of a user.
macro_rules! user_columns {
    () => {
        "id, name, password, email, email_confirmed, had_confirmed_email, telegram_name, enabled, permissions, created"
    };
}

/// The columns of a session, under names that a user's do not have.
macro_rules! session_columns {
    () => {
        "id AS session_id, user_id, hash, created AS session_created, last_used"
    };
}

/// The columns of an API token, likewise.
macro_rules! api_token_columns {
    () => {
        "id AS token_id, user_id, name AS token_name, hash, enabled AS token_enabled, permissions AS token_permissions, \
         created AS token_created, last_used"
    };
}

pub(super) use {api_token_columns, session_columns, user_columns};

/// The user in a row that has [`user_columns`].
pub(super) fn user(row: &PgRow) -> Result<UserRecord, sqlx::Error> {
    Ok(UserRecord {
        id: UserId::new(row.try_get("id")?),
        name: row.try_get("name")?,
        password: PasswordHash::from_phc(row.try_get("password")?),
        email: row.try_get("email")?,
        email_confirmed: row.try_get("email_confirmed")?,
        had_confirmed_email: row.try_get("had_confirmed_email")?,
        telegram_name: row.try_get("telegram_name")?,
        enabled: row.try_get("enabled")?,
        permissions: grants(row, "permissions")?,
        created: row.try_get("created")?,
    })
}

/// The user in a row of an outer join, if there is one.
pub(super) fn joined_user(row: &PgRow) -> Result<Option<UserRecord>, sqlx::Error> {
    let id: Option<i64> = row.try_get("id")?;
    id.map(|_| user(row)).transpose()
}

fn grants(row: &PgRow, column: &str) -> Result<Grants, sqlx::Error> {
    let Json(grants) = row.try_get::<Json<BTreeMap<String, bool>>, _>(column)?;
    Ok(Grants(grants))
}

/// The session in a row that has [`session_columns`].
pub(super) fn session(row: &PgRow) -> Result<SessionRecord, sqlx::Error> {
    Ok(SessionRecord {
        id: SessionId::new(row.try_get("session_id")?),
        user: UserId::new(row.try_get("user_id")?),
        hash: hash(row)?,
        created: row.try_get("session_created")?,
        last_used: row.try_get("last_used")?,
    })
}

/// The API token in a row that has [`api_token_columns`].
pub(super) fn api_token(row: &PgRow) -> Result<ApiTokenRecord, sqlx::Error> {
    Ok(ApiTokenRecord {
        id: ApiTokenId::new(row.try_get("token_id")?),
        user: UserId::new(row.try_get("user_id")?),
        name: row.try_get("token_name")?,
        hash: hash(row)?,
        enabled: row.try_get("token_enabled")?,
        permissions: grants(row, "token_permissions")?,
        created: row.try_get("token_created")?,
        last_used: row.try_get("last_used")?,
    })
}

fn hash(row: &PgRow) -> Result<TokenHash, sqlx::Error> {
    Ok(TokenHash::from(row.try_get::<[u8; 32], _>("hash")?))
}

/// The rows of a page, each with the `total`; an empty page is one row without `id`.
pub(super) fn page<T>(
    rows: &[PgRow],
    id: &str,
    record: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
) -> Result<Page<T>, sqlx::Error> {
    let total: i64 = rows.first().map_or(Ok(0), |row| row.try_get("total"))?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        if row.try_get::<Option<i64>, _>(id)?.is_some() {
            records.push(record(row)?);
        }
    }
    Ok(Page { rows: records, total: total.unsigned_abs() })
}
