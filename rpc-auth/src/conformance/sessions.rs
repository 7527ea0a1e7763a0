//! Sessions.

use std::sync::Arc;

use super::given::{
    ANSWERS, api_token, at, at_once, change, disabled, first_password, hash, is_session, new_session, password,
    session, stored, to_name, user,
};
use crate::model::{Authority, GrantCeiling, NewSession, SessionId, SessionRecord, SessionsChange, UserChange};
use crate::store::AccountStore;

async fn record<S: AccountStore>(store: &S, token: &str) -> SessionRecord {
    store.session(&hash(token)).await.expect(ANSWERS).expect("the session is there").0
}

/// Makes a session; how many others ended.
async fn ended_for<S: AccountStore>(store: &S, session: NewSession, max: usize) -> u64 {
    store.create_session(session, max).await.expect(ANSWERS).expect("the user may have a session").ended
}

fn to_second_password() -> UserChange {
    UserChange { password: Some(password("$second")), ..UserChange::default() }
}

fn ending(sessions: SessionsChange) -> UserChange {
    UserChange { sessions, ..UserChange::default() }
}

/// As it was made, just used.
pub async fn a_session_is_found_by_its_token<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let id = session(&*store, &ann, "one", 5).await;
    let expected = SessionRecord { id, user: ann.id, hash: hash("one"), created: at(5), last_used: at(5) };
    assert_eq!(store.session(&hash("one")).await.expect(ANSWERS), Some((expected, ann)));
}

/// Whose token it may be, an API token's for one.
pub async fn another_token_finds_no_session<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    session(&*store, &ann, "one", 0).await;
    api_token(&*store, &ann, "api").await;
    assert!(!is_session(&*store, "two").await);
    assert!(!is_session(&*store, "api").await);
}

/// As they are now, disabled for one; not as they were when they signed in.
pub async fn the_user_of_a_session_is_as_they_are_now<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    session(&*store, &ann, "one", 0).await;
    let ann = change(&*store, &ann, disabled()).await;
    let found = store.session(&hash("one")).await.expect(ANSWERS);
    assert_eq!(found.map(|(_, user)| user), Some(ann));
}

/// Not when they were disabled while the password was checked.
pub async fn a_disabled_user_gets_no_session<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    change(&*store, &ann, disabled()).await;
    assert_eq!(store.create_session(new_session(ann.id, "one", at(0)), 100).await.expect(ANSWERS), None);
    assert!(!is_session(&*store, "one").await);
}

/// Not when they were deleted while the password was checked.
pub async fn a_deleted_user_gets_no_session<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    assert_eq!(store.create_session(new_session(ann.id, "one", at(0)), 100).await.expect(ANSWERS), None);
    assert!(!is_session(&*store, "one").await);
}

/// No session, and no hash of the old password over the new one.
pub async fn a_password_changed_meanwhile_gets_no_session<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    change(&*store, &ann, to_second_password()).await;
    let late = NewSession { rehashed: Some(password("$first, stronger")), ..new_session(ann.id, "one", at(0)) };
    assert_eq!(store.create_session(late, 100).await.expect(ANSWERS), None);
    assert!(!is_session(&*store, "one").await);
    assert_eq!(stored(&*store, &ann).await.password, password("$second"));
}

/// With the session, and nothing else of the user.
pub async fn a_stronger_hash_replaces_the_one_that_was_checked<S: AccountStore>(store: Arc<S>) {
    let mut ann = user(&*store, "ann").await;
    let stronger = password("$first, stronger");
    let rehashing = NewSession { rehashed: Some(stronger.clone()), ..new_session(ann.id, "one", at(0)) };
    assert!(store.create_session(rehashing, 100).await.expect(ANSWERS).is_some());
    ann.password = stronger.clone();
    assert_eq!(stored(&*store, &ann).await, ann);
    assert_eq!(store.create_session(new_session(ann.id, "two", at(0)), 100).await.expect(ANSWERS), None);
    let next = NewSession { password: stronger, ..new_session(ann.id, "three", at(0)) };
    assert!(store.create_session(next, 100).await.expect(ANSWERS).is_some());
    assert!(is_session(&*store, "one").await);
}

