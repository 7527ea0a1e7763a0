//! Confirmation tokens that no longer apply: what they rest on has changed since they were mailed.

use std::sync::Arc;

use super::given::{
    ANSWERS, at, at_once, change, confirmation, disabled, hash, map, new_confirmation, new_session, password, session,
    stored, to_email, to_grants, to_name, to_telegram_name, user_with_confirmed, user_with_email,
};
use crate::model::{
    ConfirmationKind, GrantCeiling, GrantsChange, NewConfirmation, NewSession, SessionsChange, UserChange, UserRecord,
};
use crate::store::{AccountStore, ConfirmationError, UserError};

const ADDRESS: &str = "ann@example.com";
const EMAIL: ConfirmationKind = ConfirmationKind::Email;
const RESET: ConfirmationKind = ConfirmationKind::PasswordReset;

/// A user with an address that is not confirmed, and a token of either kind.
async fn mailed<S: AccountStore>(store: &S, name: &str) -> UserRecord {
    let user = user_with_email(store, name, ADDRESS).await;
    for kind in [EMAIL, RESET] {
        confirmation(store, &user, kind, &token(name, kind)).await;
    }
    user
}

fn token(name: &str, kind: ConfirmationKind) -> String {
    format!("{name} {kind:?}")
}

/// Of how many kinds the tokens of a user would be accepted.
async fn good<S: AccountStore>(store: &S, name: &str) -> usize {
    let mut good = 0;
    for kind in [EMAIL, RESET] {
        let user = store.confirmation_user(&hash(&token(name, kind)), kind, at(0)).await.expect(ANSWERS);
        good += usize::from(user.is_some());
    }
    good
}

/// Neither of the two that were mailed to a user is accepted, and nothing of the user changes.
async fn are_refused<S: AccountStore>(store: &S, name: &str, user: &UserRecord) {
    assert_eq!(good(store, name).await, 0, "{name}");
    let confirmed = store.confirm_email(&hash(&token(name, EMAIL)), at(0)).await;
    assert!(matches!(confirmed, Err(ConfirmationError::Invalid)), "{name}: {confirmed:?}");
    let reset = store.reset_password(&hash(&token(name, RESET)), password("$taken over"), at(0)).await;
    assert!(matches!(reset, Err(ConfirmationError::Invalid)), "{name}: {reset:?}");
    assert_eq!(stored(store, user).await, *user, "{name}");
}

fn to_password(text: &str) -> UserChange {
    UserChange { password: Some(password(text)), ..UserChange::default() }
}

fn enabled() -> UserChange {
    UserChange { enabled: Some(true), ..UserChange::default() }
}

/// Whatever else the change does, and whatever becomes of the sessions. The tokens of others are as good as before.
pub async fn a_new_password_voids_what_was_mailed<S: AccountStore>(store: Arc<S>) {
    mailed(&*store, "bob").await;
    let ends = UserChange { sessions: SessionsChange::End, ..to_password("$second") };
    let renames = UserChange { name: Some("anna".to_owned()), ..to_password("$third") };
    for (name, by) in [("ann", to_password("$second")), ("eve", ends), ("zoe", renames)] {
        let user = mailed(&*store, name).await;
        session(&*store, &user, name, 0).await;
        let user = change(&*store, &user, by).await;
        are_refused(&*store, name, &user).await;
    }
    assert_eq!(good(&*store, "bob").await, 2);
}

/// They do not come back with the address either; nor do those of a confirmed address that is removed.
pub async fn a_new_address_voids_what_was_mailed<S: AccountStore>(store: Arc<S>) {
    let ann = mailed(&*store, "ann").await;
    change(&*store, &ann, to_email("anna@example.com")).await;
    let ann = change(&*store, &ann, to_email(ADDRESS)).await;
    are_refused(&*store, "ann", &ann).await;
    let bob = user_with_confirmed(&*store, "bob", "bob@example.com").await;
    confirmation(&*store, &bob, RESET, &token("bob", RESET)).await;
    change(&*store, &bob, UserChange { email: Some(None), ..UserChange::default() }).await;
    let bob = change(&*store, &bob, to_email("bob@example.com")).await;
    are_refused(&*store, "bob", &bob).await;
}

/// They do not come back when the user is enabled again.
pub async fn disabling_voids_what_was_mailed<S: AccountStore>(store: Arc<S>) {
    let ann = mailed(&*store, "ann").await;
    change(&*store, &ann, disabled()).await;
    let ann = change(&*store, &ann, enabled()).await;
    are_refused(&*store, "ann", &ann).await;
}

