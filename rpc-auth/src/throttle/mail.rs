//! Mails that anybody can cause.

use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rpc_core::Timestamp;

use super::table::Table;
use crate::model::UserId;
use crate::names::mailbox;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// Mailboxes and kinds that are remembered, the latest; as many accounts and kinds.
const CAPACITY: usize = 100_000;

/// How many mails of one kind a mailbox gets within an hour, whoever asks for them; an account that has confirmed its address
/// has as many of its own. Kept in memory, for 100,000 mailboxes and kinds at most, and as many accounts; a restart forgets.
///
/// Whatever is remembered was a mail: it takes as many mails to push something out.
#[derive(Debug)]
pub struct MailQuota {
    per_hour: usize,
    mailboxes: Mutex<Sent>,
    accounts: Mutex<Sent>,
}

/// When mails went out.
type Sent = Table<Vec<Timestamp>>;

impl MailQuota {
    /// At most so many mails within any hour, for each mailbox and kind. 0 permits none.
    #[must_use]
    pub fn new(per_hour: u32) -> Self {
        let per_hour = usize::try_from(per_hour).unwrap_or(usize::MAX);
        let sent = || Mutex::new(Table::new(CAPACITY));
        Self { per_hour, mailboxes: sent(), accounts: sent() }
    }

    /// Takes one mail from the quota of an address's [mailbox](crate::mailbox), in one step. Returns whether it may be sent. For
    /// addresses that nobody has confirmed.
    pub fn take(&self, address: &str, kind: &'static str, now: Timestamp) -> bool {
        self.take_of(&self.mailboxes, (mailbox(address), kind), now)
    }

    /// Takes one mail from an account's own quota, as [`take`](Self::take) does. For accounts that have confirmed their address:
    /// strangers who use the address take nothing from it.
    pub fn take_of_account(&self, account: UserId, kind: &'static str, now: Timestamp) -> bool {
        self.take_of(&self.accounts, (account, kind), now)
    }

    fn take_of(&self, sent: &Mutex<Sent>, key: impl Hash, now: Timestamp) -> bool {
        let an_hour_ago = now.before(HOUR);
        let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.forget_until(an_hour_ago);
        let key = sent.key(key);
        let within_the_hour = sent.get_mut(key).map_or(0, |times| {
            times.retain(|time| *time > an_hour_ago);
            times.len()
        });
        if within_the_hour >= self.per_hour {
            return false;
        }
        sent.touch(key, now).push(now);
        true
    }
}
