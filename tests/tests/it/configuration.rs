//! Where the configuration comes from, and what is said when it is wrong.

use serde_json::{Value, json};

use crate::http::{Request, call};
use crate::process::{Ended, Running, command, file, run};

type Words<'a> = &'a [&'a str];
type Variables<'a> = &'a [(&'a str, &'a str)];

/// Runs a command with variables and a configuration file, `app.toml` in its working directory.
async fn with(args: Words<'_>, variables: Variables<'_>, settings: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("app.toml"), settings).unwrap();
    let mut command = command("app-template", args);
    run(command.envs(variables.iter().copied()).current_dir(folder.path())).await
}

async fn keys(args: Words<'_>, variables: Variables<'_>, settings: &str) -> Vec<Value> {
    let ended = with(&[&["config", "--json"], args].concat(), variables, settings).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    document["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_flag_goes_before_variables_before_the_file_before_the_default() {
    let (own, common, file) = (("APP_PORT", "2"), ("PORT", "3"), "\nport = 4\n");
    let table: [(Words, Variables, &str, &str, &str); 5] = [
        (&["--port", "1"], &[own, common], file, "1", "--port"),
        (&[], &[own, common], file, "2", "APP_PORT"),
        (&[], &[common], file, "3", "PORT"),
        (&[], &[], file, "4", "app.toml:2"),
        (&[], &[], "", "8080", "default"),
    ];
    for (args, variables, settings, value, source) in table {
        let keys = keys(args, variables, settings).await;
        let port = keys.iter().find(|key| key["key"] == "port").unwrap();
        assert_eq!((&port["value"], &port["source"]), (&json!(value), &json!(source)));
    }
}

#[tokio::test]
async fn the_file_is_named_by_a_flag_or_a_variable_or_lies_here() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, port: u16| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("port = {port}")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (flag, variable) = (path("flag.toml", 1), path("variable.toml", 2));
    let port = async |args: Words<'_>, variables: Variables<'_>| {
        let keys = keys(args, variables, "port = 3").await;
        keys.iter().find(|key| key["key"] == "port").unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(port(&["--config", &flag], &[("APP_CONFIG", &variable)]).await, "1");
    assert_eq!(port(&[], &[("APP_CONFIG", &variable)]).await, "2");
    assert_eq!(port(&[], &[]).await, "3");
    let missing = with(&["config", "--config", "no.toml"], &[], "").await;
    assert_eq!(missing.code, Some(3));
    assert!(missing.stderr.starts_with("error: no.toml cannot be read: "), "{}", missing.stderr);
}

#[tokio::test]
async fn a_variable_can_name_a_file_and_not_both_ways_can_be_taken() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    std::fs::write(&path, "7\n").unwrap();
    let name = path.to_str().unwrap();
    let keys = keys(&[], &[("APP_PORT_FILE", name)], "port = 4").await;
    let port = keys.iter().find(|key| key["key"] == "port").unwrap();
    assert_eq!((&port["value"], &port["source"]), (&json!("7"), &json!("APP_PORT_FILE")));
    let ended = with(&["config"], &[("APP_PORT_FILE", name), ("APP_PORT", "8")], "").await;
    let expected = "error: APP_PORT and APP_PORT_FILE are both set: unset one of them\n";
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(3), "", expected));
}

