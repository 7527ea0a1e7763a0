//! What several tests need.

pub(crate) mod server;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rpc_core::{AuthError, AuthRequest, Authenticator, CallRecord, Disposition, Identity, Observer, Token, User};

/// Tokens that name their identity: `t_user`, `t_leaver`, `t_leaver_two`, `t_leaver_three`, `t_gone_one` and `t_gone_two` (each withdrawn by one test),
/// `t_admin`, `t_root`, `t_api` (an API token with `admin`); `t_down` cannot be checked; all others are bad.
pub(crate) struct NamedTokens;

#[async_trait]
impl Authenticator for NamedTokens {
    async fn authenticate(&self, token: &Token, _: &AuthRequest<'_>) -> Result<Identity, AuthError> {
        if WITHDRAWN.lock().unwrap().contains(token.expose()) {
            return Err(AuthError::BadToken);
        }
        let user = match token.expose() {
            "t_user" => User::new("2", "ann"),
            "t_leaver" => User::new("7", "eve"),
            "t_leaver_two" => User::new("8", "eva"),
            "t_leaver_three" => User::new("9", "evi"),
            "t_gone_one" => User::new("11", "one"),
            "t_gone_two" => User::new("10", "two"),
            "t_admin" => User::new("3", "bob").permission("admin"),
            "t_root" => User::new("1", "root").root(),
            "t_api" => User::new("3", "bob").permission("admin").by_api_token(),
            "t_down" => return Err(AuthError::Unavailable("no answer".into())),
            _ => return Err(AuthError::BadToken),
        };
        Ok(user.into())
    }
}

static WITHDRAWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Makes a token bad.
pub(crate) fn withdraw(token: &str) {
    WITHDRAWN.lock().unwrap().insert(token.to_owned());
}

/// What an observer was told of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) user: Option<String>,
    pub(crate) status: u16,
    pub(crate) disposition: Disposition,
    pub(crate) accepted: bool,
    pub(crate) client: Option<IpAddr>,
}

/// Remembers every call.
#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Vec<Seen>>>);

impl Memory {
    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Memory {
    fn observe(&self, record: &CallRecord<'_>) {
        self.0.lock().unwrap().push(Seen {
            method: record.method.path().to_owned(),
            user: record.identity.user().map(|user| user.name.to_string()),
            status: record.status,
            disposition: record.disposition,
            accepted: record.accepted,
            client: record.client,
        });
    }
}
