//! The kiosk as a process: what it says of itself, what it serves, and how it stops.

#![expect(clippy::unwrap_used, reason = "a test that meets the unexpected ends there")]

use std::process::{Output, Stdio};

use rpc_core::client::HttpClient;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_waits::soon;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// The kiosk in a folder of its own, with no variables but these.
fn kiosk(folder: &TempDir, args: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kiosk"));
    command.args(args).env_clear().envs(variables.iter().copied()).current_dir(folder.path());
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn run(args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let output: Output = soon("the end of a command", kiosk(&folder, args, variables).output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

async fn stdout(args: &[&str]) -> String {
    let (code, stdout, stderr) = run(args, &[]).await;
    assert_eq!(code, Some(0), "{args:?}: {stderr}");
    stdout
}

#[test_waits::test]
async fn the_program_has_its_own_name_version_variables_and_file() {
    assert_eq!(stdout(&["--version"]).await, format!("kiosk {}\n", env!("CARGO_PKG_VERSION")));
    let help = stdout(&["serve", "--help"]).await;
    for part in
        ["--currency <TEXT>", "[env: KIOSK_CURRENCY] [default: EUR]", "KIOSK_PORT, PORT", "kiosk.toml", "  kiosk serve"]
    {
        assert!(help.contains(part), "{part}\n{help}");
    }
    assert!(!help.contains("APP_") && !help.contains("app-template"), "{help}");
}

#[test_waits::test]
async fn options_of_its_own_are_shown_documented_and_checked_with_all_others() {
    let (_, table, _) = run(&["config"], &[("KIOSK_CURRENCY", "CHF")]).await;
    let line = table.lines().find(|line| line.starts_with("currency ")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["currency", "CHF", "KIOSK_CURRENCY"]);
    let document = stdout(&["docs", "--configuration"]).await;
    assert!(document.contains("\n## kiosk\n"), "{document}");
    assert!(document.contains("| `max-items` | `KIOSK_MAX_ITEMS` | number | 1 to 1000 | `10` | Items of one order. |"));
    let (code, _, stderr) =
        run(&["config"], &[("KIOSK_MAX_ITEMS", "0"), ("KIOSK_PORT", "x"), ("KIOSK_CURENCY", "x")]).await;
    assert_eq!(code, Some(3), "{stderr}");
    assert!(stderr.contains("KIOSK_MAX_ITEMS is \"0\": expected a whole number from 1 to 1000"), "{stderr}");
    assert!(stderr.contains("KIOSK_PORT is \"x\"") && stderr.contains("did you mean KIOSK_CURRENCY?"), "{stderr}");
}

#[test_waits::test]
async fn the_file_of_its_name_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kiosk.toml"), "currency = \"USD\"\nmax-item = 3").unwrap();
    let output = soon("the end", kiosk(&folder, &["config"], &[]).output()).await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("kiosk.toml:2: unknown key \"max-item\" (did you mean \"max-items\"?)"), "{stderr}");
}

#[test_waits::test]
async fn its_methods_stand_beside_those_of_the_application() {
    let methods = stdout(&["methods"]).await;
    assert!(methods.contains("/v1/kiosk/order") && methods.contains("/v1/session/signin"), "{methods}");
    assert!(stdout(&["docs"]).await.contains("Place an order"));
    let called: Value = serde_json::from_str(&stdout(&["call", "/v1/kiosk/order", "3", "--as", "root"]).await).unwrap();
    assert_eq!(called["data"], json!({"customer": "root", "items": 3, "currency": "EUR"}));
}

#[test_waits::test]
async fn a_state_that_cannot_be_made_ends_the_start_in_its_own_words() {
    let (code, _, stderr) = run(&["serve", "--port", "0", "--currency", "Euro"], &[]).await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("error: currency is \"Euro\": expected three letters, such as EUR"), "{stderr}");
}

#[test_waits::test]
async fn it_serves_logs_and_stops_as_the_application_does() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [("KIOSK_ROOT_PASSWORD", "correct horse battery"), ("KIOSK_CURRENCY", "CHF")];
    let mut child = kiosk(&folder, &["serve", "--port", "0"], &variables).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let url = loop {
        let line = soon("a line of the log", lines.next_line()).await.unwrap().unwrap();
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["event"] == "server.listening" {
            break event["url"].as_str().unwrap().to_owned();
        }
    };
    let guest = HttpClient::new(&url).unwrap();
    let credentials = json!([{"username": "root", "password": "correct horse battery"}]);
    let session: Value = soon("a session", guest.call("/v1/session/signin", credentials)).await.unwrap().data;
    let token = session["token"].as_str().unwrap();
    assert!(token.starts_with("kiosk_"), "the tokens are the kiosk's own");
    let user = guest.clone().token(token).unwrap();
    let order: Value = soon("an order", user.call("/v1/kiosk/order", [2])).await.unwrap().data;
    assert_eq!(order["currency"], "CHF");
    kill_process(Pid::from_raw(child.id().unwrap().cast_signed()).unwrap(), Signal::TERM).unwrap();
    assert!(soon("the end of the kiosk", child.wait()).await.unwrap().success());
}
