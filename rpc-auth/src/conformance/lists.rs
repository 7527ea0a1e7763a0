//! Lists of users: order and pages.

use std::sync::Arc;

use rpc_core::read::Direction::{Ascending, Descending};

use super::given::{
    ANSWERS, at, change, confirm, disabled, everybody, first_password, names, new_user, page, searched, sorted, user,
    user_with_email,
};
use crate::model::{NewUser, UserId};
use crate::store::{AccountStore, PageRequest, UserQuery, UserSort};

/// Users who were all made at the same moment.
async fn users<S: AccountStore>(store: &S, names: &[&str]) {
    for name in names {
        user(store, name).await;
    }
}

/// Where the query does not say; by code point, whatever a language would say.
pub async fn users_are_listed_by_name_and_names_by_code_point<S: AccountStore>(store: Arc<S>) {
    users(&*store, &["zoe", "ab", "a_b", "a-b", "a.b", "Zoe", "\u{e9}va", "a", "\u{1F600}", "\u{ff5e}", "a1"]).await;
    let expected = ["Zoe", "a", "a-b", "a.b", "a1", "a_b", "ab", "zoe", "\u{e9}va", "\u{ff5e}", "\u{1F600}"];
    assert_eq!(names(&*store, &everybody()).await, expected);
    assert_eq!(names(&*store, &sorted(&[(UserSort::Name, Ascending)])).await, expected);
    let mut reversed = names(&*store, &sorted(&[(UserSort::Name, Descending)])).await;
    reversed.reverse();
    assert_eq!(reversed, expected);
}

/// 10 after 9.
pub async fn ids_sort_as_numbers<S: AccountStore>(store: Arc<S>) {
    let mut made = Vec::new();
    for number in 0..12 {
        made.push(user(&*store, &format!("user-{}", 50 - number)).await.name);
    }
    assert_eq!(names(&*store, &sorted(&[(UserSort::Id, Ascending)])).await, made);
    made.reverse();
    assert_eq!(names(&*store, &sorted(&[(UserSort::Id, Descending)])).await, made);
}

/// To the millisecond.
pub async fn users_sort_by_when_they_were_made<S: AccountStore>(store: Arc<S>) {
    for (name, created) in [("ann", 2), ("bob", 1), ("eve", 3)] {
        store.create_user(NewUser { created: at(created), ..new_user(name) }).await.expect(ANSWERS);
    }
    assert_eq!(names(&*store, &sorted(&[(UserSort::Created, Ascending)])).await, ["bob", "ann", "eve"]);
    assert_eq!(names(&*store, &sorted(&[(UserSort::Created, Descending)])).await, ["eve", "ann", "bob"]);
}

/// The disabled come before the enabled.
pub async fn users_sort_by_whether_they_are_enabled<S: AccountStore>(store: Arc<S>) {
    users(&*store, &["ann", "bob", "eve"]).await;
    let bob = store.user_by_name("bob").await.expect(ANSWERS).expect("bob is there");
    change(&*store, &bob, disabled()).await;
    assert_eq!(names(&*store, &sorted(&[(UserSort::Enabled, Ascending)])).await, ["bob", "ann", "eve"]);
    assert_eq!(names(&*store, &sorted(&[(UserSort::Enabled, Descending)])).await, ["ann", "eve", "bob"]);
}

/// Small to large, in either direction of the order: the same list every time.
pub async fn ties_are_broken_by_id<S: AccountStore>(store: Arc<S>) {
    let made = ["zoe", "ann", "eve", "bob"];
    users(&*store, &made).await;
    for field in [UserSort::Created, UserSort::Enabled] {
        for direction in [Ascending, Descending] {
            assert_eq!(names(&*store, &sorted(&[(field, direction)])).await, made, "{field:?} {direction:?}");
        }
    }
}

