//! Users: ids, names, Telegram names, changes, root, deletion.

use std::sync::Arc;

use super::given::{
    ANSWERS, at, at_once, change, disabled, everybody, first_password, map, new_user, new_user_with_email, page,
    password, stored, to_email, to_name, to_telegram_name, user, user_with_confirmed,
};
use crate::model::{Authority, GrantCeiling, Grants, GrantsChange, NewUser, UserChange, UserId};
use crate::store::{AccountStore, UserError};

/// The first user has the id 2, as 1 is root's; the next ones larger ids.
pub async fn ids_begin_at_two_and_grow<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    assert_eq!(ann.id, UserId::new(2));
    assert!(bob.id > ann.id);
}

/// Also when the user with the largest id is gone.
pub async fn an_id_is_never_given_again<S: AccountStore>(store: Arc<S>) {
    user(&*store, "ann").await;
    let bob = user(&*store, "bob").await;
    assert!(store.delete_user(bob.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    assert!(user(&*store, "bob").await.id > bob.id);
}

/// Every field, to the millisecond; what was answered is what is read.
pub async fn a_user_is_stored_as_given<S: AccountStore>(store: Arc<S>) {
    let given = NewUser {
        name: "ann".to_owned(),
        password: password("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
        email: Some("ann@example.com".to_owned()),
        telegram_name: Some("ann_t".to_owned()),
        enabled: false,
        permissions: Grants(map(&[("admin", true), ("audit", false)])),
        created: at(123),
        by: Authority::Application,
    };
    let ann = store.create_user(given.clone()).await.expect(ANSWERS);
    let NewUser { name, password, email, telegram_name, enabled, permissions, created, by: _ } = given;
    assert_eq!((&ann.name, &ann.password, &ann.email), (&name, &password, &email));
    assert_eq!((&ann.telegram_name, ann.enabled, &ann.permissions), (&telegram_name, enabled, &permissions));
    assert_eq!((ann.created, ann.email_confirmed, ann.had_confirmed_email), (created, false, false));
    assert_eq!(stored(&*store, &ann).await, ann);
    assert_eq!(store.user_by_name("ann").await.expect(ANSWERS), Some(ann));
}

/// Quotes, wildcards, other scripts: nothing has a meaning.
pub async fn odd_characters_are_stored_as_they_are<S: AccountStore>(store: Arc<S>) {
    for text in ["'; drop table users; --", "\"\\%_?$1", "дмитрий", "日本\u{1F600}", "a\u{301}", "\u{e1}"] {
        let given = NewUser { permissions: Grants(map(&[(text, true)])), ..new_user_with_email(text, text) };
        let made = store.create_user(NewUser { telegram_name: Some(text.to_owned()), ..given }).await.expect(ANSWERS);
        assert_eq!(store.user_by_name(text).await.expect(ANSWERS).as_ref(), Some(&made), "{text}");
        assert_eq!(
            (made.name, made.email.as_deref(), made.telegram_name.as_deref()),
            (text.to_owned(), Some(text), Some(text))
        );
        assert!(made.permissions.holds(text, false), "{text}");
    }
}

/// By any id or name, for any operation.
pub async fn a_user_who_is_not_there_is_none<S: AccountStore>(store: Arc<S>) {
    user(&*store, "ann").await;
    for id in [1, 3, 0, -1, i64::MIN, i64::MAX].map(UserId::new) {
        assert_eq!(store.user(id).await.expect(ANSWERS), None, "{id}");
        assert_eq!(store.update_user(id, &to_name("ann")).await.expect(ANSWERS), None, "{id}");
        assert!(!store.delete_user(id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS), "{id}");
    }
    for name in ["", "an", "ann ", "Ann", "a%", "2"] {
        assert_eq!(store.user_by_name(name).await.expect(ANSWERS), None, "{name:?}");
        assert_eq!(store.user_by_login(name).await.expect(ANSWERS), None, "{name:?}");
    }
}

/// By creation and by change.
pub async fn a_name_is_given_once<S: AccountStore>(store: Arc<S>) {
    user(&*store, "ann").await;
    let bob = user(&*store, "bob").await;
    assert!(matches!(store.create_user(new_user("ann")).await, Err(UserError::NameTaken)));
    assert!(matches!(store.update_user(bob.id, &to_name("ann")).await, Err(UserError::NameTaken)));
}

/// By creation and by change.
pub async fn a_telegram_name_is_given_once<S: AccountStore>(store: Arc<S>) {
    let with_telegram = |name| NewUser { telegram_name: Some("ann_t".to_owned()), ..new_user(name) };
    store.create_user(with_telegram("ann")).await.expect(ANSWERS);
    let bob = user(&*store, "bob").await;
    assert!(matches!(store.create_user(with_telegram("eve")).await, Err(UserError::TelegramNameTaken)));
    let refused = store.update_user(bob.id, &to_telegram_name("ann_t")).await;
    assert!(matches!(refused, Err(UserError::TelegramNameTaken)));
}

/// The others are told that the name is taken, and nothing else goes wrong.
pub async fn of_many_who_take_a_name_at_once_one_gets_it<S: AccountStore>(store: Arc<S>) {
    let results = at_once(&store, 50, |store, _| async move { store.create_user(new_user("ann")).await }).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(results.iter().flat_map(|result| result.as_ref().err()).all(|error| matches!(error, UserError::NameTaken)));
    assert_eq!(page(&*store, &everybody()).await.total, 1);
}

/// As many users as were made, each with an id of their own.
pub async fn users_made_at_once_have_ids_of_their_own<S: AccountStore>(store: Arc<S>) {
    let make = |store: Arc<S>, number| async move { user(&*store, &format!("user-{number}")).await.id };
    let mut ids = at_once(&store, 20, make).await;
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

/// Changes compete as creations do.
pub async fn of_many_who_change_to_a_telegram_name_at_once_one_gets_it<S: AccountStore>(store: Arc<S>) {
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(user(&*store, &format!("user-{number}")).await.id);
    }
    let take = |store: Arc<S>, number: usize| {
        let id = ids[number];
        async move { store.update_user(id, &to_telegram_name("wanted")).await }
    };
    let results = at_once(&store, ids.len(), take).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    let mut errors = results.iter().flat_map(|result| result.as_ref().err());
    assert!(errors.all(|error| matches!(error, UserError::TelegramNameTaken)));
}

/// Where several are taken, the name is told first, then the address, then the Telegram name.
pub async fn conflicts_are_told_in_order<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", "ann@example.com").await;
    change(&*store, &ann, to_telegram_name("ann_t")).await;
    let bob = user(&*store, "bob").await;
    let mut wanted = new_user_with_email("ann", "ann@example.com");
    wanted.telegram_name = Some("ann_t".to_owned());
    let mut change = UserChange { name: Some("ann".to_owned()), ..to_email("ann@example.com") };
    change.telegram_name = Some(Some("ann_t".to_owned()));

    assert!(matches!(store.create_user(wanted.clone()).await, Err(UserError::NameTaken)));
    assert!(matches!(store.update_user(bob.id, &change).await, Err(UserError::NameTaken)));
    wanted.name = "eve".to_owned();
    change.name = Some("eve".to_owned());
    assert!(matches!(store.create_user(wanted.clone()).await, Err(UserError::EmailTaken)));
    assert!(matches!(store.update_user(bob.id, &change).await, Err(UserError::EmailTaken)));
    wanted.email = None;
    change.email = None;
    assert!(matches!(store.create_user(wanted).await, Err(UserError::TelegramNameTaken)));
    assert!(matches!(store.update_user(bob.id, &change).await, Err(UserError::TelegramNameTaken)));
}

/// Neither the user nor the name that was free.
pub async fn a_refused_creation_leaves_nothing_behind<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    change(&*store, &ann, to_telegram_name("ann_t")).await;
    let refused = NewUser { telegram_name: Some("ann_t".to_owned()), ..new_user("bob") };
    assert!(store.create_user(refused).await.is_err());
    assert_eq!(page(&*store, &everybody()).await.total, 1);
    assert_eq!(store.user_by_name("bob").await.expect(ANSWERS), None);
    user(&*store, "bob").await;
}

/// No field, also of those that had no conflict.
pub async fn a_refused_change_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    change(&*store, &ann, to_telegram_name("ann_t")).await;
    let bob = user_with_confirmed(&*store, "bob", "bob@example.com").await;
    let refused = UserChange {
        name: Some("robert".to_owned()),
        password: Some(password("$second")),
        email: Some(None),
        telegram_name: Some(Some("ann_t".to_owned())),
        enabled: Some(false),
        permissions: Some(GrantsChange::Merge(map(&[("admin", true)]))),
        ..UserChange::default()
    };
    assert!(matches!(store.update_user(bob.id, &refused).await, Err(UserError::TelegramNameTaken)));
    assert_eq!(stored(&*store, &bob).await, bob);
    assert_eq!(store.user_by_login("bob@example.com").await.expect(ANSWERS), Some(bob));
    assert_eq!(store.user_by_name("robert").await.expect(ANSWERS), None);
}