#[tokio::test]
async fn what_is_wrong_in_the_file_is_named_by_line_with_what_was_meant() {
    for (settings, message) in [
        ("\n\nprot = 1", "app.toml:3: unknown key \"prot\" (did you mean \"port\"?)"),
        ("port = \"http\"", "app.toml:1: port is \"http\": expected a number from 0 to 65535"),
        ("port = ", "app.toml:1: string values must be quoted, expected literal string"),
        (
            "# limits\n[methods.\"/v1/test/tset\"]\nconcurrency = 1",
            "app.toml:2: there is no method \"/v1/test/tset\" (did you mean \"/v1/test/test\"?)",
        ),
        (
            "[methods.\"/v1/test/test\"]\nrate = 10",
            "app.toml:2: rate is \"10\": expected calls over a time, such as 5/s, 10/min, 100/h or 1000/day, from 1/day to 1000000/s",
        ),
        (
            "secret-key = \"canary\"",
            "app.toml:1: secret-key: expected 32 bytes in Base64, as `openssl rand -base64 32` prints them",
        ),
    ] {
        for args in [&["serve", "--port", "0", "--log-level", "warn"][..], &["config", "--check"]] {
            let ended = with(args, &[], settings).await;
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{args:?}: {settings}");
            assert_eq!(ended.stderr, format!("error: {message}\n"), "{args:?}: {settings}");
        }
    }
    let good = with(&["config", "--check"], &[], "port = 1").await;
    assert_eq!((good.code, good.stdout.as_str(), good.stderr.as_str()), (Some(0), "", ""));
}

#[tokio::test]
async fn what_is_out_of_its_range_is_refused_at_start_with_the_bounds() {
    for (variable, value, message) in [
        ("APP_MAX_DEPTH", "3000", "APP_MAX_DEPTH is \"3000\": expected a whole number from 1 to 192"),
        ("APP_MAX_DEPTH", "0", "APP_MAX_DEPTH is \"0\": expected a whole number from 1 to 192"),
        ("APP_WS_TOTAL", "4294967296", "APP_WS_TOTAL is \"4294967296\": expected a whole number from 1 to 1000000"),
        (
            "APP_HASH_MEMORY",
            "2 GiB",
            "APP_HASH_MEMORY is \"2 GiB\": expected a size, such as 512 B, 64 KiB or 1 MiB, from 8 KiB to 1 GiB",
        ),
        (
            "APP_IDLE_TIMEOUT",
            "36500days",
            "APP_IDLE_TIMEOUT is \"36500days\": expected a time, such as 250ms, 30s, 15min, 24h or 30days, from 100ms to 1day",
        ),
        ("APP_RPC_PREFIX", "/healthz", "rpc-prefix: the prefix \"/healthz\" hides the page /healthz"),
    ] {
        for args in [&["serve", "--port", "0", "--log-level", "warn"][..], &["config", "--check"]] {
            let ended = with(args, &[(variable, value)], "").await;
            assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{args:?}: {variable}={value}");
            assert_eq!(ended.stderr, format!("error: {message}\n"), "{args:?}: {variable}={value}");
        }
    }
    let ended = with(&["config", "--check"], &[("APP_RPC_PREFIX", "/v1")], "").await;
    assert_eq!(ended.code, Some(3));
    assert!(
        ended.stderr.starts_with("error: rpc-prefix: the prefix \"/v1\" hides the method /v1/"),
        "{}",
        ended.stderr
    );
}

#[tokio::test]
async fn config_lists_every_key_with_what_is_known_of_it() {
    let keys = keys(&[], &[], "").await;
    let document = file("docs/configuration.md");
    assert!(keys.len() >= 60, "{}", keys.len());
    for key in &keys {
        let name = key["key"].as_str().unwrap();
        let texts = ["type", "description", "source", "section", "expected"];
        assert!(texts.iter().all(|member| key[*member].as_str().is_some_and(|text| !text.is_empty())), "{key}");
        assert_eq!((&key["value"], &key["source"]), (&key["default"], &json!("default")));
        let has_order = ["number", "size", "time", "rate"].contains(&key["type"].as_str().unwrap());
        assert_eq!((key["minimum"].is_string(), key["maximum"].is_string()), (has_order, has_order), "{key}");
        assert!(document.contains(&format!("| `{name}` |")) || document.contains(&format!("| `--{name}` |")), "{name}");
    }
    let rows = document.lines().filter(|line| line.starts_with("| `") && line.contains("`APP_")).count();
    assert_eq!(rows, keys.len());
}

