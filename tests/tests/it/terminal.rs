//! What somebody at a terminal sees.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::process::{command, method_count, signal_to, soon};

/// A process whose stderr is a terminal.
pub(crate) struct AtTerminal {
    child: Child,
    lines: UnboundedReceiver<String>,
}

impl AtTerminal {
    pub(crate) fn start(command: &mut Command) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = OpenOptions::new().read(true).write(true).open(OsStr::from_bytes(name.as_bytes())).unwrap();
        let child = command.stdout(Stdio::null()).stderr(theirs).spawn().unwrap();
        // The command keeps its end of the terminal open until it is given another.
        command.stderr(Stdio::null());
        Self { child, lines: lines(ours) }
    }

    /// Lines up to one that holds a text.
    pub(crate) async fn lines_to(&mut self, text: &str) -> Vec<String> {
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.contains(text)) {
            lines.push(soon(text, self.lines.recv()).await.unwrap_or_else(|| panic!("no {text} in {lines:?}")));
        }
        lines
    }

    /// Presses Ctrl-C; the lines that follow, and the exit code.
    pub(crate) async fn interrupt(mut self) -> (Vec<String>, Option<i32>) {
        signal_to(&self.child, Signal::INT);
        let status = soon("the end of a process", self.child.wait()).await.unwrap();
        let mut lines = Vec::new();
        while let Some(line) = soon("the end of the terminal", self.lines.recv()).await {
            lines.push(line);
        }
        (lines, status.code())
    }
}

/// Reads lines until the other end of a terminal is closed, which a thread of its own has to wait for.
fn lines(terminal: OwnedFd) -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        let (mut terminal, mut text, mut bytes) = (File::from(terminal), String::new(), [0; 1024]);
        while let Ok(length @ 1..) = terminal.read(&mut bytes) {
            text += &String::from_utf8_lossy(&bytes[..length]);
            while let Some((line, rest)) = text.split_once('\n') {
                let _ = sender.send(line.trim_end().to_owned());
                text = rest.to_owned();
            }
        }
    });
    receiver
}

#[tokio::test]
async fn a_banner_says_where_to_go_and_ctrl_c_ends_in_order() {
    let mut terminal = AtTerminal::start(&mut command("app-template", &["--port", "0"]));
    let banner = terminal.lines_to("Press Ctrl-C to stop").await;
    assert!(banner[1].starts_with("  app-template "), "{banner:?}");
    assert!(banner[2].starts_with("  > API        http://127.0.0.1:"), "{banner:?}");
    assert!(banner[2].ends_with(&format!("/v1/         {} methods", method_count().await)), "{banner:?}");
    let (lines, code) = terminal.interrupt().await;
    assert_eq!((lines, code), (vec![String::new(), "stopping (0 calls in flight)".to_owned()], Some(0)));
}

#[tokio::test]
async fn without_a_banner_the_address_is_a_line_of_the_log() {
    let mut terminal = AtTerminal::start(command("app-template", &["--port", "0", "--no-banner"]).env("NO_COLOR", "1"));
    let lines = terminal.lines_to("listening on http://127.0.0.1:").await;
    let events = ["everything is lost when this stops", "administrator root created", "listening on"];
    assert_eq!(lines.len(), events.len(), "{lines:?}");
    assert!(lines.iter().zip(events).all(|(line, event)| line.contains(event)), "{lines:?}");
    assert!(!lines.concat().contains('\u{1b}'), "{lines:?}");
    assert_eq!(terminal.interrupt().await.1, Some(0));
}
