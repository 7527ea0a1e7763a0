use app_template::mail::{Mail, Mailer};

use super::server::{Does, Encrypts, Script, SmtpPeer};
use super::{HOST, PASSWORD, locked, mail, mailer, open, options};

/// A message without its soft line breaks.
fn unfolded(message: &str) -> String {
    message.replace("\r\n ", " ")
}

#[test_waits::test]
async fn a_mail_is_sent_over_starttls_after_authentication() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let mailer = mailer(locked(HOST), &peer);
    mailer.send(&mail()).await.unwrap();
    mailer.rest().await;
    let commands = peer.commands();
    let told: Vec<_> = commands.iter().map(|(line, encrypted)| (line.as_str(), *encrypted)).collect();
    assert_eq!(
        told,
        [
            ("EHLO acme.example", false),
            ("STARTTLS", false),
            ("EHLO acme.example", true),
            ("AUTH PLAIN AGFubkBleGFtcGxlLmNvbQBjYW5hcnktaHVudGVyMg==", true),
            ("MAIL FROM:<noreply@acme.example>", true),
            ("RCPT TO:<bob@example.com>", true),
            ("DATA", true),
            ("QUIT", true),
        ]
    );
    let message = unfolded(&peer.messages()[0]);
    for header in [
        "From: Acme <noreply@acme.example>\r\n",
        "To: bob@example.com\r\n",
        "Subject: Hello\r\n",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: multipart/alternative;",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
        "\r\n\r\nplain words\r\n",
        "\r\n\r\n<p>marked up words</p>\r\n",
    ] {
        assert!(message.contains(header), "{header:?} is missing: {message}");
    }
    assert!(message.contains("@acme.example>\r\n") && message.contains("Message-ID: <"), "{message}");
    assert!(message.find("text/plain") < message.find("text/html"), "the better form comes last (RFC 2046)");
}

#[test_waits::test]
async fn on_port_465_the_first_byte_is_encrypted() {
    let peer = SmtpPeer::start(Script::new(Encrypts::AtOnce)).await;
    let mut server = locked(HOST);
    server.port = 465;
    mailer(server, &peer).send(&mail()).await.unwrap();
    assert!(peer.commands().iter().all(|(_, encrypted)| *encrypted));
    assert!(peer.heard_any("AUTH PLAIN "));
    assert_eq!((peer.messages().len(), peer.connections()), (1, 1));
}

#[test_waits::test]
async fn a_server_that_knows_only_login_is_authenticated_to() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked).auth("LOGIN")).await;
    mailer(locked(HOST), &peer).send(&mail()).await.unwrap();
    assert!(peer.heard_any("AUTH LOGIN"));
    assert_eq!(peer.messages().len(), 1);
    assert!(!peer.overheard_password());
}

#[test_waits::test]
async fn without_a_user_name_a_server_without_encryption_gets_mails() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    mailer(open(HOST), &peer).send(&mail()).await.unwrap();
    assert!(!peer.heard_any("AUTH"));
    assert_eq!(peer.messages().len(), 1);
}

#[test_waits::test]
async fn a_server_whose_starttls_was_stripped_learns_no_password() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    let error = mailer(locked(HOST), &peer).send(&mail()).await.unwrap_err();
    assert_eq!(error.to_string(), "the server offers no encryption, so the password is not sent");
    assert!(!error.is_permanent(), "who stands in the way may go away");
    assert!(!peer.heard_any("AUTH") && !peer.heard_any("MAIL") && !peer.overheard_password());
}

#[test_waits::test]
async fn a_server_that_refuses_starttls_learns_nothing() {
    for server in [locked(HOST), open(HOST)] {
        let script = Script::new(Encrypts::WhenAsked).instead("STARTTLS", Does::Says("454 not now"));
        let peer = SmtpPeer::start(script).await;
        let error = mailer(server, &peer).send(&mail()).await.unwrap_err();
        assert_eq!((error.reply(), error.is_permanent()), (Some("454 not now"), false));
        assert!(!peer.heard_any("AUTH") && !peer.heard_any("MAIL"));
    }
}

#[test_waits::test]
async fn a_certificate_that_is_not_the_servers_ends_the_conversation() {
    for (host, is_trusted) in [("other.example.test", true), (HOST, false)] {
        for encrypts in [Encrypts::WhenAsked, Encrypts::AtOnce] {
            for mut server in [open(HOST), locked(HOST)] {
                let peer = SmtpPeer::start_as(host, Script::new(encrypts)).await;
                server.port = if encrypts == Encrypts::AtOnce { 465 } else { 587 };
                let mut options = options(&peer);
                options.trusted.retain(|_| is_trusted);
                let mailer = app_template::mail::SmtpMailer::new(server, "a@acme.example", options, super::clock());
                let error = mailer.unwrap().send(&mail()).await.unwrap_err();
                assert!(
                    error.to_string().starts_with("the connection cannot be encrypted: invalid peer certificate"),
                    "{error}"
                );
                assert!(!error.is_permanent());
                assert!(!peer.heard_any("AUTH") && !peer.heard_any("MAIL"), "{host} {encrypts:?}");
            }
        }
    }
}

#[test_waits::test]
async fn what_was_said_before_the_encryption_is_not_taken_for_what_is_said_after_it() {
    let script = Script { injects: "\r\n250 fine", ..Script::new(Encrypts::WhenAsked) };
    let peer = SmtpPeer::start(script).await;
    let error = mailer(locked(HOST), &peer).send(&mail()).await.unwrap_err();
    assert!(error.to_string().starts_with("the connection cannot be encrypted"), "{error}");
    assert!(!peer.heard_any("AUTH") && !peer.heard_any("MAIL"));
}