/// A session that was made before others, but used since, stays.
pub async fn the_session_idle_longest_makes_room<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let one = session(&*store, &ann, "one", 1).await;
    session(&*store, &ann, "two", 2).await;
    session(&*store, &ann, "three", 3).await;
    store.touch_sessions(&[(one, at(4))]).await.expect(ANSWERS);
    assert_eq!(ended_for(&*store, new_session(ann.id, "four", at(5)), 3).await, 1);
    for (token, stays) in [("one", true), ("two", false), ("three", true), ("four", true)] {
        assert_eq!(is_session(&*store, token).await, stays, "{token}");
    }
    assert_eq!(ended_for(&*store, new_session(ann.id, "five", at(6)), 2).await, 2);
    for (token, stays) in [("one", false), ("three", false), ("four", true), ("five", true)] {
        assert_eq!(is_session(&*store, token).await, stays, "{token}");
    }
}

/// The one made first.
pub async fn of_sessions_idle_equally_long_the_oldest_makes_room<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    for token in ["one", "two", "three"] {
        session(&*store, &ann, token, 0).await;
    }
    assert!(store.create_session(new_session(ann.id, "four", at(0)), 3).await.expect(ANSWERS).is_some());
    for (token, stays) in [("one", false), ("two", true), ("three", true), ("four", true)] {
        assert_eq!(is_session(&*store, token).await, stays, "{token}");
    }
}

/// Not when the clock of the node is behind those of others either.
pub async fn a_new_session_is_never_the_one_that_goes<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    session(&*store, &ann, "one", 1000).await;
    assert!(store.create_session(new_session(ann.id, "two", at(0)), 1).await.expect(ANSWERS).is_some());
    assert!(is_session(&*store, "two").await);
    assert!(!is_session(&*store, "one").await);
}

/// A limit is each user's own.
pub async fn sessions_of_others_make_no_room<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    session(&*store, &bob, "bob's", 0).await;
    assert_eq!(ended_for(&*store, new_session(ann.id, "one", at(5)), 1).await, 0);
    assert_eq!(ended_for(&*store, new_session(ann.id, "two", at(6)), 1).await, 1);
    assert!(is_session(&*store, "bob's").await);
}

/// Also when many begin at once.
pub async fn sessions_begun_at_once_stay_within_the_limit<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let owner = ann.id;
    let begin = |store: Arc<S>, number: usize| async move {
        store.create_session(new_session(owner, &format!("{number}"), at(0)), 5).await.expect(ANSWERS)
    };
    assert!(at_once(&store, 20, begin).await.iter().all(Option::is_some));
    let mut count = 0;
    for number in 0..20 {
        count += usize::from(is_session(&*store, &format!("{number}")).await);
    }
    assert_eq!(count, 5);
}

/// An earlier time than the stored one changes nothing, in whatever order they come.
pub async fn the_use_of_a_session_never_moves_back<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let one = session(&*store, &ann, "one", 10).await;
    let two = session(&*store, &ann, "two", 10).await;
    store.touch_sessions(&[(one, at(30)), (two, at(5))]).await.expect(ANSWERS);
    store.touch_sessions(&[(one, at(20))]).await.expect(ANSWERS);
    assert_eq!(record(&*store, "one").await.last_used, at(30));
    assert_eq!(record(&*store, "two").await.last_used, at(10));
    assert_eq!(record(&*store, "one").await.created, at(10));
}

/// The others of the same note are noted.
pub async fn the_use_of_a_session_that_is_gone_is_passed_over<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let (one, two) = (session(&*store, &ann, "one", 0).await, session(&*store, &ann, "two", 0).await);
    assert!(store.delete_session(one).await.expect(ANSWERS));
    store.touch_sessions(&[(one, at(9)), (SessionId::new(i64::MAX), at(9)), (two, at(9))]).await.expect(ANSWERS);
    store.touch_sessions(&[]).await.expect(ANSWERS);
    assert_eq!(record(&*store, "two").await.last_used, at(9));
    assert!(!is_session(&*store, "one").await);
}

/// Of many who end it at once, one did it.
pub async fn a_session_is_ended_once<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let id = session(&*store, &ann, "one", 0).await;
    session(&*store, &ann, "two", 0).await;
    let ended = at_once(&store, 8, |store, _| async move { store.delete_session(id).await.expect(ANSWERS) }).await;
    assert_eq!(ended.into_iter().filter(|ended| *ended).count(), 1);
    assert!(!is_session(&*store, "one").await);
    assert!(is_session(&*store, "two").await);
}

