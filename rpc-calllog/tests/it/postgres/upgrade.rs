//! Tables that another version made.

use rpc_calllog::postgres::PgLog;
use rpc_calllog::{CallLogStore, RowQuery};
use rpc_core::Timestamp;
use test_postgres::TestDatabase;

use super::{HELLO, batch, call};

const FIRST: &str = include_str!("../../../migrations/0001_call_log.sql");
const REQUEST_IDS: &str = include_str!("../../../migrations/0002_request_ids.sql");

/// A day with a call, as they were before calls had the ids of their requests.
const OLD_CALL: &str = "
    CREATE TABLE rpc_calllog_calls_20231115 PARTITION OF rpc_calllog_calls
        FOR VALUES FROM ('2023-11-15 00:00:00+00') TO ('2023-11-16 00:00:00+00');
    INSERT INTO rpc_calllog_calls (finished, runtime, status, accepted, declined, exception, method, reason, transport)
        VALUES ('2023-11-15 00:00:01+00', 1000000, 200, true, false, false, '/v1/greetings/hello', 'OK', 'http');
";

#[test_waits::test]
async fn calls_that_were_logged_before_ids_were_kept_have_none_and_later_ones_have_theirs() {
    let database = TestDatabase::empty().await;
    let pool = database.pool(2).await;
    for statements in [FIRST, OLD_CALL, REQUEST_IDS] {
        sqlx::raw_sql(statements).execute(&pool).await.unwrap();
    }
    let store = PgLog::new(pool);
    store.write(&batch(1, 1, 2000, vec![call(HELLO, 2000)])).await.unwrap();
    let query = RowQuery { method: Some(HELLO), since: Timestamp::default(), offset: 0, limit: 10 };
    let rows = store.rows(&query).await.unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row.request_id().map(|id| id.to_string())).collect();
    assert_eq!(ids, [Some("given".to_owned()), None]);
}
