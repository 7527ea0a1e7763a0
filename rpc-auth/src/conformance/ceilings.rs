//! Bounds: whom a change may be made to, as they are when it is made.

use std::sync::Arc;

use super::given::{
    ANSWERS, api_token, at_once, change, disabled, first_password, is_session, map, password, session, stored,
    to_email, to_grants, to_name, to_telegram_name, user,
};
use crate::model::{Authority, GrantCeiling, GrantsChange, SessionsChange, UserChange, UserId, UserRecord};
use crate::store::{AccountStore, UserError};

/// Of whoever holds neither of these: nobody has "audit" unless it was given to them, everybody has "export" unless it was denied.
fn ceiling() -> GrantCeiling {
    GrantCeiling(map(&[("audit", false), ("export", true)]))
}

async fn holding<S: AccountStore>(store: &S, name: &str, grants: &[(&str, bool)]) -> UserRecord {
    let made = user(store, name).await;
    change(store, &made, to_grants(GrantsChange::Merge(map(grants)))).await
}

fn to_password(hash: &str) -> UserChange {
    UserChange { password: Some(password(hash)), ..UserChange::default() }
}

/// One of each kind, and those that end sessions.
fn changes() -> Vec<UserChange> {
    let ending = UserChange { sessions: SessionsChange::End, ..disabled() };
    let grants = GrantsChange::Replace { scope: ["audit".to_owned()].into(), grants: map(&[("admin", true)]) };
    let changes = [to_name("anna"), to_email("ann@example.com"), to_telegram_name("ann_t"), to_grants(grants)];
    let bounded = changes.into_iter().chain([to_password("$second"), ending, UserChange::default()]);
    bounded.map(|change| UserChange { ceiling: ceiling(), ..change }).collect()
}

/// Whatever the change: it says so, and leaves the user, their sessions and tokens as they were.
pub async fn a_user_beyond_the_bound_is_not_changed<S: AccountStore>(store: Arc<S>) {
    for (name, grants) in
        [("ann", &[("audit", true), ("export", false)][..]), ("bob", &[("admin", true)]), ("eve", &[("export", true)])]
    {
        let user = holding(&*store, name, grants).await;
        session(&*store, &user, name, 0).await;
        for change in changes() {
            let refused = store.update_user(user.id, &change).await;
            assert!(matches!(refused, Err(UserError::HoldsMore)), "{change:?}: {refused:?}");
        }
        assert_eq!(stored(&*store, &user).await, user);
        assert!(is_session(&*store, name).await);
    }
}

/// A deletion too.
pub async fn a_user_beyond_the_bound_is_not_deleted<S: AccountStore>(store: Arc<S>) {
    let ann = holding(&*store, "ann", &[("audit", true), ("export", false)]).await;
    session(&*store, &ann, "session", 0).await;
    let token = api_token(&*store, &ann, "one").await;
    assert!(matches!(store.delete_user(ann.id, &ceiling(), &Authority::Application).await, Err(UserError::HoldsMore)));
    assert_eq!(stored(&*store, &ann).await, ann);
    assert!(is_session(&*store, "session").await);
    assert_eq!(store.api_token(ann.id, token.id).await.expect(ANSWERS), Some(token));
}

/// Whatever else they hold, and whatever they are given by the change itself.
pub async fn a_user_within_the_bound_is_changed_and_deleted<S: AccountStore>(store: Arc<S>) {
    let ann = holding(&*store, "ann", &[("admin", true), ("audit", false), ("export", false)]).await;
    for change in changes() {
        assert!(store.update_user(ann.id, &change).await.expect(ANSWERS).is_some(), "{change:?}");
    }
    assert_eq!(stored(&*store, &ann).await.name, "anna");
    let promotion = to_grants(GrantsChange::Merge(map(&[("audit", true)])));
    let promoted = store.update_user(ann.id, &UserChange { ceiling: ceiling(), ..promotion }).await.expect(ANSWERS);
    assert!(promoted.is_some_and(|user| ceiling().is_exceeded_by(&user.permissions)));
    let bob = holding(&*store, "bob", &[("export", false)]).await;
    assert!(store.delete_user(bob.id, &ceiling(), &Authority::Application).await.expect(ANSWERS));
}

/// There is nobody who could hold more.
pub async fn nobody_is_within_every_bound<S: AccountStore>(store: Arc<S>) {
    let nobody = UserId::new(7);
    for change in changes() {
        assert_eq!(store.update_user(nobody, &change).await.expect(ANSWERS), None, "{change:?}");
    }
    assert!(!store.delete_user(nobody, &ceiling(), &Authority::Application).await.expect(ANSWERS));
}

/// A taken value is told before.
pub async fn a_conflict_is_told_before_the_bound<S: AccountStore>(store: Arc<S>) {
    user(&*store, "ann").await;
    let bob = holding(&*store, "bob", &[]).await;
    let change = UserChange { ceiling: ceiling(), ..to_name("ann") };
    assert!(matches!(store.update_user(bob.id, &change).await, Err(UserError::NameTaken)));
}

/// Somebody is promoted while others change them: what would be done after the promotion is refused.
pub async fn who_is_promoted_meanwhile_is_changed_before_or_not_at_all<S: AccountStore>(store: Arc<S>) {
    for round in 0..10 {
        let ann = holding(&*store, &format!("ann {round}"), &[("export", false)]).await;
        let id = ann.id;
        let race = |store: Arc<S>, number: usize| async move {
            let change = match number {
                0 => to_grants(GrantsChange::Merge(map(&[("audit", true)]))),
                _ => UserChange { ceiling: ceiling(), ..to_password(&format!("$by {number}")) },
            };
            (change.ceiling.clone(), store.update_user(id, &change).await)
        };
        let mut passwords = vec![first_password()];
        for (ceiling, done) in at_once(&store, 6, race).await {
            match done {
                Ok(changed) => {
                    let changed = changed.expect("the user is there");
                    assert!(!ceiling.is_exceeded_by(&changed.permissions), "changed after the promotion");
                    passwords.push(changed.password);
                }
                Err(error) => assert!(matches!(error, UserError::HoldsMore), "{error}"),
            }
        }
        let now = stored(&*store, &ann).await;
        assert!(now.permissions.holds("audit", false) && passwords.contains(&now.password));
    }
}
