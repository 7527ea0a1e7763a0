//! Changes in the name of a caller, whose rights are held against what is stored when they are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::given::{
    ANSWERS, api_token, at, at_once, change, disabled, everybody, first_password, hash, is_session, map, new_user,
    page, password, session, to_grants, user,
};
use crate::model::{
    ApiTokenRecord, Authority, AuthorityError, CallerRights, Credential, GrantCeiling, GrantsChange, NewUser,
    SessionId, SessionsChange, UserChange, UserId, UserRecord,
};
use crate::store::{AccountStore, ApiTokenError, ApiTokenQuery, Page, PageRequest, UserError};

/// A change in somebody's name.
#[derive(Debug, Clone, Copy)]
enum Change {
    MakeUser,
    GrantToUser,
    SetPassword,
    DeleteUser,
    MakeApiToken,
    EnableApiToken,
    GrantToApiToken,
    DeleteApiToken,
}

/// In an order in which each can still be made after those before it.
const CHANGES: [Change; 8] = [
    Change::MakeUser,
    Change::GrantToUser,
    Change::SetPassword,
    Change::MakeApiToken,
    Change::EnableApiToken,
    Change::GrantToApiToken,
    Change::DeleteApiToken,
    Change::DeleteUser,
];

/// The refusal that is meant here; `None` for an error of another kind, which no property expects.
fn of_user(error: &UserError) -> Option<AuthorityError> {
    if let UserError::Authority(refused) = error { Some(*refused) } else { None }
}

fn of_token(error: &ApiTokenError) -> Option<AuthorityError> {
    if let ApiTokenError::Authority(refused) = error { Some(*refused) } else { None }
}

impl Change {
    /// Makes it. Whether there was anything to change.
    async fn make<S: AccountStore>(self, store: &S, bob: &Bob, by: &Authority) -> Result<bool, Option<AuthorityError>> {
        let (id, token, by) = (bob.user.id, bob.api_token.id, by.clone());
        match self {
            Self::MakeUser => {
                let made = store.create_user(NewUser { by, ..new_user("zoe") }).await;
                made.map(|_| true).map_err(|error| of_user(&error))
            }
            Self::GrantToUser => {
                let grants = to_grants(GrantsChange::Merge(map(&[("export", true)])));
                let changed = store.update_user(id, &UserChange { by, ..grants }).await;
                changed.map(|user| user.is_some()).map_err(|error| of_user(&error))
            }
            Self::SetPassword => {
                let (password, sessions) = (Some(password("$second")), SessionsChange::End);
                let change = UserChange { password, sessions, by, ..UserChange::default() };
                store.update_user(id, &change).await.map(|user| user.is_some()).map_err(|error| of_user(&error))
            }
            Self::DeleteUser => store.delete_user(id, &GrantCeiling::NONE, &by).await.map_err(|error| of_user(&error)),
            Self::MakeApiToken => {
                let made = store.create_api_token(id, "second", hash("second"), at(0), 100, &by).await;
                made.map(|_| true).map_err(|error| of_token(&error))
            }
            Self::EnableApiToken => {
                let changed = store.set_api_token_enabled(id, token, false, &by).await;
                changed.map(|token| token.is_some()).map_err(|error| of_token(&error))
            }
            Self::GrantToApiToken => {
                let grants = GrantsChange::Merge(map(&[("export", true)]));
                let changed = store.change_api_token_grants(id, token, &grants, &by).await;
                changed.map(|token| token.is_some()).map_err(|error| of_token(&error))
            }
            Self::DeleteApiToken => {
                let deleted = store.delete_api_token(id, token, &by).await;
                deleted.map(|token| token.is_some()).map_err(|error| of_token(&error))
            }
        }
    }
}

/// Who is changed, and what is theirs: a session and an API token, which they show as "bob".
struct Bob {
    user: UserRecord,
    api_token: ApiTokenRecord,
}

impl Bob {
    async fn new<S: AccountStore>(store: &S) -> Self {
        let user = user(store, "bob").await;
        session(store, &user, "bob", 0).await;
        let api_token = api_token(store, &user, "bob").await;
        Self { user, api_token }
    }

    /// Everything that a change might change.
    async fn seen<S: AccountStore>(&self, store: &S) -> (Page<UserRecord>, Page<ApiTokenRecord>, bool) {
        let query = ApiTokenQuery { id: None, page: PageRequest { offset: 0, limit: 100 } };
        let api_tokens = store.api_tokens(self.user.id, &query).await.expect(ANSWERS);
        (page(store, &everybody()).await, api_tokens, is_session(store, "bob").await)
    }

    /// Nobody changes anything with these rights.
    async fn is_safe_from<S: AccountStore>(&self, store: &S, rights: &CallerRights, expected: AuthorityError) {
        let (before, by) = (self.seen(store).await, Authority::Caller(rights.clone()));
        for change in CHANGES {
            assert_eq!(change.make(store, self, &by).await, Err(Some(expected)), "{change:?} by {rights:?}");
        }
        assert_eq!(self.seen(store).await, before, "{rights:?}");
    }
}

