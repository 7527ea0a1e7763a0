//! Grants: which permissions were given or denied to somebody, by name.

use std::collections::{BTreeMap, BTreeSet};

/// What was decided about permissions: `true` given, `false` denied. A permission that is not named is at its default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(pub BTreeMap<String, bool>);

/// A change of grants, to be made on what is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantsChange {
    /// Sets the named permissions and leaves the others alone.
    Merge(BTreeMap<String, bool>),
    /// Sets the permissions among `scope` to what `grants` says, those that it does not name to denied; those outside
    /// `scope` are left alone.
    Replace {
        /// What is replaced.
        scope: BTreeSet<String>,
        /// What replaces it.
        grants: BTreeMap<String, bool>,
    },
}

/// A ceiling on grants: a change is made only to users who hold none of these permissions. Each comes with whether a user holds
/// it about whom nothing was decided. Whoever makes the change lacks them: nobody changes a user who holds more than they do.
///
/// It looks at grants only: root, who holds everything without any, is protected by those who know the id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GrantCeiling(pub BTreeMap<String, bool>);

impl GrantCeiling {
    /// No ceiling: anybody may be changed.
    pub const NONE: Self = Self(BTreeMap::new());

    /// Whether somebody with these grants holds more.
    #[must_use]
    pub fn is_exceeded_by(&self, grants: &Grants) -> bool {
        self.0.iter().any(|(permission, default)| grants.holds(permission, *default))
    }
}

impl Grants {
    /// Makes a change.
    pub fn apply(&mut self, change: &GrantsChange) {
        self.0.extend(change.decided());
    }

    /// Whether a permission is held; where nothing was decided about it, `default` decides.
    #[must_use]
    pub fn holds(&self, permission: &str, default: bool) -> bool {
        self.0.get(permission).copied().unwrap_or(default)
    }
}

impl GrantsChange {
    /// What is decided anew, whatever is stored.
    pub(crate) fn decided(&self) -> BTreeMap<String, bool> {
        match self {
            Self::Merge(grants) => grants.clone(),
            Self::Replace { scope, grants } => {
                scope.iter().map(|name| (name.clone(), grants.get(name).copied().unwrap_or(false))).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Grants, GrantsChange};

    fn map(grants: &[(&str, bool)]) -> BTreeMap<String, bool> {
        grants.iter().map(|&(name, held)| (name.to_owned(), held)).collect()
    }

    #[test]
    fn merging_sets_what_is_named_and_replacing_what_is_in_scope() {
        let mut grants = Grants(map(&[("a", true), ("b", false), ("c", true)]));
        grants.apply(&GrantsChange::Merge(map(&[("b", true), ("d", false)])));
        assert_eq!(grants.0, map(&[("a", true), ("b", true), ("c", true), ("d", false)]));
        let scope = ["a", "b"].map(str::to_owned).into();
        grants.apply(&GrantsChange::Replace { scope, grants: map(&[("b", true)]) });
        assert_eq!(grants.0, map(&[("a", false), ("b", true), ("c", true), ("d", false)]));
        assert!(grants.holds("c", false) && !grants.holds("a", true) && grants.holds("x", true));
    }
}
