//! API tokens.

use std::sync::Arc;

use super::given::{ALL, ANSWERS, api_token, at, at_once, change, disabled, hash, map, session, user};
use crate::model::{ApiTokenId, ApiTokenRecord, Authority, GrantCeiling, Grants, GrantsChange, UserId};
use crate::store::{AccountStore, ApiTokenError, ApiTokenQuery, PageRequest};

async fn is_token<S: AccountStore>(store: &S, token: &str) -> bool {
    store.api_token_by_hash(&hash(token)).await.expect(ANSWERS).is_some()
}

async fn tokens<S: AccountStore>(
    store: &S,
    user: UserId,
    id: Option<ApiTokenId>,
    page: PageRequest,
) -> (Vec<String>, u64) {
    let page = store.api_tokens(user, &ApiTokenQuery { id, page }).await.expect(ANSWERS);
    (page.rows.into_iter().map(|token| token.name).collect(), page.total)
}

/// And never used.
pub async fn a_token_is_made_enabled_and_without_permissions<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let made = store
        .create_api_token(ann.id, "of ann", hash("one"), at(5), 100, &Authority::Application)
        .await
        .expect(ANSWERS);
    let expected = ApiTokenRecord {
        id: made.id,
        user: ann.id,
        name: "of ann".to_owned(),
        hash: hash("one"),
        enabled: true,
        permissions: Grants::default(),
        created: at(5),
        last_used: None,
    };
    assert_eq!(made, expected);
    assert_eq!(store.api_token(ann.id, made.id).await.expect(ANSWERS), Some(made));
}

/// With its owner, as they are now.
pub async fn a_token_is_found_by_its_hash<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let token = api_token(&*store, &ann, "one").await;
    let ann = change(&*store, &ann, disabled()).await;
    assert_eq!(store.api_token_by_hash(&hash("one")).await.expect(ANSWERS), Some((token, ann)));
}

/// A session's for one.
pub async fn another_hash_finds_no_token<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    api_token(&*store, &ann, "one").await;
    session(&*store, &ann, "session", 0).await;
    assert!(!is_token(&*store, "two").await && !is_token(&*store, "session").await);
}

/// Neither one who was deleted nor one who never was.
pub async fn nobody_gets_no_token<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    for id in [ann.id, UserId::new(99)] {
        let refused = store.create_api_token(id, "one", hash("one"), at(0), 100, &Authority::Application).await;
        assert!(matches!(refused, Err(ApiTokenError::NoUser)), "{id}");
    }
    assert!(!is_token(&*store, "one").await);
}

/// Those of others do not count; one that goes makes room.
pub async fn a_user_has_as_many_tokens_as_allowed<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    api_token(&*store, &bob, "bob's").await;
    let one = api_token(&*store, &ann, "one").await;
    store.create_api_token(ann.id, "two", hash("two"), at(0), 2, &Authority::Application).await.expect(ANSWERS);
    let refused = store.create_api_token(ann.id, "three", hash("three"), at(0), 2, &Authority::Application).await;
    assert!(matches!(refused, Err(ApiTokenError::TooMany)));
    assert!(!is_token(&*store, "three").await);
    store.delete_api_token(ann.id, one.id, &Authority::Application).await.expect(ANSWERS);
    store.create_api_token(ann.id, "three", hash("three"), at(0), 2, &Authority::Application).await.expect(ANSWERS);
}

/// Also when many are made at once.
pub async fn tokens_made_at_once_stay_within_the_limit<S: AccountStore>(store: Arc<S>) {
    let owner = user(&*store, "ann").await.id;
    let make = |store: Arc<S>, number: usize| async move {
        let text = format!("{number}");
        store.create_api_token(owner, &text, hash(&text), at(0), 5, &Authority::Application).await
    };
    let made = at_once(&store, 20, make).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 5);
    let mut errors = made.iter().flat_map(|made| made.as_ref().err());
    assert!(errors.all(|error| matches!(error, ApiTokenError::TooMany)));
    assert_eq!(tokens(&*store, owner, None, ALL).await.1, 5);
}

