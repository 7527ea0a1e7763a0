//! The partitions of the log, one a day.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rpc_core::Timestamp;
use rpc_core::storage::postgres::has_code;
use sqlx::types::time::{Date, OffsetDateTime};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::lease::Lease;
use super::{BEGIN, BEGIN_BRIEF, PgLog};
use crate::call::LoggedCall;
use crate::store::StoreError;

const DAY_SECONDS: i64 = 24 * 60 * 60;
const DAY_MILLIS: i64 = DAY_SECONDS * 1000;

/// Days after the present one that have a partition before anything is written to them.
const AHEAD: i64 = 2;
/// When days could not be made ahead, it is tried again after that long.
const AGAIN: Duration = Duration::from_mins(1);

/// How often a partition is tried to be removed that others use, and the wait between: some ten seconds together. Each time
/// whoever comes next waits a quarter of a second at most.
const ATTEMPTS: usize = 20;
const WAIT: Duration = Duration::from_millis(250);
/// The SQLSTATE when a lock is not given in time.
const NO_LOCK: &str = "55P03";

/// Lets one at a time make partitions, without being in the way of those that read and write.
const LOCK: &str = "LOCK TABLE ONLY rpc_calllog_calls IN SHARE UPDATE EXCLUSIVE MODE";

const EXISTS: &str = "SELECT EXISTS (
        SELECT FROM pg_catalog.pg_inherits
            WHERE inhparent = 'rpc_calllog_calls'::regclass::oid AND inhrelid = pg_catalog.to_regclass($1)::oid
     )";

/// The partitions before the one that has the name `$1`. Those of other names are somebody else's.
const BEFORE: &str =
    "SELECT relname::text FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class ON pg_class.oid = inhrelid
     WHERE inhparent = 'rpc_calllog_calls'::regclass::oid
        AND relname::text ~ '^rpc_calllog_calls_[0-9]{8}$' AND relname::text COLLATE \"C\" < $1
     ORDER BY relname";

/// A day of UTC, of those for which there can be a partition: from 1970 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Day(Date);

impl Day {
    fn of(moment: Timestamp) -> Option<Self> {
        Self::numbered(moment.millis().div_euclid(DAY_MILLIS))
    }

    /// `number` days after the first one.
    fn numbered(number: i64) -> Option<Self> {
        let start = OffsetDateTime::from_unix_timestamp(number.checked_mul(DAY_SECONDS)?).ok()?;
        (number >= 0).then(|| Self(start.date()))
    }

    /// The name of its partition. Later days have greater ones.
    fn partition(self) -> String {
        let (year, month, day) = self.0.to_calendar_date();
        format!("rpc_calllog_calls_{year:04}{:02}{day:02}", u8::from(month))
    }

    /// What makes the partition. Only the second statement locks the log, and not against those that read and write. The end of
    /// the last day has no date of four digits.
    fn statements(self) -> [String; 2] {
        let (name, start) = (self.partition(), format!("timestamptz '{} 00:00:00+00'", self.0));
        [
            format!("CREATE TABLE {name} (LIKE rpc_calllog_calls INCLUDING DEFAULTS)"),
            format!(
                "ALTER TABLE rpc_calllog_calls ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({start} + interval '24 h')"
            ),
        ]
    }
}

impl PgLog {
    /// Makes partitions for the day of `now` and the next ones, once a day. Those that cannot be made now are made later: in
    /// the worst case when a call is written to them.
    pub(super) async fn make_days_ahead(&self, now: Timestamp) {
        if now.millis() < self.look_at.load(Ordering::Relaxed) {
            return;
        }
        let today = now.millis().div_euclid(DAY_MILLIS);
        let days: Vec<_> = (today..=today.saturating_add(AHEAD)).filter_map(Day::numbered).collect();
        let next = match self.make(days, BEGIN_BRIEF).await {
            Ok(()) => Timestamp::from_millis(today.saturating_add(1).saturating_mul(DAY_MILLIS)),
            Err(error) => {
                tracing::warn!(event = "calllog.partitions", %error, "partitions for the next days could not be made");
                now.after(AGAIN)
            }
        };
        self.look_at.store(next.millis(), Ordering::Relaxed);
    }

