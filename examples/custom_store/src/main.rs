//! A store of accounts of one's own: one that writes an audit trail of every change, around whatever store keeps the accounts.
//!
//! ```console
//! $ cargo run -p custom_store -- ann bob
//! user 2 "ann" was made
//! user 3 "bob" was made
//! session 1 of user 2 began
//! API token 1 of user 2 was made
//! user 2 was changed: enabled, sessions
//! user 3 was deleted
//! ```
//!
//! `Accounts` takes it as any other: `AccountParts { store: Arc::new(Audited::new(MemoryStore::default(), file)), … }`. That
//! nothing gets lost on the way is what its tests say: `cargo test -p custom_store` holds it against every property of a store.

mod audited;

use std::error::Error;
use std::io::stdout;

use rpc_auth::{
    ApiTokenStore, Authority, GrantCeiling, MemoryStore, NewSession, NewUser, PasswordHash, SessionStore,
    SessionsChange, TokenHash, UserChange, UserStore,
};
use rpc_core::Timestamp;

use crate::audited::Audited;

/// Makes users with the names that it is given; lets the first one come and go, and deletes the last one.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let store = Audited::new(MemoryStore::default(), stdout());
    let password = PasswordHash::from_phc("$argon2id$…");
    let now = Timestamp::default();
    let mut users = Vec::new();
    for name in std::env::args().skip(1) {
        let user = NewUser { name, password: password.clone(), ..NewUser::default() };
        users.push(store.create_user(user).await?.id);
    }
    let [first, .., last] = users[..] else {
        return Err("two names are needed".into());
    };
    let session = NewSession { user: first, hash: TokenHash::of("…"), password, rehashed: None, created: now };
    store.create_session(session, 100).await?;
    store.create_api_token(first, "laptop", TokenHash::of("……"), now, 100, &Authority::Application).await?;
    let locked = UserChange { enabled: Some(false), sessions: SessionsChange::End, ..UserChange::default() };
    store.update_user(first, &locked).await?;
    store.delete_user(last, &GrantCeiling::NONE, &Authority::Application).await?;
    Ok(())
}
