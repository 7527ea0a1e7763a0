//! How long a search among users takes in Postgres when there are a thousand of them, and when there are a hundred thousand:
//! `cargo bench -p rpc-auth --features postgres --bench users-read`. It starts a server of its own.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]
#![expect(clippy::print_stdout, reason = "it is what this is for")]

use std::fs;
use std::time::{Duration, Instant};

use rpc_auth::postgres::{PgStore, migrator};
use rpc_auth::{PageRequest, UserQuery, UserStore};
use rpc_core::storage::postgres::PgBus;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor};
use test_postgres::Cluster;

const FEW: u32 = 1_000;
const MANY: u32 = 100_000;
/// Rounds, of which the median counts.
const ROUNDS: usize = 101;

/// What is searched for, and how many find themselves in it among few and among many.
const SEARCHES: [(&str, &str); 7] = [
    ("a whole name", "anna.novak.500"),
    ("a part of an address", "novak.500@exam"),
    ("a text that nobody has", "zebra"),
    ("a name that one in a hundred has", "anna.novak"),
    ("a name that one in ten has", "anna"),
    ("two letters, which no index knows", "k."),
    ("everybody", ""),
];

/// Names and addresses of which each begins in one of a hundred ways.
fn fill(users: u32) -> String {
    format!(
        "INSERT INTO rpc_auth_users (name, lowered_name, email, lowered_email, password, enabled, created)
         SELECT name, name, name || '@example.com', name || '@example.com', repeat('x', 97), true, to_timestamp(n)
         FROM (
            SELECT n, (ARRAY['anna', 'bela', 'carlos', 'dora', 'emil', 'fatima', 'gustav', 'hana', 'igor', 'jana'])
                          [1 + n % 10] || '.' ||
                      (ARRAY['novak', 'smith', 'garcia', 'kim', 'rossi', 'silva', 'sato', 'ali', 'berg', 'costa'])
                          [1 + n / 10 % 10] || '.' || n AS name
            FROM generate_series(0, {users} - 1) AS n
         ) AS named"
    )
}

fn searched(text: &str) -> UserQuery {
    let page = PageRequest { offset: 0, limit: 100 };
    UserQuery { id: None, search: Some(text.to_owned()), name: None, with_root: false, order: Vec::new(), page }
}

async fn filled(cluster: &Cluster, users: u32) -> PgConnectOptions {
    let name = format!("with_{users}");
    let maintenance = PgPool::connect_with(cluster.options("postgres")).await.unwrap();
    maintenance.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let options = cluster.options(&name);
    let pool = PgPool::connect_with(options.clone()).await.unwrap();
    PgBus::migrator().run(&pool).await.unwrap();
    migrator().run(&pool).await.unwrap();
    pool.execute(AssertSqlSafe(fill(users))).await.unwrap();
    pool.execute("VACUUM ANALYZE").await.unwrap();
    options
}

/// The median time of a search, and how many it finds.
#[expect(clippy::disallowed_methods, reason = "what is measured is the time that passes")]
async fn measure(store: &PgStore, text: &str) -> (Duration, u64) {
    let query = searched(text);
    let mut times = Vec::with_capacity(ROUNDS);
    let mut total = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        total = store.users(&query).await.unwrap().total;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    (times[ROUNDS / 2], total)
}

/// How the server carries out a search, as it tells its log.
async fn plan(cluster: &Cluster, options: &PgConnectOptions, text: &str) -> String {
    let log = cluster.folder().join("log");
    let before = fs::read_to_string(&log).unwrap().len();
    let explained = options.clone().options([
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_analyze", "on"),
        ("auto_explain.log_buffers", "on"),
        ("auto_explain.log_parameter_max_length", "0"),
        ("log_min_messages", "log"),
    ]);
    let pool = PgPoolOptions::new().max_connections(1).connect_with(explained).await.unwrap();
    PgStore::new(pool.clone()).users(&searched(text)).await.unwrap();
    pool.close().await;
    let log = fs::read_to_string(&log).unwrap();
    let lines = log[before..].lines().filter(|line| line.starts_with('\t') && !line.contains("Query Text"));
    lines.map(|line| line.trim_start_matches('\t')).collect::<Vec<_>>().join("\n")
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cluster = Cluster::start();
    let (few, many) = (filled(&cluster, FEW).await, filled(&cluster, MANY).await);
    let [in_few, in_many] =
        [&few, &many].map(|options| PgPoolOptions::new().max_connections(1).connect_lazy_with(options.clone()));
    let (in_few, in_many) = (PgStore::new(in_few), PgStore::new(in_many));
    println!("| search for | of {FEW} | time | of {MANY} | time | ratio |\n| --- | --- | --- | --- | --- | --- |");
    for (what, text) in SEARCHES {
        let ((short, found), (long, more)) = (measure(&in_few, text).await, measure(&in_many, text).await);
        let ratio = long.as_secs_f64() / short.as_secs_f64();
        println!("| {what} | {found} | {short:.2?} | {more} | {long:.2?} | {ratio:.1} |");
    }
    for (what, text) in [SEARCHES[0], SEARCHES[4], SEARCHES[5]] {
        println!("\n{what}, of {MANY}:\n{}", plan(&cluster, &many, text).await);
    }
}
