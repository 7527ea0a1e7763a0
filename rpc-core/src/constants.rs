//! Texts that attributes take from constants of the program: the compiler checks them, since the macros see their names only.
//!
//! Each function gives back what it was given, or ends the compilation at the place of the constant.

use rpc_grammar::path::is_path;
use rpc_grammar::permission::is_permission;
use rpc_grammar::reserved::{EVERYBODY, GUEST, SELF};

/// The path of a method.
///
/// # Panics
///
/// It is none.
#[track_caller]
#[must_use]
pub const fn method_path(text: &'static str) -> &'static str {
    assert!(
        is_path(text, true, 2),
        "the constant holds no path of a method: one looks like `/v1/module/method`, a version, then segments in kebab-case"
    );
    text
}

/// The path of a module.
///
/// # Panics
///
/// It is none.
#[track_caller]
#[must_use]
pub const fn module_path(text: &'static str) -> &'static str {
    assert!(
        is_path(text, true, 1),
        "the constant holds no path of a module: one looks like `/v1/module`, a version, then segments in kebab-case"
    );
    text
}

/// The name of an event.
///
/// # Panics
///
/// It is none.
#[track_caller]
#[must_use]
pub const fn event_name(text: &'static str) -> &'static str {
    assert!(
        is_path(text, false, 1),
        "the constant holds no name of an event: one looks like `/settings/updated`, segments in kebab-case"
    );
    text
}

/// A permission of a method.
///
/// # Panics
///
/// It is none.
#[track_caller]
#[must_use]
pub const fn permission(text: &'static str) -> &'static str {
    assert!(
        is_same(text, EVERYBODY) || (is_permission(text) && !is_same(text, SELF)),
        "the constant holds no name of a permission: one has lower-case letters and digits, in words joined by `-`, `_`, `.` or `:`, such as `billing:read`"
    );
    text
}

/// An audience of an event.
///
/// # Panics
///
/// It is none.
#[track_caller]
#[must_use]
pub const fn audience(text: &'static str) -> &'static str {
    assert!(
        is_same(text, EVERYBODY) || is_permission(text),
        "the constant holds no audience: one has lower-case letters and digits, in words joined by `-`, `_`, `.` or `:`, such as `billing:read`"
    );
    text
}

/// Permissions or audiences: each once, and everybody alone.
///
/// # Panics
///
/// They are not.
#[track_caller]
#[must_use]
pub const fn list(names: &'static [&'static str]) -> &'static [&'static str] {
    let mut at = 0;
    while at < names.len() {
        assert!(
            names.len() == 1 || !is_same(names[at], EVERYBODY),
            "a constant is `*`, which stands for everybody, so the other names mean nothing: remove it, or everything else"
        );
        let mut other = at + 1;
        while other < names.len() {
            assert!(!is_same(names[at], names[other]), "two of the names are the same: remove one of them");
            other += 1;
        }
        at += 1;
    }
    names
}

/// The permissions of a method that ignores tokens.
///
/// # Panics
///
/// Guests may not call it.
#[track_caller]
#[must_use]
pub const fn with_guests(names: &'static [&'static str]) -> &'static [&'static str] {
    assert!(
        admit_guests(names),
        "without a token everybody is a guest, and guests may not call this method: remove `ignores_token`, or let guests call"
    );
    names
}

/// The permissions of a method that needs a session.
///
/// # Panics
///
/// Guests may call it.
#[track_caller]
#[must_use]
pub const fn without_guests(names: &'static [&'static str]) -> &'static [&'static str] {
    assert!(
        !admit_guests(names),
        "a guest has no session, so `session_only` would refuse it: remove `session_only`, or guests from the permissions"
    );
    names
}

const fn admit_guests(names: &[&str]) -> bool {
    let mut at = 0;
    while at < names.len() {
        if is_same(names[at], EVERYBODY) || is_same(names[at], GUEST) {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether two texts are the same.
const fn is_same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut at = 0;
    while at < left.len() && at < right.len() && left[at] == right[at] {
        at += 1;
    }
    at == left.len() && at == right.len()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::{audience, event_name, list, method_path, module_path, permission, with_guests, without_guests};

    #[test]
    fn texts_and_lists_in_their_shape_are_given_back() {
        assert_eq!(method_path("/v1/a/b-c"), "/v1/a/b-c");
        assert_eq!(module_path("/v12/a"), "/v12/a");
        assert_eq!(event_name("/typing"), "/typing");
        assert_eq!((permission("billing:read"), permission("*")), ("billing:read", "*"));
        assert_eq!((audience("self"), audience("*")), ("self", "*"));
        assert_eq!(list(&["a", "b"]), ["a", "b"]);
        assert_eq!(with_guests(&["guest", "a"]), ["guest", "a"]);
        assert_eq!(without_guests(&["user"]), ["user"]);
    }

    #[test]
    fn others_are_refused() {
        let refused = |check: fn()| assert!(catch_unwind(check).is_err());
        refused(|| _ = method_path("/v1/a"));
        refused(|| _ = method_path("/v0/a/b"));
        refused(|| _ = module_path("/v1"));
        refused(|| _ = event_name("typing"));
        refused(|| _ = permission("self"));
        refused(|| _ = permission("Admin"));
        refused(|| _ = audience(""));
        refused(|| _ = list(&["*", "a"]));
        refused(|| _ = list(&["a", "b", "a"]));
        refused(|| _ = with_guests(&["user"]));
        refused(|| _ = without_guests(&["a", "guest"]));
    }
}
