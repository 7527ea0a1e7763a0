//! An API that logs its calls, and tells what it knows of them.
//!
//! ```console
//! $ cargo run -p calllog
//! listening on http://127.0.0.1:8080
//! $ curl http://127.0.0.1:8080/v1/greetings/hello --json '["Ann"]'
//! {"status":200,"reason":"OK","data":"Hello, Ann!"}
//! $ curl http://127.0.0.1:8080/v1/greetings/hello --json '["Bob"]'
//! {"status":200,"reason":"OK","data":"Hello, Bob!"}
//! $ curl http://127.0.0.1:8080/v1/greetings/hello --json '["Cid"]'
//! {"status":429,"reason":"Too many requests: your `rate` of the method is used up","code":-32802,"data":null}
//! $ curl http://127.0.0.1:8080/v1/greetings/divide --json '[1, 0]'
//! {"status":400,"reason":"Nothing is divided by zero","code":400,"data":null}
//! $ curl http://127.0.0.1:8080/v1/greetings/divide --json '[1]'
//! {"status":400,"reason":"Parameters are invalid","code":-32602,"data":{"errors":[{"pointer":"/1","keyword":"required","message":"`by` is required: divide(number, by)"}]}}
//! $ curl http://127.0.0.1:8080/v1/calls/statistics
//! {"status":200,"reason":"OK","data":[{"method":"/v1/greetings/divide","requests":2,"accepted":1,"declined":0,"errors":2},{"method":"/v1/greetings/hello","requests":3,"accepted":2,"declined":1,"errors":1}]}
//! $ curl http://127.0.0.1:8080/v1/calls/last --json '[2]'
//! {"status":200,"reason":"OK","data":["/v1/greetings/divide: 400 Parameters are invalid","/v1/greetings/divide: 400 Nothing is divided by zero"]}
//! ```
//!
//! The log is in memory here. `rpc_calllog::postgres::PgLog`, behind the feature `postgres`, keeps it, and many nodes may share it.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use rpc_calllog::{CallLog, CallLogOptions, LogRow, MemoryLog};
use rpc_core::http::{HttpService, Server};
use rpc_core::{Api, ApiError, Ctx, SystemClock, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;

api_module! {
    /// Greetings
    path = "/v1/greetings"
}

/// Say hello
#[api_method(path = "/v1/greetings/hello", permissions = ["*"], rate = "2/h")]
async fn hello(name: String) -> Result<String, ApiError> {
    Ok(format!("Hello, {name}!"))
}

/// Divide a number by another
#[api_method(path = "/v1/greetings/divide", permissions = ["*"])]
async fn divide(number: i32, by: i32) -> Result<i32, ApiError> {
    number.checked_div(by).ok_or_else(|| ApiError::new(400, "Nothing is divided by zero"))
}

api_module! {
    /// Calls of this API
    path = "/v1/calls"
}

/// What became of the calls of a method.
#[derive(Serialize, JsonSchema)]
struct MethodCalls {
    method: &'static str,
    requests: u64,
    accepted: u64,
    declined: u64,
    errors: u64,
}

/// Count the calls of the last 30 days by method
#[api_method(path = "/v1/calls/statistics", permissions = ["*"], log = false)]
async fn statistics(ctx: &Ctx, calls: &CallLog) -> Result<Vec<MethodCalls>, ApiError> {
    let mut statistics = Vec::new();
    for method in ctx.api().methods().filter(|method| method.is_logged()) {
        let counts = calls.totals(Some(method.path())).await?;
        statistics.push(MethodCalls {
            method: method.path(),
            requests: counts.requests,
            accepted: counts.accepted,
            declined: counts.declined,
            errors: counts.errors,
        });
    }
    Ok(statistics)
}

/// Tell of the last calls
#[api_method(path = "/v1/calls/last", permissions = ["*"], log = false)]
async fn last(calls: &CallLog, count: u8) -> Result<Vec<String>, ApiError> {
    let rows = calls.rows(None, 0, count.into()).await?;
    let tell = |LogRow { call, .. }: &LogRow| format!("{}: {} {}", call.method, call.status, call.reason);
    Ok(rows.iter().map(tell).collect())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let clock = Arc::new(SystemClock::default());
    let calls = CallLog::start(Arc::new(MemoryLog::default()), clock, CallLogOptions::default());
    let api = Api::builder().observer(calls.clone()).state(calls).build()?;
    let server = Server::bind(HttpService::new(api), address.parse()?).await?;
    writeln!(std::io::stdout(), "listening on http://{}", server.local_addr()?)?;
    server.serve(std::future::pending()).await;
    Ok(())
}
