//! Waits that come to their bound, by a clock that stands still until all wait.

use test_waits::{Bounded, soon, until, until_async};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

#[test_waits::test]
async fn what_comes_is_given() {
    assert_eq!(soon("an answer", async { 7 }).await, 7);
    let mut count = 0;
    until("three", || {
        count += 1;
        count == 3
    })
    .await;
    until_async("an answer that says so", async || true).await;
    let (near, mut far) = duplex(8);
    let mut near = Bounded::new(near);
    near.write_all(b"hello").await.unwrap();
    let mut bytes = [0; 5];
    far.read_exact(&mut bytes).await.unwrap();
    far.write_all(&bytes).await.unwrap();
    drop(far);
    let mut bytes = Vec::new();
    near.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"hello");
}

#[test_waits::test(start_paused = true)]
#[should_panic(expected = "in vain for the end of days, at tests/waits/tests/it/main.rs:")]
async fn what_does_not_come_is_named_with_its_place() {
    soon("the end of days", std::future::pending::<()>()).await;
}

#[test_waits::test(start_paused = true)]
#[should_panic(expected = "in vain for an answer that says so")]
async fn a_question_that_is_not_answered_is_named() {
    until_async("an answer that says so", async || std::future::pending().await).await;
}

#[test_waits::test(start_paused = true)]
#[should_panic(expected = "in vain for the other end of a connection to send or close")]
async fn a_reader_does_not_wait_for_ever() {
    let (near, _far) = duplex(8);
    let _ = Bounded::new(near).read_u8().await;
}

#[test_waits::test(start_paused = true)]
#[should_panic(expected = "in vain for the other end of a connection to take what is written")]
async fn a_writer_does_not_wait_for_ever() {
    let (near, _far) = duplex(8);
    let _ = Bounded::new(near).write_all(&[0; 9]).await;
}
