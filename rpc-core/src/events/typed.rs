//! Events that are types: publishing a value picks the event, and the compiler checks that there is one.

use serde::Serialize;

use super::entry::EventEntry;
use crate::reserved::SELF;

/// A type that is an event, by `#[derive(ApiEvent)]`: its values are the payload.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no event",
    label = "not an event",
    note = "derive `serde::Serialize`, `schemars::JsonSchema` and `rpc_core::ApiEvent` for it, with `#[event(name = \"/orders/shipped\", audience = [\"user\"])]`",
    note = "an event that is known by its name alone is published with `publish_by_name`"
)]
pub trait ApiEvent: Serialize {
    /// Whether the declaration says alone who hears it.
    type Audience;
    /// The declaration.
    const ENTRY: EventEntry;
}

/// What an event's declaration says of its audience.
#[derive(Debug)]
pub struct DeclaredAudience<const IS_ONE: bool>;

/// An audience that need not be named when the event `E` is published.
#[diagnostic::on_unimplemented(
    message = "who is to hear `{E}` has to be named: it is declared for `self`, or for several audiences",
    label = "no audience is named",
    note = "name one of those that it is declared for: `publish_to(Audience::Permission(…), &event)`, or `publish_to(user, &event)` for one user"
)]
pub trait ImpliedAudience<E> {}

#[diagnostic::do_not_recommend]
impl<E> ImpliedAudience<E> for DeclaredAudience<true> {}

/// Whether an event is declared for one audience, which needs no further name as `self` does.
#[must_use]
pub const fn is_one_audience(declared: &[&str]) -> bool {
    matches!(declared, [only] if !is_self(only))
}

const fn is_self(word: &str) -> bool {
    let (word, reserved) = (word.as_bytes(), SELF.as_bytes());
    let mut at = 0;
    while at < reserved.len() && at < word.len() && word[at] == reserved[at] {
        at += 1;
    }
    at == reserved.len() && at == word.len()
}

#[cfg(test)]
mod tests {
    use super::is_one_audience;

    #[test]
    fn one_word_that_is_not_self_is_an_audience_by_itself() {
        for declared in [["*"], ["user"], ["admin"], ["selfish"], ["sel"]] {
            assert!(is_one_audience(&declared), "{declared:?}");
        }
        assert!(!is_one_audience(&["self"]));
        assert!(!is_one_audience(&["root", "admin"]));
        assert!(!is_one_audience(&[]));
    }
}
