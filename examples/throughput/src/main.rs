//! A server to put load on: the framework, or one of the two it is compared with.
//!
//! ```text
//! $ cargo run --release -p throughput -- --port 8080
//! listening on http://127.0.0.1:8080 (rpc)
//!
//! $ curl -d '["hello"]' -H 'Authorization: Bearer throughput_e7c1f0a2b94d4c6d8f53' http://127.0.0.1:8080/v1/test/test
//! {"status":200,"reason":"OK","data":"hello"}
//!
//! $ curl -d '[{"username":"ann"}]' -H 'Authorization: Bearer throughput_e7c1f0a2b94d4c6d8f53' \
//!        http://127.0.0.1:8080/v1/users/create
//! {"status":200,"reason":"OK","data":{"id":1,"name":"ann"}}
//!
//! $ curl -d '["hello"]' http://127.0.0.1:8080/v1/test/test
//! {"status":401,"reason":"Unauthorized","code":401}
//! ```
//!
//! `--mode axum` and `--mode bare` serve the same requests (curl needs `-H 'Content-Type: application/json'` for axum).
//! `scripts/bench-http.py` puts load on all three and compares their cost. `--watch memory` and `--watch postgres` log the
//! calls; `scripts/bench-calllog.py` compares that with `--watch off`.

use std::error::Error;
use std::io::{Write, stdout};
use std::net::{Ipv4Addr, SocketAddr};

use clap::{Parser, ValueEnum};
use throughput::watch::{self, Watch};
use throughput::{bare, framework, peer};
use tokio::net::TcpListener;
use tokio::runtime;

/// Serves two jobs on a loopback port, until it is interrupted.
#[derive(Parser)]
struct Flags {
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Who serves.
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Threads that serve.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: u16,
    /// What watches the calls, where the framework serves.
    #[arg(long, value_enum, default_value_t)]
    watch: Watch,
    /// The URL of the database of a log in Postgres.
    #[arg(long)]
    database: Option<String>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Mode {
    /// The framework, the whole pipeline.
    #[default]
    Rpc,
    /// axum, serde and garde.
    Axum,
    /// hyper, with a fixed answer.
    Bare,
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let flags = Flags::parse();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(flags.threads.into()).enable_all().build()?;
    runtime.block_on(async {
        let serving = runtime.spawn(serve(flags));
        serving.await?
    })
}

async fn serve(flags: Flags) -> Result<(), Box<dyn Error + Send + Sync>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, flags.port));
    match flags.mode {
        Mode::Rpc => {
            let log = watch::start(flags.watch, flags.database.as_deref()).await?;
            let server = framework::bind(address, flags.watch, log.as_ref()).await?;
            announce(server.local_addr()?, "rpc")?;
            server.serve(interrupted()).await;
            if let Some(log) = log {
                writeln!(stdout(), "{}", watch::stop(&log).await)?;
            }
        }
        Mode::Axum => {
            let listener = TcpListener::bind(address).await?;
            announce(listener.local_addr()?, "axum")?;
            peer::serve(listener, interrupted()).await?;
        }
        Mode::Bare => {
            let listener = TcpListener::bind(address).await?;
            announce(listener.local_addr()?, "bare")?;
            bare::serve(listener, interrupted()).await?;
        }
    }
    Ok(())
}

/// Says where the server is, once it listens.
fn announce(address: SocketAddr, mode: &str) -> std::io::Result<()> {
    writeln!(stdout(), "listening on http://{address} ({mode})")
}

async fn interrupted() {
    let _ = tokio::signal::ctrl_c().await;
}
