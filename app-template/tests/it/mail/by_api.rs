//! Mail servers as the methods of the application meet them, and what metrics tell.

use std::time::Duration;

use app_template::Metrics;
use app_template::mail::SmtpOptions;
use serde_json::{Value, json};

use super::server::{Does, Encrypts, Script, SmtpPeer};
use super::{HOST, PASSWORD, USER};
use crate::metrics::parsed::Parsed;
use crate::world::{self, Served, Who, World};

/// A world whose mails go to a server.
async fn world(peer: &SmtpPeer, timeout: Duration) -> World {
    let mut options = world::options();
    options.smtp = SmtpOptions { timeout, ..super::options(peer) };
    options.mail_queue.first_wait = Duration::from_secs(1);
    let world = World::of(options).await;
    let account = json!({"smtp_hostname": HOST, "smtp_username": USER, "smtp_password": PASSWORD});
    let from = json!({"smtp_from": "Acme <noreply@acme.example>"});
    for members in [account, from] {
        world.ok(&world.as_known(Who::Root).await, "/v1/admin/settings/update", json!([members])).await;
    }
    world
}

/// Has an administrator try the stored server.
async fn try_out(script: Script, timeout: Duration) -> (u16, Value) {
    let peer = SmtpPeer::start(script).await;
    let world = world(&peer, timeout).await;
    let served = Served::start(&world.api).await;
    let bob = served.plain(world.token(Who::Bob).await.as_deref());
    bob.call("/v1/admin/settings/test-smtp", &json!([{}])).await
}

#[test_waits::test]
async fn what_a_server_says_is_the_answer_and_its_silence_too() {
    let (long, short) = (Duration::from_secs(30), Duration::from_secs(2));
    let script = || Script::new(Encrypts::WhenAsked);
    let silence = "the server did not answer in time";
    for (script, timeout, status, reason) in [
        (script(), long, 200, "OK"),
        (script().instead("GREETING", Does::Says("554 5.7.1 go away")), long, 502, "554 5.7.1 go away"),
        (script().instead("EHLO", Does::Says("421 4.3.2 too busy")), long, 502, "421 4.3.2 too busy"),
        (script().instead("AUTH", Does::Says("535 5.7.8 who are you")), long, 400, "535 5.7.8 who are you"),
        (script().instead("GREETING", Does::FallsSilent), short, 504, silence),
        (script().instead("EHLO", Does::FallsSilent), short, 504, silence),
    ] {
        let (answered, envelope) = try_out(script.clone(), timeout).await;
        assert_eq!((answered, &envelope["reason"]), (status, &json!(reason)), "{script:?} {envelope}");
        assert!(!envelope.to_string().contains("canary"), "{envelope}");
    }
}

#[test_waits::test]
async fn who_administers_users_does_not_get_to_read_the_reset_mail_of_root() {
    let thief = SmtpPeer::start(Script::new(Encrypts::Never)).await;
    let world = World::of(world::options()).await;
    world.ok(&world.as_known(Who::Root).await, "/v1/profile/set-email", json!(["root@example.com"])).await;
    world.all_mails().await;
    let (host, port) = (thief.address().ip().to_string(), thief.address().port());
    let account = json!([{"smtp_hostname": host, "smtp_port": port, "smtp_from": "noreply@acme.example"}]);
    for who in [Who::BobToken, Who::Bob, Who::Eve, Who::RootToken] {
        let caller = world.as_known(who).await;
        assert_eq!(caller.call("/v1/admin/settings/update", account.clone()).await.status, 403, "{who:?}");
    }
    world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!(["root"])).await;
    let mails = world.mails(1).await;
    assert_eq!((mails[0].to(), thief.connections()), ("root@example.com", 0));

    world.ok(&world.as_known(Who::Root).await, "/v1/admin/settings/update", account).await;
    world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!(["root"])).await;
    world.mails(0).await;
    assert_eq!(thief.messages().len(), 1, "to where root says");
}

/// Waits until a metric has a value.
async fn until(metrics: &Metrics, name: &str, value: f64) -> Parsed {
    let read = || Parsed::read(&metrics.text());
    test_waits::until(format_args!("{name} {value}"), || read().value(name, &[]) == Some(value)).await;
    read()
}

#[test_waits::test]
async fn mails_that_a_server_puts_off_and_then_refuses_are_told_by_metrics() {
    let script = Script::new(Encrypts::WhenAsked)
        .instead("RCPT", Does::Says("451 4.7.1 greylisted"))
        .instead("RCPT", Does::Says("550 5.1.1 no such user"));
    let peer = SmtpPeer::start(script).await;
    let world = world(&peer, Duration::from_secs(30)).await;
    let metrics = Metrics::new(&world.app, &world.api);
    let told = |parsed: &Parsed| {
        let names = ["queued", "retried", "failed", "sent", "lost"];
        names.map(|name| parsed.value(&format!("mails_{name}_total"), &[]).unwrap())
    };
    let reset = async |name: &str| {
        world.ok(&world.guest(), "/v1/session/send-password-reset-email", json!([name])).await;
        test_waits::soon("the end of the work in the background", world.app.settled()).await;
    };
    reset("ann").await;
    let parsed = until(&metrics, "mails_retried_total", 1.0).await;
    assert_eq!((told(&parsed), parsed.value("mails_waiting", &[])), ([1.0, 1.0, 0.0, 0.0, 0.0], Some(1.0)));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(told(&until(&metrics, "mails_failed_total", 1.0).await), [1.0, 1.0, 1.0, 0.0, 0.0]);
    reset("bob").await;
    let parsed = until(&metrics, "mails_sent_total", 1.0).await;
    assert_eq!((told(&parsed), parsed.value("mails_waiting", &[])), ([2.0, 1.0, 1.0, 1.0, 0.0], Some(0.0)));
    assert_eq!(peer.messages().len(), 1);
}
