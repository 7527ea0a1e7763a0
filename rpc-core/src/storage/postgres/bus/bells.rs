//! Bells: what the connection that listens tells the one that reads. Any role of the database may ring, so
//! a bell makes a node read sooner and nothing else, and those that nobody of the application rang cost little.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// Transactions that may be remembered between two reads. Any one of them is enough to read all.
const MAX_TRANSACTIONS: usize = 1_000;
/// Between two reads that bells ask for.
const PAUSE: Duration = Duration::from_millis(2);
/// The same, after one that somebody else has rung, and for how long.
const PAUSE_AFTER_FORGED: Duration = Duration::from_millis(50);
const SUSPICION: Duration = Duration::from_secs(10);
/// Between two lines of the log.
const TELLING: Duration = Duration::from_secs(1);

/// The bells of a node.
#[derive(Debug, Default)]
pub(super) struct Bells {
    state: Mutex<State>,
    heard: Notify,
}

#[derive(Debug, Default)]
struct State {
    transactions: HashSet<u64>,
    read_after: Option<Instant>,
    forged_at: Option<Instant>,
    untold: u64,
    told_at: Option<Instant>,
}

impl Bells {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One was heard, for a transaction.
    pub(super) fn heard(&self, transaction: u64) {
        let mut state = self.lock();
        if state.transactions.len() < MAX_TRANSACTIONS {
            state.transactions.insert(transaction);
        }
        drop(state);
        self.heard.notify_one();
    }

    /// Waits until there was one, and until the next read may be. Loses none when it is dropped.
    pub(super) async fn wait(&self) {
        loop {
            let read_after = {
                let state = self.lock();
                (!state.transactions.is_empty()).then_some(state.read_after)
            };
            match read_after {
                Some(moment) => return sleep_until(moment.unwrap_or_else(Instant::now)).await,
                None => self.heard.notified().await,
            }
        }
    }

    /// What was rung for since the last time, for a read that begins.
    pub(super) fn take(&self) -> HashSet<u64> {
        let mut state = self.lock();
        let now = Instant::now();
        let is_suspicious = state.forged_at.is_some_and(|moment| now.duration_since(moment) < SUSPICION);
        state.read_after = Some(now + if is_suspicious { PAUSE_AFTER_FORGED } else { PAUSE });
        std::mem::take(&mut state.transactions)
    }

    /// Some were heard that nobody of the application rang. It is told, once a second.
    pub(super) fn forged(&self, bells: u64) {
        let mut state = self.lock();
        let now = Instant::now();
        state.forged_at = Some(now);
        state.untold += bells;
        if state.told_at.is_none_or(|moment| now.duration_since(moment) >= TELLING) {
            state.told_at = Some(now);
            let bells = std::mem::take(&mut state.untold);
            drop(state);
            tracing::warn!(
                event = "bus.forged",
                bells,
                "somebody notifies the channel of this application: they are not listened to. Try: REVOKE CONNECT, as in docs/operating.md"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use test_waits::soon;
    use tokio::time::{Instant, timeout};

    use super::{Bells, MAX_TRANSACTIONS, PAUSE, PAUSE_AFTER_FORGED};

    #[test_waits::test(start_paused = true)]
    async fn bells_are_answered_at_once_then_one_after_the_other_and_slower_when_they_were_forged() {
        let bells = Bells::default();
        assert!(timeout(Duration::from_secs(9), bells.wait()).await.is_err(), "nobody has rung");
        for pause in [Duration::ZERO, PAUSE, PAUSE_AFTER_FORGED] {
            if pause == PAUSE_AFTER_FORGED {
                bells.forged(1);
                bells.take();
            }
            bells.heard(7);
            let began = Instant::now();
            soon("the answer to a bell", bells.wait()).await;
            assert_eq!(began.elapsed(), pause);
            assert_eq!(bells.take(), [7].into());
        }
    }

    #[test_waits::test(start_paused = true)]
    async fn however_many_ring_a_bounded_number_is_remembered() {
        let bells = Bells::default();
        (0..MAX_TRANSACTIONS as u64 + 9).for_each(|transaction| bells.heard(transaction));
        assert_eq!(bells.take().len(), MAX_TRANSACTIONS);
        assert!(bells.take().is_empty());
    }
}
