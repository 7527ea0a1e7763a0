//! Who calls.

use std::any::{Any, type_name};
use std::fmt;
use std::sync::Arc;

/// How a user proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// A session: signed in with a password.
    Session,
    /// An API token, made for programs.
    ApiToken,
}

/// The caller of a method: a guest, or a user with permissions. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Identity(Option<Arc<User>>);

/// The user behind an [`Identity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id, unique for ever.
    pub id: Box<str>,
    /// The name, as shown to people.
    pub name: Box<str>,
    /// How the user was recognised.
    pub proof: Proof,
    /// The id of the session or API token, where there is one.
    pub credential: Option<Box<str>>,
    /// The root user in a session: holds every permission.
    pub root: bool,
    /// The permissions that hold for this call.
    pub permissions: Vec<Box<str>>,
    /// What else the authenticator says of the user.
    claims: Option<Claims>,
}

/// A value of an authenticator's own type. `Debug` names the type; two are equal when they are the same value.
#[derive(Clone)]
struct Claims {
    value: Arc<dyn Any + Send + Sync>,
    name: &'static str,
}

impl User {
    /// A user in a session, without permissions.
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        let (id, name) = (id.into(), name.into());
        Self { id, name, proof: Proof::Session, credential: None, root: false, permissions: Vec::new(), claims: None }
    }

    /// Adds a permission.
    #[must_use]
    pub fn permission(mut self, name: &str) -> Self {
        self.permissions.push(name.into());
        self
    }

    /// Recognised by the session or API token with this id.
    #[must_use]
    pub fn credential(mut self, id: &str) -> Self {
        self.credential = Some(id.into());
        self
    }

    /// Makes it the root user.
    #[must_use]
    pub fn root(mut self) -> Self {
        self.root = true;
        self
    }

    /// Recognised by an API token. Such a caller is never root.
    #[must_use]
    pub fn by_api_token(mut self) -> Self {
        self.proof = Proof::ApiToken;
        self
    }
}

impl User {
    /// Adds what else is known of the user, as a type of the authenticator's own, which handlers find with
    /// [`claims`](Self::claims). A second value replaces the first.
    ///
    /// ```
    /// use rpc_core::User;
    /// struct Tenant(u32);
    /// let user = User::new("7", "ann").with_claims(Tenant(3));
    /// assert_eq!(user.claims::<Tenant>().map(|tenant| tenant.0), Some(3));
    /// ```
    #[must_use]
    pub fn with_claims<T: Any + Send + Sync>(mut self, claims: T) -> Self {
        self.claims = Some(Claims { value: Arc::new(claims), name: type_name::<T>() });
        self
    }

    /// What else the authenticator says of the user; `None` when it said nothing of this type.
    #[must_use]
    pub fn claims<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.claims.as_ref()?.value.downcast_ref()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }
}

impl Eq for Claims {}

impl From<User> for Identity {
    fn from(user: User) -> Self {
        Self(Some(Arc::new(user)))
    }
}

impl Identity {
    /// Somebody without credentials.
    #[must_use]
    pub const fn guest() -> Self {
        Self(None)
    }

    /// The user; `None` for a guest.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.0.as_deref()
    }

    /// Whether this is the root user in a session.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.user().is_some_and(|user| user.root && user.proof == Proof::Session)
    }

    /// Whether the caller holds a permission that the application declared. Root holds all of them.
    #[must_use]
    pub fn holds(&self, permission: &str) -> bool {
        self.is_root() || self.user().is_some_and(|user| user.permissions.iter().any(|held| &**held == permission))
    }
}
