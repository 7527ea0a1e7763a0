//! How long a change takes from its announcement on one node until another one has heard it, over a Postgres that writes to
//! disk: when the machine is idle, and when it is busy with writes to the same database and with computing.
//!
//! ```text
//! cargo bench -p rpc-core --features postgres --bench bus
//! ```

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that cannot go on ends, and prints")]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use rpc_core::storage::postgres::PgBus;
use rpc_core::{Bus, Listener, Notice};
use sqlx::postgres::{PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Executor};
use test_postgres::Cluster;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const CHANGES: usize = 1_000;
/// As a server is set up, not a test.
const DURABLE: &str = "fsync = on\nsynchronous_commit = on\nfull_page_writes = on\n";
/// Connections of the load, and how many tasks share them.
const CONNECTIONS: u32 = 16;
const WRITERS: usize = 64;
const COMPUTERS: usize = 2;

#[derive(Debug)]
struct Ears(UnboundedSender<(usize, Instant)>);

impl Listener for Ears {
    fn hear(&self, notice: &Notice) {
        if let Notice::User(id) = notice {
            self.0.send((id.parse().unwrap(), Instant::now())).unwrap();
        }
    }
}

struct Nodes {
    here: PgBus,
    there: Arc<PgBus>,
    heard: UnboundedReceiver<(usize, Instant)>,
    _ears: Arc<Ears>,
}

impl Nodes {
    async fn start(cluster: &Cluster, tasks: &TaskTracker) -> Self {
        let node = || PgBus::start(cluster.options("postgres"), tasks);
        let (here, there) = (node(), Arc::new(node()));
        let (sender, heard) = unbounded_channel();
        let ears = Arc::new(Ears(sender));
        let weak = Arc::downgrade(&ears);
        there.listen(weak);
        while !(here.is_current() && there.is_current()) {
            sleep(Duration::from_millis(10)).await;
        }
        Self { here, there, heard, _ears: ears }
    }

    async fn announce(&self, number: usize) -> Instant {
        let began = Instant::now();
        self.here.announce(Notice::User(number.to_string().into())).await.unwrap();
        began
    }

    /// One change after the other, each when the one before was heard.
    async fn one_by_one(&mut self) -> Vec<Duration> {
        let mut times = Vec::new();
        for number in 0..CHANGES {
            let began = self.announce(number).await;
            let (heard, at) = self.heard.recv().await.unwrap();
            assert_eq!(heard, number);
            times.push(at - began);
        }
        times
    }

    /// All at the same moment.
    async fn at_once(&mut self) -> Vec<Duration> {
        let began = join_all((0..CHANGES).map(|number| self.announce(number))).await;
        let mut times = Vec::new();
        for _ in 0..CHANGES {
            let (number, at) = self.heard.recv().await.unwrap();
            times.push(at - began[number]);
        }
        times
    }
}

/// Writes to the same database, and computing on every core.
struct Load {
    stop: CancellationToken,
    is_over: Arc<AtomicBool>,
    writes: Arc<AtomicU64>,
    tasks: TaskTracker,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Load {
    async fn start(pool: &PgPool) -> Self {
        pool.execute("CREATE TABLE load (id int PRIMARY KEY, n int NOT NULL)").await.unwrap();
        pool.execute("INSERT INTO load SELECT id, 0 FROM generate_series(1, 64) AS id").await.unwrap();
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (is_over, writes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        for id in 1..=WRITERS as i32 {
            let (pool, writes) = (pool.clone(), Arc::clone(&writes));
            tasks.spawn(stop.clone().run_until_cancelled_owned(async move {
                loop {
                    let query = sqlx::query("UPDATE load SET n = n + 1 WHERE id = $1").bind(id);
                    query.execute(&pool).await.unwrap();
                    writes.fetch_add(1, Ordering::Relaxed);
                }
            }));
        }
        let compute = |is_over: Arc<AtomicBool>| {
            move || {
                while !is_over.load(Ordering::Relaxed) {
                    black_box((0..10_000).sum::<u64>());
                }
            }
        };
        let threads = (0..COMPUTERS).map(|_| std::thread::spawn(compute(Arc::clone(&is_over)))).collect();
        Self { stop, is_over, writes, tasks, threads }
    }

    async fn end(self) -> u64 {
        self.stop.cancel();
        self.is_over.store(true, Ordering::Relaxed);
        self.tasks.close();
        self.tasks.wait().await;
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        self.writes.load(Ordering::Relaxed)
    }
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{what:32} p50 {:>9.2?}   p99 {:>9.2?}   max {:>9.2?}", at(0.5), at(0.99), at(1.0));
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let cluster = Cluster::start_with(DURABLE);
    let options = cluster.options("postgres").disable_statement_logging();
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_with(options).await.unwrap();
    PgBus::migrator().run(&pool).await.unwrap();
    let tasks = TaskTracker::new();
    let mut nodes = Nodes::start(&cluster, &tasks).await;
    println!("{CHANGES} changes, from the announcement on one node until another one has heard");
    print("idle, one by one", nodes.one_by_one().await);
    print("idle, all at once", nodes.at_once().await);
    let load = Load::start(&pool).await;
    let (began, distrust) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let watch = CancellationToken::new();
    let (there, count) = (Arc::clone(&nodes.there), Arc::clone(&distrust));
    tasks.spawn(watch.clone().run_until_cancelled_owned(async move {
        loop {
            sleep(Duration::from_millis(1)).await;
            count.fetch_add(u64::from(!there.is_current()), Ordering::Relaxed);
        }
    }));
    print("busy, one by one", nodes.one_by_one().await);
    print("busy, all at once", nodes.at_once().await);
    let (took, writes) = (began.elapsed(), load.end().await);
    println!(
        "busy with {:.0} writes a second and {COMPUTERS} threads that compute",
        writes as f64 / took.as_secs_f64()
    );
    println!(
        "looks at which the node was not current: {}; {:?}",
        distrust.load(Ordering::Relaxed),
        nodes.there.counters()
    );
    watch.cancel();
    drop(nodes);
    tasks.close();
    tasks.wait().await;
}
