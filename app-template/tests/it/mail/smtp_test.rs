use std::time::Duration;

use app_template::mail::{SmtpOptions, SmtpOverride, SmtpTestError, test_smtp};
use app_template::settings::{Settings, SettingsChange};
use futures_util::future::join_all;
use rpc_core::{ApiError, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::server::{Does, Encrypts, Script, SmtpPeer};
use super::{HOST, Log, PASSWORD, USER, options};

/// Stored settings: an account at the server of the tests, and what is given beside.
fn stored(more: &Value) -> Settings {
    let mut settings = Settings::default();
    let account = json!({"smtp_hostname": HOST, "smtp_username": USER, "smtp_password": PASSWORD});
    for members in [&account, more] {
        let change = SettingsChange::parse(members.as_object().unwrap()).unwrap();
        change.apply(&mut settings, Timestamp::from_millis(1));
    }
    settings
}

fn given(members: Value) -> SmtpOverride {
    serde_json::from_value(members).unwrap()
}

/// Tries what is given against a server.
async fn try_out(peer: &SmtpPeer, members: Value, stored: &Settings) -> Result<(), SmtpTestError> {
    test_smtp(&given(members), stored, &options(peer)).await
}

#[test_waits::test]
async fn the_stored_server_is_greeted_and_left_and_nothing_is_sent() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    try_out(&peer, json!({}), &stored(&json!({"smtp_from": "noreply@acme.example"}))).await.unwrap();
    let verbs: Vec<_> = peer.commands().iter().map(|(line, encrypted)| (line[..4].to_owned(), *encrypted)).collect();
    let expected = [("EHLO", false), ("STAR", false), ("EHLO", true), ("AUTH", true), ("QUIT", true)];
    assert_eq!(verbs, expected.map(|(verb, encrypted)| (verb.to_owned(), encrypted)));
    assert_eq!(peer.heard()[0].line, "EHLO acme.example");
    assert!(peer.messages().is_empty());
}

#[test_waits::test]
async fn the_stored_password_goes_to_the_account_that_it_is_stored_for_only() {
    for members in [
        json!({"smtp_hostname": "other.example.test"}),
        json!({"smtp_port": 25}),
        json!({"smtp_port": 465}),
        json!({"smtp_username": "eve@example.com"}),
        json!({"smtp_hostname": "127.0.0.1"}),
        json!({"smtp_hostname": "MAIL.example.test"}),
        json!({"smtp_hostname": "mail.example.test."}),
        json!({"smtp_hostname": "other.example.test", "smtp_password": ""}),
    ] {
        let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
        let error = try_out(&peer, members.clone(), &stored(&json!({}))).await.unwrap_err();
        let (status, text) = (error.status(), error.to_string());
        assert_eq!((status, text.as_str()), (400, "smtp_password is required for another server"), "{members}");
        assert_eq!(peer.connections(), 0, "{members}");
    }
    for members in [
        json!({}),
        json!({"smtp_hostname": HOST, "smtp_port": 587, "smtp_username": USER}),
        json!({"smtp_hostname": "", "smtp_port": 0, "smtp_password": ""}),
    ] {
        let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
        try_out(&peer, members.clone(), &stored(&json!({}))).await.unwrap();
        assert!(peer.heard_any("AUTH PLAIN ") && !peer.overheard_password(), "{members}");
    }
}

#[test_waits::test]
async fn a_given_account_is_tried_in_place_of_the_stored_one() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let account = json!({"smtp_hostname": HOST, "smtp_port": 2525, "smtp_username": USER, "smtp_password": PASSWORD});
    try_out(&peer, account, &Settings::default()).await.unwrap();
    assert!(peer.heard_any("AUTH PLAIN "));
}

#[test_waits::test]
async fn an_empty_user_name_tries_without_authentication() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    try_out(&peer, json!({"smtp_username": "", "smtp_hostname": "127.0.0.1"}), &stored(&json!({}))).await.unwrap();
    assert!(!peer.heard_any("AUTH") && !peer.overheard_password());
}

#[test_waits::test]
async fn without_a_host_there_is_nothing_to_try() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    let error = try_out(&peer, json!({"smtp_port": 25}), &Settings::default()).await.unwrap_err();
    assert_eq!((error.status(), error.to_string().as_str()), (400, "smtp_hostname is required"));
}

#[test_waits::test]
async fn a_text_that_would_leave_its_line_reaches_no_server() {
    for members in [
        json!({"smtp_hostname": "mail.example.test\r\nx", "smtp_password": "x"}),
        json!({"smtp_username": "ann\r\nMAIL FROM:<a@b.example>", "smtp_password": "x"}),
    ] {
        let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
        assert_eq!(try_out(&peer, members, &stored(&json!({}))).await.unwrap_err().status(), 400);
        assert_eq!(peer.connections(), 0);
    }
}

