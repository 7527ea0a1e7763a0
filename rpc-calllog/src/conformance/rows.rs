//! Rows: what they hold, their order, pages.

use std::sync::Arc;
use std::time::Duration;

use rpc_core::{RequestId, Timestamp};

use super::given::{ANSWERS, BYE, HELLO, MINUTE, all_rows, at, call, counted, log, rows};
use crate::call::{Admission, Caller, LoggedCall};
use crate::store::{CallLogStore, RowQuery};

async fn stored<S: CallLogStore>(store: &S, calls: &[LoggedCall]) {
    log(store, 1, calls.to_vec()).await;
    let mut stored: Vec<_> = all_rows(store).await.into_iter().map(|row| (row.id, row.call)).collect();
    stored.sort_by_key(|(id, _)| *id);
    let stored: Vec<_> = stored.into_iter().map(|(_, call)| call).collect();
    assert_eq!(stored, calls);
}

/// Every member, to the nanosecond of the run time.
pub async fn a_call_is_stored_as_given<S: CallLogStore>(store: Arc<S>) {
    let ann = Some(Caller::new("2", "ann"));
    let calls = [
        call(HELLO, 0),
        LoggedCall { caller: ann, transport: "websocket".into(), ..call(HELLO, 1) },
        LoggedCall { client: Some("192.0.2.1".parse().expect("an address")), ..call(HELLO, 2) },
        LoggedCall { client: Some("2001:db8::1".parse().expect("an address")), ..call(HELLO, 3) },
        LoggedCall { runtime: Duration::from_nanos(12_345_678), ..call(HELLO, 4) },
        LoggedCall { runtime: Duration::ZERO, ..call(HELLO, 5) },
        LoggedCall { admission: Admission::Declined, status: 429, reason: "Too many".into(), ..call(HELLO, 6) },
        LoggedCall { admission: Admission::Refused, status: 403, reason: "".into(), ..call(HELLO, 7) },
        LoggedCall { exception: true, status: 500, reason: "Internal error".into(), ..call(HELLO, 8) },
        LoggedCall { started: Timestamp::default(), ..call(HELLO, 9) },
        LoggedCall { request_id: None, ..call(HELLO, 10) },
        LoggedCall { request_id: RequestId::parse("0123456789abcdef0123456789abcdef"), ..call(HELLO, 11) },
        LoggedCall { request_id: RequestId::parse("_A.7-"), ..call(HELLO, 12) },
    ];
    stored(&*store, &calls).await;
}

/// No character means anything to a store. A user, a method, a way in need not be known to anybody.
pub async fn odd_texts_are_stored_as_they_are<S: CallLogStore>(store: Arc<S>) {
    let odd =
        ["", " ", "'; drop table log; --", "\\N", "\\.", "\t\r\n", "\"{}\",", "é\u{301}\u{1F600}\u{202E}", "\u{1}"];
    let calls = odd.map(|text| LoggedCall {
        method: format!("/v0/{text}").into(),
        caller: Some(Caller::new(text, text)),
        reason: text.into(),
        transport: text.into(),
        ..call(HELLO, 0)
    });
    stored(&*store, &calls).await;
}

/// No call that went through [`LoggedCall::fit`] makes a store refuse a batch.
pub async fn whatever_was_made_fit_is_stored<S: CallLogStore>(store: Arc<S>) {
    let odd = |started: i64, runtime: Duration, reason: String| {
        let started = Timestamp::from_millis(started);
        LoggedCall { started, runtime, reason: reason.into(), ..call(HELLO, 0) }.fit()
    };
    let calls = [
        odd(i64::MIN, Duration::ZERO, "a\0b".to_owned()),
        odd(0, Duration::ZERO, "ä".repeat(100_000)),
        odd(i64::MAX, Duration::MAX, "\u{10FFFF}".repeat(1000)),
        odd(i64::MAX, Duration::ZERO, String::new()),
        LoggedCall { status: u16::MAX, caller: Some(Caller::new("\0", &"x".repeat(100_000))), ..call(HELLO, 0) },
        LoggedCall { status: 0, ..call(HELLO, 0) },
    ];
    stored(&*store, &calls).await;
}

/// In whatever order they were written.
pub async fn calls_that_ended_last_come_first<S: CallLogStore>(store: Arc<S>) {
    log(&*store, 1, [5, 3, 9].map(|ended| call(HELLO, ended * MINUTE)).to_vec()).await;
    log(&*store, 2, [1, 7, -2000].map(|ended| call(BYE, ended * MINUTE)).to_vec()).await;
    let ended: Vec<_> = all_rows(&*store).await.iter().map(|row| row.call.finished()).collect();
    assert_eq!(ended, [9, 7, 5, 3, 1, -2000].map(|minute| at(minute * MINUTE)));
}

/// Ids grow within a batch, and from batch to batch of a node.
pub async fn of_calls_that_ended_together_the_later_row_comes_first<S: CallLogStore>(store: Arc<S>) {
    let numbered = |status| LoggedCall { status, ..call(HELLO, 0) };
    for sequence in 0..5 {
        let calls = (0..10).map(|number| numbered(sequence * 10 + number)).collect();
        log(&*store, u64::from(sequence) + 1, calls).await;
    }
    let found = all_rows(&*store).await;
    assert_eq!(found.iter().map(|row| row.call.status).collect::<Vec<_>>(), (0..50).rev().collect::<Vec<_>>());
    assert!(found.is_sorted_by(|later, earlier| later.id > earlier.id));
}

/// Names are whole: none is the beginning of another.
pub async fn rows_of_one_method_are_its_own<S: CallLogStore>(store: Arc<S>) {
    let longer = "/v1/greetings/hello-again";
    log(&*store, 1, vec![call(HELLO, 0), call(BYE, 1), call(longer, 2), call(HELLO, 3)]).await;
    for (method, count) in [(HELLO, 2), (BYE, 1), (longer, 1), ("/v1/greetings", 0), ("/v1/greetings/%", 0)] {
        let found = rows(&*store, Some(method), 0, 100).await;
        assert_eq!(found.len(), count, "{method}");
        assert!(found.iter().all(|row| row.call.method == method));
    }
}

/// Of one method and of all; beyond the end there is nothing.
pub async fn pages_put_together_are_the_list<S: CallLogStore>(store: Arc<S>) {
    let calls = (0..25).map(|number| call(if number % 2 == 0 { HELLO } else { BYE }, number / 4));
    log(&*store, 1, calls.collect()).await;
    for method in [None, Some(HELLO)] {
        let all = rows(&*store, method, 0, 100).await;
        let mut pages = Vec::new();
        for offset in (0..30).step_by(7) {
            pages.extend(rows(&*store, method, offset, 7).await);
        }
        assert_eq!(pages, all);
        assert_eq!(rows(&*store, method, 10_000, 7).await, []);
    }
}

/// One that ended at the very moment is in.
pub async fn calls_that_ended_before_are_left_out<S: CallLogStore>(store: Arc<S>) {
    log(&*store, 1, [-1, 0, 1].map(|ended| call(HELLO, ended)).to_vec()).await;
    let query = RowQuery { method: Some(HELLO), since: at(0), offset: 0, limit: 10 };
    let found = store.rows(&query).await.expect(ANSWERS);
    assert_eq!(found.iter().map(|row| row.call.finished()).collect::<Vec<_>>(), [at(1), at(0)]);
    assert_eq!(store.rows(&RowQuery { method: None, ..query }).await.expect(ANSWERS), found);
    assert_eq!(counted(&*store).await, [3; 4]);
}
