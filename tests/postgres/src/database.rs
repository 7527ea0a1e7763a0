//! A database of its own for each test.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex as SyncMutex, OnceLock, PoisonError};

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection};
use tokio::sync::Mutex;

use crate::cluster::Cluster;

/// The variable that names a running server.
const VARIABLE: &str = "DATABASE_URL";

/// Where the databases of this process are.
enum Server {
    Own(Cluster),
    Running(String),
}

impl Server {
    fn of_process() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| {
            #[expect(clippy::disallowed_methods, reason = "tests are told by the environment where their server is")]
            let url = std::env::var(VARIABLE).ok().filter(|url| !url.is_empty());
            url.map_or_else(|| Self::Own(Cluster::start()), Self::Running)
        })
    }

    /// The URL of a database, or of the one to make others from.
    fn url(&self, database: Option<&str>) -> String {
        match (self, database) {
            (Self::Own(cluster), database) => cluster.url(database.unwrap_or("postgres")),
            (Self::Running(url), None) => url.clone(),
            (Self::Running(url), Some(database)) => with_database(url, database),
        }
    }

    async fn connect(&self) -> PgConnection {
        options(&self.url(None)).connect().await.expect("the server takes connections")
    }
}

/// A URL with another database in it.
fn with_database(url: &str, database: &str) -> String {
    let (address, parameters) = url.split_once('?').map_or((url, None), |(address, rest)| (address, Some(rest)));
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..].find('/').map_or(address.len(), |at| authority + at);
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    format!("{}/{database}{parameters}", &address[..end])
}

fn options(url: &str) -> PgConnectOptions {
    PgConnectOptions::from_str(url).expect("the URL of the database is one")
}

/// Empties what a test has filled, and ends what it may have left connected.
const EMPTY: &str = r"
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
    DO $$
    DECLARE filled text;
    BEGIN
        SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO filled FROM pg_tables
            WHERE schemaname = 'public' AND tablename NOT LIKE '\_%\_migrations';
        IF filled IS NOT NULL THEN
            EXECUTE 'TRUNCATE ' || filled || ' RESTART IDENTITY CASCADE';
        END IF;
    END
    $$";

/// Databases that tests of a kind have left, to be emptied for the next one: quicker than another copy.
static LEFT: SyncMutex<Vec<(&'static str, String)>> = SyncMutex::new(Vec::new());

/// A database that no other test sees. It is removed, or left for another test of its kind, when this is dropped.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    /// What it is a copy of.
    kind: Option<&'static str>,
}

impl TestDatabase {
    /// An empty database.
    ///
    /// # Panics
    ///
    /// There is no Postgres; the text says what to do.
    pub async fn empty() -> Self {
        Self::of(None).await
    }

    /// A copy of a database that `prepare` made tables in: once for all tests of the process that give the same name.
    ///
    /// # Panics
    ///
    /// There is no Postgres; the text says what to do.
    pub async fn migrated(name: &'static str, prepare: impl AsyncFnOnce(PgPool)) -> Self {
        /// The templates that are ready. Held while one is made, so that the others wait.
        static READY: Mutex<Vec<(&'static str, TestDatabase)>> = Mutex::const_new(Vec::new());
        let mut ready = READY.lock().await;
        if let Some((_, template)) = ready.iter().find(|(other, _)| *other == name) {
            return Self::of(Some(&template.name)).await;
        }
        let template = Self::of(None).await;
        let pool = template.pool(4).await;
        prepare(pool.clone()).await;
        pool.close().await;
        let copy = Self::of(Some(&template.name)).await;
        ready.push((name, template));
        copy
    }

    /// As [`migrated`](Self::migrated), and quicker where many tests need one: an earlier test's, with its tables emptied. Tests
    /// that change the schema, or look at it, take a copy.
    ///
    /// # Panics
    ///
    /// As `migrated`.
    pub async fn emptied(name: &'static str, prepare: impl AsyncFnOnce(PgPool)) -> Self {
        match Self::left(name).await {
            Some(left) => left,
            None => {
                let mut copy = Self::migrated(name, prepare).await;
                copy.kind = Some(name);
                copy
            }
        }
    }

    /// One that a test has left, emptied.
    async fn left(kind: &'static str) -> Option<Self> {
        let name = {
            let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
            let place = left.iter().position(|(other, _)| *other == kind)?;
            left.swap_remove(place).1
        };
        let url = Server::of_process().url(Some(&name));
        let mut connection = options(&url).connect().await.expect("the server takes connections");
        connection.execute(EMPTY).await.expect("the tables can be emptied");
        let _ = connection.close().await;
        Some(Self { name, url, kind: Some(kind) })
    }

    async fn of(template: Option<&str>) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let (server, template) = (Server::of_process(), template.unwrap_or("template1"));
        let statement = format!("CREATE DATABASE {name} TEMPLATE {template}");
        let mut connection = server.connect().await;
        connection.execute(AssertSqlSafe(statement)).await.expect("the user may make databases");
        let _ = connection.close().await;
        let url = server.url(Some(&name));
        Self { name, url, kind: None }
    }

    /// Its URL, for programs.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// How to connect to it.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        options(&self.url)
    }

    /// Connections to it, that many at most.
    ///
    /// # Panics
    ///
    /// It cannot be connected to.
    pub async fn pool(&self, max: u32) -> PgPool {
        let pool = PgPoolOptions::new().max_connections(max).connect_with(self.options()).await;
        pool.expect("the database takes connections")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let (Server::Own(_), Some(kind)) = (Server::of_process(), self.kind) {
            LEFT.lock().unwrap_or_else(PoisonError::into_inner).push((kind, std::mem::take(&mut self.name)));
            return;
        }
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let remove = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a test gets a thread").block_on(async {
                let mut connection = Server::of_process().connect().await;
                // What is left behind on a running server has a name that says what it was.
                let _ = connection.execute(AssertSqlSafe(statement)).await;
            });
        };
        // A thread of its own: the test's may be within a runtime.
        let _ = std::thread::spawn(remove).join();
    }
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_of_a_url_is_replaced() {
        for (url, expected) in [
            ("postgres://u:p@h:1/a?sslmode=disable", "postgres://u:p@h:1/b?sslmode=disable"),
            ("postgres://h/a", "postgres://h/b"),
            ("postgres://h", "postgres://h/b"),
            ("postgres:///a?host=/run/x", "postgres:///b?host=/run/x"),
        ] {
            assert_eq!(with_database(url, "b"), expected);
        }
    }
}
