//! The permissions of the application, and who holds which.

use std::collections::{BTreeMap, BTreeSet};

use rpc_core::Permission;

use super::UserRecord;
use super::permissions::{GrantCeiling, Grants};

/// The permissions that an application declares.
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    permissions: Vec<Permission>,
}

/// A permission, and whether somebody holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermissionState {
    /// The permission.
    pub permission: Permission,
    /// Whether it is held.
    pub held: bool,
}

impl Vocabulary {
    pub(crate) fn new(permissions: Vec<Permission>) -> Self {
        Self { permissions }
    }

    /// All permissions, as declared.
    #[must_use]
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// What a user holds in a session. Root holds everything.
    #[must_use]
    pub fn held_by(&self, user: &UserRecord) -> BTreeSet<&'static str> {
        let held =
            |permission: &&Permission| user.is_root() || user.permissions.holds(permission.name, permission.default);
        self.permissions.iter().filter(held).map(|permission| permission.name).collect()
    }

    /// What an API token holds: of what was given to it, that which its owner holds.
    #[must_use]
    pub fn held_by_token(&self, grants: &Grants, owner: &UserRecord) -> BTreeSet<&'static str> {
        let mut held = self.held_by(owner);
        held.retain(|name| grants.holds(name, false));
        held
    }

    /// Some of the permissions, each with whether a user holds it about whom nothing was decided.
    pub(crate) fn with_defaults(&self, is_meant: impl Fn(&str) -> bool) -> BTreeMap<String, bool> {
        let meant = self.permissions.iter().filter(|permission| is_meant(permission.name));
        meant.map(|permission| (permission.name.to_owned(), permission.default)).collect()
    }

    /// Whom somebody who holds these permissions may change.
    pub(crate) fn ceiling_of(&self, held: &BTreeSet<&'static str>) -> GrantCeiling {
        GrantCeiling(self.with_defaults(|name| !held.contains(name)))
    }

    /// The permissions that a granter holds, each with whether somebody holds it.
    pub(crate) fn states(
        &self,
        granter: &BTreeSet<&'static str>,
        holds: impl Fn(&str) -> bool,
    ) -> Vec<PermissionState> {
        let known = self.permissions.iter().filter(|permission| granter.contains(permission.name));
        known.map(|&permission| PermissionState { permission, held: holds(permission.name) }).collect()
    }

    /// The permissions among these that a granter may not decide about, each with why: it is not declared, or not held.
    pub(crate) fn refused<'n>(
        &self,
        grants: &'n BTreeMap<String, bool>,
        granter: &BTreeSet<&'static str>,
    ) -> Vec<(&'n str, &'static str)> {
        let refused = grants.keys().map(String::as_str).filter(|name| !granter.contains(name));
        refused.map(|name| (name, self.refusal(name))).collect()
    }

    fn refusal(&self, name: &str) -> &'static str {
        let declared = self.permissions.iter().any(|permission| permission.name == name);
        if declared { "you do not hold this permission" } else { "there is no such permission" }
    }
}