/// And nothing else.
pub async fn a_change_sets_what_it_names<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", "ann@example.com").await;
    let mut expected = ann.clone();
    expected.name = "anna".to_owned();
    assert_eq!(change(&*store, &ann, to_name("anna")).await, expected);
    expected.telegram_name = Some("ann_t".to_owned());
    assert_eq!(change(&*store, &ann, to_telegram_name("ann_t")).await, expected);
    expected.enabled = false;
    assert_eq!(change(&*store, &ann, disabled()).await, expected);
    expected.password = password("$second");
    let to_password = UserChange { password: Some(password("$second")), ..UserChange::default() };
    assert_eq!(change(&*store, &ann, to_password).await, expected);
    expected.telegram_name = None;
    let to_none = UserChange { telegram_name: Some(None), ..UserChange::default() };
    assert_eq!(change(&*store, &ann, to_none).await, expected);
    assert_eq!(stored(&*store, &ann).await, expected);
}

/// It answers the user.
pub async fn a_change_of_nothing_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", "ann@example.com").await;
    assert_eq!(change(&*store, &ann, UserChange::default()).await, ann);
    assert_eq!(stored(&*store, &ann).await, ann);
}

/// A change to values that the user has is no conflict, and keeps the address confirmed.
pub async fn ones_own_values_are_no_conflict<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", "ann@example.com").await;
    let ann = change(&*store, &ann, to_telegram_name("ann_t")).await;
    for same in [to_name("ann"), to_telegram_name("ann_t"), to_email("ann@example.com")] {
        assert_eq!(change(&*store, &ann, same).await, ann);
    }
}

