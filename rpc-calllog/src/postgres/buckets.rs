//! The statistics: every node adds to the same rows.

use std::collections::HashMap;
use std::time::Duration;

use rpc_core::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};

use crate::batch::Batch;
use crate::sketch::Sketch;
use crate::statistics::{Bucket, Counts, MethodBucket, Resolution};
use crate::store::BucketQuery;

/// Adds counts, and locks the rows until the end of the transaction, in the order in which they are given: that of their keys.
/// Gives the sketches that are there.
const ADD: &str = "INSERT INTO rpc_calllog_buckets AS bucket
        (minutes, method, start, requests, accepted, declined, errors, exceptions, runtime)
     SELECT minutes, method, start, requests, accepted, declined, errors, exceptions, runtime
     FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
        $8::bigint[], $9::bigint[]) WITH ORDINALITY
        AS added (minutes, method, start, requests, accepted, declined, errors, exceptions, runtime, place)
     ORDER BY place
     ON CONFLICT (minutes, method, start) DO UPDATE SET
        requests = bucket.requests + excluded.requests,
        accepted = bucket.accepted + excluded.accepted,
        declined = bucket.declined + excluded.declined,
        errors = bucket.errors + excluded.errors,
        exceptions = bucket.exceptions + excluded.exceptions,
        runtime = least(bucket.runtime::numeric + excluded.runtime::numeric, 9223372036854775807::numeric)::bigint
     RETURNING minutes, method, start, sketch";

/// Replaces sketches of rows that [`ADD`] has locked. Written as an insertion, since that finds its rows by their key whatever
/// the planner thinks of the table.
const SET_SKETCHES: &str = "INSERT INTO rpc_calllog_buckets (minutes, method, start, sketch)
     SELECT * FROM unnest($1::smallint[], $2::text[], $3::timestamptz[], $4::bytea[])
     ON CONFLICT (minutes, method, start) DO UPDATE SET sketch = excluded.sketch";

/// `$1` is the length, `$2` and `$3` are the range, `$4` is the method if there is one.
macro_rules! range {
    ($($condition:literal)?) => {
        concat!(
            "SELECT method, start, requests, accepted, declined, errors, exceptions, runtime, sketch
             FROM rpc_calllog_buckets WHERE minutes = $1 AND start >= $2 AND start < $3 ",
            $($condition,)?
            " ORDER BY method, start"
        )
    };
}

pub(super) const RANGE: &str = range!();
pub(super) const RANGE_OF_METHOD: &str = range!("AND method = $4");

/// `$1` is the length, `$2` the first moment, `$3` the method if there is one. The run times of all methods together may have
/// more nanoseconds than a `bigint` counts.
macro_rules! totals {
    ($($condition:literal)?) => {
        concat!(
            "SELECT sum(requests)::bigint AS requests, sum(accepted)::bigint AS accepted,
                sum(declined)::bigint AS declined, sum(errors)::bigint AS errors, sum(exceptions)::bigint AS exceptions,
                pg_catalog.div(sum(runtime), 1000000000)::bigint AS seconds,
                pg_catalog.mod(sum(runtime), 1000000000)::bigint AS nanos
             FROM rpc_calllog_buckets WHERE minutes = $1 AND start >= $2 ",
            $($condition,)?
            " HAVING count(*) > 0"
        )
    };
}

pub(super) const TOTALS: &str = totals!();
pub(super) const TOTALS_OF_METHOD: &str = totals!("AND method = $3");

const RESOLUTIONS: [Resolution; 2] = [Resolution::Minute, Resolution::TenMinutes];

/// How the length is stored.
pub(super) const fn minutes(resolution: Resolution) -> i16 {
    match resolution {
        Resolution::Minute => 1,
        Resolution::TenMinutes => 10,
    }
}

/// Adds a batch to the buckets, in two statements: Postgres adds the counts, this program the sketches, which stay as small
/// as they are then. Nobody else changes a row between the two, since the first locks it.
pub(super) async fn merge(connection: &mut PgConnection, batch: &Batch) -> Result<(), sqlx::Error> {
    let of = |resolution| batch.buckets(resolution).iter().map(move |bucket| (minutes(resolution), bucket));
    let added: Vec<(i16, &MethodBucket)> = RESOLUTIONS.into_iter().flat_map(of).collect();
    if added.is_empty() {
        return Ok(());
    }
    let mut stored = HashMap::with_capacity(added.len());
    for row in add(connection, &added).await? {
        stored.insert(key(&row)?, sketch(&row)?);
    }
    let mut merged = Sketches::default();
    for (minutes, MethodBucket { method, bucket }) in added {
        let mut sketch = stored.remove(&(minutes, method.to_string(), bucket.start)).unwrap_or_default();
        sketch.merge(&bucket.sketch);
        if bucket.sketch.count() > 0 {
            merged.push(minutes, method, bucket.start, &sketch);
        }
    }
    merged.write(connection).await
}

