//! What every store of a call log has to do, as tests: for whoever writes one. Behind the feature `conformance`.
//!
//! [`call_log_conformance!`](crate::call_log_conformance) makes one test of each property. They are given a way to make an
//! empty store, and nothing else; each test makes its own.
//!
//! ```
//! // In a test of a crate that has `rpc-calllog` with the feature `conformance` among its dev-dependencies:
//! use rpc_calllog::MemoryLog;
//!
//! rpc_calllog::call_log_conformance!(memory, async { MemoryLog::default() });
//! ```

pub mod buckets;
pub mod retention;
pub mod rows;
pub mod writes;

mod given;

use std::fmt;
use std::sync::Arc;

use tokio::runtime::Builder;

use crate::store::CallLogStore;

/// Threads that a property runs on: operations that are started at once run at once.
const THREADS: usize = 4;

/// What a constructor gives: a store, or a [`Guarded`] one.
pub trait Fixture {
    /// The store.
    type Store: CallLogStore;
    /// What is kept as long as the store is tested.
    type Guard;

    /// Takes the two apart.
    fn split(self) -> (Self::Store, Self::Guard);
}

impl<S: CallLogStore> Fixture for S {
    type Store = S;
    type Guard = ();

    fn split(self) -> (S, ()) {
        (self, ())
    }
}

/// A store, and what has to outlive it: a temporary folder, a database that is removed when it is dropped.
pub struct Guarded<S, G> {
    /// The store.
    pub store: S,
    /// What outlives it.
    pub guard: G,
}

impl<S: CallLogStore, G> Fixture for Guarded<S, G> {
    type Store = S;
    type Guard = G;

    fn split(self) -> (S, G) {
        (self.store, self.guard)
    }
}

impl<S, G> fmt::Debug for Guarded<S, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}

/// Makes a store and holds a property against it, on a runtime of its own.
///
/// # Panics
///
/// The property does not hold; or the system gives no threads.
pub fn check<F: Fixture>(constructor: impl Future<Output = F>, property: impl AsyncFnOnce(Arc<F::Store>)) {
    let runtime = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    runtime.expect("a test gets threads").block_on(async {
        let (store, _guard) = constructor.await.split();
        property(Arc::new(store)).await;
    });
}

/// Makes a module of tests, one for each property of a store of a call log.
///
/// `call_log_conformance!(name, constructor)`: `name` is the module's; `constructor` is an expression for a future of an empty
/// store, or of a [`Guarded`](crate::conformance::Guarded) one. It is evaluated in each test. The module sees what is in scope
/// around it. The tests are functions with `#[test]` and need no further attribute or crate.
#[macro_export]
macro_rules! call_log_conformance {
    ($module:ident, $constructor:expr) => {
        mod $module {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "the constructor says what it needs")]
            use super::*;

            $crate::call_log_conformance! { @tests $constructor;
                writes {
                    a_batch_is_rows_and_buckets
                    a_batch_is_written_once
                    an_earlier_batch_of_a_node_changes_nothing
                    nodes_number_their_batches_apart
                    a_batch_sent_many_times_at_once_counts_once
                    an_attempt_that_was_given_up_counts_once
                    batches_of_many_nodes_at_once_are_all_counted
                    a_batch_without_calls_changes_nothing
                }
                rows {
                    a_call_is_stored_as_given
                    odd_texts_are_stored_as_they_are
                    whatever_was_made_fit_is_stored
                    calls_that_ended_last_come_first
                    of_calls_that_ended_together_the_later_row_comes_first
                    rows_of_one_method_are_its_own
                    pages_put_together_are_the_list
                    calls_that_ended_before_are_left_out
                }
                buckets {
                    buckets_of_batches_add_up
                    run_times_of_batches_merge
                    buckets_come_by_method_then_start
                    buckets_of_one_method_are_its_own
                    a_range_has_its_beginning_and_not_its_end
                    both_lengths_are_kept_apart
                    totals_are_of_one_method_or_of_all
                }
                retention {
                    what_is_too_old_goes
                    what_is_young_enough_stays
                    a_purge_disturbs_nobody
                    a_batch_is_still_known_after_a_purge
                }
            }
        }
    };
    (@tests $constructor:expr; $($group:ident { $($property:ident)* })*) => {$($(
        #[test]
        fn $property() {
            $crate::conformance::check($constructor, $crate::conformance::$group::$property);
        }
    )*)*};
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    /// The words of this file and the sources of the properties.
    const LIST: &str = include_str!("conformance.rs");
    const SOURCES: [&str; 4] = [
        include_str!("conformance/buckets.rs"),
        include_str!("conformance/retention.rs"),
        include_str!("conformance/rows.rs"),
        include_str!("conformance/writes.rs"),
    ];

    #[test]
    fn every_property_is_made_a_test() {
        let listed: BTreeSet<&str> = LIST.split_whitespace().collect();
        let mut count = 0;
        for source in SOURCES {
            for line in source.lines().filter_map(|line| line.strip_prefix("pub async fn ")) {
                let (property, _) = line.split_once('<').unwrap();
                assert!(listed.contains(property), "{property} is in no list");
                count += 1;
            }
        }
        assert!(count > 20, "{count}");
    }
}
