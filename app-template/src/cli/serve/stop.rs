//! The end of a server: what still runs gets its time, and somebody is told what is waited for.

use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use rpc_core::Api;
use rpc_core::http::Stopped;
use tokio::time::Instant;

use crate::app::App;
use crate::log::Audience;
use crate::output;

/// How long a stop goes without a word, and how often it is looked at.
const STEP: Duration = Duration::from_millis(500);

/// Tells that the server stops.
pub(super) fn begins(audience: Audience, calls: u64) {
    match audience {
        Audience::People => output::note(format!("stopping ({} in flight)", counted(calls))),
        Audience::Programs => {
            tracing::info!(event = "server.stopping", calls, "stopping ({} in flight)", counted(calls));
        }
    }
}

/// Waits for calls, then for mails and work in the background, all within the time to drain.
pub(super) async fn finish(
    mut serving: Pin<&mut impl Future<Output = Stopped>>,
    api: &Api,
    app: &App,
    drain: Duration,
    audience: Audience,
) -> ExitCode {
    let deadline = Instant::now() + drain;
    let mut told = None;
    let stopped = loop {
        match tokio::time::timeout(STEP, &mut serving).await {
            Ok(stopped) => break stopped,
            Err(_) => progress(&mut told, api.active_calls(), deadline, audience),
        }
    };
    app.stop(deadline.saturating_duration_since(Instant::now())).await;
    ended(stopped, audience)
}

/// Tells what is waited for, whenever it has changed.
fn progress(told: &mut Option<u64>, calls: u64, deadline: Instant, audience: Audience) {
    if *told == Some(calls) {
        return;
    }
    *told = Some(calls);
    let left = deadline.saturating_duration_since(Instant::now()).as_secs();
    let text = format!("waiting for {}, {left} s at most", counted(calls));
    match audience {
        Audience::People => output::note(text),
        Audience::Programs => tracing::info!(event = "server.draining", calls, left, "{text}"),
    }
}

/// Tells how the server stopped.
pub(super) fn ended(stopped: Stopped, audience: Audience) -> ExitCode {
    let Stopped { cut } = stopped;
    match (cut, audience) {
        (0, Audience::People) => {}
        (0, Audience::Programs) => tracing::info!(event = "server.stopped", cut, "stopped"),
        _ => tracing::warn!(event = "server.stopped", cut, "stopped; {} did not end in time", counted(cut)),
    }
    ExitCode::SUCCESS
}

fn counted(calls: u64) -> String {
    format!("{calls} {}", if calls == 1 { "call" } else { "calls" })
}