/// Two tokens of a user may have one name; nobody else's tokens are theirs, by any operation.
pub async fn a_token_of_another_user_is_as_good_as_none<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    let token = api_token(&*store, &ann, "one").await;
    let grants = GrantsChange::Merge(map(&[("admin", true)]));
    for (user, id) in [(bob.id, token.id), (ann.id, ApiTokenId::new(i64::MAX)), (UserId::new(99), token.id)] {
        assert_eq!(store.api_token(user, id).await.expect(ANSWERS), None);
        assert_eq!(store.set_api_token_enabled(user, id, false, &Authority::Application).await.expect(ANSWERS), None);
        assert_eq!(
            store.change_api_token_grants(user, id, &grants, &Authority::Application).await.expect(ANSWERS),
            None
        );
        assert_eq!(store.delete_api_token(user, id, &Authority::Application).await.expect(ANSWERS), None);
        assert_eq!(tokens(&*store, user, Some(id), ALL).await, (Vec::new(), 0));
    }
    assert_eq!(store.api_token(ann.id, token.id).await.expect(ANSWERS), Some(token));
}

/// Ids as numbers; the total is that of all pages.
pub async fn tokens_are_listed_by_id<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    let mut made = Vec::new();
    for number in 0..12 {
        api_token(&*store, &bob, &format!("bob's {number}")).await;
        made.push(api_token(&*store, &ann, &format!("{}", 50 - number)).await.name);
    }
    assert_eq!(tokens(&*store, ann.id, None, ALL).await, (made.clone(), 12));
    for offset in [0, 5, 10] {
        let limit = 5;
        let end = 12.min(offset + 5);
        let page = tokens(&*store, ann.id, None, PageRequest { offset: offset as u64, limit }).await;
        assert_eq!(page, (made[offset..end].to_vec(), 12));
    }
    assert_eq!(tokens(&*store, UserId::new(99), None, ALL).await, (Vec::new(), 0));
}

/// However far.
pub async fn a_page_of_tokens_beyond_the_end_is_empty<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    api_token(&*store, &ann, "one").await;
    for offset in [1, i64::MAX as u64, u64::MAX] {
        assert_eq!(
            tokens(&*store, ann.id, None, PageRequest { offset, limit: 100 }).await,
            (Vec::new(), 1),
            "{offset}"
        );
    }
}

/// Of the user's own.
pub async fn an_id_selects_one_token<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    api_token(&*store, &ann, "one").await;
    let two = api_token(&*store, &ann, "two").await;
    assert_eq!(tokens(&*store, ann.id, Some(two.id), ALL).await, (vec!["two".to_owned()], 1));
}

/// It is found, and says that it is disabled.
pub async fn a_token_is_disabled_and_enabled<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let mut token = api_token(&*store, &ann, "one").await;
    for enabled in [false, false, true] {
        token.enabled = enabled;
        let changed =
            store.set_api_token_enabled(ann.id, token.id, enabled, &Authority::Application).await.expect(ANSWERS);
        assert_eq!(changed.as_ref(), Some(&token));
        let found = store.api_token_by_hash(&hash("one")).await.expect(ANSWERS);
        assert_eq!(found.map(|(token, _)| token).as_ref(), Some(&token));
    }
}

/// Of many who delete it at once, one is told what it was; its id is never given again.
pub async fn a_token_is_deleted_once<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let token = api_token(&*store, &ann, "one").await;
    let (owner, id) = (ann.id, token.id);
    let delete = |store: Arc<S>, _| async move {
        store.delete_api_token(owner, id, &Authority::Application).await.expect(ANSWERS)
    };
    let deleted: Vec<ApiTokenRecord> = at_once(&store, 8, delete).await.into_iter().flatten().collect();
    assert_eq!(deleted, [token]);
    assert!(!is_token(&*store, "one").await);
    assert!(api_token(&*store, &ann, "two").await.id > id);
}

/// The first use is noted, an earlier one is not; a token that is gone is passed over.
pub async fn the_use_of_a_token_never_moves_back<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let (gone, token) = (api_token(&*store, &ann, "gone").await, api_token(&*store, &ann, "one").await);
    store.delete_api_token(ann.id, gone.id, &Authority::Application).await.expect(ANSWERS);
    for (used, expected) in [(20, 20), (10, 20), (30, 30)] {
        store.touch_api_tokens(&[(gone.id, at(used)), (token.id, at(used))]).await.expect(ANSWERS);
        let token = store.api_token(ann.id, token.id).await.expect(ANSWERS).expect("the token is there");
        assert_eq!(token.last_used, Some(at(expected)));
    }
    store.touch_api_tokens(&[]).await.expect(ANSWERS);
}

/// Those of others stay.
pub async fn tokens_go_with_their_user<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    api_token(&*store, &ann, "one").await;
    api_token(&*store, &bob, "two").await;
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    assert!(!is_token(&*store, "one").await && is_token(&*store, "two").await);
    assert_eq!(tokens(&*store, ann.id, None, ALL).await, (Vec::new(), 0));
}
