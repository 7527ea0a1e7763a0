//! Mails that anybody can cause.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rpc_core::Timestamp;

use super::table::Table;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// Addresses and kinds that are remembered, the latest.
const CAPACITY: usize = 100_000;

/// How many mails of one kind an address gets within an hour, whoever asks for them. Kept in memory, for 100,000 addresses
/// and kinds at most; a restart forgets.
#[derive(Debug)]
pub struct MailQuota {
    per_hour: usize,
    sent: Mutex<Table<Vec<Timestamp>>>,
}

impl MailQuota {
    /// At most so many mails within any hour, for each address and kind. 0 permits none.
    #[must_use]
    pub fn new(per_hour: u32) -> Self {
        let per_hour = usize::try_from(per_hour).unwrap_or(usize::MAX);
        Self { per_hour, sent: Mutex::new(Table::new(CAPACITY)) }
    }

    /// Takes one mail of an address's quota, in one step: whether it may go out. The case of the address and the space around
    /// it make no difference.
    pub fn take(&self, address: &str, kind: &'static str, now: Timestamp) -> bool {
        let (address, an_hour_ago) = (address.trim().to_lowercase(), now.before(HOUR));
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.forget_until(an_hour_ago);
        let key = sent.key((address, kind));
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
