//! Confirmation tokens, and addresses that they confirm.

use std::sync::Arc;

use super::given::{
    ANSWERS, at, at_once, change, confirm, confirmation, hash, new_confirmation, password, stored, to_email,
    user_with_email,
};
use crate::model::{Authority, ConfirmationKind, GrantCeiling, NewConfirmation, UserId, UserRecord};
use crate::store::{AccountStore, ConfirmationError};

const ADDRESS: &str = "ann@example.com";
const EMAIL: ConfirmationKind = ConfirmationKind::Email;
const RESET: ConfirmationKind = ConfirmationKind::PasswordReset;

/// A user with an address, and a token that confirms it.
async fn with_token<S: AccountStore>(store: &S, name: &str, token: &str) -> UserRecord {
    let user = user_with_email(store, name, ADDRESS).await;
    confirmation(store, &user, EMAIL, token).await;
    user
}

async fn is_refused<S: AccountStore>(store: &S, token: &str) -> bool {
    matches!(store.confirm_email(&hash(token), at(0)).await, Err(ConfirmationError::Invalid))
}

async fn seen<S: AccountStore>(store: &S, token: &str, kind: ConfirmationKind) -> Option<UserId> {
    let user = store.confirmation_user(&hash(token), kind, at(0)).await.expect(ANSWERS);
    user.map(|user| user.id)
}

/// And nothing else of the user changes.
pub async fn a_token_confirms_an_address<S: AccountStore>(store: Arc<S>) {
    let mut ann = with_token(&*store, "ann", "one").await;
    (ann.email_confirmed, ann.had_confirmed_email) = (true, true);
    assert_eq!(store.confirm_email(&hash("one"), at(0)).await.expect(ANSWERS), ann);
    assert_eq!(stored(&*store, &ann).await, ann);
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), Some(ann));
}

/// A second use is refused, as a token that never was.
pub async fn a_token_is_good_once<S: AccountStore>(store: Arc<S>) {
    with_token(&*store, "ann", "one").await;
    assert!(is_refused(&*store, "never").await);
    assert!(store.confirm_email(&hash("one"), at(0)).await.is_ok());
    assert!(is_refused(&*store, "one").await);
}

/// Of concurrent uses one wins.
pub async fn of_many_uses_of_a_token_at_once_one_wins<S: AccountStore>(store: Arc<S>) {
    with_token(&*store, "ann", "one").await;
    let confirm = |store: Arc<S>, _| async move { store.confirm_email(&hash("one"), at(0)).await };
    let results = at_once(&store, 8, confirm).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let mut errors = results.iter().flat_map(|result| result.as_ref().err());
    assert!(errors.all(|error| matches!(error, ConfirmationError::Invalid)));
}

/// Good a millisecond before it, no longer at it.
pub async fn a_token_expires_at_its_moment<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_email(&*store, "ann", ADDRESS).await;
    for (now, is_good) in [(1000, false), (1001, false), (999, true)] {
        let given = NewConfirmation { expires: at(1000), ..new_confirmation(&ann, EMAIL, "one") };
        store.create_confirmation(given).await.expect(ANSWERS);
        let seen = store.confirmation_user(&hash("one"), EMAIL, at(now)).await.expect(ANSWERS);
        assert_eq!(seen.is_some(), is_good, "{now}");
        assert_eq!(store.confirm_email(&hash("one"), at(now)).await.is_ok(), is_good, "{now}");
    }
}

/// In either direction.
pub async fn a_token_of_the_other_kind_is_refused<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "ann", "email").await;
    confirmation(&*store, &ann, RESET, "reset").await;
    assert!(is_refused(&*store, "reset").await);
    let refused = store.reset_password(&hash("email"), password("$second"), at(0)).await;
    assert!(matches!(refused, Err(ConfirmationError::Invalid)));
    assert_eq!(stored(&*store, &ann).await, ann);
    assert_eq!((seen(&*store, "reset", EMAIL).await, seen(&*store, "email", RESET).await), (None, None));
}

/// Older ones of the same user and kind are good no longer; those of others and of the other kind are.
pub async fn only_the_newest_token_is_good<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "ann", "old").await;
    let bob = with_token(&*store, "bob", "bob's").await;
    confirmation(&*store, &ann, RESET, "reset").await;
    confirmation(&*store, &ann, EMAIL, "new").await;
    assert_eq!(seen(&*store, "old", EMAIL).await, None);
    assert_eq!(seen(&*store, "new", EMAIL).await, Some(ann.id));
    assert_eq!(seen(&*store, "reset", RESET).await, Some(ann.id));
    assert_eq!(seen(&*store, "bob's", EMAIL).await, Some(bob.id));
    assert!(is_refused(&*store, "old").await);
    assert!(store.confirm_email(&hash("new"), at(0)).await.is_ok());
}

