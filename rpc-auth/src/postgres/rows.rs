//! Rows as records. Columns are named one by one: a `*` would break statements that are prepared already when a migration
//! adds a column.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;

use super::PgTimestamp;
use crate::model::{Grants, UserId, UserRecord};
use crate::password::PasswordHash;

/// The columns of a user.
macro_rules! user_columns {
    () => {
        "id, name, password, email, email_confirmed, had_confirmed_email, telegram_name, enabled, permissions, created"
    };
}

pub(super) use user_columns;

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
        created: row.try_get::<PgTimestamp, _>("created")?.0,
    })
}

/// The user in a row of an outer join, if there is one.
pub(super) fn joined_user(row: &PgRow) -> Result<Option<UserRecord>, sqlx::Error> {
    let id: Option<i64> = row.try_get("id")?;
    id.map(|_| user(row)).transpose()
}

pub(super) fn grants(row: &PgRow, column: &str) -> Result<Grants, sqlx::Error> {
    let Json(grants) = row.try_get::<Json<BTreeMap<String, bool>>, _>(column)?;
    Ok(Grants(grants))
}
