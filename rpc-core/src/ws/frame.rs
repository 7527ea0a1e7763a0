//! The frames that a server writes, and its close codes.

use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::codec::Codec;

/// Close codes of this protocol.
pub(super) mod close {
    pub(in crate::ws) const SIGNED_OUT: u16 = 4000;
    pub(in crate::ws) const BAD_TOKEN: u16 = 4401;
    pub(in crate::ws) const SHUTTING_DOWN: u16 = 1001;
    pub(in crate::ws) const PROTOCOL: u16 = 1002;
    pub(in crate::ws) const UNDECODABLE: u16 = 1007;
    pub(in crate::ws) const POLICY: u16 = 1008;
    pub(in crate::ws) const TOO_BIG: u16 = 1009;
}

/// Encoded bytes as a frame of their codec.
pub(super) fn message(codec: Codec, bytes: Vec<u8>) -> Message {
    match codec {
        Codec::Json => Utf8Bytes::try_from(bytes).map_or_else(|_| Message::text(""), Message::Text),
        Codec::MsgPack => Message::binary(bytes),
    }
}

/// A close, with its code and why.
pub(super) fn close_frame(code: u16, reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame { code: CloseCode::from(code), reason: reason.into() }))
}
