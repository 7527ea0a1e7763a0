//! Whatever a server does not do, the wait for it ends.

use std::time::Duration;

use app_template::mail::{Mailer, SmtpMailer, SmtpOptions};

use super::server::{Does, Encrypts, Script, SmtpPeer};
use super::{clock, locked, mail, options};

const SHORT: Duration = Duration::from_millis(200);

async fn sends_to(script: Script) -> (SmtpPeer, app_template::mail::MailError) {
    let peer = SmtpPeer::start(script).await;
    let options = SmtpOptions { timeout: SHORT, transfer_timeout: SHORT, ..options(&peer) };
    let mailer = SmtpMailer::new(locked("127.0.0.1"), "a@acme.example", options, clock()).unwrap();
    let sent = tokio::time::timeout(Duration::from_secs(10), mailer.send(&mail())).await;
    (peer, sent.expect("the time-out ends the wait").unwrap_err())
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left() {
    for at in ["GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "MESSAGE"] {
        let script = Script::new(Encrypts::WhenAsked).instead(at, Does::FallsSilent);
        let (peer, error) = sends_to(script).await;
        assert_eq!(error.to_string(), "the server did not answer in time", "{at}");
        assert!(!error.is_permanent() && peer.messages().is_empty(), "{at}");
        assert!(!peer.heard_any("QUIT"), "{at}: it could be taken for a line of the mail");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_is_tried_again_later() {
    for at in ["GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "MESSAGE"] {
        let script = Script::new(Encrypts::WhenAsked).instead(at, Does::HangsUp);
        let (peer, error) = sends_to(script).await;
        assert!(!error.is_permanent() && error.reply().is_none() && peer.messages().is_empty(), "{at}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_refuses_and_then_falls_silent_has_refused() {
    let script = Script::new(Encrypts::WhenAsked)
        .instead("RCPT", Does::Says("550 no such user"))
        .instead("QUIT", Does::FallsSilent);
    let (_peer, error) = sends_to(script).await;
    assert_eq!((error.reply(), error.is_permanent()), (Some("550 no such user"), true));
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_left() {
    for greeting in ["HTTP/1.1 400 Bad Request\r\n", "SSH-2.0-OpenSSH_9.2", "\u{16}\u{3}\u{1}"] {
        let (_peer, error) = sends_to(Script::new(Encrypts::Never).instead("GREETING", Does::Says(greeting))).await;
        assert!(!error.is_permanent(), "{error}");
    }
}
