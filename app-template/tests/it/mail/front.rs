use std::sync::Arc;
use std::time::Duration;

use app_template::mail::{
    Addressee, Mail, MailCounters, MailQueue, MailTemplates, Mailer, Mails, MemoryMailer, QueueOptions, SettingsMailer,
    SmtpOptions,
};
use app_template::settings::{CurrentSettings, MemorySettings, SettingsChange};
use rpc_auth::{Authority, MailCause, Secret};
use rpc_core::{Bus, Clock, LocalBus};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use super::server::{Encrypts, Script, SmtpPeer};
use super::{HOST, Log, PASSWORD, USER, clock, options};

/// The mails of an application, before the mailer that its settings name.
struct Front {
    mails: Mails,
    settings: CurrentSettings,
    fallback: Arc<MemoryMailer>,
}

impl Front {
    async fn new(smtp: SmtpOptions) -> Self {
        let clock: Arc<dyn Clock> = clock();
        let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
        let (store, tasks) = (Arc::new(MemorySettings::default()), TaskTracker::new());
        let settings = CurrentSettings::open(store, bus, clock.clone(), &tasks).await.unwrap();
        let fallback = Arc::new(MemoryMailer::default());
        let mailer = SettingsMailer::new(settings.clone(), fallback.clone() as Arc<dyn Mailer>, smtp, clock.clone());
        let queue = MailQueue::start(Arc::new(mailer), clock, QueueOptions { senders: 1, ..QueueOptions::default() });
        let (day, half_hour) = (Duration::from_secs(86_400), Duration::from_secs(1800));
        let mails = Mails::new(MailTemplates::built_in().unwrap(), queue, settings.clone(), "Acme", day, half_hour);
        Self { mails, settings, fallback }
    }

    async fn set(&self, members: Value) {
        self.settings
            .update(&SettingsChange::parse(members.as_object().unwrap()).unwrap(), &Authority::Application)
            .await
            .unwrap();
    }

    /// The one mail that there is.
    async fn mail(&self) -> Mail {
        let mut mails = self.fallback.take(1).await;
        assert_eq!(mails.len(), 1);
        mails.remove(0)
    }

    async fn settled(&self) {
        self.until(|counters| counters.waiting == 0).await;
    }

    async fn until(&self, is_so: impl Fn(MailCounters) -> bool) {
        super::until(self.mails.outbox(), is_so).await;
    }
}

type Sends = fn(&Mails);

fn ann() -> Addressee {
    let (address, user_name) = ("ann@example.com".to_owned(), Some("ann".to_owned()));
    Addressee { address, user_name, cause: MailCause::House }
}

fn token() -> Secret {
    Secret::new("app_confirm_token")
}

#[test_waits::test]
async fn links_lead_to_the_pages_of_the_application() {
    let front = Front::new(SmtpOptions::default()).await;
    front.set(json!({"app_url": "https://app.example.com/"})).await;
    let all: [(Sends, &str, &str); 3] = [
        (|mails| mails.confirm_email(&ann(), &token()), "confirm-email", "24 hours"),
        (|mails| mails.reset_password(&ann(), &token()), "reset-password", "30 minutes"),
        (|mails| mails.set_password(&ann(), &token()), "reset-password", "30 minutes"),
    ];
    for (send, page, lifetime) in all {
        send(&front.mails);
        let mail = front.mail().await;
        let link = format!("https://app.example.com/#/{page}/app_confirm_token");
        assert_eq!(mail.to(), "ann@example.com");
        for form in [mail.text(), mail.html()] {
            assert!(form.contains(&link) && form.contains(lifetime), "{form}");
        }
    }
}

#[test_waits::test]
async fn mails_without_a_token_are_sent_while_app_url_is_unset() {
    let front = Front::new(SmtpOptions::default()).await;
    front.mails.address_in_use(&ann());
    assert!(front.mail().await.subject().contains("already have an account"));
    front.mails.address_changed(&ann());
    let mail = front.mail().await;
    assert!(mail.subject().contains("was changed"));
    assert!(!mail.text().contains("http") && !mail.html().contains("href"));
}

#[test_waits::test]
async fn while_app_url_is_unset_no_link_is_sent_and_the_log_warns_once() {
    let (log, _guard) = Log::begin();
    let front = Front::new(SmtpOptions::default()).await;
    let send_all = || {
        front.mails.confirm_email(&ann(), &token());
        front.mails.reset_password(&ann(), &token());
        front.mails.set_password(&ann(), &token());
    };
    send_all();
    send_all();
    front.settled().await;
    assert!(front.fallback.mails().is_empty());
    assert_eq!(log.lines_with("mail.no_app_url"), 1, "{}", log.text());
    front.set(json!({"app_url": "https://app.example.com"})).await;
    send_all();
    assert_eq!(front.fallback.take(3).await.len(), 3);
    front.set(json!({"app_url": null})).await;
    send_all();
    assert_eq!(log.lines_with("mail.no_app_url"), 2, "{}", log.text());
    assert!(!log.text().contains("app_confirm_token"));
}

#[test_waits::test]
async fn the_settings_choose_the_mailer_of_each_mail() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let front = Front::new(options(&peer)).await;
    front.mails.address_changed(&ann());
    front.mail().await;
    front
        .set(json!({"smtp_hostname": HOST, "smtp_from": "noreply@acme.example", "smtp_username": USER,
                    "smtp_password": PASSWORD}))
        .await;
    front.mails.address_changed(&ann());
    front.settled().await;
    assert_eq!((peer.messages().len(), front.fallback.mails().len()), (1, 0));
    front.set(json!({"smtp_hostname": null})).await;
    front.mails.address_changed(&ann());
    front.mail().await;
    assert_eq!(peer.messages().len(), 1);
}

#[test_waits::test]
async fn a_mail_that_waits_for_better_settings_leaves_when_they_come() {
    let peer = SmtpPeer::start(Script::new(Encrypts::WhenAsked)).await;
    let front = Front::new(options(&peer)).await;
    front.set(json!({"smtp_hostname": HOST, "smtp_username": USER, "smtp_password": PASSWORD})).await;
    front.mails.address_changed(&ann());
    front.until(|counters| counters.retried > 0).await;
    assert_eq!(peer.connections(), 0, "there is no sender yet");
    front.set(json!({"smtp_from": "noreply@acme.example"})).await;
    front.settled().await;
    assert_eq!(peer.messages().len(), 1);
}
