//! What every store of a call log has to do, as tests: for whoever writes one. Behind the feature `conformance`.
//!
//! [`call_log_conformance!`](crate::call_log_conformance) makes one test of each property. They are given a way to make an
//! empty store, and nothing else; each test makes its own.
//!
//! ```
//! // In a test of a crate that has `rpc-calllog` with the feature `conformance` among its dev-dependencies:
//! use rpc_calllog::MemoryLog;
//!
//! rpc_calllog::call_log_conformance!(memory, async { (MemoryLog::default(), ()) });
//! ```

pub mod buckets;
pub mod retention;
pub mod rows;
pub mod writes;

mod given;

use std::sync::Arc;

#[doc(hidden)]
pub use rpc_core::conformance_suite;

use crate::store::CallLogStore;

/// Makes a store and holds a property against it, on a runtime of its own.
///
/// # Panics
///
/// The property does not hold; or the system gives no threads.
pub fn check<S: CallLogStore, G>(constructor: impl Future<Output = (S, G)>, property: impl AsyncFnOnce(Arc<S>)) {
    rpc_core::conformance::suite::run(async {
        let (store, _guard) = constructor.await;
        property(Arc::new(store)).await;
    });
}

/// Makes a module of tests, one for each property of a store of a call log.
///
/// `call_log_conformance!(name, constructor)`: `name` is the module's; `constructor` is an expression for a future of an empty
/// store, and of what has to outlive it: a temporary folder, a database that is removed when it is dropped, or `()`. It is
/// evaluated in each test. The module sees what is in scope around it. The tests are functions with `#[test]` and need no further attribute or crate.
#[macro_export]
macro_rules! call_log_conformance {
    ($module:ident, $constructor:expr) => {
        $crate::conformance::conformance_suite! { [$crate::conformance] $module, $constructor;
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
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_property_is_made_a_test() {
        rpc_core::conformance::suite::check_list(concat!(env!("CARGO_MANIFEST_DIR"), "/src/conformance"));
    }
}
