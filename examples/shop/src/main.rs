//! A shop: the program around the library of its methods.
//!
//! ```console
//! $ cargo run -p shop
//! listening on http://127.0.0.1:8080
//! $ curl http://127.0.0.1:8080/
//! <h1>The shop</h1>
//! $ curl http://127.0.0.1:8080/v1/items/list?limit=1
//! {"status":200,"reason":"OK","data":{"rows":[{"id":1,"name":"Mug","price":950}],"total":2}}
//! $ cargo run -p shop -- --token ann
//! {"token":"token.of.ann"}
//! $ curl http://127.0.0.1:8080/v1/orders/place -H 'Authorization: Bearer token.of.ann' --json '[1]'
//! {"status":201,"reason":"The order is placed","data":{"id":1,"customer":"ann","item":1,"price":950,"version":1,"shipped":false}}
//! $ cargo run -p shop -- --token bob --clerk
//! {"token":"token.of.bob"}
//! $ curl http://127.0.0.1:8080/v1/orders/ship -H 'Authorization: Bearer token.of.bob' --json '[1, 3]'
//! {"status":409,"reason":"The order is at version 1 by now","code":40901,"data":{"kind":"conflict","current":1}}
//! $ curl http://127.0.0.1:8080/v1/calls/count -H 'Authorization: Bearer token.of.bob'
//! {"status":200,"reason":"OK","data":{"/v1/items/list":1,"/v1/items/picture":0,"/v1/items/remove-picture":0,"/v1/items/set-picture":0,"/v1/orders/place":1,"/v1/orders/ship":1}}
//! ```

use std::error::Error;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, response::Html, routing::get};
use clap::Parser;
use rpc_calllog::{CallLog, CallLogOptions, MemoryLog};
use rpc_core::SystemClock;
use rpc_core::http::{HttpService, Server};
use shop::{Item, Tokens};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// A shop
#[derive(Parser)]
struct Options {
    #[arg(default_value = "127.0.0.1:8080")]
    address: SocketAddr,
    /// File with the secret of all tokens; without one it is a secret that everybody knows, for this machine only
    #[arg(long)]
    secret_file: Option<PathBuf>,
    /// Print a token of this user, and end
    #[arg(long, value_name = "USER")]
    token: Option<String>,
    /// The token is a clerk's
    #[arg(long, requires = "token")]
    clerk: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let secret = match &options.secret_file {
        Some(path) => std::fs::read(path)?,
        None if options.address.ip().is_loopback() => b"known to everybody".to_vec(),
        None => return Err("an address that others reach needs a --secret-file".into()),
    };
    if secret.len() < 16 {
        return Err("a secret has at least 16 bytes, better 32 random ones".into());
    }
    let clock = Arc::new(SystemClock::default());
    let tokens = Tokens::new(&secret, clock.clone());
    if let Some(user) = &options.token {
        return Ok(writeln!(std::io::stdout(), "{{\"token\":\"{}\"}}", tokens.session(user, options.clerk))?);
    }
    let calls = CallLog::start(Arc::new(MemoryLog::default()), clock, CallLogOptions::default());
    let items =
        vec![Item { id: 1, name: "Mug".into(), price: 950 }, Item { id: 2, name: "Tea pot".into(), price: 2400 }];
    let api = shop::api(items, Arc::new(Mutex::new(Vec::new())), tokens, calls.clone()).build()?;

    // What is not for the API goes to the pages, here by axum. `/healthz` and `/readyz` are the framework's.
    let pages = Router::new().route("/", get(async || Html("<h1>The shop</h1>\n")));
    let service = HttpService::new(api).without_welcome().fallback(pages);
    let server = Server::bind(service, options.address).await?;
    writeln!(std::io::stdout(), "listening on http://{}", server.local_addr()?)?;

    // After Ctrl-C the calls that run come to their end, and then the log of calls does.
    let interrupted = async { drop(tokio::signal::ctrl_c().await) };
    tokio::select! {
        _ = server.serve(interrupted) => {}
        () = calls.maintain(CancellationToken::new()) => {}
    }
    calls.stop(Duration::from_secs(10)).await;
    Ok(())
}
