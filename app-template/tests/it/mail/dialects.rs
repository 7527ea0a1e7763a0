//! Servers that say the same in other words, and how a process is told to speak with them.

use app_template::mail::{CertificatesError, Mail, MailError, Mailer, SmtpMailer, SmtpOptions, SmtpServer, SmtpTls};

use super::server::{Does, Encrypts, Script, SmtpPeer};
use super::{HOST, clock, locked, mail, mailer, open, options};

/// Answers to `EHLO`, before the encryption and after it, of servers that can encrypt and then authenticate.
const DIALECTS: [[&str; 2]; 8] = [
    ["250-peer\r\n250-starttls\r\n250 auth plain", "250-peer\r\n250 auth plain"],
    ["250-peer\r\n250 starttls", "250-peer\r\n250-8bitmime\r\n250 auth=login plain"],
    ["250-peer\r\n250-StartTLS\r\n250 Size 1000", "250-peer\r\n250-Auth Login\r\n250 Size 1000"],
    ["250-peer\r\n250-STARTTLS \r\n250 HELP", "250-peer\r\n250-AUTH=LOGIN\r\n250 HELP"],
    ["250-starttls\r\n250 peer", "250-auth LOGIN PLAIN\r\n250 peer"],
    ["250-peer greets you\r\n250-AUTH GSSAPI\r\n250 sTARTTLS", "250-peer\r\n250-auth gssapi\r\n250 auth=plain"],
    [
        "250-peer\r\n250-size\r\n250-dsn\r\n250-chunking\r\n250-starttls\r\n250 help",
        "250-peer\r\n250-pipelining\r\n250 auth Plain XOAUTH2",
    ],
    ["250-peer\r\n250 STARTTLS", "250-peer\r\n250 AUTH CRAM-MD5 LOGIN"],
];

fn speaking(offers: [&'static str; 2]) -> Script {
    Script { offers: Some(offers), ..Script::new(Encrypts::WhenAsked) }
}

async fn send(server: SmtpServer, options: SmtpOptions) -> Result<(), MailError> {
    SmtpMailer::new(server, "Acme <noreply@acme.example>", options, clock()).unwrap().send(&mail()).await
}

#[test_waits::test]
async fn a_server_is_understood_whatever_the_case_of_its_words() {
    for offers in DIALECTS {
        for server in [locked(HOST), open(HOST)] {
            let has_user = server.username.is_some();
            let peer = SmtpPeer::start(speaking(offers)).await;
            mailer(server, &peer).send(&mail()).await.unwrap_or_else(|error| panic!("{offers:?}: {error}"));
            let in_clear: Vec<_> = peer.commands().into_iter().filter(|(_, encrypted)| !encrypted).collect();
            let expected = ["EHLO acme.example", "STARTTLS"].map(|line| (line.to_owned(), false));
            assert_eq!(in_clear, expected, "{offers:?}");
            assert_eq!((peer.heard_any("AUTH"), peer.messages().len()), (has_user, 1), "{offers:?}");
        }
    }
}

#[test_waits::test]
async fn on_this_machine_a_server_that_does_not_encrypt_is_understood_too() {
    for offers in ["250-peer\r\n250 auth=login plain", "250-peer\r\n250 Auth Login", "250 AUTH=PLAIN"] {
        let peer = SmtpPeer::start(Script { offers: Some([offers; 2]), ..Script::new(Encrypts::Never) }).await;
        mailer(locked("127.0.0.1"), &peer).send(&mail()).await.unwrap_or_else(|error| panic!("{offers}: {error}"));
        assert_eq!((peer.heard_any("AUTH"), peer.messages().len()), (true, 1), "{offers}");
    }
}

#[test_waits::test]
async fn what_lower_case_offers_is_refused_like_anything_else() {
    let [offers, _] = DIALECTS[0];
    for server in [locked(HOST), open(HOST)] {
        let refuses = speaking([offers; 2]).instead("STARTTLS", Does::Says("454 not now"));
        let peer = SmtpPeer::start(refuses).await;
        let error = mailer(server.clone(), &peer).send(&mail()).await.unwrap_err();
        assert_eq!(error.reply(), Some("454 not now"));
        assert!(!peer.heard_any("AUTH") && !peer.heard_any("MAIL"));

        let peer = SmtpPeer::start(speaking([offers; 2])).await;
        let options = SmtpOptions { trusted: Vec::new(), ..options(&peer) };
        let error = send(server, options).await.unwrap_err().to_string();
        assert!(error.starts_with("the connection cannot be encrypted: invalid peer certificate"), "{error}");
        assert!(!peer.heard_any("AUTH") && !peer.heard_any("MAIL"));
    }
}

#[test_waits::test]
async fn a_greeting_of_several_lines_is_no_answer_to_anything() {
    let greeting = Does::Says("220-peer\r\n220-250 STARTTLS\r\n220 ready");
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked).instead("GREETING", greeting)).await;
    mailer(locked(HOST), &peer).send(&mail()).await.unwrap();
    assert!(peer.heard_any("AUTH PLAIN ") && !peer.overheard_password());
}

