//! The opening handshake, from the client's side (RFC 6455, section 4.1).

use std::time::Duration;

use ::http::Uri;
use ::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::call::Token;
use crate::client::error::ClientError;

/// How long a handshake may take.
const CONNECT: Duration = Duration::from_secs(10);
/// Bytes that are read at once, and written together.
const BUFFER: usize = 16 * 1024;

pub(super) type Stream = WebSocketStream<TcpStream>;

/// Makes connections with the same options.
pub(super) struct Connector {
    endpoint: Uri,
    protocols: HeaderValue,
    max_bytes: usize,
}

impl Connector {
    pub(super) fn new(endpoint: Uri, token: Option<&Token>, max_bytes: usize) -> Result<Self, ClientError> {
        let offer = match token {
            Some(token) => format!("jsonrpc_2.0, {}", token.expose()),
            None => "jsonrpc_2.0".to_owned(),
        };
        let mut protocols = HeaderValue::try_from(offer).map_err(|_| ClientError::Token)?;
        protocols.set_sensitive(true);
        Ok(Self { endpoint, protocols, max_bytes })
    }

    pub(super) async fn connect(&self) -> Result<Stream, ClientError> {
        let connected = tokio::time::timeout(CONNECT, self.handshake()).await;
        connected.unwrap_or_else(|_| Err(ClientError::Connect("the handshake took too long".into())))
    }

    async fn handshake(&self) -> Result<Stream, ClientError> {
        let refuse = |error: Error| match error {
            Error::Http(response) => ClientError::Status(response.status().as_u16()),
            error => ClientError::Connect(error.into()),
        };
        let mut request = (&self.endpoint).into_client_request().map_err(refuse)?;
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, self.protocols.clone());
        let host = self.endpoint.host().unwrap_or_default();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = self.endpoint.port_u16().unwrap_or(80);
        let stream = TcpStream::connect((host, port)).await.map_err(|error| ClientError::Connect(error.into()))?;
        stream.set_nodelay(true).map_err(|error| ClientError::Connect(error.into()))?;
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(self.max_bytes))
            .max_frame_size(Some(self.max_bytes));
        let opened = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
        Ok(opened.map_err(refuse)?.0)
    }
}
