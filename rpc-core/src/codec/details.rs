//! The members of an error's details, on their way into the envelope.

use super::Piece;
use crate::error::ApiError;
use crate::error::payload::{Content, Payload};

/// The details of an error by name: the framework's, then the kind and the details that the method gave.
pub(crate) fn members(error: &ApiError) -> Vec<(&str, Piece<'_>)> {
    let details = error.details();
    let mut members = Vec::new();
    if !details.errors.is_empty() {
        members.push(("errors", Piece::Value(&details.errors)));
    }
    if details.more_errors > 0 {
        members.push(("more_errors", Piece::Value(&details.more_errors)));
    }
    members.extend(details.request_id.as_deref().map(|id| ("request_id", Piece::Text(id))));
    if let Some(Payload::Own { kind, fields }) = error.payload() {
        members.push(("kind", Piece::Text(kind)));
        members.extend(fields.0.iter().map(|(name, content)| (&**name, piece(content))));
    }
    members
}

fn piece(content: &Content) -> Piece<'_> {
    match content {
        Content::Typed(value) => Piece::Value(&**value),
        Content::Encoded(bytes) => Piece::Encoded(bytes),
    }
}
