//! The closed list of codes that the framework itself answers with.

/// Why a call failed, for programs. `Status` and `Own` are for a method's own errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The request does not decode.
    Parse,
    /// It decodes, but is not a request.
    InvalidRequest,
    /// No such method.
    MethodNotFound,
    /// The parameters do not fit the method.
    InvalidParams,
    /// A fault of the server.
    Internal,
    /// A limit was reached.
    TooManyRequests,
    /// A content type or encoding that nothing here reads.
    UnsupportedMediaType,
    /// A verb other than GET, HEAD, POST, OPTIONS.
    HttpMethod,
    /// A part behind the server is down.
    BackendDown,
    /// The server stops.
    ShuttingDown,
    /// The caller went away.
    Aborted,
    /// An upload where none can travel.
    UploadOverWebSocket,
    /// An upload without a length or a proper frame.
    LengthRequired,
    /// A body beyond the limit.
    TooLarge,
    /// An upload to a method that takes none.
    NotAnUploadMethod,
    /// A method that needs a file, called without one.
    FileMissing,
    /// Not, or wrongly, authenticated.
    Unauthorized,
    /// Known, and not permitted.
    Forbidden,
    /// A method's own error: the code is the HTTP status.
    Status(u16),
    /// A method's own error with a number of its own: see [`ApiError::with_code`](crate::ApiError::with_code).
    Own {
        /// The HTTP status.
        status: u16,
        /// The number that is sent.
        number: i32,
    },
}

/// One line of [`ErrorCode::TABLE`].
#[derive(Debug, Clone, Copy)]
pub struct CodeRow {
    /// The code.
    pub code: ErrorCode,
    /// The number that is sent, in JSON-RPC and in the plain envelope.
    pub number: i32,
    /// The HTTP status.
    pub status: u16,
    /// The usual reason.
    pub reason: &'static str,
    /// When to use it.
    pub use_when: &'static str,
    /// When to use another one.
    pub not_when: &'static str,
}

const fn row(
    code: ErrorCode,
    number: i32,
    status: u16,
    reason: &'static str,
    use_when: &'static str,
    not_when: &'static str,
) -> CodeRow {
    CodeRow { code, number, status, reason, use_when, not_when }
}

impl ErrorCode {
    /// Every code but `Status` and `Own`, with its numbers. −32700 to −32603 are JSON-RPC 2.0's own (section 5.1).
    #[rustfmt::skip]
    pub const TABLE: [CodeRow; 18] = [
        row(Self::Parse, -32700, 400, "Parse error", "the bytes are no JSON or MessagePack", "they are, and say something wrong: InvalidRequest, InvalidParams"),
        row(Self::InvalidRequest, -32600, 400, "Invalid request", "the envelope, the path or a header is wrong", "the parameters are: InvalidParams"),
        row(Self::MethodNotFound, -32601, 404, "Method not found", "no method has the path, or it is private", "an object is missing: Status(404)"),
        row(Self::InvalidParams, -32602, 400, "Parameters are invalid", "a parameter is missing, surplus or refused", "a unique value is taken: Status(409)"),
        row(Self::Internal, -32603, 500, "Internal error", "a fault of the program, or a panic", "a part is down and will be back: BackendDown"),
        row(Self::TooManyRequests, -32802, 429, "Too many requests", "a rate or concurrency limit was reached", "the server stops: ShuttingDown"),
        row(Self::UnsupportedMediaType, -32803, 415, "Content type is not supported", "nothing here reads the content type or encoding", "the content does not decode: Parse"),
        row(Self::HttpMethod, -32804, 405, "HTTP method is not allowed", "the verb is not served", "the path is unknown: MethodNotFound"),
        row(Self::BackendDown, -32814, 503, "Service is unavailable", "the database or another part does not answer", "the server itself stops: ShuttingDown"),
        row(Self::ShuttingDown, -32816, 503, "Server is shutting down", "the call came after the stop began", "a part is down: BackendDown"),
        row(Self::Aborted, -32817, 499, "Aborted", "the caller went away or asked to stop; seen in logs", "the call took too long: Status(504)"),
        row(Self::UploadOverWebSocket, -32900, 400, "Upload is not possible over WebSocket", "a method that needs a file is called over WebSocket", "the file was left out of an upload: FileMissing"),
        row(Self::LengthRequired, -32901, 411, "Length is required", "the length or framing of an upload is missing", "it is there and too large: TooLarge"),
        row(Self::TooLarge, -32902, 413, "Content is too large", "a body or file is over its limit", "a parameter is too long: InvalidParams"),
        row(Self::NotAnUploadMethod, -32903, 400, "Method takes no upload", "a file is sent to a method that takes none", "the content type is unknown: UnsupportedMediaType"),
        row(Self::FileMissing, -32905, 400, "File is missing", "an upload, or a method that needs one, comes without a file", "it comes over WebSocket: UploadOverWebSocket"),
        row(Self::Unauthorized, 401, 401, "Not authenticated", "the caller is unknown where a user is needed, or the token is bad", "the caller is known: Forbidden"),
        row(Self::Forbidden, 403, 403, "Not permitted", "the caller is known and may not", "nobody is signed in: Unauthorized"),
    ];

    /// The row of the table.
    fn row(self) -> Option<&'static CodeRow> {
        Self::TABLE.iter().find(|row| row.code == self)
    }

    /// The number of the code, as it is sent.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Status(status) => i32::from(status),
            Self::Own { number, .. } => number,
            code => code.row().map_or(-32603, |row| row.number),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Status(status) | Self::Own { status, .. } => status,
            code => code.row().map_or(500, |row| row.status),
        }
    }

    /// The usual reason.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Status(status) | Self::Own { status, .. } => {
                http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
            }
            code => code.row().map_or("Internal error", |row| row.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::ErrorCode;

    #[test]
    fn every_code_has_one_row_and_one_number() {
        let numbers: HashSet<i32> = ErrorCode::TABLE.iter().map(|row| row.number).collect();
        let codes: HashSet<ErrorCode> = ErrorCode::TABLE.iter().map(|row| row.code).collect();
        assert_eq!((numbers.len(), codes.len()), (ErrorCode::TABLE.len(), ErrorCode::TABLE.len()));
        assert!(ErrorCode::TABLE.iter().all(|row| row.code.number() == row.number && row.code.status() == row.status));
    }
}
