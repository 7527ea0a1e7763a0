//! Errors on their way to callers, and where in the parameters the refused values were.

use rpc_auth::{AccountError, Field};
use rpc_core::{ApiError, pointer};

use crate::settings::SettingsError;

/// Where a value is in the parameters: the position, and the JSON Pointer (RFC 6901) inside that parameter.
pub(super) type ParamPointer = (usize, String);

/// Says where refused values were.
pub(super) trait WithPointers<T> {
    /// The error for callers, with a pointer to each refused value.
    fn with_pointers(self, pointer_of: impl Fn(&Field) -> ParamPointer) -> Result<T, ApiError>;
}

impl<T> WithPointers<T> for Result<T, AccountError> {
    fn with_pointers(self, pointer_of: impl Fn(&Field) -> ParamPointer) -> Result<T, ApiError> {
        self.map_err(|error| error.into_api_error(pointer_of))
    }
}

/// All fields are members of the first parameter.
pub(super) fn in_fields(field: &Field) -> ParamPointer {
    let pointer = match field {
        Field::UserName => "/username".to_owned(),
        Field::Password => "/password".to_owned(),
        Field::Email => "/email".to_owned(),
        Field::TelegramName => "/telegram_name".to_owned(),
        Field::TokenName => "/name".to_owned(),
        Field::Permission(name) => format!("/permissions/{}", pointer::escape(name)),
    };
    (0, pointer)
}

/// Permissions are members of the second parameter.
pub(super) fn in_permissions(field: &Field) -> ParamPointer {
    match field {
        Field::Permission(name) => (1, format!("/{}", pointer::escape(name))),
        _ => (1, String::new()),
    }
}

/// The only field is the parameter at a position.
pub(super) fn at(position: usize) -> impl Fn(&Field) -> ParamPointer {
    move |_| (position, String::new())
}

impl From<SettingsError> for ApiError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Authority(error) => AccountError::from(error).into(),
            SettingsError::Store(error) => error.into(),
            SettingsError::Secret(_) => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use rpc_auth::Field;

    use super::{in_fields, in_permissions};

    #[test]
    fn a_permission_is_escaped_in_its_pointer() {
        let permission = Field::Permission("a/b~c".to_owned());
        assert_eq!(in_fields(&permission), (0, "/permissions/a~1b~0c".to_owned()));
        assert_eq!(in_permissions(&permission), (1, "/a~1b~0c".to_owned()));
    }
}