/// A password that is set by mail is a new password: the mail that confirms the address is void with it.
pub async fn a_reset_voids_what_else_was_mailed<S: AccountStore>(store: Arc<S>) {
    mailed(&*store, "ann").await;
    mailed(&*store, "bob").await;
    let ann = store.reset_password(&hash(&token("ann", RESET)), password("$second"), at(0)).await.expect(ANSWERS);
    are_refused(&*store, "ann", &ann).await;
    assert_eq!(store.purge_confirmations(at(5000)).await.expect(ANSWERS), 2, "Bob's are left");
}

/// Names, grants, sessions that end, being enabled, the same address once more; and no password that was only hashed anew.
pub async fn what_a_mail_does_not_rest_on_voids_nothing<S: AccountStore>(store: Arc<S>) {
    let ann = mailed(&*store, "ann").await;
    let ends = UserChange { sessions: SessionsChange::End, ..UserChange::default() };
    let grants = to_grants(GrantsChange::Merge(map(&[("admin", true)])));
    for by in [to_name("anna"), to_telegram_name("ann_t"), grants, ends, enabled(), to_email(ADDRESS)] {
        let told = format!("{by:?}");
        change(&*store, &ann, by).await;
        assert_eq!(good(&*store, "ann").await, 2, "{told}");
    }
    let rehashed = Some(password("$stronger"));
    let session = NewSession { rehashed, ..new_session(ann.id, "session", at(0)) };
    assert!(store.create_session(session, 100).await.expect(ANSWERS).is_some());
    assert_eq!(good(&*store, "ann").await, 2);
}

/// A change that is refused voids nothing.
pub async fn a_refused_change_voids_nothing<S: AccountStore>(store: Arc<S>) {
    mailed(&*store, "bob").await;
    let ann = mailed(&*store, "ann").await;
    let conflict = UserChange { name: Some("bob".to_owned()), ..to_password("$second") };
    assert!(matches!(store.update_user(ann.id, &conflict).await, Err(UserError::NameTaken)));
    let ceiling = GrantCeiling(map(&[("export", true)]));
    for by in [to_password("$second"), disabled(), to_email("anna@example.com")] {
        let refused = store.update_user(ann.id, &UserChange { ceiling: ceiling.clone(), ..by }).await;
        assert!(matches!(refused, Err(UserError::HoldsMore)), "{refused:?}");
    }
    assert_eq!(good(&*store, "ann").await, 2);
}

/// A mail that was begun before a change is void as one that was sent before it; and the one before it stays as good as it is.
pub async fn nothing_is_kept_for_who_was_disabled_or_left_the_address<S: AccountStore>(store: Arc<S>) {
    let ann = mailed(&*store, "ann").await;
    let elsewhere = NewConfirmation { email: "anna@example.com".to_owned(), ..new_confirmation(&ann, RESET, "late") };
    assert!(!store.create_confirmation(elsewhere).await.expect(ANSWERS));
    assert_eq!(good(&*store, "ann").await, 2);
    change(&*store, &ann, disabled()).await;
    for kind in [EMAIL, RESET] {
        let late = new_confirmation(&ann, kind, &token("ann", kind));
        assert!(!store.create_confirmation(late).await.expect(ANSWERS));
    }
    let ann = change(&*store, &ann, enabled()).await;
    are_refused(&*store, "ann", &ann).await;
    assert!(store.create_confirmation(new_confirmation(&ann, RESET, "now")).await.expect(ANSWERS));
}

/// Of mails that are begun while a user is disabled, none is good when the user is enabled again.
pub async fn what_is_mailed_during_the_disabling_is_void<S: AccountStore>(store: Arc<S>) {
    for round in 0..10 {
        let name = format!("ann {round}");
        let user = mailed(&*store, &name).await;
        let race = |store: Arc<S>, number: usize| {
            let (user, name) = (user.clone(), name.clone());
            async move {
                match number {
                    0 => drop(change(&*store, &user, disabled()).await),
                    _ => {
                        let kind = if number == 1 { EMAIL } else { RESET };
                        let given = new_confirmation(&user, kind, &token(&name, kind));
                        store.create_confirmation(given).await.expect(ANSWERS);
                    }
                }
            }
        };
        at_once(&store, 4, race).await;
        let user = change(&*store, &user, enabled()).await;
        are_refused(&*store, &name, &user).await;
    }
}
