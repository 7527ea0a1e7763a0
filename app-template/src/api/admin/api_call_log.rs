use std::time::Duration;

use rpc_calllog::{Admission, Bucket, LogRow, Statistics};
use rpc_core::read::{Condition, Read};
use rpc_core::{ApiError, Ctx, Method, ReadFields, Reply, Timestamp, api_method, api_module};
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::App;

/// Rows that can be skipped: whoever needs more of a log takes it from the database.
const LAST_OFFSET: u64 = 10_000;

api_module! {
    /// Application API call log
    path = "/v1/admin/api-call-log"
}

/// How many calls ended within a span of time, by whether they were let in.
#[derive(Serialize, JsonSchema)]
struct CallLoad {
    /// When the span begins.
    date: Timestamp,
    /// Those that reached the method.
    total_accepted: u64,
    /// Those that a limit refused.
    total_declined: u64,
}

/// How calls ended within a span of time. Run times are of those that reached the method, in milliseconds.
#[derive(Serialize, JsonSchema)]
struct CallResults {
    /// When the span begins.
    date: Timestamp,
    /// All that ended, in any way.
    total_requests: u64,
    /// Those that were answered with an error, or not at all.
    total_errors: u64,
    /// Of 100 requests, those that failed by a fault of the program.
    exceptions_percent: f64,
    avg_runtime: Option<f64>,
    /// Percentiles are within 1 %.
    p50_runtime: Option<f64>,
    p95_runtime: Option<f64>,
    p99_runtime: Option<f64>,
}

/// What a method did, oldest first.
#[derive(Serialize, JsonSchema)]
struct MethodStatistics {
    /// The method.
    id: String,
    last_updated: Timestamp,
    load: Vec<CallLoad>,
    requests: Vec<CallResults>,
}

/// What a method did, and does.
#[derive(Serialize, JsonSchema)]
struct MethodActivity {
    #[serde(flatten)]
    statistics: MethodStatistics,
    /// Calls that may run at once, on one node.
    active_requests_limit: Option<u32>,
    /// The same, of one user.
    active_requests_user_limit: Option<u32>,
    /// Calls that run, on this node.
    total_active_requests: u32,
}

/// Of one method, or of all.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
enum LatestStatistics {
    Method(Box<MethodStatistics>),
    Methods(Vec<MethodActivity>),
}

/// Read statistics for the given API method for the last 30 days
///
/// Statistics updated every 1 minute. Data resolution is 10 minutes.
#[api_method(path = "/v1/admin/api-call-log/read-history-stat", permissions = ["admin"], log = false)]
async fn read_history_stat(ctx: &Ctx, app: &App, method_id: String) -> Result<MethodStatistics, ApiError> {
    let statistics = app.calls.history(logged(ctx, &method_id)?).await;
    Ok(statistics?.into())
}

/// Read statistics for the last 60 minutes
///
/// Statistics updated every 10 seconds. Data resolution is 1 minute.
#[api_method(path = "/v1/admin/api-call-log/read-latest-stat", permissions = ["admin"], log = false)]
async fn read_latest_stat(ctx: &Ctx, app: &App, method_id: Option<String>) -> Result<LatestStatistics, ApiError> {
    if let Some(method_id) = method_id {
        let statistics = app.calls.latest(logged(ctx, &method_id)?).await?;
        return Ok(LatestStatistics::Method(Box::new(statistics.into())));
    }
    let methods: Vec<&Method> = ctx.api().methods().filter(|method| method.is_logged()).collect();
    let ids: Vec<&str> = methods.iter().map(|method| method.path()).collect();
    let statistics = app.calls.latest_of_all(&ids).await?;
    let activities = methods.into_iter().zip(statistics).map(|(method, statistics)| MethodActivity {
        statistics: statistics.into(),
        active_requests_limit: method.limits().concurrency,
        active_requests_user_limit: method.limits().concurrency_per_user,
        total_active_requests: method.active_calls(),
    });
    Ok(LatestStatistics::Methods(activities.collect()))
}

