//! The vocabulary of permissions, and who a method admits.

use rpc_grammar::reserved::{EVERYBODY, GUEST, ROOT, SELF, USER};

use crate::identity::Identity;

/// Names with a meaning of their own, which no application can declare.
pub const RESERVED: [&str; 5] = [EVERYBODY, GUEST, USER, ROOT, SELF];

/// A permission that the application declares.
///
/// Its name has lower-case letters and digits, in words joined by `-`, `_`, `.` or `:`, and at most 64 bytes; it is none of the
/// [reserved words](RESERVED). [`ApiBuilder::build`](crate::ApiBuilder::build) refuses others.
///
/// Methods may also name callers that nobody declares: `*` is everybody, guests included; `guest` is who has no account, `user` who
/// has one, `root` the user who may do everything. So a method that only signed-in callers may use says `user`, not `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// The name that methods and users refer to: `admin`.
    pub name: &'static str,
    /// A short name for people.
    pub title: &'static str,
    /// What it allows, in a sentence.
    pub description: &'static str,
    /// Whether a new user holds it.
    pub default: bool,
}

impl Permission {
    /// A permission that new users do not hold. The name is checked when the API is built.
    #[must_use]
    pub const fn new(name: &'static str, title: &'static str, description: &'static str) -> Self {
        Self { name, title, description, default: false }
    }

    /// New users hold it.
    #[must_use]
    pub const fn by_default(mut self) -> Self {
        self.default = true;
        self
    }
}

/// Who a method admits: the compiled form of `permissions = […]`. Nobody by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Access {
    everyone: bool,
    guests: bool,
    users: bool,
    root: bool,
    holders: Vec<&'static str>,
}

/// Why a caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// A guest, where a user is needed: 401.
    NotAuthenticated,
    /// Known, and not permitted: 403.
    NotPermitted,
}

impl Access {
    pub(crate) fn new(permissions: &[&'static str]) -> Self {
        let mut access = Self::default();
        for &name in permissions {
            match name {
                EVERYBODY => access.everyone = true,
                GUEST => access.guests = true,
                USER => access.users = true,
                ROOT => access.root = true,
                declared => access.holders.push(declared),
            }
        }
        access
    }

    /// The declared permissions that it names.
    pub(crate) fn holders(&self) -> &[&'static str] {
        &self.holders
    }

    /// Whether it admits everybody, whoever calls.
    pub(crate) fn is_open(&self) -> bool {
        self.everyone
    }

    /// Whether it admits only users who were given something, and neither guests nor every user.
    pub(crate) fn is_privileged(&self) -> bool {
        !(self.everyone || self.guests || self.users)
    }

    pub(crate) fn check(&self, caller: &Identity) -> Result<(), Refusal> {
        if self.everyone {
            return Ok(());
        }
        if caller.user().is_none() {
            return if self.guests { Ok(()) } else { Err(Refusal::NotAuthenticated) };
        }
        let admitted = self.users
            || (self.root && caller.is_root())
            || self.holders.iter().any(|permission| caller.holds(permission));
        if admitted { Ok(()) } else { Err(Refusal::NotPermitted) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Access, Refusal};
    use crate::identity::{Identity, User};

    #[test]
    fn each_kind_of_caller_meets_each_kind_of_access() {
        let guest = Identity::guest();
        let plain = Identity::from(User::new("2", "ann"));
        let admin = Identity::from(User::new("3", "bob").permission("admin"));
        let root = Identity::from(User::new("1", "root").root());
        let root_token = Identity::from(User::new("1", "root").root().by_api_token());
        let (unknown, refused) = (Err(Refusal::NotAuthenticated), Err(Refusal::NotPermitted));
        let ok = Ok(());
        let table = [
            (&["*"][..], [ok, ok, ok, ok, ok]),
            (&["guest"], [ok, refused, refused, refused, refused]),
            (&["user"], [unknown, ok, ok, ok, ok]),
            (&["root"], [unknown, refused, refused, ok, refused]),
            (&["admin"], [unknown, refused, ok, ok, refused]),
            (&["guest", "admin"], [ok, refused, ok, ok, refused]),
            (&[], [unknown, refused, refused, refused, refused]),
        ];
        for (permissions, expected) in table {
            let access = Access::new(permissions);
            let actual = [&guest, &plain, &admin, &root, &root_token].map(|caller| access.check(caller));
            assert_eq!(actual, expected, "{permissions:?}");
        }
    }

    #[test]
    fn what_every_user_may_is_no_privilege() {
        for (permissions, expected) in [
            (&["*"][..], false),
            (&["guest", "admin"], false),
            (&["user"], false),
            (&["user", "admin"], false),
            (&["admin"], true),
            (&["root"], true),
            (&["root", "admin"], true),
        ] {
            assert_eq!(Access::new(permissions).is_privileged(), expected, "{permissions:?}");
        }
    }
}
