//! WebSocket (RFC 6455): JSON-RPC over frames, with events from the server.

mod calls;
mod check;
mod connection;
mod frame;
mod handshake;
mod hub;
mod inbound;
mod io;
mod outbox;
mod pending;
mod recheck;
mod rights;
mod socket;
mod subscribe;
mod timers;
mod write;

pub(crate) use self::handshake::{Handshake, wants_upgrade};
pub(crate) use self::hub::Hub;
pub(crate) use self::pending::PendingConnection;
