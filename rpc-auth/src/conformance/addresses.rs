//! Addresses of users: unique among confirmed ones only.

use std::sync::Arc;

use super::given::{
    ANSWERS, change, confirm, new_user_with_email, stored, to_email, user, user_with_confirmed, user_with_email,
};
use crate::model::UserChange;
use crate::store::{AccountStore, UserError};

const ADDRESS: &str = "ann@example.com";

/// Nobody is kept out by an address that somebody has written down.
pub async fn an_unconfirmed_address_keeps_nobody_out<S: AccountStore>(store: Arc<S>) {
    user_with_email(&*store, "ann", ADDRESS).await;
    user_with_email(&*store, "bob", ADDRESS).await;
    let eve = user(&*store, "eve").await;
    assert_eq!(change(&*store, &eve, to_email(ADDRESS)).await.email.as_deref(), Some(ADDRESS));
}

/// By creation and by change.
pub async fn a_confirmed_address_keeps_others_out<S: AccountStore>(store: Arc<S>) {
    user_with_confirmed(&*store, "ann", ADDRESS).await;
    let bob = user(&*store, "bob").await;
    let refused = store.create_user(new_user_with_email("eve", ADDRESS)).await;
    assert!(matches!(refused, Err(UserError::EmailTaken)));
    assert!(matches!(store.update_user(bob.id, &to_email(ADDRESS)).await, Err(UserError::EmailTaken)));
    assert_eq!(stored(&*store, &bob).await, bob);
}

/// Somebody who wrote the address down before its owner confirmed it may change everything else.
pub async fn an_address_confirmed_by_another_is_no_conflict_of_other_changes<S: AccountStore>(store: Arc<S>) {
    let bob = user_with_email(&*store, "bob", ADDRESS).await;
    user_with_confirmed(&*store, "ann", ADDRESS).await;
    let renamed = UserChange { name: Some("robert".to_owned()), ..UserChange::default() };
    let robert = change(&*store, &bob, renamed).await;
    assert_eq!(
        (robert.name.as_str(), robert.email.as_deref(), robert.email_confirmed),
        ("robert", Some(ADDRESS), false)
    );
}

/// Another address is unconfirmed; that there was a confirmed one is remembered.
pub async fn another_address_is_unconfirmed<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", ADDRESS).await;
    assert!(ann.email_confirmed && ann.had_confirmed_email);
    let ann = change(&*store, &ann, to_email("anna@example.com")).await;
    assert_eq!((ann.email.as_deref(), ann.email_confirmed), (Some("anna@example.com"), false));
    assert!(ann.had_confirmed_email);
    assert_eq!(stored(&*store, &ann).await, ann);
}

/// An address that comes back has to be confirmed again.
pub async fn an_address_that_comes_back_is_unconfirmed<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", ADDRESS).await;
    change(&*store, &ann, to_email("anna@example.com")).await;
    assert!(!change(&*store, &ann, to_email(ADDRESS)).await.email_confirmed);
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), None);
}

/// Also for good: nobody signs in by it, somebody else may confirm it.
pub async fn an_address_that_was_left_is_free<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", ADDRESS).await;
    change(&*store, &ann, to_email("anna@example.com")).await;
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), None);
    let bob = user_with_confirmed(&*store, "bob", ADDRESS).await;
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), Some(bob));
}

/// No address is not confirmed, and no login.
pub async fn a_removed_address_leaves_none<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", ADDRESS).await;
    let ann = change(&*store, &ann, UserChange { email: Some(None), ..UserChange::default() }).await;
    assert_eq!((&ann.email, ann.email_confirmed, ann.had_confirmed_email), (&None, false, true));
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), None);
    user_with_confirmed(&*store, "bob", ADDRESS).await;
}

/// The owner of an address signs in by it, whoever has it as name.
pub async fn a_login_is_a_confirmed_address_before_it_is_a_name<S: AccountStore>(store: Arc<S>) {
    let named = user(&*store, ADDRESS).await;
    let owner = user_with_email(&*store, "ann", ADDRESS).await;
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), Some(named.clone()));
    let owner = confirm(&*store, &owner).await;
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), Some(owner.clone()));
    assert_eq!(store.user_by_name(ADDRESS).await.expect(ANSWERS), Some(named));
    assert_eq!(store.user_by_login("ann").await.expect(ANSWERS), Some(owner));
}

/// Not as long as nobody has confirmed it.
pub async fn an_unconfirmed_address_is_no_login<S: AccountStore>(store: Arc<S>) {
    user_with_email(&*store, "ann", ADDRESS).await;
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), None);
}
