//! Pages of users: search, order, page.

use std::cmp::Ordering;

use rpc_core::read::{Direction, OrderBy};

use super::user_rows::UserRows;
use crate::model::UserRecord;
use crate::store::search::lowered;
use crate::store::{Page, PageRequest, UserQuery, UserSort};

/// The page of users that a query asks for.
pub(super) fn users(users: &UserRows, query: &UserQuery) -> Page<UserRecord> {
    let search = query.search.as_deref().map(lowered);
    let name = query.name.as_deref().map(lowered);
    let is_asked_for = |user: &&UserRecord| {
        (query.with_root || !user.is_root())
            && name.as_deref().is_none_or(|part| contains(&user.name, part))
            && search.as_deref().is_none_or(|part| texts(user).any(|text| contains(text, part)))
    };
    let found = match query.id {
        Some(id) => users.user(id).into_iter().filter(is_asked_for).collect(),
        None => users.all().filter(is_asked_for).collect(),
    };
    page(found, query.page, |a, b| order(a, b, &query.order))
}

/// What a search looks at.
fn texts(user: &UserRecord) -> impl Iterator<Item = &str> {
    [Some(&user.name), user.email.as_ref(), user.telegram_name.as_ref()].into_iter().flatten().map(String::as_str)
}

fn contains(text: &str, lowered_part: &str) -> bool {
    lowered(text).contains(lowered_part)
}

/// Names are unique, so that nothing needs to break ties where they decide. `str` compares bytes of UTF-8, which is the order
/// of code points.
fn order(a: &UserRecord, b: &UserRecord, terms: &[OrderBy<UserSort>]) -> Ordering {
    if terms.is_empty() {
        return a.name.cmp(&b.name);
    }
    let by_term = |term: &OrderBy<UserSort>| {
        let order = match term.field {
            UserSort::Id => a.id.cmp(&b.id),
            UserSort::Name => a.name.cmp(&b.name),
            UserSort::Created => a.created.cmp(&b.created),
            UserSort::Enabled => a.enabled.cmp(&b.enabled),
        };
        if term.direction == Direction::Ascending { order } else { order.reverse() }
    };
    terms.iter().map(by_term).find(|order| order.is_ne()).unwrap_or_else(|| a.id.cmp(&b.id))
}

/// Sorts no more than the rows up to the page's end.
fn page(
    mut found: Vec<&UserRecord>,
    page: PageRequest,
    order: impl Fn(&UserRecord, &UserRecord) -> Ordering,
) -> Page<UserRecord> {
    let total = found.len();
    let start = usize::try_from(page.offset).unwrap_or(usize::MAX).min(total);
    let end = start.saturating_add(usize::try_from(page.limit).unwrap_or(usize::MAX)).min(total);
    if end < total {
        found.select_nth_unstable_by(end, |a, b| order(a, b));
        found.truncate(end);
    }
    found.sort_unstable_by(|a, b| order(a, b));
    Page { rows: found.into_iter().skip(start).cloned().collect(), total: total as u64 }
}
