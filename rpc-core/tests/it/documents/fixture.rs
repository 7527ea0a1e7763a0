//! The signatures of a whole API, the one of `api-v1.md`: types, texts, permissions. The bodies do nothing.
//!
//! All tests of this binary share one collection of methods: `/v1/**` is this fixture's, and what other tests declare is
//! below `/v9/<test>`.

mod admin;
mod api_tokens;
mod profile;
mod session;
mod test;

use std::collections::BTreeMap;

use rpc_core::{Api, ApiBuilder, ApiError, MethodEntry, Permission};

type Result = std::result::Result<(), ApiError>;

/// Permissions, and whether they are held.
type Permissions = BTreeMap<String, bool>;

/// Every method, in no particular order.
const METHODS: [&[MethodEntry]; 5] =
    [session::METHODS, test::METHODS, admin::METHODS, profile::METHODS, api_tokens::METHODS];

pub(super) fn methods() -> impl DoubleEndedIterator<Item = MethodEntry> {
    METHODS.into_iter().flatten().copied()
}

/// An API without what its methods need, but for a permission.
pub(super) fn bare() -> ApiBuilder {
    Api::builder().permission(Permission::new("admin", "Administrator", "May change users and settings."))
}

pub(super) fn api() -> Api {
    bare().only("/v1/**").build().expect("a set of methods without faults")
}