#[tokio::test]
async fn config_shows_no_secret() {
    let variables = [("APP_ROOT_PASSWORD", "canary-1"), ("APP_SMTP_PASSWORD", "canary-2")];
    let settings = "secret-key = \"Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5Y2E=\"";
    for args in [&["config"][..], &["config", "--json"]] {
        let ended = with(args, &variables, settings).await;
        assert_eq!((ended.code, ended.stdout.matches("********").count()), (Some(0), 3), "{}", ended.stdout);
        assert!(!ended.stdout.contains("canary") && !ended.stdout.contains("Y2Fu"), "{}", ended.stdout);
    }
}

#[tokio::test]
async fn the_committed_document_of_settings_is_what_docs_writes() {
    let check = ["docs", "--configuration", "-o", "docs/configuration.md", "--check"];
    let ended = run(&mut command("app-template", &check)).await;
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
}

#[tokio::test]
async fn limits_of_the_file_are_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "max-body = \"64 B\"\n[methods.\"/v1/test/test\"]\nrate = \"2/day\"\nmax-body = \"128 B\"\n";
    std::fs::write(folder.path().join("app.toml"), settings).unwrap();
    let mut app = command("app-template", &["--port", "0"]);
    let (_running, address) = Running::serve(app.current_dir(folder.path())).await;
    let long = "x".repeat(100);
    assert_eq!(call(&address, "/v1/test/test", json!([long])).await.0, 200);
    assert_eq!(call(&address, "/v1/test/upload", json!([{"x": long}])).await.0, 413);
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 200);
    assert_eq!(call(&address, "/v1/test/test", json!(["x"])).await.0, 429);
}

#[tokio::test]
async fn settings_of_the_server_are_in_force() {
    let mut app = command("app-template", &["--port", "0"]);
    let app = app.env("APP_RPC_PREFIX", "/rpc").env("APP_ALLOWED_ORIGINS", "https://app.example.com");
    let (_running, address) = Running::serve(app.env("APP_SIGN_UP", "off")).await;
    let request = json!({"jsonrpc": "2.0", "id": 1, "method": "/v1/test/test", "params": ["x"]}).to_string();
    let headers = vec![("Content-Type", "application/json"), ("Origin", "https://app.example.com")];
    let answer = Request { verb: "POST", path: "/rpc", headers, body: &request }.send(&address).await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((answer.status, &body["result"]["data"]), (200, &json!("x")));
    assert!(answer.head.to_ascii_lowercase().contains("access-control-allow-origin: https://app.example.com"));
    let fields = json!([{"username": "ann-lee", "password": "correct horse battery"}]);
    assert_eq!(call(&address, "/v1/session/signup", fields).await.0, 403);
}

#[tokio::test]
async fn a_variable_that_sets_nothing_is_warned_of() {
    let ended = with(&["config"], &[("APP_PROT", "1")], "").await;
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("APP_PROT sets nothing (did you mean APP_PORT?)"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_folder_of_templates_that_cannot_be_read_is_a_fault_of_the_settings() {
    let ended = with(&["--port", "0", "--log-level", "warn"], &[("APP_MAIL_TEMPLATES", "no/such")], "").await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
    assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains("no/such"), "{}", ended.stderr);
    assert!(ended.stderr.lines().count() <= 3, "{}", ended.stderr);
}

#[tokio::test]
async fn certificates_of_mail_servers_that_cannot_be_read_are_a_fault_of_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, "no certificate").unwrap();
    for (file, reason) in
        [(path.to_str().unwrap(), "expected certificates in PEM"), ("no/such.pem", "No such file or directory")]
    {
        let variables = [("APP_SMTP_CA_CERTIFICATES", file)];
        let ended = with(&["--port", "0", "--log-level", "warn"], &variables, "").await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""));
        assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains(file), "{}", ended.stderr);
        assert!(ended.stderr.contains(reason) && ended.stderr.lines().count() <= 3, "{}", ended.stderr);
    }
}
