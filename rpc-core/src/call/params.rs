//! The parameters of a call, from the transport to the stage that decodes them.

use bytes::Bytes;
use serde_json::Value;

use crate::error::ApiError;

/// The parameters of a call, as they came. Bytes are of the call's codec, and are decoded only after credentials, permission and
/// limits were checked.
#[derive(Debug)]
pub enum Params {
    /// None.
    None,
    /// A document: an array is the parameters by position, anything else the only one.
    Encoded(Bytes),
    /// The member `params` of a JSON-RPC request: an array is the parameters by position, an object by name, anything else the
    /// only one.
    Member(Bytes),
    /// Values by position.
    Positional(Vec<Value>),
    /// They could not be read. The caller learns it after credentials, permission and limits were checked.
    Unreadable(ApiError),
}