/// All, or all but one; those of others stay.
pub async fn all_sessions_of_a_user_end_but_one<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    let one = session(&*store, &ann, "one", 0).await;
    session(&*store, &ann, "two", 0).await;
    session(&*store, &ann, "three", 0).await;
    let others = session(&*store, &bob, "bob's", 0).await;
    change(&*store, &ann, ending(SessionsChange::Keep)).await;
    change(&*store, &ann, ending(SessionsChange::EndOthers(one))).await;
    for (token, stays) in [("one", true), ("two", false), ("three", false)] {
        assert_eq!(is_session(&*store, token).await, stays, "{token}");
    }
    change(&*store, &ann, ending(SessionsChange::EndOthers(others))).await;
    assert!(!is_session(&*store, "one").await);
    session(&*store, &ann, "four", 0).await;
    change(&*store, &ann, ending(SessionsChange::End)).await;
    assert!(!is_session(&*store, "four").await && is_session(&*store, "bob's").await);
}

/// A change that is refused ends none.
pub async fn a_refused_change_ends_no_session<S: AccountStore>(store: Arc<S>) {
    let (ann, _) = (user(&*store, "ann").await, user(&*store, "bob").await);
    session(&*store, &ann, "one", 0).await;
    let taken = UserChange { sessions: SessionsChange::End, ..to_name("bob") };
    assert!(store.update_user(ann.id, &taken).await.is_err());
    assert!(is_session(&*store, "one").await);
}

/// Before the moment, not at it; either age is enough.
pub async fn sessions_are_purged_by_either_age<S: AccountStore>(store: Arc<S>) {
    let ann = user(&*store, "ann").await;
    let mut used = Vec::new();
    for (token, created, last) in [("kept", 10, 20), ("old", 9, 99), ("idle", 15, 19), ("both", 1, 2)] {
        used.push((session(&*store, &ann, token, created).await, at(last)));
    }
    store.touch_sessions(&used).await.expect(ANSWERS);
    assert_eq!(store.purge_sessions(at(10), at(20)).await.expect(ANSWERS), 3);
    for (token, stays) in [("kept", true), ("old", false), ("idle", false), ("both", false)] {
        assert_eq!(is_session(&*store, token).await, stays, "{token}");
    }
    assert_eq!(store.purge_sessions(at(10), at(20)).await.expect(ANSWERS), 0);
}

/// Those of others stay.
pub async fn sessions_go_with_their_user<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    let one = session(&*store, &ann, "one", 0).await;
    session(&*store, &bob, "two", 0).await;
    assert!(store.delete_user(ann.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    assert!(!is_session(&*store, "one").await && is_session(&*store, "two").await);
    assert!(!store.delete_session(one).await.expect(ANSWERS));
}

/// A user who is deleted while they sign in leaves no session; the store answers either way.
pub async fn a_deletion_during_sign_in_leaves_no_session<S: AccountStore>(store: Arc<S>) {
    let owner = user(&*store, "ann").await.id;
    let race = |store: Arc<S>, number: usize| async move {
        if number == 5 {
            assert!(store.delete_user(owner, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
        } else {
            store.create_session(new_session(owner, &format!("{number}"), at(0)), 3).await.expect(ANSWERS);
        }
    };
    at_once(&store, 10, race).await;
    for number in 0..10 {
        assert!(!is_session(&*store, &format!("{number}")).await, "{number}");
    }
}

/// Changing the password, which ends the sessions, leaves none that the old password got, however they meet.
pub async fn a_change_of_password_during_sign_in_leaves_no_session<S: AccountStore>(store: Arc<S>) {
    let owner = user(&*store, "ann").await.id;
    let race = |store: Arc<S>, number: usize| async move {
        if number == 5 {
            let change = UserChange { sessions: SessionsChange::End, ..to_second_password() };
            store.update_user(owner, &change).await.expect(ANSWERS);
        } else {
            let session =
                NewSession { rehashed: Some(first_password()), ..new_session(owner, &format!("{number}"), at(0)) };
            store.create_session(session, 3).await.expect(ANSWERS);
        }
    };
    at_once(&store, 10, race).await;
    for number in 0..10 {
        assert!(!is_session(&*store, &format!("{number}")).await, "{number}");
    }
    let ann = store.user(owner).await.expect(ANSWERS).expect("ann is there");
    assert_eq!(ann.password, password("$second"));
}