#[test_waits::test]
async fn a_failure_is_told_with_its_status_in_the_servers_own_words() {
    let when_asked = || Script::new(Encrypts::WhenAsked);
    for (script, status, reason) in [
        (when_asked().instead("AUTH", Does::Says("535 5.7.8 no such account")), 400, "535 5.7.8 no such account"),
        (when_asked().instead("AUTH", Does::Says("454 4.7.0 later")), 400, "454 4.7.0 later"),
        (when_asked().auth(""), 400, "the server offers no authentication"),
        (
            when_asked().auth("GSSAPI xoauth2"),
            400,
            "the server offers no authentication by PLAIN or LOGIN, but by GSSAPI, XOAUTH2",
        ),
        (Script::new(Encrypts::Never), 400, "the server offers no encryption, so the password is not sent"),
        (when_asked().instead("GREETING", Does::Says("554 go away")), 502, "554 go away"),
        (when_asked().instead("EHLO", Does::Says("421 too busy")), 502, "421 too busy"),
        (when_asked().instead("STARTTLS", Does::Says("454 not now")), 502, "454 not now"),
        (when_asked().instead("GREETING", Does::HangsUp), 502, "the server hung up, or speaks no SMTP"),
    ] {
        let peer = SmtpPeer::start(script.clone()).await;
        let error = ApiError::from(try_out(&peer, json!({}), &stored(&json!({}))).await.unwrap_err());
        assert_eq!((error.status(), error.reason()), (status, reason), "{script:?}");
        assert!(!peer.overheard_password() && !peer.heard_any("MAIL"), "{script:?}");
    }
}

#[test_waits::test]
async fn a_server_that_is_not_there_is_502_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let options = SmtpOptions { connect_to: Some(address), ..SmtpOptions::default() };
    for (port, username) in [(587, USER), (465, "")] {
        let members =
            json!({"smtp_hostname": HOST, "smtp_port": port, "smtp_username": username, "smtp_password": "x"});
        let error = test_smtp(&given(members), &Settings::default(), &options).await.unwrap_err();
        assert_eq!(error.status(), 502);
        assert_eq!(error.to_string(), format!("{HOST} cannot be reached on port {port}: connection refused"));
    }
}

#[test_waits::test]
async fn a_server_that_says_nothing_is_504_in_time() {
    join_all(["GREETING", "EHLO", "STARTTLS", "AUTH"].map(|at| async move {
        let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked).instead(at, Does::FallsSilent)).await;
        let options = SmtpOptions { timeout: Duration::from_secs(2), ..options(&peer) };
        let (given, stored) = (SmtpOverride::default(), stored(&json!({})));
        let trial = test_smtp(&given, &stored, &options);
        let error = test_waits::within(Duration::from_secs(60), "the time-out", trial).await.unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (504, "the server did not answer in time"), "{at}");
        assert!(at == "GREETING" || peer.heard_any(at), "{at}");
    }))
    .await;
}

#[test_waits::test(start_paused = true)]
async fn by_default_a_server_that_says_nothing_is_left_after_ten_seconds() {
    for at in ["GREETING", "EHLO"] {
        let peer = SmtpPeer::start(Script::new(Encrypts::Never).instead(at, Does::FallsSilent)).await;
        let began = Instant::now();
        let account = json!({"smtp_hostname": "127.0.0.1", "smtp_username": ""});
        let error = try_out(&peer, account, &Settings::default()).await.unwrap_err();
        // Of the clock of the test, which goes on when nobody does anything.
        assert_eq!((error.status(), began.elapsed().as_secs()), (504, 10), "{at}");
        assert!(at == "GREETING" || peer.heard_any(at), "{at}");
    }
}

#[test_waits::test(start_paused = true)]
async fn the_goodbye_is_within_the_time_of_the_whole() {
    let peer = SmtpPeer::start(Script::new(Encrypts::Never).instead("QUIT", Does::FallsSilent)).await;
    let options = SmtpOptions { timeout: Duration::from_millis(500), ..options(&peer) };
    let given = given(json!({"smtp_hostname": "127.0.0.1", "smtp_username": ""}));
    let began = Instant::now();
    test_smtp(&given, &Settings::default(), &options).await.unwrap();
    assert!(peer.heard_any("QUIT"));
    assert!(began.elapsed() < Duration::from_millis(600), "{:?}", began.elapsed());
}

#[test_waits::test]
async fn a_server_that_does_not_say_goodbye_has_passed() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked).instead("QUIT", Does::FallsSilent)).await;
    try_out(&peer, json!({}), &stored(&json!({}))).await.unwrap();
}

#[test_waits::test]
async fn a_certificate_for_another_name_is_502_and_the_password_stays_here() {
    for port in [587, 465] {
        let encrypts = if port == 465 { Encrypts::AtOnce } else { Encrypts::WhenAsked };
        let peer = SmtpPeer::start_as("other.example.test", Script::new(encrypts)).await;
        let settings = stored(&json!({"smtp_port": port, "smtp_password": PASSWORD}));
        let error = try_out(&peer, json!({}), &settings).await.unwrap_err();
        assert_eq!(error.status(), 502);
        assert!(
            error.to_string().starts_with("the connection cannot be encrypted: invalid peer certificate"),
            "{error}"
        );
        assert!(!peer.heard_any("AUTH"));
    }
}

#[test_waits::test]
async fn a_server_that_repeats_the_password_does_not_get_it_into_the_answer() {
    let (log, _guard) = Log::begin();
    let echo = "535 canary-hunter2 Y2FuYXJ5LWh1bnRlcjI= AGFubkBleGFtcGxlLmNvbQBjYW5hcnktaHVudGVyMg==";
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked).instead("AUTH", Does::Says(echo))).await;
    let error = try_out(&peer, json!({"smtp_password": PASSWORD}), &stored(&json!({}))).await.unwrap_err();
    assert_eq!(error.to_string(), "535 … … …");
    let given = given(json!({"smtp_password": PASSWORD}));
    for text in [format!("{given:?} {error:?} {:?}", ApiError::from(error.clone())), log.text()] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn unknown_members_are_refused() {
    for members in [json!({"smtp_from": "a@b.example"}), json!({"smtp_port": 65_536}), json!({"smtp_password": 1})] {
        assert!(serde_json::from_value::<SmtpOverride>(members).is_err());
    }
}
