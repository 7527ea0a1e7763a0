//! What properties begin with: users, sessions and tokens that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rpc_core::Timestamp;
use rpc_core::read::{Direction, OrderBy};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::model::{
    ApiTokenRecord, Authority, ConfirmationKind, GrantsChange, NewConfirmation, NewSession, NewUser, SessionId,
    UserChange, UserId, UserRecord,
};
use crate::password::PasswordHash;
use crate::store::{AccountStore, Page, PageRequest, UserQuery, UserSort};
use crate::token::hash::TokenHash;

/// What is said when a store fails that has no reason to.
pub(super) const ANSWERS: &str = "the store answers";

/// More than any property makes.
pub(super) const ALL: PageRequest = PageRequest { offset: 0, limit: 1000 };

/// Milliseconds after a moment of 2023.
pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

pub(super) fn hash(token: &str) -> TokenHash {
    TokenHash::of(token)
}

pub(super) fn password(text: &str) -> PasswordHash {
    PasswordHash::from_phc(text)
}

/// The password of every user here.
pub(super) fn first_password() -> PasswordHash {
    password("$first")
}

/// An enabled user without address and Telegram name.
pub(super) fn new_user(name: &str) -> NewUser {
    NewUser { name: name.to_owned(), password: first_password(), created: at(0), ..NewUser::default() }
}

pub(super) fn new_user_with_email(name: &str, email: &str) -> NewUser {
    NewUser { email: Some(email.to_owned()), ..new_user(name) }
}

pub(super) async fn user<S: AccountStore>(store: &S, name: &str) -> UserRecord {
    store.create_user(new_user(name)).await.expect(ANSWERS)
}

pub(super) async fn user_with_email<S: AccountStore>(store: &S, name: &str, email: &str) -> UserRecord {
    store.create_user(new_user_with_email(name, email)).await.expect(ANSWERS)
}

/// A user who has confirmed an address.
pub(super) async fn user_with_confirmed<S: AccountStore>(store: &S, name: &str, email: &str) -> UserRecord {
    let user = user_with_email(store, name, email).await;
    confirm(store, &user).await
}

/// Lets a user confirm the address that they have.
pub(super) async fn confirm<S: AccountStore>(store: &S, user: &UserRecord) -> UserRecord {
    let token = format!("confirms {}", user.id);
    confirmation(store, user, ConfirmationKind::Email, &token).await;
    store.confirm_email(&hash(&token), at(0)).await.expect(ANSWERS)
}

/// A confirmation token for the address that a user has, good for a second.
pub(super) fn new_confirmation(user: &UserRecord, kind: ConfirmationKind, token: &str) -> NewConfirmation {
    let email = user.email.clone().expect("the user has an address");
    NewConfirmation { user: user.id, kind, hash: hash(token), email, expires: at(1000) }
}

pub(super) async fn confirmation<S: AccountStore>(store: &S, user: &UserRecord, kind: ConfirmationKind, token: &str) {
    store.create_confirmation(new_confirmation(user, kind, token)).await.expect(ANSWERS);
}

pub(super) fn new_session(user: UserId, token: &str, created: Timestamp) -> NewSession {
    NewSession { user, hash: hash(token), password: first_password(), rehashed: None, created }
}

/// A session of a user who may have a hundred.
pub(super) async fn session<S: AccountStore>(store: &S, user: &UserRecord, token: &str, created: i64) -> SessionId {
    let session = store.create_session(new_session(user.id, token, at(created)), 100).await.expect(ANSWERS);
    session.expect("the user may have a session").id
}

/// Whether a token is the token of a session.
pub(super) async fn is_session<S: AccountStore>(store: &S, token: &str) -> bool {
    store.session(&hash(token)).await.expect(ANSWERS).is_some()
}

/// An API token of a user who may have a hundred, with its own name as its text.
pub(super) async fn api_token<S: AccountStore>(store: &S, user: &UserRecord, name: &str) -> ApiTokenRecord {
    store.create_api_token(user.id, name, hash(name), at(0), 100, &Authority::Application).await.expect(ANSWERS)
}

/// Makes a change that has to succeed.
pub(super) async fn change<S: AccountStore>(store: &S, user: &UserRecord, change: UserChange) -> UserRecord {
    store.update_user(user.id, &change).await.expect(ANSWERS).expect("the user is there")
}

/// What is stored of a user who is there.
pub(super) async fn stored<S: AccountStore>(store: &S, user: &UserRecord) -> UserRecord {
    store.user(user.id).await.expect(ANSWERS).expect("the user is there")
}

/// A change of the address.
pub(super) fn to_email(email: &str) -> UserChange {
    UserChange { email: Some(Some(email.to_owned())), ..UserChange::default() }
}

/// A change of the name.
pub(super) fn to_name(name: &str) -> UserChange {
    UserChange { name: Some(name.to_owned()), ..UserChange::default() }
}

/// A change of the Telegram name.
pub(super) fn to_telegram_name(name: &str) -> UserChange {
    UserChange { telegram_name: Some(Some(name.to_owned())), ..UserChange::default() }
}

/// A change of the grants.
pub(super) fn to_grants(change: GrantsChange) -> UserChange {
    UserChange { permissions: Some(change), ..UserChange::default() }
}

pub(super) fn disabled() -> UserChange {
    UserChange { enabled: Some(false), ..UserChange::default() }
}

pub(super) fn map(grants: &[(&str, bool)]) -> BTreeMap<String, bool> {
    grants.iter().map(|&(name, held)| (name.to_owned(), held)).collect()
}

pub(super) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// All users but root, by name.
pub(super) fn everybody() -> UserQuery {
    UserQuery { id: None, search: None, name: None, with_root: false, order: Vec::new(), page: ALL }
}

/// All users but root, in an order.
pub(super) fn sorted(terms: &[(UserSort, Direction)]) -> UserQuery {
    let order = terms.iter().map(|&(field, direction)| OrderBy { field, direction }).collect();
    UserQuery { order, ..everybody() }
}

pub(super) fn searched(text: &str) -> UserQuery {
    UserQuery { search: Some(text.to_owned()), ..everybody() }
}

pub(super) async fn page<S: AccountStore>(store: &S, query: &UserQuery) -> Page<UserRecord> {
    store.users(query).await.expect(ANSWERS)
}

/// The names on the page of a query, which has all that match.
pub(super) async fn names<S: AccountStore>(store: &S, query: &UserQuery) -> Vec<String> {
    let page = page(store, query).await;
    assert_eq!(page.total, page.rows.len() as u64, "the total is the number of rows");
    page.rows.into_iter().map(|user| user.name).collect()
}

/// Starts an operation that many times at once, with the numbers from 0, and waits for all.
pub(super) async fn at_once<S, T, F>(store: &Arc<S>, count: usize, operation: impl Fn(Arc<S>, usize) -> F) -> Vec<T>
where
    S: AccountStore,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (barrier, operation) = (Arc::clone(&barrier), operation(Arc::clone(store), number));
        tasks.spawn(async move {
            barrier.wait().await;
            operation.await
        });
    }
    tasks.join_all().await
}
