//! A recheck of the credentials of an open connection.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::rights::Began;
use super::socket::Socket;
use crate::api::Api;
use crate::authenticator::AuthRequest;
use crate::error::ApiError;
use crate::identity::Identity;
use crate::jsonrpc::CallContext;
use crate::pipeline::authenticate::authenticate;

/// How long a recheck may take before it counts as failed: whoever does not answer is asked anew, and does not keep others from
/// being rechecked.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a recheck found.
pub(super) struct RecheckResult {
    pub(super) began: Began,
    pub(super) result: Result<Identity, ApiError>,
}

/// A recheck that runs.
pub(super) type Recheck = Pin<Box<dyn Future<Output = RecheckResult> + Send>>;

/// Begins a recheck, which waits for its turn among those of all connections.
pub(super) fn begin(api: Api, context: &CallContext<'static>, socket: Arc<Socket>) -> Recheck {
    let (credentials, head) = (context.credentials.clone(), context.head.clone());
    let (client, transport) = (context.client, context.transport);
    Box::pin(async move {
        // Never closed.
        let _turn = api.hub().rechecks.acquire().await;
        let began = socket.rights().begin();
        let request = AuthRequest::new(&head, client, transport);
        let result = match timeout(TIMEOUT, authenticate(&api, credentials, request)).await {
            Ok(result) => result,
            Err(late) => Err(ApiError::unavailable(late, Duration::ZERO)),
        };
        RecheckResult { began, result }
    })
}
