//! One contract for both stores: every test named here runs on SQLite and on PostgreSQL.
//!
//! PostgreSQL is found through `TEIKI_TEST_POSTGRES_URL`; `make test`, or `tests/postgres cargo test`, sets it.

// Helpers of tests fail by panicking, as tests do.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod adoption;
mod bindings;
mod key_traces;
mod leases;
mod lost_commit;
mod member_keys;
mod notices;
mod notices_missing;
mod opening;
mod order;
mod place;
mod proxy;
mod rates;
mod roles;
mod serials;
mod set_aside;
mod shop_events;
mod storm;
mod streams;
mod tally;
mod tamper;

macro_rules! on_both_stores {
    ($($module:ident :: $test:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::place::Place::on_sqlite(crate::$module::$test).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::place::Place::on_postgres(crate::$module::$test).await;
                }
            )+
        }
    };
}

on_both_stores! {
    streams::what_is_appended_is_loaded,
    streams::a_stream_that_does_not_exist_is_at_sequence_0,
    streams::of_two_writers_at_the_same_place_one_wins_and_one_has_a_conflict,
    streams::a_stream_cannot_be_continued_behind_its_end,
    streams::nul_is_refused_everywhere_before_anything_is_written,
    streams::every_event_says_who_why_when_and_from_what,
    streams::an_append_is_stored_whole_or_not_at_all,
    order::positions_are_contiguous_and_keep_every_stream_in_order,
    order::the_chain_is_what_an_independent_reading_computes,
    order::both_stores_write_the_same_canonical_form,
    order::a_new_sequencer_goes_on_where_the_old_one_stopped,
    order::two_sequencers_at_once_place_every_event_once,
    order::a_running_sequencer_wakes_up_and_tells_the_head,
    order::a_gap_in_a_stream_stops_the_log_and_is_shown,
    order::a_log_cut_at_its_end_is_not_continued,
    tamper::a_whole_log_is_verified_with_head_and_hash,
    tamper::a_flipped_byte_in_the_log_is_found,
    tamper::a_changed_stored_event_is_found,
    tamper::a_deleted_position_is_found_and_is_an_error_for_readers,
    tamper::swapped_positions_are_found,
    tamper::a_truncated_log_is_found,
    tamper::a_deleted_stored_event_is_found,
    tamper::an_event_that_was_passed_over_is_found,
    tamper::a_waiting_event_whose_stream_has_a_gap_is_found,
    key_traces::a_destroyed_key_leaves_no_byte_in_the_files,
    key_traces::a_reader_who_keeps_a_destroyed_key_in_a_file_is_told_of,
    member_keys::a_destroyed_key_is_not_made_again_by_sealing,
    tamper::an_event_added_behind_the_end_is_found,
    tamper::a_new_chain_over_changed_events_shows_in_the_hash,
    opening::a_store_opens_again_with_everything_in_it,
    opening::two_engines_may_open_a_new_store_at_once,
    opening::a_newer_store_is_refused_and_untouched,
    opening::tables_of_something_else_are_refused_and_untouched,
    adoption::a_log_continues_after_the_stored_order_lost_its_meaning,
    adoption::a_lost_log_is_made_again_from_the_streams,
    serials::numbers_never_come_twice_between_two_engines,
    serials::series_are_apart_and_begin_with_1,
    bindings::the_first_call_binds_and_the_same_again_changes_nothing,
    bindings::another_merchant_or_host_does_not_take_a_bound_shop,
    bindings::what_a_shop_was_bound_to_stays_on_record_when_it_is_replaced,
    bindings::replacing_a_binding_that_is_not_there_makes_it,
    bindings::of_sixteen_that_bind_at_once_exactly_one_wins,
    bindings::of_sixteen_that_replace_at_once_every_binding_stays_on_record,
    notices::o9_a_notice_is_stored_once_with_all_it_says,
    notices::o9_a_doubled_notice_is_known_and_changes_nothing,
    notices::o9_another_payment_or_amount_under_a_known_number_differs_and_the_first_stays,
    notices::o9_merchants_count_their_notices_apart,
    notices::o9_what_is_handled_is_not_open_and_does_not_open_again,
    notices::o9_of_sixteen_that_store_a_notice_at_once_exactly_one_has_it_new,
    notices::o9_of_sixteen_different_notices_under_one_number_exactly_one_stays,
    notices_missing::o9_holes_are_what_lies_between_the_first_and_the_newest,
    notices_missing::o9_notices_out_of_order_close_their_holes,
    notices_missing::o9_a_notice_given_up_is_no_hole_until_it_comes_after_all,
    notices_missing::o9_the_largest_number_hides_no_hole,
    set_aside::subjects_are_those_of_their_kind,
    set_aside::work_set_aside_again_renews_its_reason_and_keeps_its_beginning,
    set_aside::release_lets_one_unit_go_on_and_says_whether_there_was_one,
    set_aside::of_sixteen_that_release_at_once_exactly_one_did,
    set_aside::the_oldest_come_first,
    set_aside::a_run_clears_what_others_left_by_the_day_it_looked_at,
    shop_events::the_events_of_one_shop_come_in_log_order_and_within_their_bounds,
    shop_events::a_reader_is_led_by_an_index,
    shop_events::the_end_of_the_log_at_an_instant_is_found_by_time,
    leases::of_sixteen_that_take_work_at_once_exactly_one_has_it,
    leases::work_passes_on_when_its_holder_is_silent,
    storm::sixteen_writers_lose_nothing_and_repeat_nothing,
}