    /// Makes the partitions that calls need. Returns whether there can be such ones.
    pub(super) async fn make_days_of(&self, calls: &[LoggedCall]) -> Result<bool, sqlx::Error> {
        let days: Option<BTreeSet<_>> = calls.iter().map(|call| Day::of(call.finished())).collect();
        let Some(days) = days else { return Ok(false) };
        self.make(days, BEGIN).await?;
        Ok(true)
    }

    /// Each in a transaction of its own: locks are short, and many days are no burden to the server.
    async fn make(&self, days: impl IntoIterator<Item = Day>, begin: &'static str) -> Result<(), sqlx::Error> {
        let mut lease = Lease::of(&self.pool).await?;
        for day in days {
            make_one(lease.connection(), day, begin).await?;
        }
        lease.end();
        Ok(())
    }

    /// Removes the partitions of days that were over at a moment.
    pub(super) async fn remove_days_before(&self, moment: Timestamp) -> Result<(), StoreError> {
        let Some(day) = Day::of(moment) else { return Ok(()) };
        let names = sqlx::query_scalar(BEFORE).bind(day.partition()).fetch_all(&self.pool).await?;
        for name in names {
            self.remove(name).await?;
        }
        Ok(())
    }

    /// Removes a partition. That locks the log for a moment, and as long as this waits for those who use it, others wait behind
    /// it: so it waits shortly, and often.
    async fn remove(&self, name: String) -> Result<(), sqlx::Error> {
        let removal = format!("DROP TABLE IF EXISTS {name}");
        for _ in 1..ATTEMPTS {
            match self.execute_briefly(removal.clone()).await {
                Err(error) if has_code(&error, &[NO_LOCK]) => tokio::time::sleep(WAIT).await,
                done => return done,
            }
        }
        self.execute_briefly(removal).await
    }

    /// Executes a statement that was made of the names of partitions.
    async fn execute_briefly(&self, statement: String) -> Result<(), sqlx::Error> {
        let mut lease = Lease::of(&self.pool).await?;
        let mut transaction = lease.connection().begin_with(BEGIN_BRIEF).await?;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
        transaction.commit().await?;
        lease.end();
        Ok(())
    }
}

async fn make_one(connection: &mut PgConnection, day: Day, begin: &'static str) -> Result<(), sqlx::Error> {
    if exists(connection, day).await? {
        return Ok(());
    }
    let mut transaction = connection.begin_with(begin).await?;
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await?;
    // Another one may have made it meanwhile.
    if !exists(&mut transaction, day).await? {
        for statement in day.statements() {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await
}

async fn exists(connection: &mut PgConnection, day: Day) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(EXISTS).bind(day.partition()).fetch_one(connection).await
}

#[cfg(test)]
mod tests {
    use rpc_core::Timestamp;

    use super::{DAY_MILLIS, Day};

    fn partition(millis: i64) -> Option<String> {
        Day::of(Timestamp::from_millis(millis)).map(Day::partition)
    }

    #[test]
    fn a_moment_belongs_to_a_day_of_utc() {
        let last = 253_402_300_799_999;
        for (millis, name) in [
            (0, Some("rpc_calllog_calls_19700101")),
            (DAY_MILLIS - 1, Some("rpc_calllog_calls_19700101")),
            (DAY_MILLIS, Some("rpc_calllog_calls_19700102")),
            (1_709_164_800_000, Some("rpc_calllog_calls_20240229")),
            (last, Some("rpc_calllog_calls_99991231")),
            (last + 1, None),
            (i64::MAX, None),
            (-1, None),
            (i64::MIN, None),
        ] {
            assert_eq!(partition(millis).as_deref(), name, "{millis}");
        }
    }
}
