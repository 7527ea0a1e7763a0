//! Processes of the workspace's binaries: started, read, signalled, and gone when the test is.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::task::JoinSet;

/// What takes longer than this will not happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for what should come soon.
#[track_caller]
pub(crate) fn soon<F: IntoFuture>(what: &str, awaited: F) -> impl Future<Output = F::Output> {
    test_waits::within(PATIENCE, what, awaited)
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A file of the workspace.
pub(crate) fn file(path: &str) -> String {
    std::fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The path of a binary of the workspace, as fresh as the sources.
///
/// Cargo tells a test only of the binaries of its own package, so the first test that needs another one builds them all,
/// with the same selection as the tests themselves, so that nothing is compiled twice.
pub(crate) fn binary(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--workspace", "--bins", "--tests"]).current_dir(workspace());
        assert!(cargo.status().unwrap().success(), "the binaries do not build");
        Path::new(env!("CARGO_BIN_EXE_slow-app")).parent().unwrap().to_owned()
    });
    folder.join(name)
}

/// A command that runs a binary, with no variables in its environment.
pub(crate) fn command(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(binary(name));
    command.args(args).env_clear().current_dir(workspace()).kill_on_drop(true).stdin(Stdio::null());
    command
}

/// What a process came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) async fn run(command: &mut Command) -> Ended {
    let output = soon("the end of a command", command.output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// How many methods the reference application lists.
pub(crate) async fn method_count() -> usize {
    let listed = run(&mut command("app-template", &["methods"])).await.stdout;
    listed.lines().filter(|line| line.starts_with('/')).count()
}

/// A process that runs until it is told to end.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: Option<Lines<BufReader<ChildStderr>>>,
    /// Reads stderr on, if somebody does.
    reader: JoinSet<String>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, stdout, stderr: Some(stderr), reader: JoinSet::new() }
    }

    /// Starts a server that logs in JSON; with it the address that it listens on.
    pub(crate) async fn serve(command: &mut Command) -> (Self, String) {
        let mut running = Self::start(command);
        let listening = running.event("server.listening").await;
        let address = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
        (running, address)
    }

    /// The next line of stdout.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        soon("a line of stdout", self.stdout.read_line(&mut line)).await.unwrap();
        line.trim_end().to_owned()
    }

    /// The next line of stderr.
    pub(crate) async fn stderr_line(&mut self) -> String {
        let stderr = self.stderr.as_mut().expect("stderr is read here");
        let line = soon("a line of stderr", stderr.next_line()).await.unwrap();
        line.unwrap_or_else(|| panic!("the process ended"))
    }

    /// The next event with a name, of a log in JSON.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let line = self.stderr_line().await;
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            if event["event"] == name {
                return event;
            }
        }
    }

    /// Has the rest of stderr read as it comes: a process that says much would wait for its reader otherwise.
    pub(crate) fn read_on(&mut self) {
        if let Some(stderr) = self.stderr.take() {
            self.reader.spawn(rest(stderr));
        }
    }

    /// Closes this end of stderr: whoever writes on gets an error.
    pub(crate) fn hang_up(&mut self) {
        self.stderr = None;
    }

    /// Its number, as the system has it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it was not waited for")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.id(), signal);
    }

    /// Waits for the end; with what was not yet read.
    pub(crate) async fn ended(mut self) -> Ended {
        let status: ExitStatus = soon("the end of a process", self.child.wait()).await.unwrap();
        let mut stdout = String::new();
        soon("the end of stdout", self.stdout.read_to_string(&mut stdout)).await.unwrap();
        self.read_on();
        let read = soon("the end of stderr", self.reader.join_next()).await;
        let stderr = read.map(Result::unwrap).unwrap_or_default();
        Ended { code: status.code(), stdout, stderr }
    }
}

async fn rest(mut lines: Lines<BufReader<ChildStderr>>) -> String {
    let mut text = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        text += &(line + "\n");
    }
    text
}

/// Sends a signal to a process that was not waited for yet.
pub(crate) fn signal_to(child: &Child, signal: Signal) {
    kill(child.id().expect("it was not waited for"), signal);
}

fn kill(id: u32, signal: Signal) {
    kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal).unwrap();
}
