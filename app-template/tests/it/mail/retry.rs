use std::sync::Arc;
use std::time::Duration;

use app_template::mail::{MailCounters, MailQueue, QueueOptions};
use rpc_auth::MailCause;
use rpc_core::ManualClock;

use super::server::{Does, Encrypts, Script, SmtpPeer};
use super::{HOST, Log, PASSWORD, clock, locked, mail, mailer, until};

/// A queue before a server, which may already have had its first mail.
async fn queue(peer: &SmtpPeer) -> (MailQueue, Arc<ManualClock>) {
    let clock = clock();
    let options = QueueOptions { senders: 1, first_wait: Duration::from_millis(20), ..QueueOptions::default() };
    let queue = MailQueue::start(Arc::new(mailer(locked(HOST), peer)), clock.clone(), options);
    (queue, clock)
}

#[test_waits::test]
async fn a_mail_that_the_server_puts_off_arrives_after_its_wait() {
    let (log, _guard) = Log::begin();
    let script = Script::new(Encrypts::WhenAsked)
        .instead("RCPT", Does::Says("451 4.7.1 greylisted"))
        .instead("MESSAGE", Does::Says("452 4.3.1 full"));
    let peer = SmtpPeer::start(script).await;
    let (queue, clock) = queue(&peer).await;
    queue.push(mail(), MailCause::House);
    until(&queue, |counters| counters.retried == 1).await;
    assert_eq!((queue.counters().waiting, peer.messages().len()), (1, 0));
    clock.advance(Duration::from_millis(20));
    until(&queue, |counters| counters.retried == 2).await;
    clock.advance(Duration::from_millis(40));
    let counters = until(&queue, |counters| counters.sent == 1).await;
    assert_eq!(counters, MailCounters { queued: 1, sent: 1, retried: 2, ..MailCounters::default() });
    assert_eq!(peer.messages().len(), 1);
    assert_eq!(log.lines_with("mail.retry"), 2, "{}", log.text());
    assert!(log.text().contains("451 4.7.1 greylisted"));
}

#[test_waits::test]
async fn a_mail_that_the_server_refuses_for_good_is_tried_once_and_the_log_tells() {
    let (log, _guard) = Log::begin();
    let script = Script::new(Encrypts::WhenAsked).instead("RCPT", Does::Says("550 5.1.1 no such user"));
    let peer = SmtpPeer::start(script).await;
    let (queue, clock) = queue(&peer).await;
    queue.push(mail(), MailCause::House);
    until(&queue, |counters| counters.failed == 1).await;
    clock.advance(Duration::from_secs(3600));
    assert_eq!(queue.stop(Duration::from_secs(10)).await, 0);
    let rcpt = peer.heard().iter().filter(|heard| heard.line.starts_with("RCPT")).count();
    assert_eq!((rcpt, peer.messages().len()), (1, 0));
    let text = log.text();
    assert_eq!(log.lines_with("mail.failed"), 1, "{text}");
    assert!(text.contains("550 5.1.1 no such user") && text.contains("bob@example.com"), "{text}");
    assert!(!text.contains("plain words") && !text.contains(PASSWORD), "{text}");
}

#[test_waits::test]
async fn mails_that_wait_at_the_stop_leave_before_it() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let (queue, _clock) = queue(&peer).await;
    (0..5).for_each(|_| queue.push(mail(), MailCause::House));
    assert_eq!(queue.stop(Duration::from_secs(20)).await, 0);
    assert_eq!((peer.messages().len(), peer.connections()), (5, 1));
    assert_eq!(peer.heard().last().unwrap().line, "QUIT", "the connection is not left open");
}
