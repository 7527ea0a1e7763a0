//! Load for a call log in Postgres: batches as fast as they are taken, or questions. Says what that took, in lines of JSON.
//!
//! ```text
//! $ cargo run --release -p throughput --bin calllog-load -- --database postgres://localhost/bench write
//! {"records":412000,"seconds":10.01,"records_per_second":41158}
//! ```
//!
//! `scripts/bench-calllog.py` fills databases for it.

use std::error::Error;
use std::hint::black_box;
use std::io::{Write, stdout};
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use rpc_calllog::postgres::{PgLog, migrator};
use rpc_calllog::{
    Admission, Batch, BatchId, CallLog, CallLogOptions, CallLogStore, Caller, LoggedCall, NodeId, Statistics,
    StoreError,
};
use rpc_core::{Clock, RequestId, SystemClock};
use sqlx::postgres::PgPoolOptions;

/// As many as the reference application has.
const METHODS: usize = 36;
/// Calls of a batch: as many as a log writes at once by default.
const BATCH: u64 = 4000;
/// The rows of a page.
const PAGE: u32 = 100;

/// Puts load on a call log in Postgres.
#[derive(Parser)]
struct Flags {
    /// The URL of the database. Its tables are made.
    #[arg(long)]
    database: String,
    #[command(subcommand)]
    load: Load,
}

#[derive(Subcommand)]
enum Load {
    /// Makes the tables.
    Migrate,
    /// Writes batches of 4,000 calls of 36 methods, one after the other.
    Write {
        /// For how long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Asks what the methods of an API ask.
    Read {
        /// How often each.
        #[arg(long, default_value_t = 50)]
        rounds: usize,
    },
}

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let flags = Flags::parse();
    let pool = PgPoolOptions::new().max_connections(2).connect(&flags.database).await?;
    migrator().run(&pool).await?;
    let store = PgLog::new(pool);
    match flags.load {
        Load::Migrate => Ok(()),
        Load::Write { seconds } => write(&store, Duration::from_secs(seconds)).await,
        Load::Read { rounds } => read(store, rounds).await,
    }
}

fn method(number: usize) -> String {
    format!("/v1/methods/{number:02}")
}

/// Calls that end now, most of them by users, with run times from half a millisecond to some fifty.
struct Calls {
    methods: Vec<String>,
    callers: Vec<Caller>,
    number: u64,
}

impl Calls {
    fn new() -> Self {
        let callers = (0..100).map(|user| Caller::new(&format!("{user}"), &format!("user{user}")));
        Self { methods: (0..METHODS).map(method).collect(), callers: callers.collect(), number: 1 }
    }

    /// A number without a pattern: those of Knuth's MMIX.
    fn random(&mut self) -> u64 {
        self.number = self.number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.number >> 33
    }

    fn next(&mut self, now: Duration) -> LoggedCall {
        let (number, spread) = (self.random(), self.random() % 1000 * (self.random() % 50));
        LoggedCall {
            method: self.methods[number as usize % METHODS].clone().into(),
            caller: Some(&self.callers[number as usize % 128 % 100]).filter(|_| number % 10 > 0).cloned(),
            started: now.into(),
            runtime: Duration::from_micros(500 + spread),
            admission: if number % 50 == 0 { Admission::Declined } else { Admission::Accepted },
            exception: false,
            status: if number % 50 == 0 { 429 } else { 200 },
            reason: "OK".into(),
            transport: "http".into(),
            client: Some([10, 0, 0, number as u8].into()),
            request_id: RequestId::parse(&format!("{:016x}{number:016x}", self.number)),
        }
    }
}

async fn write(store: &PgLog, time: Duration) -> Result<(), Failure> {
    let (clock, node, mut calls) = (SystemClock::default(), NodeId::random(), Calls::new());
    let (started, mut sequence) = (clock.elapsed(), 0);
    while clock.elapsed() - started < time {
        sequence += 1;
        let now = clock.now();
        let calls = (0..BATCH).map(|_| calls.next(now)).collect();
        store.write(&Batch::new(BatchId { node, sequence }, now.into(), calls)).await?;
    }
    let (records, seconds) = (sequence * BATCH, (clock.elapsed() - started).as_secs_f64());
    let rate = records as f64 / seconds;
    writeln!(stdout(), r#"{{"records":{records},"seconds":{seconds:.2},"records_per_second":{rate:.0}}}"#)?;
    Ok(())
}

/// Takes what an answer tells of statistics.
fn told(statistics: &[Statistics]) {
    for bucket in statistics.iter().flat_map(|statistics| &statistics.buckets) {
        black_box((bucket.mean(), bucket.sketch.quantiles([0.5, 0.95, 0.99])));
    }
}

async fn read(store: PgLog, rounds: usize) -> Result<(), Failure> {
    let clock = Arc::new(SystemClock::default());
    let log = CallLog::start(Arc::new(store), Arc::clone(&clock) as _, CallLogOptions::default());
    let methods: Vec<String> = (0..METHODS).map(method).collect();
    let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
    let first = methods[0];
    time(&*clock, rounds, "latest of all", async || log.latest_of_all(&methods).await.map(|all| told(&all))).await?;
    time(&*clock, rounds, "latest of one", async || log.latest(first).await.map(|one| told(&[one]))).await?;
    time(&*clock, rounds, "history", async || log.history(first).await.map(|one| told(&[one]))).await?;
    for (name, method, offset) in [
        ("rows of one", Some(first), 0),
        ("rows of one, offset 10,000", Some(first), 10_000),
        ("rows of all", None, 0),
        ("rows of all, offset 10,000", None, 10_000),
    ] {
        let page = async || {
            black_box((log.rows(method, offset, PAGE).await?, log.totals(method).await?));
            Ok(())
        };
        time(&*clock, rounds, name, page).await?;
    }
    Ok(())
}

/// Says what a question takes.
async fn time(
    clock: &dyn Clock,
    rounds: usize,
    question: &str,
    ask: impl AsyncFn() -> Result<(), StoreError>,
) -> Result<(), Failure> {
    let mut times = Vec::with_capacity(rounds);
    ask().await?;
    for _ in 0..rounds {
        let started = clock.elapsed();
        ask().await?;
        times.push((clock.elapsed() - started).as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times.get(rounds / 2).unwrap_or(&0.0), times.last().unwrap_or(&0.0));
    writeln!(stdout(), r#"{{"question":"{question}","median_ms":{median:.3},"worst_ms":{worst:.3}}}"#)?;
    Ok(())
}
