//! The one task that writes.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use rpc_core::error_chain;

use super::Shared;
use super::queue::ByStanding;
use super::record::Callers;
use crate::batch::{Batch, BatchId, NodeId};
use crate::call::LoggedCall;
use crate::store::WriteError;

/// What became of a batch.
enum Fate {
    Written,
    Refused,
    /// The log was stopped before it was known.
    Cut,
}

/// Writes what is taken, until the log is stopped and nothing waits.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut writer = Writer { node: NodeId::random(), sequence: 0, shared };
    while writer.wait().await {
        writer.write_waiting().await;
    }
}

struct Writer {
    node: NodeId,
    sequence: u64,
    shared: Arc<Shared>,
}

impl Writer {
    /// Waits until there is something to write, and then for more to come. Returns whether there may be something.
    async fn wait(&self) -> bool {
        let shared = &self.shared;
        while shared.queue.len() == 0 {
            if shared.stopping.is_cancelled() {
                return false;
            }
            tokio::select! {
                () = shared.first.notified() => {}
                () = shared.stopping.cancelled() => {}
            }
        }
        tokio::select! {
            () = tokio::time::sleep(shared.options.interval) => {}
            () = shared.now.notified() => {}
            () = shared.stopping.cancelled() => {}
        }
        !shared.cut.is_cancelled()
    }

    /// Writes as many records as wait at this moment; those that come meanwhile make the next batches.
    async fn write_waiting(&mut self) {
        let mut waiting = self.shared.queue.len();
        while waiting > 0 && !self.shared.cut.is_cancelled() {
            let (calls, standings) = self.take(waiting.min(self.shared.options.batch.max(1)));
            waiting = if calls.is_empty() { 0 } else { waiting - calls.len() };
            self.write(calls, standings).await;
        }
    }

    /// Takes calls out of the queue. Returns them, and how many are of which standing.
    fn take(&self, max: usize) -> (Vec<LoggedCall>, ByStanding<u64>) {
        self.shared.taken.store(self.shared.now().millis(), Ordering::Relaxed);
        let mut records: Vec<_> = std::iter::from_fn(|| self.shared.queue.pop()).take(max).collect();
        records.sort_unstable_by_key(|record| record.order);
        let (mut callers, mut standings) = (Callers::default(), ByStanding::default());
        let calls = records.into_iter().map(|record| {
            standings[record.standing() as usize] += 1;
            record.into_call(&mut callers)
        });
        (calls.collect(), standings)
    }

    /// Writes calls; those that the store refuses alone.
    async fn write(&mut self, calls: Vec<LoggedCall>, standings: ByStanding<u64>) {
        // Parts in order: a node writes one batch after the other.
        let mut parts = vec![calls];
        while let Some(calls) = parts.pop() {
            if calls.is_empty() {
                continue;
            }
            self.sequence += 1;
            let id = BatchId { node: self.node, sequence: self.sequence };
            let batch = Batch::new(id, self.shared.now(), calls);
            match self.attempt_until_known(&batch).await {
                Fate::Written => self.shared.counters.written(batch.calls().len()),
                Fate::Refused => {
                    let mut first = batch.into_calls();
                    let second = first.split_off(first.len() / 2);
                    if first.is_empty() {
                        self.shared.counters.refused();
                    } else {
                        parts.extend([second, first]);
                    }
                }
                Fate::Cut => self.shared.counters.cut(batch.calls()),
            }
        }
        self.shared.taken.store(0, Ordering::Relaxed);
        self.shared.settled.send_modify(|settled| {
            settled.iter_mut().zip(standings).for_each(|(settled, count)| *settled += count);
        });
    }

    /// Tries until the store says what became of the batch.
    async fn attempt_until_known(&self, batch: &Batch) -> Fate {
        let options = &self.shared.options;
        let mut wait = options.first_wait;
        loop {
            let Some(result) = self.shared.cut.run_until_cancelled(self.attempt(batch)).await else {
                return Fate::Cut;
            };
            let error = match result {
                Ok(()) => return Fate::Written,
                Err(WriteError::Refused(error)) if batch.calls().len() == 1 => {
                    let method = &*batch.calls()[0].method;
                    tracing::error!(event = "calllog.refused", method, error = %error, "a call cannot be logged");
                    return Fate::Refused;
                }
                Err(WriteError::Refused(_)) => return Fate::Refused,
                Err(WriteError::Store(error)) => error,
            };
            self.shared.counters.failed();
            let (source, calls, millis) = (error_chain(&error), batch.calls().len(), wait.as_millis());
            tracing::warn!(
                event = "calllog.retry",
                calls,
                source,
                "calls are not logged yet, tried again in {millis} ms"
            );
            if self.shared.cut.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                return Fate::Cut;
            }
            wait = wait.saturating_mul(2).min(options.longest_wait.max(Duration::from_millis(1)));
        }
    }

    /// Tries once. A store that hangs or panics may have written the batch or not.
    async fn attempt(&self, batch: &Batch) -> Result<(), WriteError> {
        let write = AssertUnwindSafe(self.shared.store.write(batch)).catch_unwind();
        match tokio::time::timeout(self.shared.options.attempt, write).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panic)) => Err(failure("the store panicked")),
            Err(_elapsed) => Err(failure("the store took too long")),
        }
    }
}

fn failure(text: &'static str) -> WriteError {
    WriteError::Store(crate::store::StoreError(text.into()))
}
