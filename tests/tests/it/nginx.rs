//! nginx with two nodes, configured as `docs/operating.md` says: what one client sends takes the nodes from nobody.

use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::time::Instant;

use crate::process::{Running, command, file};
use crate::refused_bodies::{REFUSED, curl, long_file, statuses};

const URL: &str = "https://api.example.com";
const LONG: usize = 4 * 1024 * 1024;
/// More than a file may have, and less than the proxy lets through.
const OVER_UPLOAD: usize = 10 * 1024 * 1024 + 500_000;

/// Two nodes and the proxy before them.
struct Front {
    nodes: [Running; 2],
    _nginx: Running,
    /// What curl is told to find it.
    way: [String; 4],
    folder: TempDir,
}

/// The configuration of the document, with the addresses and files of a test.
fn configuration(change: impl Fn(String) -> String, port: u16, nodes: [&str; 2], folder: &Path) -> String {
    let document = file("docs/operating.md");
    let (_, rest) = document.split_once("```nginx\n").unwrap();
    let mut text = change(rest.split_once("```").unwrap().0.to_owned());
    let place = |name: &str| folder.join(name).display().to_string();
    for (written, here) in [
        ("10.0.0.11:8080", nodes[0]),
        ("10.0.0.12:8080", nodes[1]),
        ("listen 443 ", &format!("listen 127.0.0.1:{port} ")),
        ("/etc/app/certificate.pem", &place("certificate.pem")),
        ("/etc/app/certificate-key.pem", &place("key.pem")),
    ] {
        assert_eq!(text.matches(written).count(), 1, "{written}");
        text = text.replace(written, here);
    }
    let folders: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};\n", place(name)))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {};\nerror_log stderr notice;\nevents {{}}\n\
         http {{\naccess_log off;\n{folders}{text}\n}}\n",
        place("nginx.pid")
    )
}

/// A free port. Somebody else may take it before it is used, but for who asks again.
async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

/// Starts nginx as one process; `None` when its port is taken.
async fn started(folder: &Path, configuration: &str) -> Option<Running> {
    let path = folder.join("nginx.conf");
    std::fs::write(&path, configuration).unwrap();
    let installed = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/usr/local/bin/nginx"];
    let program = installed.into_iter().find(|path| Path::new(path).exists());
    let mut nginx = Command::new(program.expect("nginx is installed, as scripts/test does"));
    nginx.arg("-p").arg(folder).arg("-c").arg(&path).args(["-e", "stderr"]).kill_on_drop(true);
    let mut running = Running::start(&mut nginx);
    loop {
        let line = running.stderr_line().await;
        if line.contains("event method") {
            running.read_on();
            return Some(running);
        }
        if line.contains("Address already in use") {
            return None;
        }
        assert!(!line.contains("[emerg]"), "{line}");
    }
}

async fn node(unread_body: &str) -> (Running, String) {
    let mut node = command("app-template", &["--port", "0", "--log-level", "debug", "--public-url", URL]);
    Running::serve(node.env("APP_TRUSTED_PROXIES", "127.0.0.1").env("APP_UNREAD_BODY", unread_body)).await
}

