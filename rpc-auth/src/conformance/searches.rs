//! Searches among users.

use std::sync::Arc;

use super::given::{
    ANSWERS, change, everybody, names, new_user_with_email, searched, to_email, to_telegram_name, user, user_with_email,
};
use crate::model::{Authority, GrantCeiling, NewUser};
use crate::store::{AccountStore, UserQuery};

fn named(text: &str) -> UserQuery {
    UserQuery { name: Some(text.to_owned()), ..everybody() }
}

/// Anywhere in name, address and Telegram name; addresses that are not confirmed too.
pub async fn a_search_looks_at_name_address_and_telegram_name<S: AccountStore>(store: Arc<S>) {
    let given = NewUser { telegram_name: Some("kestrel".to_owned()), ..new_user_with_email("ann", "wren@example.com") };
    store.create_user(given).await.expect(ANSWERS);
    user(&*store, "bob").await;
    for text in ["ann", "nn", "wren", "@example", "kestrel", "estre"] {
        assert_eq!(names(&*store, &searched(text)).await, ["ann"], "{text}");
    }
    for text in ["annwren", "nothing", "$first"] {
        assert!(names(&*store, &searched(text)).await.is_empty(), "{text}");
    }
}

/// A user is found by what they have now.
pub async fn a_search_follows_changes<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_email(&*store, "ann", "wren@example.com").await;
    change(&*store, &ann, to_email("owl@example.com")).await;
    change(&*store, &ann, to_telegram_name("kestrel")).await;
    assert!(names(&*store, &searched("wren")).await.is_empty());
    assert_eq!(names(&*store, &searched("owl")).await, ["ann"]);
    assert_eq!(names(&*store, &searched("kestrel")).await, ["ann"]);
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    assert!(names(&*store, &searched("owl")).await.is_empty());
}

/// On either side, beyond ASCII too.
pub async fn a_search_ignores_case<S: AccountStore>(store: Arc<S>) {
    user_with_email(&*store, "ann", "\u{e4}rger@example.com").await;
    user_with_email(&*store, "Bob", "\u{416}UK@example.com").await;
    for text in ["ANN", "\u{c4}RGER@E", "\u{e4}rger"] {
        assert_eq!(names(&*store, &searched(text)).await, ["ann"], "{text}");
    }
    for text in ["bob", "BOB", "\u{436}uk"] {
        assert_eq!(names(&*store, &searched(text)).await, ["Bob"], "{text}");
    }
    assert_eq!(names(&*store, &named("bO")).await, ["Bob"]);
}

/// `%`, `_`, `\` and what else a language of patterns may use stand for themselves.
pub async fn every_character_of_a_search_is_itself<S: AccountStore>(store: Arc<S>) {
    let odd = ["a%b", "a_b", "a\\b", "a*b", "a?b", "a.b", "a[b", "a'b", "a\\%b"];
    for name in odd {
        user(&*store, name).await;
    }
    user(&*store, "axb").await;
    for name in odd {
        assert_eq!(names(&*store, &searched(name)).await, [name]);
        assert_eq!(names(&*store, &named(name)).await, [name]);
    }
    assert_eq!(names(&*store, &searched("%")).await, ["a%b", "a\\%b"]);
    assert_eq!(names(&*store, &searched("_")).await, ["a_b"]);
    assert_eq!(names(&*store, &searched("\\")).await, ["a\\%b", "a\\b"]);
    assert!(names(&*store, &searched("a%x")).await.is_empty());
}

/// Also those who have neither address nor Telegram name.
pub async fn a_search_for_nothing_finds_everybody<S: AccountStore>(store: Arc<S>) {
    user(&*store, "ann").await;
    user_with_email(&*store, "bob", "bob@example.com").await;
    assert_eq!(names(&*store, &searched("")).await, ["ann", "bob"]);
    assert_eq!(names(&*store, &named("")).await, ["ann", "bob"]);
}

/// Not at addresses, as a search does.
pub async fn a_search_by_name_looks_at_names_only<S: AccountStore>(store: Arc<S>) {
    user_with_email(&*store, "ann", "bob@example.com").await;
    user(&*store, "bob").await;
    assert_eq!(names(&*store, &named("bo")).await, ["bob"]);
    assert_eq!(names(&*store, &searched("bo")).await, ["ann", "bob"]);
}

/// A user has to meet all that are given.
pub async fn conditions_hold_together<S: AccountStore>(store: Arc<S>) {
    user_with_email(&*store, "ann", "ann@example.com").await;
    user_with_email(&*store, "anna", "wren@example.com").await;
    let both = UserQuery { name: Some("ann".to_owned()), ..searched("wren") };
    assert_eq!(names(&*store, &both).await, ["anna"]);
    assert!(names(&*store, &UserQuery { name: Some("bob".to_owned()), ..searched("wren") }).await.is_empty());
}
