//! Ids: whole numbers from 1, which travel as decimal text.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an id is a decimal number from 1, without sign, space or leading zero")]
pub struct IdError;

fn parse(text: &str) -> Result<i64, IdError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    if is_plain { text.parse().map_err(|_| IdError) } else { Err(IdError) }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// The id with a number.
            #[must_use]
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn number(self) -> i64 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

ids! {
    /// The id of a user.
    UserId,
    /// The id of a session.
    SessionId,
    /// The id of an API token.
    ApiTokenId
}

impl UserId {
    /// The root user's, made at first start.
    pub const ROOT: Self = Self(1);
}

#[cfg(test)]
mod tests {
    use super::UserId;

    #[test]
    fn ids_are_parsed_strictly() {
        assert_eq!("1".parse(), Ok(UserId::ROOT));
        assert_eq!("9223372036854775807".parse(), Ok(UserId::new(i64::MAX)));
        for text in ["", "0", "01", "+1", "-1", " 1", "1 ", "1.0", "9223372036854775808", "１", "1_0", "0x1"] {
            assert!(text.parse::<UserId>().is_err(), "{text:?}");
        }
    }
}