/// Who changes: they hold "admin", which was given to them and to their API token, and "export", which everybody has.
struct Ann {
    user: UserRecord,
    session: SessionId,
    api_token: ApiTokenRecord,
}

impl Ann {
    async fn new<S: AccountStore>(store: &S) -> Self {
        let grants = GrantsChange::Merge(map(&[("admin", true)]));
        let ann = user(store, "ann").await;
        let user = change(store, &ann, to_grants(grants)).await;
        let ann = Self {
            session: session(store, &user, "ann", 0).await,
            api_token: api_token(store, &user, "ann").await,
            user,
        };
        ann.give_to_token(store, &[("admin", true), ("export", true)]).await;
        ann
    }

    async fn give_to_token<S: AccountStore>(&self, store: &S, grants: &[(&str, bool)]) {
        let (grants, by) = (GrantsChange::Merge(map(grants)), Authority::Application);
        let given = store.change_api_token_grants(self.user.id, self.api_token.id, &grants, &by).await;
        assert!(given.expect(ANSWERS).is_some());
    }

    fn by(&self, credential: Credential) -> CallerRights {
        CallerRights { user: self.user.id, credential, permissions: map(&[("admin", false), ("export", true)]) }
    }

    /// By each of what they may come with.
    fn ways(&self) -> [CallerRights; 3] {
        let token = Credential::ApiToken(self.api_token.id);
        [Credential::None, Credential::Session(self.session), token].map(|credential| self.by(credential))
    }
}

/// By whatever they came with, whoever holds what is needed makes every change.
pub async fn whoever_holds_what_is_needed_makes_every_change<S: AccountStore>(store: Arc<S>) {
    let ann = Ann::new(&*store).await;
    for rights in ann.ways() {
        let bob = Bob::new(&*store).await;
        for change in CHANGES {
            let made = change.make(&*store, &bob, &Authority::Caller(rights.clone())).await;
            assert_eq!(made, Ok(true), "{change:?} by {rights:?}");
        }
        let zoe = store.user_by_name("zoe").await.expect(ANSWERS).expect("Zoe was made");
        assert!(store.delete_user(zoe.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    }
}

/// People change themselves, too: a password, and all sessions but the one that they came with.
pub async fn a_caller_changes_themselves<S: AccountStore>(store: Arc<S>) {
    let ann = Ann::new(&*store).await;
    session(&*store, &ann.user, "other", 0).await;
    let by = Authority::Caller(ann.by(Credential::Session(ann.session)));
    let (password, sessions) = (Some(password("$second")), SessionsChange::EndOthers(ann.session));
    let change = UserChange { password, sessions, by: by.clone(), ..UserChange::default() };
    assert!(store.update_user(ann.user.id, &change).await.expect(ANSWERS).is_some());
    assert_eq!((is_session(&*store, "ann").await, is_session(&*store, "other").await), (true, false));
    assert!(store.delete_user(ann.user.id, &GrantCeiling::NONE, &by).await.expect(ANSWERS));
}

/// Nobody who is disabled changes anything, whatever they came with.
pub async fn a_disabled_caller_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (Ann::new(&*store).await, Bob::new(&*store).await);
    change(&*store, &ann.user, disabled()).await;
    for rights in ann.ways() {
        bob.is_safe_from(&*store, &rights, AuthorityError::Ended).await;
    }
}

/// Nobody who is gone does, nor somebody who never was.
pub async fn a_deleted_caller_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (Ann::new(&*store).await, Bob::new(&*store).await);
    assert!(store.delete_user(ann.user.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    for rights in ann.ways() {
        bob.is_safe_from(&*store, &rights, AuthorityError::Ended).await;
    }
    let nobody = CallerRights { user: UserId::new(777), credential: Credential::None, permissions: BTreeMap::new() };
    bob.is_safe_from(&*store, &nobody, AuthorityError::Ended).await;
}

/// A session that was ended changes nothing; nor does that of somebody else.
pub async fn a_session_that_has_ended_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (Ann::new(&*store).await, Bob::new(&*store).await);
    let eve = user(&*store, "eve").await;
    let of_eve = session(&*store, &eve, "eve", 0).await;
    assert!(store.delete_session(ann.session).await.expect(ANSWERS));
    for session in [ann.session, of_eve] {
        bob.is_safe_from(&*store, &ann.by(Credential::Session(session)), AuthorityError::Ended).await;
    }
}

/// An API token that was disabled or deleted changes nothing; nor does that of somebody else.
pub async fn an_api_token_that_is_good_no_longer_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (Ann::new(&*store).await, Bob::new(&*store).await);
    let (owner, id, by) = (ann.user.id, ann.api_token.id, Authority::Application);
    for token in [Credential::ApiToken(bob.api_token.id), Credential::ApiToken(id)] {
        store.set_api_token_enabled(owner, id, false, &by).await.expect(ANSWERS);
        bob.is_safe_from(&*store, &ann.by(token), AuthorityError::Ended).await;
    }
    store.set_api_token_enabled(owner, id, true, &by).await.expect(ANSWERS);
    store.delete_api_token(owner, id, &by).await.expect(ANSWERS);
    bob.is_safe_from(&*store, &ann.by(Credential::ApiToken(id)), AuthorityError::Ended).await;
}