/// The second decides where the first does not.
pub async fn several_terms_sort_one_after_the_other<S: AccountStore>(store: Arc<S>) {
    users(&*store, &["ann", "bob", "eve", "zoe"]).await;
    for name in ["ann", "eve"] {
        let user = store.user_by_name(name).await.expect(ANSWERS).expect("the user is there");
        change(&*store, &user, disabled()).await;
    }
    let query = sorted(&[(UserSort::Enabled, Descending), (UserSort::Name, Descending)]);
    assert_eq!(names(&*store, &query).await, ["zoe", "bob", "eve", "ann"]);
    let query = sorted(&[(UserSort::Created, Descending), (UserSort::Enabled, Ascending), (UserSort::Id, Descending)]);
    assert_eq!(names(&*store, &query).await, ["eve", "ann", "zoe", "bob"]);
}

/// Each user is on one page, and each page says how many there are on all.
pub async fn pages_put_together_are_the_list<S: AccountStore>(store: Arc<S>) {
    users(&*store, &["a0", "a1", "a2", "a3", "a4", "a5", "a6"]).await;
    for query in [everybody(), sorted(&[(UserSort::Created, Descending)]), searched("a")] {
        let whole = page(&*store, &query).await.rows;
        let mut together = Vec::new();
        for offset in [0, 3, 6] {
            let paged = UserQuery { page: PageRequest { offset, limit: 3 }, ..query.clone() };
            let page = page(&*store, &paged).await;
            assert_eq!((page.total, page.rows.len()), (7, if offset == 6 { 1 } else { 3 }));
            together.extend(page.rows);
        }
        assert_eq!(together, whole);
    }
}

/// However far, and the total stays what it is.
pub async fn a_page_beyond_the_end_is_empty<S: AccountStore>(store: Arc<S>) {
    users(&*store, &["ann", "bob"]).await;
    for offset in [2, 3, u64::from(u32::MAX), i64::MAX as u64, u64::MAX] {
        let query = UserQuery { page: PageRequest { offset, limit: 100 }, ..everybody() };
        let page = page(&*store, &query).await;
        assert_eq!((page.rows.len(), page.total), (0, 2), "{offset}");
    }
}

/// In a store without users a list is empty.
pub async fn a_list_of_nobody_is_empty<S: AccountStore>(store: Arc<S>) {
    assert!(names(&*store, &everybody()).await.is_empty());
    assert!(names(&*store, &UserQuery { with_root: true, ..searched("a") }).await.is_empty());
}

/// Not by search and not by id either.
pub async fn root_is_listed_only_where_it_is_asked_for<S: AccountStore>(store: Arc<S>) {
    assert!(store.create_root("root", first_password(), at(0)).await.expect(ANSWERS));
    users(&*store, &["ann", "zoe"]).await;
    let by_id = UserQuery { id: Some(UserId::ROOT), ..everybody() };
    for (query, with_root) in
        [(everybody(), vec!["ann", "root", "zoe"]), (searched("oo"), vec!["root"]), (by_id, vec!["root"])]
    {
        let without: Vec<&str> = with_root.iter().copied().filter(|name| *name != "root").collect();
        assert_eq!(names(&*store, &query).await, without);
        assert_eq!(names(&*store, &UserQuery { with_root: true, ..query }).await, with_root);
    }
}

/// Only the user who has it.
pub async fn an_id_selects_one_user<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (user(&*store, "ann").await, user(&*store, "bob").await);
    assert_eq!(names(&*store, &UserQuery { id: Some(bob.id), ..everybody() }).await, ["bob"]);
    assert_eq!(names(&*store, &UserQuery { id: Some(ann.id), ..searched("bob") }).await, [""; 0]);
    assert_eq!(names(&*store, &UserQuery { id: Some(UserId::new(99)), ..everybody() }).await, [""; 0]);
}

/// A list says of a user what a look at the user says.
pub async fn rows_of_a_list_are_whole<S: AccountStore>(store: Arc<S>) {
    let ann = user_with_email(&*store, "ann", "ann@example.com").await;
    let ann = confirm(&*store, &ann).await;
    assert_eq!(page(&*store, &everybody()).await.rows, [ann]);
}
