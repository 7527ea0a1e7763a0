//! Processes of the application on one database.

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::Command;

use super::socket::Socket;
use crate::http::{Request, call_as};
use crate::process::{Ended, Running, command, soon};

/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse battery";
/// A password that nobody has yet.
pub(super) const OTHER_PASSWORD: &str = "staple the battery horse";

pub(super) const PROFILE: &str = "/v1/profile/read";

/// A process of the application.
#[derive(Debug)]
pub(super) struct Node {
    running: Running,
    pub(super) address: String,
}

/// The command of a node, with cheap hashes, and a short time for the database.
pub(super) fn node_command(url: &str) -> Command {
    let mut app = command("app-template", &["--port", "0"]);
    app.env("APP_DATABASE_URL", url).env("APP_ROOT_PASSWORD", PASSWORD).env("APP_DATABASE_TIMEOUT", "1s");
    app.env("APP_HASH_MEMORY", "8 KiB").env("APP_HASH_ITERATIONS", "1");
    app
}

impl Node {
    pub(super) async fn start(url: &str) -> Self {
        Self::of(&mut node_command(url)).await
    }

    pub(super) async fn of(command: &mut Command) -> Self {
        let (mut running, address) = Running::serve(command).await;
        running.read_on();
        Self { running, address }
    }

    /// Two nodes on a database.
    pub(super) async fn two(url: &str) -> [Self; 2] {
        let here = Self::start(url).await;
        [here, Self::start(url).await]
    }

    pub(super) async fn call(&self, token: &str, path: &str, params: Value) -> (u16, Value) {
        call_as(&self.address, token, path, params).await
    }

    /// A call of which only the status is of interest.
    pub(super) async fn status(&self, token: &str, path: &str, params: Value) -> u16 {
        self.call(token, path, params).await.0
    }

    /// A call that succeeds; its data.
    pub(super) async fn ok(&self, token: &str, path: &str, params: Value) -> Value {
        let (status, mut answer) = self.call(token, path, params).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer["data"].take()
    }

    /// Signs in; the token.
    pub(super) async fn sign_in(&self, name: &str, password: &str) -> String {
        let data = self.ok("", "/v1/session/signin", json!([{"username": name, "password": password}])).await;
        data["token"].as_str().unwrap().to_owned()
    }

    pub(super) async fn root(&self) -> String {
        self.sign_in("root", PASSWORD).await
    }

    /// Whether it says that calls may be sent to it.
    pub(super) async fn is_ready(&self) -> bool {
        let page = Request { verb: "GET", path: "/readyz", headers: Vec::new(), body: "" };
        page.send(&self.address).await.status == 200
    }

    /// Waits until it says whether calls may be sent to it.
    pub(super) async fn ready(&self, expected: bool) {
        soon("a change of readiness", async { while self.is_ready().await != expected {} }).await;
    }

    /// Waits until a call has a status.
    pub(super) async fn until(&self, expected: u16, token: &str, path: &str, params: Value) {
        let wait = async { while self.status(token, path, params.clone()).await != expected {} };
        soon("another status", wait).await;
    }

    pub(super) async fn socket(&self, token: &str) -> Socket {
        Socket::open(&self.address, token).await
    }

    pub(super) fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    pub(super) async fn ended(self) -> Ended {
        self.running.ended().await
    }
}

/// Somebody, and what they come in with.
pub(super) struct Person {
    pub(super) session: String,
    pub(super) token: String,
    pub(super) token_id: String,
}

impl Person {
    /// Makes an administrator with a session and an API token that may as much.
    pub(super) async fn make(node: &Node, root: &str, name: &str) -> Self {
        let fields = json!({"username": name, "password": PASSWORD, "permissions": {"admin": true}});
        node.ok(root, "/v1/admin/users/create", json!([fields])).await;
        let session = node.sign_in(name, PASSWORD).await;
        let made = node.ok(&session, "/v1/api-tokens/create", json!(["laptop"])).await;
        let text = |field: &str| made[field].as_str().unwrap().to_owned();
        let (token, token_id) = (text("token"), text("id"));
        let all = json!([token_id, {"admin": true}]);
        node.ok(&session, "/v1/api-tokens/set-permissions", all).await;
        Self { session, token, token_id }
    }
}