/// Of what was given to the caller, and of what everybody has until it is denied.
pub async fn a_caller_who_lost_a_permission_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let bob = Bob::new(&*store).await;
    for lost in ["admin", "export"] {
        let ann = Ann::new(&*store).await;
        change(&*store, &ann.user, to_grants(GrantsChange::Merge(map(&[(lost, false)])))).await;
        for rights in ann.ways() {
            bob.is_safe_from(&*store, &rights, AuthorityError::Lost).await;
        }
        assert!(store.delete_user(ann.user.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    }
}

/// An API token holds nothing that was not given to it, whatever everybody has.
pub async fn an_api_token_that_lost_a_permission_changes_nothing<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (Ann::new(&*store).await, Bob::new(&*store).await);
    let by_token = ann.by(Credential::ApiToken(ann.api_token.id));
    for lost in ["admin", "export"] {
        ann.give_to_token(&*store, &[("admin", lost != "admin"), ("export", lost != "export")]).await;
        bob.is_safe_from(&*store, &by_token, AuthorityError::Lost).await;
    }
    let bare = api_token(&*store, &ann.user, "bare").await;
    bob.is_safe_from(&*store, &ann.by(Credential::ApiToken(bare.id)), AuthorityError::Lost).await;
}

/// Without anything that was given to them; by an API token what was given to that.
pub async fn root_holds_everything_and_their_api_token_what_it_was_given<S: AccountStore>(store: Arc<S>) {
    assert!(store.create_root("root", first_password(), at(0)).await.expect(ANSWERS));
    let root = store.user(UserId::ROOT).await.expect(ANSWERS).expect("root is there");
    let (session, token) = (session(&*store, &root, "root", 0).await, api_token(&*store, &root, "root").await);
    let by = |credential| CallerRights { user: root.id, credential, permissions: map(&[("admin", false)]) };
    for credential in [Credential::None, Credential::Session(session)] {
        let bob = Bob::new(&*store).await;
        let deleted = Change::DeleteUser.make(&*store, &bob, &Authority::Caller(by(credential))).await;
        assert_eq!(deleted, Ok(true), "{credential:?}");
    }
    let bob = Bob::new(&*store).await;
    bob.is_safe_from(&*store, &by(Credential::ApiToken(token.id)), AuthorityError::Lost).await;
    let grants = GrantsChange::Merge(map(&[("admin", true)]));
    store.change_api_token_grants(root.id, token.id, &grants, &Authority::Application).await.expect(ANSWERS);
    let deleted = Change::DeleteUser.make(&*store, &bob, &Authority::Caller(by(Credential::ApiToken(token.id)))).await;
    assert_eq!(deleted, Ok(true));
}

/// What others would learn of a conflict is not for who may not make the change.
pub async fn rights_are_looked_at_before_conflicts<S: AccountStore>(store: Arc<S>) {
    let (ann, bob) = (Ann::new(&*store).await, Bob::new(&*store).await);
    user(&*store, "zoe").await;
    change(&*store, &ann.user, disabled()).await;
    bob.is_safe_from(&*store, &ann.by(Credential::None), AuthorityError::Ended).await;
    let by = Authority::Caller(ann.by(Credential::None));
    let renamed = UserChange { name: Some("zoe".to_owned()), by, ..UserChange::default() };
    let refused = store.update_user(bob.user.id, &renamed).await;
    assert!(matches!(refused, Err(UserError::Authority(AuthorityError::Ended))), "{refused:?}");
}

/// Somebody is disabled, or signs out, while they make users: there are no more of them than when that was done.
pub async fn who_is_ended_meanwhile_makes_nobody_after<S: AccountStore>(store: Arc<S>) {
    for round in 0..6 {
        let ann = Ann::new(&*store).await;
        let (rights, user) = (ann.by(Credential::Session(ann.session)), ann.user.clone());
        let race = |store: Arc<S>, number: usize| {
            let (by, user, session) = (Authority::Caller(rights.clone()), user.clone(), ann.session);
            async move {
                if number > 0 {
                    for made in 0..6 {
                        let new = NewUser { by: by.clone(), ..new_user(&format!("{round} {number} {made}")) };
                        let made = store.create_user(new).await;
                        assert!(matches!(made, Ok(_) | Err(UserError::Authority(AuthorityError::Ended))), "{made:?}");
                    }
                    return None;
                }
                if round % 2 == 0 {
                    change(&*store, &user, disabled()).await;
                } else {
                    assert!(store.delete_session(session).await.expect(ANSWERS));
                }
                Some(page(&*store, &everybody()).await.total)
            }
        };
        let ended = at_once(&store, 5, race).await.into_iter().flatten().next();
        assert_eq!(Some(page(&*store, &everybody()).await.total), ended, "{round}");
        assert!(store.delete_user(ann.user.id, &GrantCeiling::NONE, &Authority::Application).await.expect(ANSWERS));
    }
}
