//! The rows of the log.

use std::borrow::Cow;
use std::time::Duration;

use rpc_core::{RequestId, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

use super::copy::COPY;
use crate::call::{Admission, Caller, LogRow, LoggedCall, RowId};
use crate::store::RowQuery;

/// `$1` is the first moment, `$2` and `$3` are the page, `$4` is the method if there is one.
macro_rules! page {
    ($($condition:literal)?) => {
        concat!(
            "SELECT id, finished, runtime, status, accepted, declined, exception, method, user_id, username, reason, \
                transport, host(client) AS client, request_id
             FROM rpc_calllog_calls WHERE finished >= $1 ",
            $($condition,)?
            " ORDER BY finished DESC, id DESC LIMIT $2 OFFSET $3"
        )
    };
}

pub(super) const PAGE: &str = page!();
pub(super) const PAGE_OF_METHOD: &str = page!("AND method = $4");

/// Writes what [`rows`](super::copy::rows) made.
pub(super) async fn write(connection: &mut PgConnection, rows: &[u8]) -> Result<(), sqlx::Error> {
    let mut copy = connection.copy_in_raw(COPY).await?;
    copy.send(rows).await?;
    copy.finish().await?;
    Ok(())
}

/// A page, planned for this query: which partitions and which index are best depends on the method and the page.
pub(super) async fn read(pool: &PgPool, query: &RowQuery<'_>) -> Result<Vec<LogRow>, sqlx::Error> {
    let page = sqlx::query(if query.method.is_some() { PAGE_OF_METHOD } else { PAGE })
        .bind(query.since)
        .bind(i64::from(query.limit))
        .bind(i64::try_from(query.offset).unwrap_or(i64::MAX));
    let page = match query.method {
        Some(method) => page.bind(method),
        None => page,
    };
    page.persistent(false).fetch_all(pool).await?.iter().map(row).collect()
}

fn row(row: &PgRow) -> Result<LogRow, sqlx::Error> {
    let finished: Timestamp = row.try_get("finished")?;
    let runtime = Duration::from_nanos(row.try_get::<i64, _>("runtime")?.unsigned_abs());
    let client: Option<&str> = row.try_get("client")?;
    let call = LoggedCall {
        method: text(row, "method")?,
        caller: caller(row)?,
        started: finished.before(runtime),
        runtime,
        admission: admission(row)?,
        exception: row.try_get("exception")?,
        status: u16::try_from(row.try_get::<i32, _>("status")?).map_err(decoding)?,
        reason: text(row, "reason")?,
        transport: text(row, "transport")?,
        client: client.map(str::parse).transpose().map_err(decoding)?,
        request_id: row.try_get::<Option<&str>, _>("request_id")?.and_then(RequestId::parse),
    };
    Ok(LogRow { id: RowId(row.try_get("id")?), call })
}

fn caller(row: &PgRow) -> Result<Option<Caller>, sqlx::Error> {
    let (id, name): (Option<&str>, Option<&str>) = (row.try_get("user_id")?, row.try_get("username")?);
    Ok(id.map(|id| Caller { id: id.into(), name: name.unwrap_or_default().into() }))
}

fn admission(row: &PgRow) -> Result<Admission, sqlx::Error> {
    Ok(match (row.try_get("accepted")?, row.try_get("declined")?) {
        (true, _) => Admission::Accepted,
        (false, true) => Admission::Declined,
        (false, false) => Admission::Refused,
    })
}

fn text(row: &PgRow, column: &str) -> Result<Cow<'static, str>, sqlx::Error> {
    Ok(Cow::Owned(row.try_get(column)?))
}

fn decoding(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