/// One token is left, and it is one of them.
pub async fn of_tokens_made_at_once_one_is_good<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_email(&*store, "ann", ADDRESS).await;
    let make = |store: Arc<S>, number: usize| {
        let given = new_confirmation(&ann, EMAIL, &format!("{number}"));
        async move { store.create_confirmation(given).await.expect(ANSWERS) }
    };
    at_once(&store, 10, make).await;
    let mut good = 0;
    for number in 0..10 {
        good += usize::from(seen(&*store, &format!("{number}"), EMAIL).await.is_some());
    }
    assert_eq!(good, 1);
}

/// A token confirms the address that it was sent to, and no other.
pub async fn an_address_changed_meanwhile_is_not_confirmed<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "ann", "one").await;
    let ann = change(&*store, &ann, to_email("anna@example.com")).await;
    assert_eq!(seen(&*store, "one", EMAIL).await, None);
    assert!(is_refused(&*store, "one").await);
    assert_eq!(stored(&*store, &ann).await, ann);
}

/// Who was first is its owner.
pub async fn an_address_confirmed_by_another_meanwhile_is_not_confirmed<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "ann", "one").await;
    let bob = user_with_email(&*store, "bob", ADDRESS).await;
    let bob = confirm(&*store, &bob).await;
    assert_eq!(seen(&*store, "one", EMAIL).await, None);
    assert!(is_refused(&*store, "one").await);
    assert_eq!(stored(&*store, &ann).await, ann);
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), Some(bob));
}

/// Of many users who confirm one address at once, each with a good token.
pub async fn of_many_who_confirm_an_address_at_once_one_gets_it<S: AccountStore>(store: Arc<S>) {
    for number in 0..10 {
        with_token(&*store, &format!("user-{number}"), &format!("{number}")).await;
    }
    let confirm =
        |store: Arc<S>, number: usize| async move { store.confirm_email(&hash(&format!("{number}")), at(0)).await };
    let results = at_once(&store, 10, confirm).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let mut errors = results.iter().flat_map(|result| result.as_ref().err());
    assert!(errors.all(|error| matches!(error, ConfirmationError::Invalid)));
}

/// A look at the user before the token is used costs nothing.
pub async fn a_look_uses_no_token_up<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "ann", "one").await;
    confirmation(&*store, &ann, RESET, "two").await;
    for _ in 0..2 {
        assert_eq!(seen(&*store, "one", EMAIL).await, Some(ann.id));
        assert_eq!(seen(&*store, "two", RESET).await, Some(ann.id));
    }
    assert!(store.confirm_email(&hash("one"), at(0)).await.is_ok());
    assert_eq!(seen(&*store, "one", EMAIL).await, None);
}

/// Before the moment, not at it.
pub async fn tokens_are_purged_when_they_are_over<S: AccountStore>(store: Arc<S>) {
    for (name, expires) in [("ann", 10), ("bob", 11)] {
        let user = user_with_email(&*store, name, ADDRESS).await;
        let given = NewConfirmation { expires: at(expires), ..new_confirmation(&user, EMAIL, name) };
        store.create_confirmation(given).await.expect(ANSWERS);
    }
    assert_eq!(store.purge_confirmations(at(10)).await.expect(ANSWERS), 0);
    assert_eq!(store.purge_confirmations(at(11)).await.expect(ANSWERS), 1);
    assert_eq!(store.purge_confirmations(at(11)).await.expect(ANSWERS), 0);
    assert_eq!((seen(&*store, "ann", EMAIL).await, seen(&*store, "bob", EMAIL).await.is_some()), (None, true));
}

/// Those of others stay.
pub async fn tokens_of_confirmation_go_with_their_user<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "ann", "one").await;
    confirmation(&*store, &ann, RESET, "two").await;
    let bob = with_token(&*store, "bob", "three").await;
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    assert!(is_refused(&*store, "one").await);
    assert_eq!(seen(&*store, "two", RESET).await, None);
    assert!(store.reset_password(&hash("two"), password("$second"), at(0)).await.is_err());
    assert_eq!(seen(&*store, "three", EMAIL).await, Some(bob.id));
    assert_eq!(store.purge_confirmations(at(5000)).await.expect(ANSWERS), 1);
}

/// A mail that is made while its user is deleted is no fault.
pub async fn for_a_user_who_is_gone_nothing_is_kept<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_email(&*store, "ann", ADDRESS).await;
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    confirmation(&*store, &ann, EMAIL, "one").await;
    assert!(is_refused(&*store, "one").await);
    assert_eq!(store.purge_confirmations(at(5000)).await.expect(ANSWERS), 0);
}

/// Also when they have the same address: a token is a user's, not an address's.
pub async fn a_token_of_one_user_confirms_nobody_else<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_email(&*store, "ann", ADDRESS).await;
    let bob = with_token(&*store, "bob", "one").await;
    assert_eq!(store.confirm_email(&hash("one"), at(0)).await.expect(ANSWERS).id, bob.id);
    assert_eq!(stored(&*store, &ann).await, ann);
}
