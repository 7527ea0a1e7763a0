//! Operators of conditions: `=`, `like`.

use crate::fault::Fault;

/// An operator that the stores answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Eq,
    Like,
}

/// Operators that the protocol names and no store answers yet.
const UNSUPPORTED: &[&str] = &["!=", "<", "<=", ">", ">=", "in"];

/// Reads an operator.
///
/// # Errors
///
/// It is none, or is not supported yet.
pub(crate) fn operator(text: &str) -> Result<Operator, Fault> {
    match text {
        "=" => Ok(Operator::Eq),
        "like" => Ok(Operator::Like),
        _ if UNSUPPORTED.contains(&text) => {
            Err(Fault::new(format!("the operator `{text}` is not supported yet"), "use `=` or `like`"))
        }
        _ => Err(Fault::new(format!("`{text}` is not an operator"), "use `=` or `like`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_known_not_supported_yet_or_none() {
        assert_eq!(operator("="), Ok(Operator::Eq));
        assert_eq!(operator("like"), Ok(Operator::Like));
        for text in UNSUPPORTED {
            assert!(operator(text).expect_err(text).message.contains("not supported yet"), "{text}");
        }
        for text in ["", "==", "LIKE", "~"] {
            assert!(operator(text).expect_err(text).message.contains("not an operator"), "{text}");
        }
    }
}
