//! Account errors on their way to callers.

use rpc_core::{ApiError, ErrorCode, MethodError, Violation};

use crate::accounts::{AccountError, Field};

impl AccountError {
    /// The error that callers see. `pointer_of` tells where in the parameters a field came from: the position, and the pointer
    /// inside it, such as `(0, "/username")`.
    #[must_use]
    pub fn into_api_error(self, pointer_of: impl Fn(&Field) -> (usize, String)) -> ApiError {
        let text = self.to_string();
        match self {
            Self::Invalid(faults) => ApiError::violations(
                faults
                    .into_iter()
                    .map(|fault| {
                        let (position, pointer) = pointer_of(&fault.field);
                        let message = format!("`{}`: {}", label(&fault.field), fault.message);
                        Violation { pointer: format!("/{position}{pointer}"), keyword: fault.keyword.into(), message }
                    })
                    .collect(),
            ),
            Self::NotSignedIn => ApiError::of(ErrorCode::Unauthorized),
            Self::BadCredentials => ApiError::new(401, text),
            Self::Forbidden(_) => ApiError::new(403, text),
            Self::NotFound(_) => ApiError::new(404, text),
            Self::NotPossible(_) | Self::TokenInvalid | Self::TooMany(_) => ApiError::new(400, text),
            Self::Taken(_) => ApiError::new(409, text),
            Self::Throttled(after) => {
                ApiError::of(ErrorCode::TooManyRequests).with_reason(text).with_retry_after(after)
            }
            Self::Busy(after) => ApiError::of(ErrorCode::BackendDown).with_retry_after(after),
            Self::Store(error) => error.into(),
            Self::Random(error) => ApiError::internal(error),
        }
    }
}

/// For operations whose parameters are no fields.
impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        error.into_api_error(|_| (0, String::new()))
    }
}

impl MethodError for AccountError {}

fn label(field: &Field) -> &str {
    match field {
        Field::UserName => "username",
        Field::Password => "password",
        Field::Email => "email",
        Field::TelegramName => "telegram_name",
        Field::TokenName => "name",
        Field::Permission(name) => name,
    }
}
