//! The binary, as a process.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStderr, Command};

/// What takes longer than this will not happen.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
    address: String,
}

impl Server {
    /// Starts it with an endpoint for spans, and waits until it listens.
    pub(crate) async fn start(endpoint: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_app-template"));
        command.args(["-p", "0", "--log-level", "debug"]).env_clear().env("APP_OTLP_ENDPOINT", endpoint);
        let mut child = command.kill_on_drop(true).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        loop {
            let line = stderr.next_line().await.unwrap().unwrap_or_else(|| panic!("it ended"));
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if event["event"] == "server.listening" {
                let address = event["url"].as_str().unwrap().strip_prefix("http://").unwrap().to_owned();
                return Self { child, stderr, address };
            }
        }
    }

    /// Sends a request with further headers; the whole answer.
    pub(crate) async fn post(&self, path: &str, headers: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Stops it in order; all of its log since it listens.
    pub(crate) async fn stop(mut self) -> String {
        let id = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        kill_process(id.unwrap(), Signal::TERM).unwrap();
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        assert_eq!(status.code(), Some(0));
        let mut log = String::new();
        while let Some(line) = self.stderr.next_line().await.unwrap() {
            log += &(line + "\n");
        }
        log
    }
}
