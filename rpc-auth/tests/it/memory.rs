//! The store in memory.

use rpc_auth::{ApiTokenStore, Authority, MemoryStore, NewUser, PasswordHash, TokenHash, UserStore};
use rpc_core::Timestamp;

rpc_auth::account_store_conformance!(conforms, async { (MemoryStore::default(), ()) });

const USERS: usize = 100_000;

/// As they are after a sign-up: a hash of Argon2id, an address, and one token.
async fn fill(store: &MemoryStore) {
    let phc = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
    for number in 0..USERS {
        let user = NewUser {
            name: format!("user-{number}"),
            password: PasswordHash::from_phc(phc),
            email: Some(format!("user-{number}@example.com")),
            ..NewUser::default()
        };
        let user = store.create_user(user).await.unwrap().id;
        let hash = TokenHash::of(&number.to_string());
        store
            .create_api_token(user, "my token", hash, Timestamp::default(), 100, &Authority::Application)
            .await
            .unwrap();
    }
}

#[test]
fn a_user_with_a_token_takes_half_a_kilobyte() {
    let store = MemoryStore::default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let allocations = allocation_counter::measure(|| runtime.block_on(fill(&store)));
    let bytes = usize::try_from(allocations.bytes_current).unwrap() / USERS;
    assert!((300..600).contains(&bytes), "{bytes}");
}
