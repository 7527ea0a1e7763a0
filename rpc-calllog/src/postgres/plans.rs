//! Questions read what they answer, and not the log.

use rpc_core::Timestamp;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, PgPool, Postgres};
use test_postgres::TestDatabase;

use super::{PURGE_BUCKETS, buckets, calls, migrator};

const DAY: i64 = 24 * 60 * 60 * 1000;

/// 20 days with 10,000 calls each, and the buckets of a month, of 36 methods.
const FILL: &str = "
    DO $$ BEGIN
        FOR day IN 0..19 LOOP
            EXECUTE format('CREATE TABLE rpc_calllog_calls_%s PARTITION OF rpc_calllog_calls FOR VALUES FROM (%L) TO (%L)',
                to_char(timestamp '2023-11-15' + day * interval '1 day', 'YYYYMMDD'),
                timestamptz '2023-11-15 00:00:00+00' + day * interval '24 h',
                timestamptz '2023-11-15 00:00:00+00' + (day + 1) * interval '24 h');
        END LOOP;
    END $$;
    INSERT INTO rpc_calllog_calls
        (finished, runtime, status, accepted, declined, exception, method, reason, transport)
    SELECT timestamptz '2023-11-15 00:00:00+00' + number * interval '8640 ms', 1000, 200, true, false, false,
        '/v1/methods/' || number % 36, 'OK', 'http'
    FROM generate_series(0, 199999) AS number;
    INSERT INTO rpc_calllog_buckets (minutes, method, start, requests)
    SELECT 10, '/v1/methods/' || method, timestamptz '2023-11-15 00:00:00+00' + span * interval '10 min', 1
    FROM generate_series(0, 4319) AS span, generate_series(0, 34) AS method;
    INSERT INTO rpc_calllog_buckets (minutes, method, start, requests)
    SELECT 1, '/v1/methods/' || method, timestamptz '2023-11-15 00:00:00+00' + minute * interval '1 min', 1
    FROM generate_series(0, 179) AS minute, generate_series(0, 34) AS method;
    ANALYZE rpc_calllog_calls, rpc_calllog_buckets;
";

async fn filled() -> (TestDatabase, PgPool) {
    let prepare = async |pool: PgPool| {
        migrator().run(&pool).await.unwrap();
        sqlx::raw_sql(FILL).execute(&pool).await.unwrap();
    };
    let database = TestDatabase::migrated("a filled call log", prepare).await;
    let pool = database.pool(2).await;
    (database, pool)
}

/// A moment `millis` after the first one.
fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_006_400_000 + millis)
}

/// How a statement is executed, with what each step read.
async fn plan<'q>(
    pool: &PgPool,
    statement: &str,
    bind: impl FnOnce(Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments>,
) -> String {
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) {statement}");
    let rows = bind(sqlx::query(AssertSqlSafe(explain))).fetch_all(pool).await.unwrap();
    rows.iter().map(|row| sqlx::Row::get::<String, _>(row, 0) + "\n").collect()
}

/// The steps that have been taken and have this in them.
fn taken<'p>(plan: &'p str, step: &str) -> Vec<&'p str> {
    plan.lines().filter(|line| line.contains(step) && !line.contains("never executed")).collect()
}

#[test_waits::test]
async fn a_page_is_read_from_the_end_of_an_index_of_the_last_days() {
    let (_database, pool) = filled().await;
    for (offset, days) in [(0, 1), (10_000, 2)] {
        let all = plan(&pool, calls::PAGE, |page| page.bind(at(-10 * DAY)).bind(100_i64).bind(offset)).await;
        assert_eq!(taken(&all, "Index Scan Backward").len(), days, "{all}");
        assert!(
            all.contains("finished_id_idx") && taken(&all, "Seq Scan").is_empty() && !all.contains("Sort"),
            "{all}"
        );
    }
    for (offset, days) in [(0, 1), (1_000, 4)] {
        let bind = |page: Query<'static, _, _>| page.bind(at(-10 * DAY)).bind(100_i64).bind(offset);
        let one = plan(&pool, calls::PAGE_OF_METHOD, |page| bind(page).bind("/v1/methods/7")).await;
        assert_eq!(taken(&one, "Index Scan Backward").len(), days, "{one}");
        assert!(one.contains("method_finished_id_idx") && taken(&one, "Seq Scan").is_empty(), "{one}");
        assert!(!one.contains("Sort") && !one.contains("Filter"), "{one}");
    }
}

#[test_waits::test]
async fn a_method_that_nobody_calls_costs_a_look_into_each_index() {
    let (_database, pool) = filled().await;
    let bind = |page: Query<'static, _, _>| page.bind(at(-10 * DAY)).bind(100_i64).bind(0_i64);
    let plan = plan(&pool, calls::PAGE_OF_METHOD, |page| bind(page).bind("/v1/methods/none")).await;
    assert!(plan.contains("method_finished_id_idx") && taken(&plan, "Seq Scan").is_empty(), "{plan}");
}

#[test_waits::test]
async fn statistics_read_buckets_by_their_indexes() {
    let (_database, pool) = filled().await;
    let hour = (at(100 * 60_000), at(160 * 60_000));
    let latest = plan(&pool, buckets::RANGE, |range| range.bind(1_i16).bind(hour.0).bind(hour.1)).await;
    assert!(
        latest.contains("buckets_1_") && !latest.contains("buckets_10") && latest.contains("rows=2100"),
        "{latest}"
    );
    assert!(!latest.contains("Seq Scan"), "{latest}");

    let month = |range: Query<'static, _, _>| range.bind(10_i16).bind(at(0)).bind(at(30 * DAY)).bind("/v1/methods/7");
    let history = plan(&pool, buckets::RANGE_OF_METHOD, month).await;
    assert!(history.contains("buckets_10_pkey") && history.contains("rows=4320"), "{history}");
    assert!(!history.contains("Seq Scan"), "{history}");

    let totals = plan(&pool, buckets::TOTALS_OF_METHOD, |totals| totals.bind(10_i16).bind(at(0)).bind("/v1/methods/7"));
    let totals = totals.await;
    assert!(totals.contains("buckets_10_pkey") && !totals.contains("Seq Scan"), "{totals}");
    let recent = plan(&pool, buckets::TOTALS, |totals| totals.bind(10_i16).bind(at(29 * DAY))).await;
    assert!(recent.contains("buckets_10_start_idx") && !recent.contains("Seq Scan"), "{recent}");
}

#[test_waits::test]
async fn old_buckets_are_found_by_an_index() {
    let (_database, pool) = filled().await;
    let purge = plan(&pool, PURGE_BUCKETS, |purge| purge.bind(10_i16).bind(at(3_600_000))).await;
    assert!(purge.contains("buckets_10_start_idx") && !purge.contains("Seq Scan"), "{purge}");
}
