//! What every store of accounts has to do, as tests: for whoever writes one. Behind the feature `conformance`.
//!
//! [`account_store_conformance!`](crate::account_store_conformance) makes one test of each property. They are given a way to
//! make an empty store, and nothing else; each test makes its own.
//!
//! ```
//! // In a test of a crate that has `rpc-auth` with the feature `conformance` among its dev-dependencies:
//! use rpc_auth::MemoryStore;
//!
//! rpc_auth::account_store_conformance!(memory, async { (MemoryStore::default(), ()) });
//! ```

pub mod addresses;
pub mod api_tokens;
pub mod authority;
pub mod ceilings;
pub mod confirmations;
pub mod grants;
pub mod lists;
pub mod networks;
pub mod resets;
pub mod searches;
pub mod sessions;
pub mod users;
pub mod voids;

mod given;

use std::sync::Arc;

#[doc(hidden)]
pub use rpc_core::conformance_suite;

use crate::store::AccountStore;

/// Makes a store and holds a property against it, on a runtime of its own.
///
/// # Panics
///
/// The property does not hold; or the system gives no threads.
pub fn check<S: AccountStore, G>(constructor: impl Future<Output = (S, G)>, property: impl AsyncFnOnce(Arc<S>)) {
    rpc_core::conformance::suite::run(async {
        let (store, _guard) = constructor.await;
        property(Arc::new(store)).await;
    });
}

