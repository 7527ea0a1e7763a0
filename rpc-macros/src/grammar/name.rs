//! Names: of permissions and audiences, and of parameters.

use rpc_grammar::permission;
use rpc_grammar::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};

use crate::fault::Fault;

/// What a name in a list of people stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WhoKind {
    /// Those who may call a method.
    Permission,
    /// Those who may hear an event.
    Audience,
}

impl WhoKind {
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Audience => "audience",
        }
    }

    /// The words that mean something without being declared, and the others.
    pub(crate) fn choices(self) -> String {
        let words = format!("`{EVERYBODY}` for everybody, `{GUEST}`, `{USER}`, `{ROOT}`");
        match self {
            Self::Permission => format!("{words} or declared names"),
            Self::Audience => format!("{words}, `{SELF}` for one user or the names of declared permissions"),
        }
    }
}

/// Checks a permission or an audience: `*` or a name such as `admin`, `billing:read`.
///
/// # Errors
///
/// Neither.
pub(crate) fn who(text: &str, kind: WhoKind) -> Result<(), Fault> {
    let noun = kind.noun();
    if text == EVERYBODY {
        return Ok(());
    }
    if text.is_empty() {
        return Err(Fault::new(format!("the {noun} is empty"), format!("write {}", kind.choices())));
    }
    if text.len() > permission::MAX_BYTES {
        return Err(Fault::new(
            format!("the {noun} has {} bytes, and may have {}", text.len(), permission::MAX_BYTES),
            "shorten the name",
        ));
    }
    if text == SELF && kind == WhoKind::Permission {
        let help = format!("write `{USER}` for every caller with an account");
        return Err(Fault::new(format!("`{SELF}` is an audience of events, not a permission"), help));
    }
    if permission::has_form(text) {
        return Ok(());
    }
    let help =
        permission::nearest(text).map_or_else(|| permission::FORM.to_owned(), |meant| format!("write `{meant}`"));
    let message = match kind {
        WhoKind::Permission => format!("`{text}` is not the name of a permission"),
        WhoKind::Audience => format!("`{text}` is not an audience, nor the name of a permission"),
    };
    Err(Fault::new(message, help))
}

/// Checks the public name of a parameter or a field.
///
/// # Errors
///
/// Not an ASCII identifier.
pub(crate) fn identifier(text: &str) -> Result<(), Fault> {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(());
    }
    let help = "a name has letters, digits and underscores, and does not begin with a digit, such as `userId`";
    Err(Fault::new(format!("`{text}` is not a name"), help))
}

/// Checks a name in snake case.
///
/// # Errors
///
/// Not words in lower case, joined by underscores.
pub(crate) fn snake_case(text: &str) -> Result<(), Fault> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.split('_').all(is_word) {
        return Ok(());
    }
    let help = "write words in lower case, joined by underscores, such as `name_taken`";
    Err(Fault::new(format!("`{text}` is not a name in snake case"), help))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rpc_grammar::nearest::nearest;

    #[test]
    fn permissions_are_words_in_lower_case() {
        for text in ["*", "guest", "admin", "billing:read", "a1.b2-c3_d4"] {
            assert_eq!(who(text, WhoKind::Permission), Ok(()), "{text}");
        }
        for text in ["", "Admin", "1a", "a b", "a..b", "a-", "-a", "**", "é", &"a".repeat(65)] {
            assert!(who(text, WhoKind::Permission).is_err(), "{text}");
        }
        assert_eq!(who("Admin", WhoKind::Permission).expect_err("upper case").help, "write `admin`");
    }

    #[test]
    fn audiences_are_permissions_in_other_words() {
        assert_eq!(who("self", WhoKind::Audience), Ok(()));
        assert!(who("self", WhoKind::Permission).expect_err("an audience").help.contains("`user`"));
        let empty = who("", WhoKind::Audience).expect_err("empty");
        assert_eq!(empty.message, "the audience is empty");
        assert!(empty.help.contains("`self`"), "{}", empty.help);
        let upper = who("Self", WhoKind::Audience).expect_err("upper case");
        assert_eq!((upper.message.contains("an audience"), upper.help.as_str()), (true, "write `self`"));
    }

    #[test]
    fn names_are_ascii_identifiers() {
        for text in ["userId", "user_id", "_x", "A1"] {
            assert_eq!(identifier(text), Ok(()), "{text}");
        }
        for text in ["", "1a", "user-id", "user id", "é"] {
            assert!(identifier(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_misspelt_name_finds_the_nearest() {
        let names = ["path", "permissions", "max_body", "log"];
        assert_eq!(nearest("permission", &names), Some("permissions"));
        assert_eq!(nearest("max-body", &names), Some("max_body"));
        assert_eq!(nearest("Path", &names), Some("path"));
        assert_eq!(nearest("colour", &names), None);
        assert_eq!(nearest("x", &[]), None);
    }
}
