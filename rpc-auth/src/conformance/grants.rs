//! Grants of users and of API tokens: changed as they are stored.

use std::sync::Arc;

use super::given::{ANSWERS, api_token, at_once, change, map, set, stored, to_grants, user};
use crate::model::{Authority, Grants, GrantsChange};
use crate::store::AccountStore;

fn first() -> GrantsChange {
    GrantsChange::Merge(map(&[("a", true), ("b", false), ("c", true)]))
}

fn replaced() -> GrantsChange {
    GrantsChange::Replace { scope: set(&["a", "b", "d"]), grants: map(&[("b", true), ("x", true)]) }
}

/// Merging sets the named grants and leaves the others alone.
pub async fn merged_grants_leave_the_others_alone<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    change(&*store, &ann, to_grants(first())).await;
    let merged = change(&*store, &ann, to_grants(GrantsChange::Merge(map(&[("b", true), ("d", false)])))).await;
    assert_eq!(merged.permissions, Grants(map(&[("a", true), ("b", true), ("c", true), ("d", false)])));
    assert_eq!(stored(&*store, &ann).await, merged);
}

/// Replacing decides about everything in the scope, and about nothing outside of it.
pub async fn replaced_grants_stay_within_their_scope<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    change(&*store, &ann, to_grants(first())).await;
    let replaced = change(&*store, &ann, to_grants(replaced())).await;
    assert_eq!(replaced.permissions, Grants(map(&[("a", false), ("b", true), ("c", true), ("d", false)])));
    assert_eq!(stored(&*store, &ann).await, replaced);
}

/// Of changes made at once none is lost.
pub async fn grants_merged_at_once_are_all_kept<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let id = ann.id;
    let merge = |store: Arc<S>, number: usize| async move {
        let grants = [(format!("permission-{number}"), true)].into();
        store.update_user(id, &to_grants(GrantsChange::Merge(grants))).await.expect(ANSWERS)
    };
    at_once(&store, 20, merge).await;
    assert_eq!(stored(&*store, &ann).await.permissions.0.len(), 20);
}

/// Those of a token change as those of a user do.
pub async fn grants_of_a_token_merge_and_replace<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let token = api_token(&*store, &ann, "one").await;
    let grants =
        store.change_api_token_grants(ann.id, token.id, &first(), &Authority::Application).await.expect(ANSWERS);
    assert_eq!(grants.expect("the token is there").permissions.0, map(&[("a", true), ("b", false), ("c", true)]));
    let changed =
        store.change_api_token_grants(ann.id, token.id, &replaced(), &Authority::Application).await.expect(ANSWERS);
    let expected = Grants(map(&[("a", false), ("b", true), ("c", true), ("d", false)]));
    assert_eq!(changed.as_ref().map(|token| &token.permissions), Some(&expected));
    assert_eq!(store.api_token(ann.id, token.id).await.expect(ANSWERS), changed);
    assert_eq!(stored(&*store, &ann).await.permissions, Grants::default());
}

/// Of changes made at once none is lost.
pub async fn grants_of_a_token_merged_at_once_are_all_kept<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let (owner, id) = (ann.id, api_token(&*store, &ann, "one").await.id);
    let merge = |store: Arc<S>, number: usize| async move {
        let grants = [(format!("permission-{number}"), true)].into();
        store
            .change_api_token_grants(owner, id, &GrantsChange::Merge(grants), &Authority::Application)
            .await
            .expect(ANSWERS)
    };
    at_once(&store, 20, merge).await;
    let token = store.api_token(owner, id).await.expect(ANSWERS).expect("the token is there");
    assert_eq!(token.permissions.0.len(), 20);
}