#[test_waits::test]
async fn mechanisms_that_are_not_known_here_are_named() {
    for (offers, names) in [
        ("250-peer\r\n250 AUTH XOAUTH2 CRAM-MD5", "no authentication by PLAIN or LOGIN, but by XOAUTH2, CRAM-MD5"),
        ("250-peer\r\n250 auth gssapi <b>x</b> \u{1b}[31m", "no authentication by PLAIN or LOGIN, but by GSSAPI"),
        ("250-peer\r\n250 AUTH", "no authentication"),
        ("250-peer\r\n250 SIZE", "no authentication"),
    ] {
        let peer = SmtpPeer::start(speaking(["250-peer\r\n250 STARTTLS", offers])).await;
        let error = mailer(locked(HOST), &peer).send(&mail()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the server offers {names}"));
        assert!(!error.is_permanent() && !peer.heard_any("AUTH") && !peer.heard_any("MAIL"));
    }
}

#[test_waits::test]
async fn a_server_that_asks_for_the_name_in_other_words_is_answered() {
    for questions in [["334 ", "334 "], ["334 TG9naW46", "334 R2VoZWltbmlzOg=="], ["334 Who?", "334 %%%"]] {
        let script = Script { questions, ..Script::new(Encrypts::WhenAsked).auth("login") };
        let peer = SmtpPeer::start(script).await;
        mailer(locked(HOST), &peer).send(&mail()).await.unwrap_or_else(|error| panic!("{questions:?}: {error}"));
        assert!(!peer.overheard_password());
    }
}

#[test_waits::test]
async fn an_address_beyond_ascii_is_taken_by_a_server_that_says_so_in_lower_case() {
    for (offers, is_taken) in [("250-peer\r\n250 smtputf8", true), ("250-peer\r\n250 size", false)] {
        let peer = SmtpPeer::start(speaking(["250-peer\r\n250 starttls", offers])).await;
        let mail = Mail::new("b\u{e4}b@example.com", "Hello", "text", "html").unwrap();
        let sent = mailer(open(HOST), &peer).send(&mail).await;
        assert_eq!((sent.is_ok(), peer.messages().len()), (is_taken, usize::from(is_taken)), "{offers}");
        assert_eq!(peer.heard_any("MAIL FROM:<noreply@acme.example> SMTPUTF8"), is_taken, "{offers}");
    }
}

#[test_waits::test]
async fn when_to_encrypt_is_a_setting_and_not_a_port() {
    for (tls, encrypts, port) in [
        (SmtpTls::Implicit, Encrypts::AtOnce, 2465),
        (SmtpTls::Implicit, Encrypts::AtOnce, 465),
        (SmtpTls::StartTls, Encrypts::WhenAsked, 465),
        (SmtpTls::StartTls, Encrypts::WhenAsked, 25),
        (SmtpTls::Auto, Encrypts::AtOnce, 465),
        (SmtpTls::Auto, Encrypts::WhenAsked, 2465),
    ] {
        let peer = SmtpPeer::start(Script::new(encrypts)).await;
        let server = SmtpServer { port, ..locked(HOST) };
        send(server, SmtpOptions { tls, ..options(&peer) })
            .await
            .unwrap_or_else(|error| panic!("{tls:?} {port}: {error}"));
        let in_clear = peer.commands().iter().filter(|(_, encrypted)| !encrypted).count();
        assert_eq!(in_clear, if encrypts == Encrypts::AtOnce { 0 } else { 2 }, "{tls:?} {port}");
        assert_eq!((peer.messages().len(), peer.overheard_password()), (1, false));
    }
}

#[test_waits::test]
async fn a_server_without_encryption_gets_nothing_when_it_is_asked_for() {
    for server in [locked(HOST), open(HOST), open("127.0.0.1"), locked("127.0.0.1")] {
        for (tls, told) in [
            (SmtpTls::StartTls, "the server offers no encryption, and `smtp-tls` is starttls"),
            (SmtpTls::Implicit, "the connection cannot be encrypted"),
        ] {
            let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
            let error = send(server.clone(), SmtpOptions { tls, ..options(&peer) }).await.unwrap_err();
            assert!(error.to_string().starts_with(told) && !error.is_permanent(), "{server:?} {tls:?}: {error}");
            assert!(!peer.heard_any("AUTH") && !peer.heard_any("MAIL"), "{server:?} {tls:?}");
        }
    }
}

#[test_waits::test]
async fn the_name_in_ehlo_is_a_setting() {
    for name in ["app.example.com", "[192.0.2.1]"] {
        let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
        send(open(HOST), SmtpOptions { ehlo_name: Some(name.to_owned()), ..options(&peer) }).await.unwrap();
        let greetings = peer.heard().into_iter().filter(|heard| heard.line.starts_with("EHLO "));
        assert_eq!(greetings.map(|heard| heard.line).collect::<Vec<_>>(), vec![format!("EHLO {name}"); 2]);
    }
}

#[test_waits::test]
async fn certificates_of_a_file_are_trusted_and_others_are_not() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let other = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    let mut options = SmtpOptions { trusted: Vec::new(), ..options(&peer) };
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(options.trust(text.to_owned()), Err(CertificatesError), "{text}");
    }
    options.trust(other.certificate()).unwrap();
    send(open(HOST), options.clone()).await.unwrap_err();
    assert!(!peer.heard_any("MAIL"));
    options.trust(format!("# ours\n{}{}", other.certificate(), peer.certificate())).unwrap();
    send(open(HOST), options).await.unwrap();
    assert_eq!(peer.messages().len(), 1);
}
