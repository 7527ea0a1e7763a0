//! Counts bytes that come piece by piece, before each piece is kept.

use std::sync::Arc;

use super::Resource;
use super::account::{Account, Hold};
use super::exhausted::Exhausted;

/// How much of something is held so far. The first bytes may be free: the connection is counted with them anyway.
#[derive(Debug)]
pub(crate) struct Tally<'a> {
    account: Option<&'a Arc<Account>>,
    free: u64,
    total: u64,
    hold: Option<Hold>,
}

impl<'a> Tally<'a> {
    /// An empty tally. Without an account it counts nothing, as for calls from inside the process.
    pub(crate) fn new(account: Option<&'a Arc<Account>>, free: u64) -> Self {
        Self { account, free, total: 0, hold: None }
    }

    /// Takes memory for more bytes.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn add(&mut self, bytes: u64) -> Result<(), Exhausted> {
        let Some(account) = self.account else { return Ok(()) };
        self.total += bytes;
        if self.total <= self.free {
            return Ok(());
        }
        match &mut self.hold {
            Some(hold) => hold.grow(bytes)?,
            None => self.hold = Some(account.take(Resource::Memory, self.total)?),
        }
        Ok(())
    }

    /// Gives back all but so many bytes.
    pub(crate) fn keep(&mut self, bytes: u64) {
        self.total = self.total.min(bytes);
        if let Some(hold) = &mut self.hold {
            hold.shrink_to(self.total);
        }
    }

    /// What is held.
    pub(crate) fn finish(self) -> Option<Hold> {
        self.hold
    }
}