#[test_waits::test]
async fn on_this_machine_the_password_needs_no_encryption_and_the_certificate_no_name() {
    for hostname in ["127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1"] {
        for encrypts in [Encrypts::Never, Encrypts::WhenAsked] {
            let peer = SmtpPeer::start(Script::new(encrypts)).await;
            mailer(locked(hostname), &peer).send(&mail()).await.unwrap();
            assert!(peer.heard_any("AUTH PLAIN "), "{hostname}");
            assert_eq!(peer.overheard_password(), encrypts == Encrypts::Never);
        }
    }
    for hostname in ["localhost.example.com", "127.example.com", "192.0.2.1"] {
        let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
        mailer(locked(hostname), &peer).send(&mail()).await.unwrap_err();
        assert!(!peer.heard_any("AUTH"), "{hostname}");
    }
}

#[test_waits::test]
async fn a_second_mail_takes_the_open_connection() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let mailer = mailer(locked(HOST), &peer);
    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();
    assert_eq!((peer.connections(), peer.messages().len()), (1, 2));
    mailer.rest().await;
    mailer.send(&mail()).await.unwrap();
    assert_eq!((peer.connections(), peer.messages().len()), (2, 3));
}

#[test_waits::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let script = Script::new(Encrypts::WhenAsked).instead("NOOP", Does::HangsUp);
    let peer = SmtpPeer::start(script).await;
    let mailer = mailer(locked(HOST), &peer);
    mailer.send(&mail()).await.unwrap();
    mailer.send(&mail()).await.unwrap();
    assert_eq!((peer.connections(), peer.messages().len()), (2, 2));
}

#[test_waits::test]
async fn a_refusal_is_told_in_the_servers_words() {
    for (at, answer, is_permanent) in [
        ("GREETING", "554 no service", true),
        ("EHLO", "421 too busy", false),
        ("AUTH", "535 5.7.8 no", false),
        ("AUTH", "454 4.7.0 later", false),
        ("MAIL", "550 5.7.1 not from you", true),
        ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user", true),
        ("RCPT", "451 4.7.1 greylisted", false),
        ("DATA", "452 4.3.1 full", false),
        ("MESSAGE", "554 5.7.1 looks like spam", true),
    ] {
        let script = Script::new(Encrypts::Never).instead(at, Does::Says(answer));
        let peer = SmtpPeer::start(script).await;
        let mailer = mailer(locked("127.0.0.1"), &peer);
        let error = mailer.send(&mail()).await.unwrap_err();
        let words = if at == "RCPT" && is_permanent { "550 5.1.1 no such user" } else { answer };
        assert_eq!((error.reply(), error.is_permanent()), (Some(words), is_permanent), "{at}");
        assert!(peer.messages().is_empty());
        mailer.send(&mail()).await.unwrap();
        assert_eq!(peer.messages().len(), 1, "after {at}");
    }
}

#[test_waits::test]
async fn lines_that_begin_with_a_dot_and_characters_beyond_ascii_arrive() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    let mail = Mail::new("bob@example.com", "Grüße", ".\n..\n.x\nend\n", "<p>ä</p>").unwrap();
    mailer(open(HOST), &peer).send(&mail).await.unwrap();
    let message = peer.messages().remove(0);
    assert!(message.contains("\r\n\r\n.\r\n..\r\n.x\r\nend\r\n"), "{message}");
    assert!(message.contains("Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n") && message.is_ascii(), "{message}");
}

#[test_waits::test]
async fn an_address_that_the_server_cannot_take_is_refused_for_good() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    let mail = Mail::new("bäb@example.com", "Hello", "text", "html").unwrap();
    let error = mailer(open(HOST), &peer).send(&mail).await.unwrap_err();
    assert!(error.is_permanent(), "{error}");
    assert!(!peer.heard_any("MAIL"));
}

#[test_waits::test]
async fn a_mail_that_is_sent_twice_keeps_its_id() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    let (mailer, mail) = (mailer(open(HOST), &peer), mail());
    mailer.send(&mail).await.unwrap();
    mailer.send(&mail).await.unwrap();
    mailer.send(&super::mail()).await.unwrap();
    let id = |message: &String| message.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned();
    let ids: Vec<_> = peer.messages().iter().map(id).collect();
    assert!(ids[0] == ids[1] && ids[0] != ids[2], "{ids:?}");
}

#[test_waits::test]
async fn the_password_is_in_no_log_and_no_text_form() {
    let (log, _guard) = super::Log::begin();
    let script = Script::new(Encrypts::WhenAsked)
        .instead("AUTH", Does::Says("535 not canary-hunter2 AGFubkBleGFtcGxlLmNvbQBjYW5hcnktaHVudGVyMg=="));
    let peer = SmtpPeer::start(script).await;
    let mailer = mailer(locked(HOST), &peer);
    let error = mailer.send(&mail()).await.unwrap_err();
    mailer.send(&mail()).await.unwrap();
    assert_eq!(error.reply(), Some("535 not … …"));
    let texts = [format!("{mailer:?} {error:?} {error} {:?}", locked(HOST)), log.text()];
    for text in texts {
        assert!(!text.contains(PASSWORD) && !text.contains("Y2FuYXJ5") && !text.contains("AGFubkBl"), "{text}");
    }
}
