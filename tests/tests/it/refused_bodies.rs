//! Clients that people use, which send bodies that nobody wants: each sees its answer, every time.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::process::{Running, command, run, workspace};

const TIMES: usize = 6;
const LONG: usize = 4 * 1024 * 1024;
const PARTS: &str = "multipart/form-data; boundary=cut";

/// A request that is answered before its body is read, or while it is.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) verb: &'static str,
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) authorization: &'static str,
    pub(crate) status: u16,
}

const fn refused(verb: &'static str, path: &'static str, content_type: &'static str, status: u16) -> Refused {
    Refused { verb, path, content_type, authorization: "", status }
}

pub(crate) const REFUSED: [Refused; 7] = [
    refused("PUT", "/v1/test/test", "application/json", 405),
    refused("POST", "/v1/test/test", "text/plain", 415),
    refused("POST", "/v1/test/test", "application/json", 413),
    refused("POST", "/v1/%ff", "application/json", 400),
    refused("POST", "/api", "text/plain", 415),
    refused("POST", "/v1/test/upload", PARTS, 411),
    Refused { authorization: "Bearer app_session_dead", ..refused("POST", "/v1/test/upload", PARTS, 401) },
];

/// A file of so many bytes.
pub(crate) fn long_file(folder: &TempDir, length: usize) -> PathBuf {
    let path = folder.path().join(format!("body-{length}"));
    std::fs::write(&path, vec![b'x'; length]).unwrap();
    path
}

impl Refused {
    /// What makes curl send it with a body from a file.
    pub(crate) fn of_curl(&self, curl: &mut Command, body: &std::path::Path) {
        curl.args(["--request", self.verb, "--header", &format!("Content-Type: {}", self.content_type)]);
        if !self.authorization.is_empty() {
            curl.args(["--header", &format!("Authorization: {}", self.authorization)]);
        }
        curl.arg("--data-binary").arg(format!("@{}", body.display()));
    }
}

/// A curl that prints the statuses that it sees, one a line.
pub(crate) fn curl() -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "60", "--output", "/dev/null"]);
    curl.args(["--write-out", "%{http_code}\n"]).kill_on_drop(true);
    curl
}

/// The statuses that a curl saw.
pub(crate) async fn statuses(curl: &mut Command) -> Vec<u16> {
    let ended = run(curl).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    ended.stdout.lines().map(|line| line.parse().unwrap()).collect()
}

/// Starts the application: as it is, or so that it reads only little of what nobody wants.
async fn application(unread_body: &str) -> (Running, String) {
    Running::serve(command("app-template", &["--port", "0"]).env("APP_UNREAD_BODY", unread_body)).await
}

#[tokio::test]
async fn curl_sees_each_answer_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let body = long_file(&folder, LONG);
    for unread_body in ["16 MiB", "64 KiB"] {
        let (_running, address) = application(unread_body).await;
        for refused in &REFUSED {
            // curl asks before it sends so much, unless it is told not to.
            for way in [&["--http1.1"][..], &["--http1.1", "--header", "Expect:"], &["--http2-prior-knowledge"]] {
                // Old versions of curl fail where they use a connection of HTTP/2 again that was not negotiated.
                let is_single = way.first() == Some(&"--http2-prior-knowledge");
                let (times, at_once) = if is_single { (TIMES, 1) } else { (1, TIMES) };
                for _ in 0..times {
                    let mut curl = curl();
                    refused.of_curl(curl.args(way), &body);
                    let seen = statuses(curl.arg(format!("http://{address}{}?#[1-{at_once}]", refused.path))).await;
                    assert_eq!(seen, vec![refused.status; at_once], "{refused:?} {way:?} {unread_body}");
                }
            }
        }
    }
}

#[tokio::test]
async fn node_sees_each_answer_every_time() {
    let script = workspace().join("tests/tests/it/refused_bodies/client.mjs");
    let requests: Vec<Value> = REFUSED.iter().map(Refused::of_node).collect();
    for (unread_body, sessions) in [("16 MiB", "one"), ("64 KiB", "single")] {
        let (_running, address) = application(unread_body).await;
        let mut node = Command::new("node");
        node.arg(&script)
            .args([&address, &json!(requests).to_string(), &TIMES.to_string(), sessions])
            .kill_on_drop(true);
        let ended = run(&mut node).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
        let seen: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(seen.len(), 3 * REFUSED.len());
        for one in seen {
            assert_eq!(
                one["statuses"],
                Value::from(vec![one["status"].clone(); TIMES]),
                "{} {unread_body}",
                one["way"]
            );
        }
    }
}

impl Refused {
    fn of_node(&self) -> Value {
        let mut headers = json!({"content-type": self.content_type});
        if !self.authorization.is_empty() {
            headers["authorization"] = self.authorization.into();
        }
        json!({"method": self.verb, "path": self.path, "headers": headers, "status": self.status})
    }
}
