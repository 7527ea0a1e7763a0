//! Passwords that are set by a token from a mail.

use std::sync::Arc;

use super::given::{
    ANSWERS, api_token, at, at_once, change, confirmation, disabled, hash, is_session, password, session, stored,
    to_email, user, user_with_confirmed, user_with_email,
};
use crate::model::{ConfirmationKind, UserRecord};
use crate::store::{AccountStore, ConfirmationError};

const ADDRESS: &str = "ann@example.com";
const RESET: ConfirmationKind = ConfirmationKind::PasswordReset;

/// A user with an address that is not confirmed, and a token that sets the password.
async fn with_token<S: AccountStore>(store: &S, token: &str) -> UserRecord {
    let ann = user_with_email(store, "ann", ADDRESS).await;
    confirmation(store, &ann, RESET, token).await;
    ann
}

async fn reset<S: AccountStore>(store: &S, token: &str) -> Result<UserRecord, ConfirmationError> {
    store.reset_password(&hash(token), password("$second"), at(0)).await
}

async fn is_seen<S: AccountStore>(store: &S, token: &str) -> bool {
    store.confirmation_user(&hash(token), RESET, at(0)).await.expect(ANSWERS).is_some()
}

/// Whoever reads the mail of an address has shown that it is theirs.
pub async fn a_reset_sets_the_password_and_confirms_the_address<S: AccountStore>(store: Arc<S>) {
    let mut ann = with_token(&*store, "one").await;
    ann.password = password("$second");
    (ann.email_confirmed, ann.had_confirmed_email) = (true, true);
    assert_eq!(reset(&*store, "one").await.expect(ANSWERS), ann);
    assert_eq!(stored(&*store, &ann).await, ann);
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), Some(ann));
    assert!(matches!(reset(&*store, "one").await, Err(ConfirmationError::Invalid)));
}

/// Somebody may have signed up with the address before its owner. Those of others go on.
pub async fn a_reset_ends_sessions_and_disables_api_tokens<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "reset").await;
    let bob = user(&*store, "bob").await;
    for (owner, token) in [(&ann, "one"), (&ann, "two"), (&bob, "bob's")] {
        session(&*store, owner, token, 0).await;
        api_token(&*store, owner, token).await;
    }
    reset(&*store, "reset").await.expect(ANSWERS);
    for (token, goes_on) in [("one", false), ("two", false), ("bob's", true)] {
        assert_eq!(is_session(&*store, token).await, goes_on, "{token}");
        let found = store.api_token_by_hash(&hash(token)).await.expect(ANSWERS);
        assert_eq!(found.expect("the token is there").0.enabled, goes_on, "{token}");
    }
}

/// Of concurrent uses one wins, and its password is the user's.
pub async fn of_many_resets_at_once_one_wins<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "one").await;
    let reset = |store: Arc<S>, number: usize| async move {
        store.reset_password(&hash("one"), password(&format!("${number}")), at(0)).await
    };
    let mut winners: Vec<UserRecord> = at_once(&store, 8, reset).await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(winners.pop(), Some(stored(&*store, &ann).await));
}

/// As one that confirms an address.
pub async fn a_reset_expires_at_its_moment<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "one").await;
    let late = store.reset_password(&hash("one"), password("$second"), at(1000)).await;
    assert!(matches!(late, Err(ConfirmationError::Invalid)));
    assert_eq!(stored(&*store, &ann).await, ann);
    confirmation(&*store, &ann, RESET, "two").await;
    assert!(store.reset_password(&hash("two"), password("$second"), at(999)).await.is_ok());
}

/// Nobody comes back by a mail that was sent before they were disabled; nothing of them changes.
pub async fn a_disabled_user_cannot_be_reset<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "one").await;
    session(&*store, &ann, "session", 0).await;
    api_token(&*store, &ann, "api").await;
    let ann = change(&*store, &ann, disabled()).await;
    assert!(!is_seen(&*store, "one").await);
    assert!(matches!(reset(&*store, "one").await, Err(ConfirmationError::Invalid)));
    assert_eq!(stored(&*store, &ann).await, ann);
    assert!(is_session(&*store, "session").await);
    let (token, _) = store.api_token_by_hash(&hash("api")).await.expect(ANSWERS).expect("the token is there");
    assert!(token.enabled);
}

/// Whoever reads the mail of an address that the user has left takes nothing over.
pub async fn a_mail_to_an_address_that_was_left_resets_nothing<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "one").await;
    let ann = change(&*store, &ann, to_email("anna@example.com")).await;
    assert!(!is_seen(&*store, "one").await);
    assert!(matches!(reset(&*store, "one").await, Err(ConfirmationError::Invalid)));
    assert_eq!(stored(&*store, &ann).await, ann);
}

/// The password is set; the address stays the other's.
pub async fn a_reset_confirms_no_address_that_another_has_confirmed<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "one").await;
    let bob = user_with_confirmed(&*store, "bob", ADDRESS).await;
    let after = reset(&*store, "one").await.expect(ANSWERS);
    assert_eq!((after.id, after.password.clone()), (ann.id, password("$second")));
    assert_eq!((after.email_confirmed, after.had_confirmed_email), (false, false));
    assert_eq!(stored(&*store, &ann).await, after);
    assert_eq!(store.user_by_login(ADDRESS).await.expect(ANSWERS), Some(bob));
}

/// A user who is reset and one who confirms the same address at once do not both have it.
pub async fn a_reset_and_a_confirmation_at_once_leave_one_owner<S: AccountStore>(store: Arc<S>) {
    let ann = with_token(&*store, "reset").await;
    let bob = user_with_email(&*store, "bob", ADDRESS).await;
    confirmation(&*store, &bob, ConfirmationKind::Email, "confirm").await;
    let race = |store: Arc<S>, number: usize| async move {
        if number == 0 { reset(&*store, "reset").await } else { store.confirm_email(&hash("confirm"), at(0)).await }
    };
    let results = at_once(&store, 2, race).await;
    assert!(
        results
            .iter()
            .flat_map(|result| result.as_ref().err())
            .all(|error| matches!(error, ConfirmationError::Invalid))
    );
    let (ann, bob) = (stored(&*store, &ann).await, stored(&*store, &bob).await);
    assert_eq!(ann.password, password("$second"));
    assert!(ann.email_confirmed != bob.email_confirmed);
}
