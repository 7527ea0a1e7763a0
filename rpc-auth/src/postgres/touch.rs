//! When sessions and API tokens were used last.

use std::collections::BTreeMap;

use rpc_core::Timestamp;
use rpc_core::storage::postgres::retrying;
use sqlx::PgPool;

/// Moves `last_used` of rows forward: `$1` are their ids, each once, `$2` the moments. They are locked by id, small to large,
/// and looked at again once they are locked.
macro_rules! touch {
    ($table:literal) => {
        concat!(
            "WITH used AS MATERIALIZED (
                SELECT * FROM unnest($1, $2) AS used (id, moment)
             ), locked AS MATERIALIZED (
                SELECT id FROM ",
            $table,
            " WHERE id IN (SELECT id FROM used) ORDER BY id FOR NO KEY UPDATE
             )
             UPDATE ",
            $table,
            " AS row SET last_used = used.moment FROM locked JOIN used USING (id)
             WHERE row.id = locked.id AND (row.last_used IS NULL OR row.last_used < used.moment)"
        )
    };
}

pub(super) use touch;

/// Notes uses by a statement that [`touch!`] makes.
pub(super) async fn note(
    pool: &PgPool,
    statement: &'static str,
    used: Vec<(i64, Timestamp)>,
) -> Result<(), sqlx::Error> {
    // Of several uses of one the last counts.
    let mut last = BTreeMap::new();
    for (id, moment) in used {
        let known = last.entry(id).or_insert(moment);
        *known = moment.max(*known);
    }
    if last.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = last.keys().copied().collect();
    let moments: Vec<Timestamp> = last.values().copied().collect();
    retrying(|| sqlx::query(statement).bind(&ids).bind(&moments).execute(pool)).await?;
    Ok(())
}