impl Front {
    async fn start(unread_body: &str, change: impl Fn(String) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["api.example.com".to_owned()]).unwrap();
        std::fs::write(folder.path().join("certificate.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let ((one, first), (other, second)) = (node(unread_body).await, node(unread_body).await);
        let (port, nginx) = loop {
            let port = free_port().await;
            let text = configuration(&change, port, [&first, &second], folder.path());
            if let Some(nginx) = started(folder.path(), &text).await {
                break (port, nginx);
            }
        };
        let certificate = folder.path().join("certificate.pem").display().to_string();
        let to = format!("api.example.com:443:127.0.0.1:{port}");
        let way = ["--cacert".to_owned(), certificate, "--connect-to".to_owned(), to];
        Self { nodes: [one, other], _nginx: nginx, way, folder }
    }

    fn curl(&self) -> Command {
        let mut curl = curl();
        curl.args(&self.way);
        curl
    }

    /// What somebody gets who calls many times, over new connections to the proxy and over one.
    async fn calls(&self) -> Vec<u16> {
        let mut seen = Vec::new();
        for header in ["Connection: close", "X-Nothing: x"] {
            let mut curl = self.curl();
            curl.args(["--http1.1", "--header", header, "--json", "[\"x\"]"]);
            seen.extend(statuses(curl.arg(format!("{URL}/v1/test/test?#[1-10]"))).await);
        }
        seen
    }

    /// Sends everything that is refused.
    async fn refusals(&self) {
        let body = long_file(&self.folder, LONG);
        for refused in &REFUSED {
            let mut curl = self.curl();
            refused.of_curl(&mut curl, &body);
            let seen = statuses(curl.arg(format!("{URL}{}?#[1-2]", refused.path))).await;
            assert_eq!(seen, [refused.status; 2], "{refused:?}");
        }
        let mut curl = self.curl();
        let over = long_file(&self.folder, OVER_UPLOAD);
        curl.arg("--form").arg(format!("file=@{}", over.display())).arg(format!("{URL}/v1/test/upload"));
        assert_eq!(statuses(&mut curl).await, [413]);
    }
}

/// For how long the client goes on, each time: once, or for as long as `ATTACK_SECONDS` says.
fn duration() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "it says how long a test takes")]
    let seconds = std::env::var("ATTACK_SECONDS").unwrap_or_else(|_| "0".to_owned());
    Duration::from_secs(seconds.parse().expect("ATTACK_SECONDS is a number of seconds"))
}

#[tokio::test]
async fn refused_bodies_of_one_client_take_the_nodes_from_nobody() {
    // As it is documented, then as nginx is without what the document adds, then with bodies that are not read to their end.
    let documented = |text: String| text;
    let plain = |text: String| text.replace(" max_fails=0", "");
    for (unread_body, is_plain) in [("16 MiB", false), ("16 MiB", true), ("64 KiB", true)] {
        let front = Front::start(unread_body, if is_plain { plain } else { documented }).await;
        let begin = Instant::now();
        loop {
            let ((), one, other) = tokio::join!(front.refusals(), front.calls(), front.calls());
            assert_eq!((one, other), (vec![200; 20], vec![200; 20]), "{unread_body} {is_plain}");
            if begin.elapsed() >= duration() {
                break;
            }
        }
        assert_eq!(front.calls().await, [200; 20], "{unread_body} {is_plain}");
    }
}

#[tokio::test]
async fn the_documented_proxy_passes_on_what_nodes_need() {
    let front = Front::start("16 MiB", |text| text).await;
    // A bad token among the subprotocols: the socket opens, and the server closes it after a second.
    for (path, origin, status) in [("/api", URL, 101), ("/api/", URL, 101), ("/api", "https://evil.example", 403)] {
        let mut curl = front.curl();
        curl.args(["--http1.1", "--header", "Connection: Upgrade", "--header", "Upgrade: websocket"]);
        curl.args(["--header", "Sec-WebSocket-Version: 13", "--header", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]);
        curl.args(["--header", "Sec-WebSocket-Protocol: jsonrpc_2.0, app_session_dead"]);
        curl.args(["--header", &format!("Origin: {origin}")]);
        assert_eq!(statuses(curl.arg(format!("{URL}{path}"))).await, [status], "{path} {origin}");
    }
    let mut curl = front.curl();
    curl.args([
        "--header",
        "X-Forwarded-For: 198.51.100.7",
        "--header",
        "X-Request-Id: forwarded",
        "--json",
        "[\"x\"]",
    ]);
    assert_eq!(statuses(curl.arg(format!("{URL}/v1/test/test"))).await, [200]);
    // One node stops: the other one answers.
    let [one, other] = &front.nodes;
    one.signal(Signal::TERM);
    assert_eq!(front.calls().await, [200; 20]);
    other.signal(Signal::TERM);
    let Front { nodes: [one, other], .. } = front;
    let log = one.ended().await.stderr + &other.ended().await.stderr;
    let line = log.lines().find(|line| line.contains("\"forwarded\"") && line.contains("\"event\":\"call\""));
    assert!(line.is_some_and(|line| line.contains("\"client\":\"198.51.100.7\"")), "{line:?}");
}
