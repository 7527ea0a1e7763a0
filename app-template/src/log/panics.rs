//! Panics, as events of the log.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};

use super::ALWAYS;

/// Logs panics from now on. The standard library would write them to stderr itself, and so wait for whoever reads it.
pub(super) fn log() {
    panic::set_hook(Box::new(tell));
}

fn tell(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(tracing::field::display);
    let backtrace = Backtrace::capture();
    let is_captured = backtrace.status() == BacktraceStatus::Captured;
    let backtrace = is_captured.then(|| tracing::field::display(&backtrace));
    let text = panic.payload_as_str().unwrap_or("no text");
    tracing::error!(target: ALWAYS, event = "panic", place, backtrace, "panic: {text}");
}
