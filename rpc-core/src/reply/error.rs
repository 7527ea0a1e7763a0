//! What an answer cannot carry.

use thiserror::Error;

use crate::error::ApiError;

/// What an answer cannot carry. As an [`ApiError`] it is an internal one (500): the caller has done nothing wrong, and the log tells.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// The header is made by the framework, or by a method of its own.
    #[error(
        "the header `{0}` cannot be set: it is the framework's own, or has a method of its own, such as `cookie` or `cache`"
    )]
    OwnHeader(String),
    /// The name is none of a header.
    #[error("\"{0}\" is no name of a header")]
    BadHeaderName(String),
    /// The value of the header has characters other than visible ASCII, blanks and tabs.
    #[error("the value of the header `{0}` is no visible ASCII")]
    BadHeaderValue(String),
    /// The cookie cannot be sent.
    #[error("the cookie \"{name}\" cannot be set: {reason}")]
    BadCookie {
        /// Its name.
        name: String,
        /// What is wrong with it, and what would be right.
        reason: &'static str,
    },
    /// The status is none of a redirect.
    #[error("{0} is no status of a redirect: 301, 302, 303, 307 and 308 are")]
    BadRedirect(u16),
    /// A redirect leads nowhere, or somewhere it should not.
    #[error("\"{0}\" is nowhere to go: a path such as /v1/a, or a URL with http or https, encoded")]
    BadLocation(String),
    /// An entity tag has characters that none has.
    #[error("\"{0}\" is no entity tag: visible ASCII without quotes, at most 256 bytes")]
    BadEtag(String),
    /// A content type cannot be sent.
    #[error("\"{0}\" is no content type, such as text/csv")]
    BadContentType(String),
}

impl From<ReplyError> for ApiError {
    fn from(error: ReplyError) -> Self {
        Self::internal(error)
    }
}
