//! What became of the calls. The log is an observer of them, and a state that methods ask.

use std::collections::BTreeMap;

use rpc_calllog::CallLog;
use rpc_core::{ApiError, Ctx, Method, api_method, api_module};

use crate::CLERK;

api_module! {
    /// Calls
    path = "/v1/calls"
}

/// Count the calls of the last 30 days by method
#[api_method(path = "/v1/calls/count", permissions = [CLERK], read_only, log = false)]
async fn count(ctx: &Ctx, calls: &CallLog) -> Result<BTreeMap<&'static str, u64>, ApiError> {
    let mut counts = BTreeMap::new();
    for path in ctx.api().methods().filter(|method| method.is_logged()).map(Method::path) {
        counts.insert(path, calls.totals(Some(path)).await?.requests);
    }
    Ok(counts)
}