/// Makes a module of tests, one for each property of a store of accounts.
///
/// `account_store_conformance!(name, constructor)`: `name` is the module's; `constructor` is an expression for a future of an
/// empty store without a root user, and of what has to outlive it: a temporary folder, a database that is removed when it is
/// dropped, or `()`. It is evaluated in each test. The module sees what is in scope around it. The tests are functions with `#[test]` and need no further attribute or crate.
#[macro_export]
macro_rules! account_store_conformance {
    ($module:ident, $constructor:expr) => {
        $crate::conformance::conformance_suite! { [$crate::conformance] $module, $constructor;
            users {
                ids_begin_at_two_and_grow
                an_id_is_never_given_again
                a_user_is_stored_as_given
                odd_characters_are_stored_as_they_are
                a_user_who_is_not_there_is_none
                a_name_is_given_once
                a_telegram_name_is_given_once
                of_many_who_take_a_name_at_once_one_gets_it
                users_made_at_once_have_ids_of_their_own
                of_many_who_change_to_a_telegram_name_at_once_one_gets_it
                conflicts_are_told_in_order
                a_refused_creation_leaves_nothing_behind
                a_refused_change_changes_nothing
                a_change_sets_what_it_names
                a_change_of_nothing_changes_nothing
                ones_own_values_are_no_conflict
                a_name_that_was_left_is_free
                what_a_deleted_user_had_is_free
                a_user_is_deleted_once
                root_is_made_once
                a_root_who_is_there_is_left_alone
                root_takes_no_id_from_others
            }
            addresses {
                an_unconfirmed_address_keeps_nobody_out
                a_confirmed_address_keeps_others_out
                an_address_confirmed_by_another_is_no_conflict_of_other_changes
                another_address_is_unconfirmed
                an_address_that_comes_back_is_unconfirmed
                an_address_that_was_left_is_free
                a_removed_address_leaves_none
                a_login_is_a_confirmed_address_before_it_is_a_name
                an_unconfirmed_address_is_no_login
            }
            grants {
                merged_grants_leave_the_others_alone
                replaced_grants_stay_within_their_scope
                grants_merged_at_once_are_all_kept
                grants_of_a_token_merge_and_replace
                grants_of_a_token_merged_at_once_are_all_kept
            }
            ceilings {
                a_user_beyond_the_bound_is_not_changed
                a_user_beyond_the_bound_is_not_deleted
                a_user_within_the_bound_is_changed_and_deleted
                nobody_is_within_every_bound
                a_conflict_is_told_before_the_bound
                who_is_promoted_meanwhile_is_changed_before_or_not_at_all
            }
            authority {
                whoever_holds_what_is_needed_makes_every_change
                a_caller_changes_themselves
                a_disabled_caller_changes_nothing
                a_deleted_caller_changes_nothing
                a_session_that_has_ended_changes_nothing
                an_api_token_that_is_good_no_longer_changes_nothing
                a_caller_who_lost_a_permission_changes_nothing
                an_api_token_that_lost_a_permission_changes_nothing
                root_holds_everything_and_their_api_token_what_it_was_given
                rights_are_looked_at_before_conflicts
                who_is_ended_meanwhile_makes_nobody_after
            }
            lists {
                users_are_listed_by_name_and_names_by_code_point
                ids_sort_as_numbers
                users_sort_by_when_they_were_made
                users_sort_by_whether_they_are_enabled
                ties_are_broken_by_id
                several_terms_sort_one_after_the_other
                pages_put_together_are_the_list
                a_page_beyond_the_end_is_empty
                a_list_of_nobody_is_empty
                root_is_listed_only_where_it_is_asked_for
                an_id_selects_one_user
                rows_of_a_list_are_whole
            }
            searches {
                a_search_looks_at_name_address_and_telegram_name
                a_search_follows_changes
                a_search_ignores_case
                every_character_of_a_search_is_itself
                a_search_for_nothing_finds_everybody
                a_search_by_name_looks_at_names_only
                conditions_hold_together
            }
            sessions {
                a_session_is_found_by_its_token
                another_token_finds_no_session
                the_user_of_a_session_is_as_they_are_now
                a_disabled_user_gets_no_session
                a_deleted_user_gets_no_session
                a_password_changed_meanwhile_gets_no_session
                a_stronger_hash_replaces_the_one_that_was_checked
                the_session_idle_longest_makes_room
                of_sessions_idle_equally_long_the_oldest_makes_room
                a_new_session_is_never_the_one_that_goes
                sessions_of_others_make_no_room
                sessions_begun_at_once_stay_within_the_limit
                the_use_of_a_session_never_moves_back
                the_use_of_a_session_that_is_gone_is_passed_over
                a_session_is_ended_once
                all_sessions_of_a_user_end_but_one
                a_refused_change_ends_no_session
                sessions_are_purged_by_either_age
                sessions_go_with_their_user
                a_deletion_during_sign_in_leaves_no_session
                a_change_of_password_during_sign_in_leaves_no_session
            }
            api_tokens {
                a_token_is_made_enabled_and_without_permissions
                a_token_is_found_by_its_hash
                another_hash_finds_no_token
                nobody_gets_no_token
                a_user_has_as_many_tokens_as_allowed
                tokens_made_at_once_stay_within_the_limit
                a_token_of_another_user_is_as_good_as_none
                tokens_are_listed_by_id
                a_page_of_tokens_beyond_the_end_is_empty
                an_id_selects_one_token
                a_token_is_disabled_and_enabled
                a_token_is_deleted_once
                the_use_of_a_token_never_moves_back
                tokens_go_with_their_user
            }
            confirmations {
                a_token_confirms_an_address
                a_token_is_good_once
                of_many_uses_of_a_token_at_once_one_wins
                a_token_expires_at_its_moment
                a_token_of_the_other_kind_is_refused
                only_the_newest_token_is_good
                of_tokens_made_at_once_one_is_good
                an_address_changed_meanwhile_is_not_confirmed
                an_address_confirmed_by_another_meanwhile_is_not_confirmed
                of_many_who_confirm_an_address_at_once_one_gets_it
                a_look_uses_no_token_up
                tokens_are_purged_when_they_are_over
                tokens_of_confirmation_go_with_their_user
                for_a_user_who_is_gone_nothing_is_kept
                a_token_of_one_user_confirms_nobody_else
            }
            resets {
                a_reset_sets_the_password_and_confirms_the_address
                a_reset_ends_sessions_and_disables_api_tokens
                of_many_resets_at_once_one_wins
                a_reset_expires_at_its_moment
                a_disabled_user_cannot_be_reset
                a_mail_to_an_address_that_was_left_resets_nothing
                a_reset_confirms_no_address_that_another_has_confirmed
                a_reset_and_a_confirmation_at_once_leave_one_owner
            }
            voids {
                a_new_password_voids_what_was_mailed
                a_new_address_voids_what_was_mailed
                disabling_voids_what_was_mailed
                a_reset_voids_what_else_was_mailed
                what_a_mail_does_not_rest_on_voids_nothing
                a_refused_change_voids_nothing
                nothing_is_kept_for_who_was_disabled_or_left_the_address
                what_is_mailed_during_the_disabling_is_void
            }
            networks {
                a_network_is_trusted_for_its_user_until_its_moment
                of_two_moments_the_later_one_stands
                the_network_that_is_trusted_for_the_shortest_makes_room
                networks_trusted_at_once_stay_within_the_limit
                networks_go_with_their_user
                networks_are_purged_when_they_are_over
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
