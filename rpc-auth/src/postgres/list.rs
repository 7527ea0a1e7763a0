//! Pages of users: search, order, page.

use rpc_core::read::{Direction, OrderBy};
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::rows::{self, user_columns};
use crate::model::{UserId, UserRecord};
use crate::store::search::lowered;
use crate::store::{Page, UserQuery, UserSort};

/// The page of users that a query asks for, and how many there are: one statement, so that the two agree.
///
/// It is planned anew each time: which index is best depends on the text that is searched for.
pub(super) async fn users(pool: &PgPool, query: &UserQuery) -> Result<Page<UserRecord>, sqlx::Error> {
    let mut sql = statement(query);
    let found = sql.build().persistent(false).fetch_all(pool).await?;
    rows::page(&found, "id", rows::user)
}

/// A search is made once, for as much of each row as it takes to count and sort them. Any other list is counted in an index
/// and read in the order of one.
fn statement(query: &UserQuery) -> QueryBuilder<Postgres> {
    let is_search = searched(query.search.as_deref()).or(searched(query.name.as_deref())).is_some();
    let mut sql = QueryBuilder::new("WITH found AS ");
    sql.push(if is_search { "MATERIALIZED (" } else { "NOT MATERIALIZED (" });
    sql.push("SELECT id, name, created, enabled FROM rpc_auth_users");
    push_conditions(&mut sql, query);
    sql.push(concat!(") SELECT total, ", user_columns!(), " FROM (SELECT count(*) AS total FROM found) AS counted"));
    sql.push(concat!(" LEFT JOIN (SELECT ", user_columns!(), " FROM rpc_auth_users WHERE id IN (SELECT id FROM found"));
    push_order(&mut sql, &query.order);
    sql.push(" LIMIT ").push_bind(i64::from(query.page.limit));
    sql.push(" OFFSET ").push_bind(i64::try_from(query.page.offset).unwrap_or(i64::MAX));
    sql.push(")) AS page ON true");
    push_order(&mut sql, &query.order);
    sql
}

/// A text that is searched for: everybody has the empty one.
fn searched(part: Option<&str>) -> Option<String> {
    part.filter(|part| !part.is_empty()).map(pattern)
}

fn push_conditions(sql: &mut QueryBuilder<Postgres>, query: &UserQuery) {
    let mut word = " WHERE ";
    let mut next = || std::mem::replace(&mut word, " AND ");
    if !query.with_root {
        sql.push(next()).push("id <> ").push_bind(UserId::ROOT.number());
    }
    if let Some(id) = query.id {
        sql.push(next()).push("id = ").push_bind(id.number());
    }
    if let Some(pattern) = searched(query.name.as_deref()) {
        sql.push(next()).push("lowered_name LIKE ").push_bind(pattern);
    }
    if let Some(pattern) = searched(query.search.as_deref()) {
        sql.push(next()).push("(lowered_name LIKE ").push_bind(pattern.clone());
        sql.push(" OR lowered_email LIKE ").push_bind(pattern.clone());
        sql.push(" OR lowered_telegram_name LIKE ").push_bind(pattern).push(")");
    }
}

/// Ties are broken by id, which ends the order where a term names it or the name.
fn push_order(sql: &mut QueryBuilder<Postgres>, terms: &[OrderBy<UserSort>]) {
    sql.push(" ORDER BY ");
    if terms.is_empty() {
        sql.push("name");
        return;
    }
    for term in terms {
        sql.push(match term.field {
            UserSort::Id => "id",
            UserSort::Name => "name",
            UserSort::Created => "created",
            UserSort::Enabled => "enabled",
        });
        sql.push(if term.direction == Direction::Ascending { ", " } else { " DESC, " });
    }
    sql.push("id");
}

/// What `LIKE` takes for a text anywhere, in which every character is itself.
fn pattern(part: &str) -> String {
    let mut pattern = "%".to_owned();
    for character in lowered(part).chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}
