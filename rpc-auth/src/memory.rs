//! Accounts in memory: for tests, examples, and services that may forget.

mod api_tokens;
mod authority;
mod confirmations;
mod index;
mod list;
mod networks;
mod owned;
mod sessions;
mod user_rows;
mod users;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use thiserror::Error;

use self::confirmations::Confirmations;
use self::networks::Networks;
use self::owned::OwnedRows;
use self::user_rows::UserRows;
use crate::model::{ApiTokenRecord, SessionRecord};
use crate::store::StoreError;

/// A store of accounts in memory. Clones share what they hold; when the last one goes, so does what it held.
///
/// Every method is one critical section of one lock, which is held over no waiting. Whatever is looked up at each call of a
/// method (an id, a name, a confirmed address, the hash of a token) is found in constant time; a page of users costs a look
/// at all of them. 100,000 users with an API token each take about 50 MB.
///
/// ```
/// use rpc_auth::{MemoryStore, NewUser, UserId, UserStore};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::default();
/// let ann = store.create_user(NewUser { name: "ann".to_owned(), ..NewUser::default() }).await?;
/// assert_eq!(ann.id, UserId::new(2));
/// assert_eq!(store.user_by_name("ann").await?, Some(ann));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    rows: Arc<RwLock<AllRows>>,
}

/// Everything that is stored.
#[derive(Default)]
struct AllRows {
    users: UserRows,
    sessions: OwnedRows<SessionRecord>,
    api_tokens: OwnedRows<ApiTokenRecord>,
    confirmations: Confirmations,
    networks: Networks,
}

/// A new row has a value that another row has, and that chance does not make twice.
#[derive(Debug, Error)]
#[error("the {0} is stored already")]
struct Duplicate(&'static str);

impl From<Duplicate> for StoreError {
    fn from(duplicate: Duplicate) -> Self {
        Self(Box::new(duplicate))
    }
}

impl MemoryStore {
    // A panic inside of the lock is a fault of this module; what it left behind is not made better by refusing to go on.
    fn read(&self) -> RwLockReadGuard<'_, AllRows> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, AllRows> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows how much is stored, but nothing of it.
impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.read();
        f.debug_struct("MemoryStore")
            .field("users", &rows.users.len())
            .field("sessions", &rows.sessions.len())
            .field("api_tokens", &rows.api_tokens.len())
            .finish_non_exhaustive()
    }
}