/// The user is found by the new name, somebody else may have the old one.
pub async fn a_name_that_was_left_is_free<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let ann = change(&*store, &change(&*store, &ann, to_name("anna")).await, to_telegram_name("ann_t")).await;
    change(&*store, &ann, to_telegram_name("anna_t")).await;
    assert_eq!(store.user_by_name("ann").await.expect(ANSWERS), None);
    assert_eq!(store.user_by_name("anna").await.expect(ANSWERS).map(|user| user.id), Some(ann.id));
    let other = NewUser { telegram_name: Some("ann_t".to_owned()), ..new_user("ann") };
    assert_ne!(store.create_user(other).await.expect(ANSWERS).id, ann.id);
}

/// Name, confirmed address and Telegram name.
pub async fn what_a_deleted_user_had_is_free<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_confirmed(&*store, "ann", "ann@example.com").await;
    change(&*store, &ann, to_telegram_name("ann_t")).await;
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    assert_eq!(store.user(ann.id).await.expect(ANSWERS), None);
    assert_eq!(store.user_by_login("ann@example.com").await.expect(ANSWERS), None);
    let again = user_with_confirmed(&*store, "ann", "ann@example.com").await;
    change(&*store, &again, to_telegram_name("ann_t")).await;
}

/// Of many who delete a user at once, one did it.
pub async fn a_user_is_deleted_once<S: AccountStore>(store: Arc<S>) {
    let id = user(&*store, "ann").await.id;
    let deleted = at_once(&store, 8, |store, _| async move {
        store.delete_user(id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS)
    })
    .await;
    assert_eq!(deleted.into_iter().filter(|deleted| *deleted).count(), 1);
}

/// Of many nodes that make root at once, one made it: enabled, with the id 1 and no address.
pub async fn root_is_made_once<S: AccountStore>(store: Arc<S>) {
    let make =
        |store: Arc<S>, _| async move { store.create_root("root", first_password(), at(7)).await.expect(ANSWERS) };
    let made = at_once(&store, 8, make).await;
    assert_eq!(made.into_iter().filter(|made| *made).count(), 1);
    let root = store.user(UserId::ROOT).await.expect(ANSWERS).expect("root is there");
    assert_eq!((root.name.as_str(), root.enabled, root.created), ("root", true, at(7)));
    assert_eq!((&root.email, &root.telegram_name, &root.permissions), (&None, &None, &Grants::default()));
    assert_eq!(root.password, first_password());
    assert_eq!(store.user_by_login("root").await.expect(ANSWERS), Some(root));
}

/// Neither their password nor their name.
pub async fn a_root_who_is_there_is_left_alone<S: AccountStore>(store: Arc<S>) {
    assert!(store.create_root("root", first_password(), at(0)).await.expect(ANSWERS));
    assert!(!store.create_root("toor", password("$second"), at(1)).await.expect(ANSWERS));
    let root = store.user(UserId::ROOT).await.expect(ANSWERS).expect("root is there");
    assert_eq!((root.name.as_str(), root.password, root.created), ("root", first_password(), at(0)));
}

/// Whether root is made before other users or after them.
pub async fn root_takes_no_id_from_others<S: AccountStore>(store: Arc<S>) {
    assert_eq!(user(&*store, "ann").await.id, UserId::new(2));
    assert!(store.create_root("root", first_password(), at(0)).await.expect(ANSWERS));
    assert!(user(&*store, "bob").await.id > UserId::new(2));
}
