//! Where a world keeps everything: in memory, or in a database of its own.

use std::process::Command;
use std::sync::Arc;

use app_template::settings::{MemorySettings, SecretBox, SettingsStore};
use app_template::storage::postgres::{PgSettings, tables};
use rpc_auth::postgres::PgStore;
use rpc_auth::{AccountStore, MemoryStore};
use rpc_calllog::postgres::PgLog;
use rpc_calllog::{CallLogStore, MemoryLog};
use sqlx::{AssertSqlSafe, PgPool};
use test_postgres::TestDatabase;

/// The variable with which this program, run again, keeps everything in Postgres.
const VARIABLE: &str = "TEST_STORAGE";
const POSTGRES: &str = "postgres";

/// The key that secrets in the settings are encrypted with.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Connections of a world. Few, so that an operation that waits for another one with two of them is found.
const CONNECTIONS: u32 = 3;

/// What the stores of a world are.
pub(crate) struct Storage {
    pub(crate) accounts: Arc<dyn AccountStore>,
    pub(crate) settings: Arc<dyn SettingsStore>,
    pub(crate) call_log: Arc<dyn CallLogStore>,
    /// Left for the next world when this one is gone.
    database: Option<(PgPool, TestDatabase)>,
}

impl Drop for Storage {
    fn drop(&mut self) {
        if let Some((pool, _)) = &self.database {
            // Closed from here on: what still runs for this world writes nothing into the next one's.
            drop(pool.close());
        }
    }
}

impl Storage {
    /// An empty storage.
    pub(crate) async fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the test below sets it")]
        let kind = std::env::var(VARIABLE).unwrap_or_default();
        if kind == POSTGRES { Self::in_postgres().await } else { Self::in_memory() }
    }

    /// Every row of every table as text, bytes in hexadecimal digits, where there is a database.
    pub(super) async fn dump(&self) -> Option<String> {
        let (pool, _) = self.database.as_ref()?;
        let tables = "SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = 'public'";
        let mut dump = String::new();
        for table in sqlx::query_scalar::<_, String>(tables).fetch_all(pool).await.unwrap() {
            let rows = format!("SELECT '{table}: ' || stored::text FROM {table} AS stored");
            let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_all(pool).await.unwrap();
            dump += &(rows.join("\n") + "\n");
        }
        Some(dump)
    }

    fn in_memory() -> Self {
        let accounts = MemoryStore::default();
        let settings = Arc::new(MemorySettings::beside(accounts.clone()));
        Self { accounts: Arc::new(accounts), settings, call_log: Arc::new(MemoryLog::default()), database: None }
    }

    async fn in_postgres() -> Self {
        let database = TestDatabase::emptied("app", async |pool| {
            for tables in tables() {
                (tables.migrator)().run(&pool).await.unwrap();
            }
        })
        .await;
        let pool = database.pool(CONNECTIONS).await;
        let accounts = Arc::new(PgStore::new(pool.clone()));
        let settings = Arc::new(PgSettings::new(pool.clone(), SecretBox::with_key(KEY).unwrap()));
        let call_log = Arc::new(PgLog::new(pool.clone()));
        Self { accounts, settings, call_log, database: Some((pool, database)) }
    }
}

#[test]
fn the_methods_do_the_same_and_are_as_secure_on_postgres() {
    let mut again = Command::new(std::env::current_exe().unwrap());
    // The ways in are the same whatever the storage: the tables are taken inside the process.
    again.args(["scenarios::", "security::", "--skip", "everything_is_the_same"]).env(VARIABLE, POSTGRES);
    let output = again.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    let passed = text.lines().find_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next()?.parse().ok());
    assert!(passed.is_some_and(|passed: u32| passed > 50), "{text}");
}
