//! A further look at the credentials of an open connection.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::rights::Began;
use super::socket::Socket;
use crate::api::Api;
use crate::error::ApiError;
use crate::identity::Identity;
use crate::jsonrpc::CallContext;
use crate::pipeline::authenticate::authenticate;

/// How long a look may take before it counts as one that could not find out: whoever does not answer is asked anew, and does not
/// keep others from looking.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a look found.
pub(super) struct Found {
    pub(super) began: Began,
    pub(super) result: Result<Identity, ApiError>,
}

/// A look that runs.
pub(super) type Look = Pin<Box<dyn Future<Output = Found> + Send>>;

/// Begins a look, which waits for its turn among those of all connections.
pub(super) fn begin(api: Api, context: &CallContext, socket: Arc<Socket>) -> Look {
    let (credentials, client) = (context.credentials.clone(), context.client);
    Box::pin(async move {
        // Never closed.
        let _turn = api.hub().rechecks.acquire().await;
        let began = socket.rights().begin();
        let result = match timeout(TIMEOUT, authenticate(&api, credentials, client)).await {
            Ok(result) => result,
            Err(late) => Err(ApiError::unavailable(late, Duration::ZERO)),
        };
        Found { began, result }
    })
}
