//! The first start: somebody becomes root, and learns how.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::http::{Request, call};
use crate::process::{Running, command, run};
use crate::terminal::AtTerminal;

async fn sign_in(address: &str, password: &str) -> (u16, Value) {
    call(address, "/v1/session/signin", json!([{"username": "root", "password": password}])).await
}

/// The word that follows another one in the lines of a banner.
fn word_after<'a>(lines: &'a [String], name: &str) -> Option<&'a str> {
    lines.iter().find_map(|line| line.trim().strip_prefix(name)?.split_whitespace().next())
}

#[tokio::test]
async fn at_a_terminal_the_password_is_printed_once_and_signs_in() {
    let mut terminal = AtTerminal::start(&mut command("app-template", &["--port", "0"]));
    let banner = terminal.lines_to("Press Ctrl-C to stop").await;
    let storage = "    Storage    memory: everything is lost when this stops (use --database-url)".to_owned();
    let mail = "    Mail       not configured: mails are written to the log".to_owned();
    assert!(banner.contains(&storage) && banner.contains(&mail), "{banner:?}");
    assert!(banner.contains(&"  First start: administrator created".to_owned()), "{banner:?}");
    assert_eq!(word_after(&banner, "user"), Some("root"));
    let password = word_after(&banner, "password").unwrap();
    assert_eq!((password.len(), banner.join("\n").matches(password).count()), (24, 1));

    let address = word_after(&banner, "> API").unwrap().strip_prefix("http://").unwrap().split('/').next().unwrap();
    let (status, answer) = sign_in(address, password).await;
    assert_eq!((status, &answer["data"]["auth"]["username"]), (200, &json!("root")), "{answer}");
    let bearer = format!("Bearer {}", answer["data"]["token"].as_str().unwrap());
    let headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let users = Request { verb: "POST", path: "/v1/admin/users/read", headers, body: "[]" }.send(address).await;
    let users: Value = serde_json::from_str(&users.body).unwrap();
    assert_eq!((&users["total"], &users["data"][0]["name"]), (&json!(1), &json!("root")));
    let (lines, code) = terminal.interrupt().await;
    assert_eq!(code, Some(0));
    assert!(!lines.join("\n").contains(password), "{lines:?}");
}

#[tokio::test]
async fn off_a_terminal_the_password_is_one_warning() {
    let mut running = Running::start(&mut command("app-template", &["--port", "0"]));
    let storage = running.event("storage.ready").await;
    assert_eq!((&storage["level"], &storage["storage"]), (&json!("INFO"), &json!("memory")));
    let created = running.event("root.created").await;
    assert_eq!((&created["level"], &created["user"]), (&json!("WARN"), &json!("root")));
    let listening = running.event("server.listening").await;
    let address = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let password = created["password"].as_str().unwrap();
    assert_eq!(sign_in(address, password).await.0, 200);
    running.signal(Signal::TERM);
    assert!(!running.ended().await.stderr.contains(password));
}

#[tokio::test]
async fn the_password_is_told_whatever_the_log_leaves_out() {
    for (args, directives) in [
        (&["--port", "0", "--log-level", "off"][..], None),
        (&["--port", "0", "--log-level", "error"], None),
        (&["--port", "0"], Some("off")),
        (&["--port", "0"], Some("app_template=off,warn")),
    ] {
        let mut app = command("app-template", args);
        let mut running =
            Running::start(directives.into_iter().fold(&mut app, |app, value| app.env("RUST_LOG", value)));
        let created = running.event("root.created").await;
        assert_eq!(created["password"].as_str().map(str::len), Some(24), "{created}");
        running.signal(Signal::TERM);
        let ended = running.ended().await;
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "nothing else");
    }
}

#[tokio::test]
async fn a_preset_password_is_told_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "correct horse battery\n").unwrap();
    for (variable, value) in
        [("APP_ROOT_PASSWORD", "correct horse battery"), ("APP_ROOT_PASSWORD_FILE", file.to_str().unwrap())]
    {
        let mut app = command("app-template", &["--port", "0", "--root-password-out", "/no/such/folder/password"]);
        let mut running = Running::start(app.env(variable, value));
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.contains("server.listening")) {
            lines.push(running.stderr_line().await);
        }
        let log = lines.join("\n");
        assert!(!log.contains("root.created") && !log.contains("correct horse"), "{log}");
        let listening: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
        let address = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap();
        assert_eq!(sign_in(address, "correct horse battery").await.0, 200);
        assert_eq!(sign_in(address, "correct horse batterx").await.0, 401);
    }
}

#[tokio::test]
async fn a_preset_password_that_is_too_weak_is_a_fault_of_its_variable() {
    let ended =
        run(command("app-template", &["--port", "0", "--log-level", "warn"]).env("APP_ROOT_PASSWORD", "canary")).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
    assert_eq!(ended.stderr, "error: APP_ROOT_PASSWORD: a password has at least 8 characters\n");
}

#[tokio::test]
async fn the_password_is_written_to_a_new_file_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    let name = file.to_str().unwrap();
    let args = ["--port", "0", "--root-password-out", name];
    let mut running = Running::start(&mut command("app-template", &args));
    let created = running.event("root.created").await;
    assert_eq!((&created["file"], &created["password"]), (&json!(name), &Value::Null));
    let listening = running.event("server.listening").await;
    let address = listening["url"].as_str().unwrap().strip_prefix("http://").unwrap();
    let password = std::fs::read_to_string(&file).unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(sign_in(address, password.strip_suffix('\n').unwrap()).await.0, 200);

    let again = run(&mut command("app-template", &[&args[..], &["--log-level", "warn"]].concat())).await;
    let expected = format!("error: {name} is there already, and --root-password-out replaces nothing\n");
    assert_eq!((again.code, again.stderr), (Some(3), expected));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), password);
}

#[tokio::test]
async fn the_first_settings_come_from_variables() {
    let mut app = command("app-template", &["--port", "0"]);
    let app = app.env("APP_ROOT_PASSWORD", "correct horse battery").env("APP_SMTP_HOSTNAME", "mail.example.com");
    let (_running, address) = Running::serve(app.env("APP_SMTP_PORT", "465").env("APP_SMTP_PASSWORD", "canary")).await;
    let (_, answer) = sign_in(&address, "correct horse battery").await;
    let bearer = format!("Bearer {}", answer["data"]["token"].as_str().unwrap());
    let headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let settings = Request { verb: "POST", path: "/v1/admin/settings/read", headers, body: "[]" }.send(&address).await;
    let settings: Value = serde_json::from_str(&settings.body).unwrap();
    let data = &settings["data"];
    assert_eq!(
        (&data["smtp_hostname"], &data["smtp_port"], &data["smtp_password_set"], &data["app_url"]),
        (&json!("mail.example.com"), &json!(465), &json!(true), &Value::Null)
    );
}