async fn add(connection: &mut PgConnection, added: &[(i16, &MethodBucket)]) -> Result<Vec<PgRow>, sqlx::Error> {
    let counts = |count: fn(&Counts) -> i64| -> Vec<i64> {
        added.iter().map(|(_, added)| count(&added.bucket.counts)).collect()
    };
    sqlx::query(ADD)
        .bind(added.iter().map(|(minutes, _)| *minutes).collect::<Vec<_>>())
        .bind(added.iter().map(|(_, added)| &*added.method).collect::<Vec<_>>())
        .bind(added.iter().map(|(_, added)| added.bucket.start).collect::<Vec<_>>())
        .bind(counts(|counts| stored(counts.requests)))
        .bind(counts(|counts| stored(counts.accepted)))
        .bind(counts(|counts| stored(counts.declined)))
        .bind(counts(|counts| stored(counts.errors)))
        .bind(counts(|counts| stored(counts.exceptions)))
        .bind(counts(|counts| i64::try_from(counts.runtime.as_nanos()).unwrap_or(i64::MAX)))
        .fetch_all(connection)
        .await
}

fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Sketches, and whose they are.
#[derive(Default)]
struct Sketches<'a> {
    minutes: Vec<i16>,
    methods: Vec<&'a str>,
    starts: Vec<Timestamp>,
    sketches: Vec<Vec<u8>>,
}

impl<'a> Sketches<'a> {
    fn push(&mut self, minutes: i16, method: &'a str, start: Timestamp, sketch: &Sketch) {
        self.minutes.push(minutes);
        self.methods.push(method);
        self.starts.push(start);
        self.sketches.push(sketch.to_bytes());
    }

    async fn write(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if self.sketches.is_empty() {
            return Ok(());
        }
        let replacement = sqlx::query(SET_SKETCHES).bind(&self.minutes).bind(&self.methods);
        replacement.bind(&self.starts).bind(&self.sketches).execute(connection).await?;
        Ok(())
    }
}

/// The buckets of a range.
pub(super) async fn read(pool: &PgPool, query: &BucketQuery<'_>) -> Result<Vec<MethodBucket>, sqlx::Error> {
    let range = sqlx::query(if query.method.is_some() { RANGE_OF_METHOD } else { RANGE })
        .bind(minutes(query.resolution))
        .bind(query.from)
        .bind(query.to);
    let range = match query.method {
        Some(method) => range.bind(method),
        None => range,
    };
    range.fetch_all(pool).await?.iter().map(method_bucket).collect()
}

/// The sums over the buckets of ten minutes.
pub(super) async fn totals(pool: &PgPool, method: Option<&str>, since: Timestamp) -> Result<Counts, sqlx::Error> {
    let totals = sqlx::query(if method.is_some() { TOTALS_OF_METHOD } else { TOTALS })
        .bind(minutes(Resolution::TenMinutes))
        .bind(since);
    let totals = match method {
        Some(method) => totals.bind(method),
        None => totals,
    };
    let Some(row) = totals.fetch_optional(pool).await? else { return Ok(Counts::default()) };
    let runtime = Duration::from_secs(count(&row, "seconds")?) + Duration::from_nanos(count(&row, "nanos")?);
    counts(&row, runtime)
}

fn method_bucket(row: &PgRow) -> Result<MethodBucket, sqlx::Error> {
    let (method, start) = (row.try_get::<String, _>("method")?, row.try_get("start")?);
    let counts = counts(row, Duration::from_nanos(count(row, "runtime")?))?;
    Ok(MethodBucket { method: method.into(), bucket: Bucket { start, counts, sketch: sketch(row)? } })
}

fn key(row: &PgRow) -> Result<(i16, String, Timestamp), sqlx::Error> {
    Ok((row.try_get("minutes")?, row.try_get("method")?, row.try_get("start")?))
}

fn counts(row: &PgRow, runtime: Duration) -> Result<Counts, sqlx::Error> {
    Ok(Counts {
        requests: count(row, "requests")?,
        accepted: count(row, "accepted")?,
        declined: count(row, "declined")?,
        errors: count(row, "errors")?,
        exceptions: count(row, "exceptions")?,
        runtime,
    })
}

fn count(row: &PgRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}

fn sketch(row: &PgRow) -> Result<Sketch, sqlx::Error> {
    Sketch::from_bytes(row.try_get("sketch")?).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
