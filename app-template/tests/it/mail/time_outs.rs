//! Whatever a server does not do, the wait for it ends.

use std::time::Duration;

use app_template::mail::{MailError, Mailer, SmtpMailer, SmtpOptions, SmtpServer};
use futures_util::future::join_all;
use test_waits::within;

use super::server::{Does, Encrypts, Script, SmtpPeer};
use super::{clock, locked, mail, options};

/// Short enough to be waited for, and long enough to get as far as a test means it to, on a busy machine too.
const SHORT: Duration = Duration::from_secs(2);

/// Where a conversation may end, each place with what was heard by then.
const PLACES: [(&str, &str); 8] = [
    ("GREETING", ""),
    ("EHLO", "EHLO"),
    ("STARTTLS", "STARTTLS"),
    ("AUTH", "AUTH"),
    ("MAIL", "MAIL"),
    ("RCPT", "RCPT"),
    ("DATA", "DATA"),
    ("MESSAGE", "DATA"),
];

async fn sends_to(script: Script, timeout: Duration) -> (SmtpPeer, MailError) {
    let peer = SmtpPeer::start(script).await;
    let options = SmtpOptions { timeout, transfer_timeout: timeout, ..options(&peer) };
    let mailer = SmtpMailer::new(locked("127.0.0.1"), "a@acme.example", options, clock()).unwrap();
    (peer, within(Duration::from_secs(60), "the time-out", mailer.send(&mail())).await.unwrap_err())
}

#[test_waits::test]
async fn a_server_that_falls_silent_is_left() {
    join_all(PLACES.map(|(at, heard)| async move {
        let script = Script::new(Encrypts::WhenAsked).instead(at, Does::FallsSilent);
        let (peer, error) = sends_to(script, SHORT).await;
        assert_eq!(error.to_string(), "the server did not answer in time", "{at}");
        assert!(!error.is_permanent() && peer.messages().is_empty(), "{at}");
        assert!(heard.is_empty() || peer.heard_any(heard), "{at}");
        assert!(!peer.heard_any("QUIT"), "{at}: it could be taken for a line of the mail");
    }))
    .await;
}

#[test_waits::test]
async fn a_server_that_hangs_up_is_tried_again_later() {
    join_all(PLACES.map(|(at, heard)| async move {
        let script = Script::new(Encrypts::WhenAsked).instead(at, Does::HangsUp);
        let (peer, error) = sends_to(script, Duration::from_secs(30)).await;
        assert!(!error.is_permanent() && error.reply().is_none() && peer.messages().is_empty(), "{at}: {error}");
        assert!(heard.is_empty() || peer.heard_any(heard), "{at}");
    }))
    .await;
}

#[test_waits::test]
async fn a_server_that_never_ends_its_line_is_left_before_its_words_fill_the_memory() {
    for (encrypts, port) in [(Encrypts::WhenAsked, 587), (Encrypts::AtOnce, 465)] {
        for (at, begins) in [("GREETING", "220 "), ("EHLO", "250-"), ("AUTH", "535 "), ("MESSAGE", "250 ")] {
            let peer = SmtpPeer::start(Script::new(encrypts).instead(at, Does::Rambles(begins))).await;
            let server = SmtpServer { port, ..locked("127.0.0.1") };
            // It would take longer than this to wait for the time-out.
            let timeout = Duration::from_secs(300);
            let options = SmtpOptions { timeout, transfer_timeout: timeout, ..options(&peer) };
            let mailer = SmtpMailer::new(server, "a@acme.example", options, clock()).unwrap();
            let what = format_args!("{at} on {port}: it still listens");
            let error = within(Duration::from_secs(60), what, mailer.send(&mail())).await.unwrap_err();
            assert_eq!(error.to_string(), "the server hung up, or speaks no SMTP", "{at} on {port}");
            assert!(!error.is_permanent() && peer.messages().is_empty(), "{at} on {port}");
        }
    }
}

#[test_waits::test]
async fn a_server_that_refuses_and_then_falls_silent_has_refused() {
    let script = Script::new(Encrypts::WhenAsked)
        .instead("RCPT", Does::Says("550 no such user"))
        .instead("QUIT", Does::FallsSilent);
    let (_peer, error) = sends_to(script, Duration::from_secs(30)).await;
    assert_eq!((error.reply(), error.is_permanent()), (Some("550 no such user"), true));
}

#[test_waits::test]
async fn a_server_that_speaks_something_else_is_left() {
    for greeting in ["HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH_9.2", "\u{16}\u{3}\u{1}"] {
        let script = Script::new(Encrypts::Never).instead("GREETING", Does::Says(greeting));
        let (_peer, error) = sends_to(script, SHORT).await;
        assert!(!error.is_permanent(), "{error}");
    }
}
