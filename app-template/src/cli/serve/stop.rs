//! The end of a server: what still runs gets its time, and whoever watches is told what it waits for.

use std::process::ExitCode;
use std::time::Duration;

use rpc_core::Api;
use rpc_core::http::Stopped;
use tokio::time::Instant;

use crate::app::App;
use crate::config::ServeConfig;
use crate::log::MessageFormat;
use crate::output;
use crate::storage::Storage;

/// How long a stop is silent, and how often its progress is checked.
const STEP: Duration = Duration::from_millis(500);

/// Reports that the server stops.
pub(super) fn begins(message_format: MessageFormat, calls: u64) {
    match message_format {
        MessageFormat::Sentences => output::note(format!("stopping ({} in flight)", counted(calls))),
        MessageFormat::Events => {
            tracing::info!(event = "server.stopping", calls, "stopping ({} in flight)", counted(calls));
        }
    }
}

/// Waits for calls, then for mails and work in the background. Each has its own time: who keeps calls waiting costs nobody a mail.
pub(super) async fn finish(
    serving: impl Future<Output = Stopped>,
    api: &Api,
    app: App,
    storage: Box<dyn Storage>,
    config: &ServeConfig,
    message_format: MessageFormat,
) -> ExitCode {
    app.mails().outbox().retry_now();
    let deadline = Instant::now() + config.drain;
    let stopped = watched(serving, || counted(api.active_calls()), deadline, message_format).await;
    let (deadline, stop) = (Instant::now() + config.mail_drain, app.stop(config.mail_drain));
    watched(stop, || "mails and work in the background".to_owned(), deadline, message_format).await;
    let closed = tokio::time::timeout_at(deadline.max(Instant::now() + STEP), storage.close());
    if closed.await.is_err() {
        tracing::warn!(event = "storage.unclosed", "connections to the storage did not end in time");
    }
    ended(stopped, message_format)
}

/// Waits. When it takes a while, it reports what for, and again whenever that has changed.
async fn watched<T>(
    work: impl Future<Output = T>,
    what: impl Fn() -> String,
    deadline: Instant,
    message_format: MessageFormat,
) -> T {
    let (mut work, mut told) = (std::pin::pin!(work), String::new());
    loop {
        if let Ok(done) = tokio::time::timeout(STEP, &mut work).await {
            return done;
        }
        let waiting = what();
        if waiting != told {
            let left = deadline.saturating_duration_since(Instant::now()).as_secs_f64();
            progress(&format!("waiting for {waiting}, {left:.1} s at most"), &waiting, message_format);
            told = waiting;
        }
    }
}

fn progress(text: &str, waiting: &str, message_format: MessageFormat) {
    match message_format {
        MessageFormat::Sentences => output::note(text),
        MessageFormat::Events => tracing::info!(event = "server.draining", waiting, "{text}"),
    }
}

/// Reports how the server stopped.
pub(super) fn ended(stopped: Stopped, message_format: MessageFormat) -> ExitCode {
    let Stopped { cut } = stopped;
    match (cut, message_format) {
        (0, MessageFormat::Sentences) => {}
        (0, MessageFormat::Events) => tracing::info!(event = "server.stopped", cut, "stopped"),
        _ => tracing::warn!(event = "server.stopped", cut, "stopped; {} did not end in time", counted(cut)),
    }
    ExitCode::SUCCESS
}

fn counted(calls: u64) -> String {
    format!("{calls} {}", if calls == 1 { "call" } else { "calls" })
}
