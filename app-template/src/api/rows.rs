//! What callers see of users and permissions.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use rpc_auth::{PermissionState, UserRecord};
use rpc_core::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::{App, Avatars};

/// Permissions by name, and whether they are held.
pub(super) type Permissions = BTreeMap<String, bool>;

/// Those that are held.
pub(super) fn held<'n>(names: impl IntoIterator<Item = &'n str>) -> Permissions {
    names.into_iter().map(|name| (name.to_owned(), true)).collect()
}

/// The address of a user's picture.
pub(super) fn avatar(app: &App, user: &UserRecord) -> Option<String> {
    match app.avatars {
        Avatars::None => None,
        Avatars::Gravatar => {
            let email = user.email.as_deref()?;
            Some(format!("https://gravatar.com/avatar/{}", HEXLOWER.encode(&Sha256::digest(email.as_bytes()))))
        }
    }
}

/// A user.
#[derive(Serialize, JsonSchema)]
pub(super) struct UserRow {
    id: String,
    name: String,
    email: Option<String>,
    email_confirmed: bool,
    telegram_name: Option<String>,
    enabled: bool,
    created: Timestamp,
    /// Those that hold now, each `true`.
    permissions: Permissions,
    /// The address of a picture.
    avatar: Option<String>,
}

impl UserRow {
    pub(super) fn new(app: &App, user: UserRecord) -> Self {
        Self {
            id: user.id.to_string(),
            permissions: held(app.accounts.vocabulary().held_by(&user)),
            avatar: avatar(app, &user),
            name: user.name,
            email: user.email,
            email_confirmed: user.email_confirmed,
            telegram_name: user.telegram_name,
            enabled: user.enabled,
            created: user.created,
        }
    }
}

/// A permission, and whether somebody holds it.
#[derive(Serialize, JsonSchema)]
pub(super) struct PermissionRow {
    /// What methods know it by.
    id: &'static str,
    name: &'static str,
    description: &'static str,
    enabled: bool,
}

impl PermissionRow {
    pub(super) fn all(states: Vec<PermissionState>) -> Vec<Self> {
        states.into_iter().map(Self::from).collect()
    }
}

impl From<PermissionState> for PermissionRow {
    fn from(state: PermissionState) -> Self {
        let PermissionState { permission, held } = state;
        Self { id: permission.name, name: permission.title, description: permission.description, enabled: held }
    }
}
