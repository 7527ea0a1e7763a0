//! A WebSocket from its handshake to its first frame: who is it, is there room, what if the token is bad.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::connection::Connection;
use super::frame::{close, close_frame};
use super::hub::{ConnectionLimit, Registration, Slot};
use super::io::{CountedIo, READ_BUFFER};
use super::timers::CLOSE_WAIT;
use crate::api::Api;
use crate::authenticator::AuthRequest;
use crate::budget::{Hold, Resource, WEBSOCKET_BYTES};
use crate::call::{CallHead, Transport};
use crate::codec::Codec;
use crate::error::{ApiError, ErrorCode};
use crate::jsonrpc::CallContext;
use crate::limits::Limits;
use crate::pipeline::authenticate::authenticate;

/// How long a connection with a bad token stays open: existing clients connect again at once.
const BAD_TOKEN_DELAY: Duration = Duration::from_secs(1);
/// Bytes of frames that are written together.
const WRITE_BUFFER: usize = 8 * 1024;

/// A WebSocket that is accepted, and waits for its upgrade.
#[derive(Debug)]
pub(crate) struct PendingConnection {
    api: Api,
    context: CallContext<'static>,
    entered: Entered,
    _held: Option<Hold>,
}

/// How far a connection gets.
#[derive(Debug)]
enum Entered {
    Registered(Registration),
    /// It opens only to learn that its token is bad.
    BadToken(Slot),
}

impl PendingConnection {
    /// Checks the credentials and registers the connection.
    ///
    /// # Errors
    ///
    /// There are too many connections, in all or from the address (429), the token cannot be checked now (503), the server stops
    /// (503).
    pub(crate) async fn open(api: &Api, context: CallContext<'_>) -> Result<Self, ApiError> {
        if api.is_stopping() {
            return Err(ApiError::of(ErrorCode::ShuttingDown).with_retry_after(BAD_TOKEN_DELAY));
        }
        let slot = api.hub().slot(context.client, api.limits()).map_err(|limit| too_many(limit, api.limits()))?;
        let account = context.share.account.as_ref();
        let held = account.map(|account| account.take(Resource::Memory, WEBSOCKET_BYTES)).transpose()?;
        let head = if api.keeps_heads() { context.head.for_connection(account)? } else { CallHead::NONE };
        let context = CallContext { transport: Transport::WebSocket, codec: Codec::Json, head, ..context };
        let request = AuthRequest::new(&context.head, context.client, context.transport);
        let (changes, checked_at) = (api.hub().changes(), Instant::now());
        let entered = match authenticate(api, context.credentials.clone(), request).await {
            Ok(identity) => {
                let registration = slot.enter(identity, checked_at, api.limits().ws_events);
                if api.hub().changes() != changes {
                    registration.socket.doubt();
                }
                Entered::Registered(registration)
            }
            Err(error) if error.code() == ErrorCode::Unauthorized => Entered::BadToken(slot),
            Err(error) => return Err(error),
        };
        Ok(Self { api: api.clone(), context, entered, _held: held })
    }

    /// Serves the connection once the protocol is switched, as one of the `Api`'s tasks.
    pub(crate) fn start(self, upgrade: OnUpgrade) {
        let tasks = std::sync::Arc::clone(self.api.tasks());
        tasks.spawn(self.run(upgrade));
    }

    async fn run(self, upgrade: OnUpgrade) {
        let Ok(Ok(io)) = tokio::time::timeout(self.api.limits().headers_timeout, upgrade).await else { return };
        // Whoever is told only that their token is bad has nothing to say.
        let message = match self.entered {
            Entered::Registered(_) => self.api.limits().ws_message,
            Entered::BadToken(_) => READ_BUFFER,
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(message))
            .max_frame_size(Some(message));
        let mut stream = WebSocketStream::from_raw_socket(CountedIo::new(io), Role::Server, Some(config)).await;
        match self.entered {
            Entered::Registered(registration) => {
                Box::pin(Connection::new(self.api, self.context, registration, stream)).await
            }
            Entered::BadToken(_slot) => {
                tokio::time::sleep(BAD_TOKEN_DELAY).await;
                let frame = close_frame(close::BAD_TOKEN, "bad token");
                let closed = async {
                    stream.send(frame).await?;
                    while stream.next().await.is_some_and(|frame| frame.is_ok()) {}
                    Ok::<_, Error>(())
                };
                let _ = tokio::time::timeout(CLOSE_WAIT, closed).await;
            }
        }
    }
}

fn too_many(limit: ConnectionLimit, limits: &Limits) -> ApiError {
    let reason = match limit {
        ConnectionLimit::Node => format!("the limit is {} WebSockets (`ws_total`)", limits.ws_total),
        ConnectionLimit::Address => {
            format!("the limit is {} WebSockets an address (`ws_per_address`)", limits.ws_per_address)
        }
    };
    ApiError::of(ErrorCode::TooManyRequests)
        .with_reason(format!("Too many requests: {reason}"))
        .with_retry_after(BAD_TOKEN_DELAY)
}
