//! Mails, on their whole way: to a server that speaks SMTP, to files, to the log.

mod by_api;
mod dialects;
mod fallback;
mod flood;
mod front;
mod headers;
mod retry;
mod server;
mod smtp;
mod smtp_test;
mod time_outs;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use app_template::mail::{Mail, MailCounters, MailQueue, SmtpMailer, SmtpOptions, SmtpServer};
use rpc_auth::Secret;
use rpc_core::ManualClock;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use self::server::SmtpPeer;

/// The name that the server's certificate is for. It is no loopback name.
const HOST: &str = "mail.example.test";
const USER: &str = "ann@example.com";
/// What must be seen by nobody but a server that proved to be the right one.
const PASSWORD: &str = "canary-hunter2";

/// A clock at 2023-11-14T22:13:20Z.
fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Duration::from_secs(1_700_000_000)))
}

/// Short enough for a test that waits for it, and long enough for one that does not.
fn options(peer: &SmtpPeer) -> SmtpOptions {
    let trusted = vec![peer.certificate()];
    SmtpOptions { trusted, connect_to: Some(peer.address()), ..SmtpOptions::default() }
}

/// The server of the tests under a name, without authentication.
fn open(hostname: &str) -> SmtpServer {
    SmtpServer { hostname: hostname.to_owned(), port: 587, username: None, password: None }
}

/// The server of the tests under a name, with authentication.
fn locked(hostname: &str) -> SmtpServer {
    SmtpServer { username: Some(USER.to_owned()), password: Some(Secret::new(PASSWORD)), ..open(hostname) }
}

fn mailer(server: SmtpServer, peer: &SmtpPeer) -> SmtpMailer {
    SmtpMailer::new(server, "Acme <noreply@acme.example>", options(peer), clock()).unwrap()
}

fn mail() -> Mail {
    Mail::new("bob@example.com", "Hello", "plain words\n", "<p>marked up words</p>\n").unwrap()
}

/// Waits until the counters of a queue are so.
async fn until(queue: &MailQueue, is_so: impl Fn(MailCounters) -> bool) -> MailCounters {
    test_waits::until("a change of the queue", || is_so(queue.counters())).await;
    queue.counters()
}

/// What this thread logs for as long as it lives.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub(crate) fn lines_with(&self, part: &str) -> usize {
        self.text().lines().filter(|line| line.contains(part)).count()
    }

    pub(crate) fn begin() -> (Self, DefaultGuard) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        let guard = tracing::subscriber::set_default(subscriber.with_writer(log.clone()).finish());
        (log, guard)
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