#[derive(ReadFields)]
struct CallList {
    #[read("=")]
    method_id: Condition<String>,
}

/// A call that has ended.
#[derive(Serialize, JsonSchema)]
struct CallRow {
    id: String,
    method_id: String,
    /// The user, who need not exist any longer.
    user_id: Option<String>,
    username: Option<String>,
    started: Timestamp,
    finished: Timestamp,
    /// Milliseconds.
    runtime: f64,
    is_error: bool,
    /// It failed by a fault of the program.
    is_exception: bool,
    /// A limit refused it.
    is_declined: bool,
    status: u16,
    reason: String,
    transport: String,
    client_ip: Option<String>,
}

/// Read API method access log
#[api_method(path = "/v1/admin/api-call-log/read-log", permissions = ["admin"], log = false)]
async fn read_log(ctx: &Ctx, app: &App, options: Option<Read<CallList>>) -> Result<Reply<Vec<CallRow>>, ApiError> {
    let Read { filter, offset, limit, .. } = options.unwrap_or_default();
    if offset > LAST_OFFSET {
        let message = format!("`options.offset` must be at most {LAST_OFFSET}");
        return Err(ApiError::invalid(0, "/offset", "maximum", message));
    }
    let method = match &filter {
        Some(CallList { method_id: Condition::Eq(method_id) }) => Some(logged(ctx, method_id)?),
        _ => None,
    };
    let total = app.calls.totals(method).await?.requests;
    let rows = app.calls.rows(method, offset, limit).await?;
    Ok(Reply::new(rows.into_iter().map(CallRow::from).collect()).total(total))
}

/// The path of a method whose calls are logged.
fn logged<'c>(ctx: &'c Ctx, method_id: &str) -> Result<&'c str, ApiError> {
    match ctx.api().method(method_id) {
        Some(method) if method.is_logged() => Ok(method.path()),
        Some(_) => Err(ApiError::new(404, "Calls of this method are not logged")),
        None => Err(ApiError::new(404, "Method is not found")),
    }
}

/// To the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

impl From<Statistics> for MethodStatistics {
    fn from(statistics: Statistics) -> Self {
        let Statistics { method, last_updated, buckets } = statistics;
        Self {
            id: method,
            last_updated,
            load: buckets.iter().map(CallLoad::from).collect(),
            requests: buckets.iter().map(CallResults::from).collect(),
        }
    }
}

impl From<&Bucket> for CallLoad {
    fn from(bucket: &Bucket) -> Self {
        let counts = bucket.counts;
        Self { date: bucket.start, total_accepted: counts.accepted, total_declined: counts.declined }
    }
}

impl From<&Bucket> for CallResults {
    fn from(bucket: &Bucket) -> Self {
        let counts = bucket.counts;
        let quantiles = bucket.sketch.quantiles([0.5, 0.95, 0.99]);
        let [p50, p95, p99] = quantiles.map_or([None; 3], |quantiles| quantiles.map(|runtime| Some(millis(runtime))));
        Self {
            date: bucket.start,
            total_requests: counts.requests,
            total_errors: counts.errors,
            exceptions_percent: 100.0 * counts.exceptions as f64 / counts.requests.max(1) as f64,
            avg_runtime: bucket.mean().map(millis),
            p50_runtime: p50,
            p95_runtime: p95,
            p99_runtime: p99,
        }
    }
}

impl From<LogRow> for CallRow {
    fn from(row: LogRow) -> Self {
        let call = row.call;
        let (user_id, username) = call.caller.as_ref().map(|user| (user.id.to_string(), user.name.to_string())).unzip();
        Self {
            id: row.id.to_string(),
            user_id,
            username,
            started: call.started,
            finished: call.finished(),
            runtime: millis(call.runtime),
            is_error: call.is_error(),
            is_exception: call.exception,
            is_declined: call.admission == Admission::Declined,
            status: call.status,
            method_id: call.method.into_owned(),
            reason: call.reason.into_owned(),
            transport: call.transport.into_owned(),
            client_ip: call.client.map(|address| address.to_string()),
        }
    }
}
