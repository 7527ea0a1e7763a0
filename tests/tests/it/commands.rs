//! The commands that end by themselves.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::process::{Ended, Running, command, file, run, soon};

async fn app(args: &[&str]) -> Ended {
    run(&mut command("app-template", args)).await
}

#[tokio::test]
async fn methods_are_listed_for_people_and_for_programs() {
    let ended = app(&["methods", "--json"]).await;
    let manifest: Value = serde_json::from_str(&ended.stdout).unwrap();
    let ids: Vec<&str> = manifest["methods"].as_array().unwrap().iter().filter_map(|row| row["id"].as_str()).collect();
    assert!(ids.ends_with(&["/v1/test/test", "/v1/test/upload"]), "{ids:?}");

    let ended = app(&["methods"]).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    let first_words: Vec<&str> = ended.stdout.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(first_words, [&["METHOD"], &*ids].concat());
    assert_eq!(manifest["permissions"][0]["name"], "admin");
}

#[tokio::test]
async fn a_reader_that_goes_away_is_no_failure() {
    for args in [&["methods"][..], &["docs"], &["--help"], &["config"], &["completion", "bash"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut app = command("app-template", args);
        let child = app.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = soon("the end of a command", child.wait_with_output()).await.unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
}

#[tokio::test]
async fn a_stale_document_is_told_with_the_difference() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("api.md");
    let name = path.to_str().unwrap();
    assert_eq!(app(&["docs", "-o", name]).await.code, Some(0));
    let written = std::fs::read_to_string(&path).unwrap();
    let fresh = app(&["docs", "-o", name, "--check"]).await;
    assert_eq!((fresh.code, fresh.stdout.as_str(), fresh.stderr.as_str()), (Some(0), "", ""));

    std::fs::write(&path, written.replace("### Test upload", "### Old title")).unwrap();
    let stale = app(&["docs", "-o", name, "--check"]).await;
    assert_eq!(stale.code, Some(1));
    assert!(stale.stdout.contains("\n-### Old title\n+### Test upload\n"), "{}", stale.stdout);
    assert_eq!(stale.stderr, format!("error: {name} is stale. Try: app-template docs -o {name}\n"));

    let missing = app(&["docs", "-o", "no/such/file.md", "--check"]).await;
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.starts_with("error: no/such/file.md cannot be read: "), "{}", missing.stderr);
}

#[tokio::test]
async fn the_whole_reference_is_checked_as_the_others_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reference.md");
    let name = path.to_str().unwrap();
    let whole = ["docs", "--format", "reference", "--url", "http://localhost:8080/", "-o", name];
    let check = [&whole[..], &["--check"]].concat();
    assert_eq!(app(&whole).await.code, Some(0));
    assert_eq!(app(&check).await.code, Some(0));
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(written.contains("curl http://localhost:8080/v1/test/test"));
    std::fs::write(&path, written.replace("# API reference", "# Old title")).unwrap();
    let stale = app(&check).await;
    assert_eq!(stale.code, Some(1));
    let again = "docs --format reference --url http://localhost:8080";
    assert_eq!(stale.stderr, format!("error: {name} is stale. Try: app-template {again} -o {name}\n"));
}

#[tokio::test]
async fn the_url_of_calls_is_a_url() {
    for url in ["localhost", "https://", "https:///x", "https://a b", "https://a'b"] {
        let refused = app(&["docs", "--url", url]).await;
        assert_eq!(refused.code, Some(2), "{url}");
        assert!(refused.stderr.contains("https://api.example.com"), "{}", refused.stderr);
    }
    let shown = app(&["docs", "--url", "http://localhost:8080"]).await.stdout;
    assert_eq!(shown.replace("http://localhost:8080", "https://api.domain.com"), file("docs/api-v1.md"));
}

#[tokio::test]
async fn the_committed_document_is_what_docs_writes() {
    assert_eq!(app(&["docs"]).await.stdout, file("docs/api-v1.md"));
    assert_eq!(app(&["docs", "--format", "reference"]).await.stdout, file("docs/reference.md"));
}

#[tokio::test]
async fn a_call_answers_as_over_http() {
    let ended = app(&["call", "/v1/test/test", "\"x\"", "--as", "root"]).await;
    let answer: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, answer), (Some(0), json!({"status": 200, "reason": "OK", "data": "x"})));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_three_lines_and_a_code() {
    let table: [(&[&str], i32, &str); 9] = [
        (
            &["call", "/v1/test/test", "7"],
            1,
            "error: /v1/test/test: 400 Parameters are invalid\n  /0 `args` must be a string or null\n",
        ),
        (&["call", "/v1/no/method"], 1, "error: there is no method /v1/no/method. Try: app-template methods\n"),
        (&["call", "/v1/test/test", "--as", "ann"], 1, "error: there is no enabled user \"ann\"\n"),
        (
            &["call", "/v1/test/test", "x"],
            2,
            "error: argument 1 is no JSON: expected value at line 1 column 1\n  A text has quotes of its own: '\"x\"'\n",
        ),
        (
            &["docs", "--check", "-o", "-"],
            2,
            "error: --check needs a file. Try: app-template docs -o docs/api-v1.md --check\n",
        ),
        (
            &["serve", "--port", "http"],
            2,
            "error: invalid value 'http' for '--port <NUMBER>': expected a number from 0 to 65535\n",
        ),
        (&["--port", "1", "docs"], 2, "error: --port cannot stand before docs: it belongs to serve, and after it\n"),
        (&["serve", "--prot", "1"], 2, "error: unexpected argument '--prot' found\n"),
        (&["sevre"], 2, "error: unrecognized subcommand 'sevre'\n"),
    ];
    for (args, code, message) in table {
        let ended = app(args).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{args:?}");
        assert!(ended.stderr.starts_with(message), "{args:?}: {}", ended.stderr);
        // What clap says goes on with a hint and the usage.
        assert!(code == 2 || ended.stderr == message, "{args:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_bad_variable_ends_with_3() {
    for (variable, value, message) in [
        ("APP_PORT", "http", "error: APP_PORT is \"http\": expected a number from 0 to 65535\n"),
        ("APP_LOG_FORMAT", "xml", "error: APP_LOG_FORMAT is \"xml\": expected auto, compact, pretty or json\n"),
        ("RUST_LOG", "=;=", "error: RUST_LOG is \"=;=\": invalid filter directive\n"),
    ] {
        let ended = run(command("app-template", &[]).env(variable, value)).await;
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(3), "", message));
    }
}

#[tokio::test]
async fn version_and_help_are_results() {
    let version = app(&["-V"]).await;
    assert_eq!(
        (version.code, version.stdout.as_str()),
        (Some(0), concat!("app-template ", env!("CARGO_PKG_VERSION"), "\n"))
    );
    let help = app(&["serve", "--help"]).await;
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    assert!(help.stdout.ends_with("Example:\n  app-template serve --port 8081 --public-url https://api.example.com\n"));
}

#[tokio::test]
async fn root_calls_what_a_guest_may_not() {
    let path = "/v1/profile/read";
    let guest = app(&["call", path]).await;
    assert_eq!((guest.code, guest.stdout.as_str()), (Some(1), ""));
    assert!(guest.stderr.starts_with("error: /v1/profile/read: 401 "), "{}", guest.stderr);
    let root = app(&["call", path, "--as", "root"]).await;
    let answer: Value = serde_json::from_str(&root.stdout).unwrap();
    assert_eq!((root.code, &answer["data"]["name"]), (Some(0), &json!("root")));
}

#[tokio::test]
async fn a_healthcheck_ends_with_0_or_1_and_nothing_else() {
    let (_running, address) = Running::serve(&mut command("app-template", &["--port", "0"])).await;
    let url = format!("http://{address}/readyz");
    let ready = app(&["healthcheck", "--url", &url]).await;
    assert_eq!((ready.code, ready.stdout.as_str(), ready.stderr.as_str()), (Some(0), "", ""));
    let (_, port) = address.rsplit_once(':').unwrap();
    let own = run(command("app-template", &["healthcheck"]).env("APP_PORT", port).env("APP_BIND", "0.0.0.0")).await;
    assert_eq!((own.code, own.stderr.as_str()), (Some(0), ""));

    let other = app(&["healthcheck", "--url", &format!("http://{address}/no-such-page")]).await;
    assert_eq!((other.code, other.stderr), (Some(1), format!("error: http://{address}/no-such-page answers 404\n")));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = app(&["healthcheck", "--url", &format!("http://{free}/readyz")]).await;
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.starts_with(&format!("error: http://{free}/readyz cannot be asked: ")), "{}", nobody.stderr);
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let late = app(&["healthcheck", "--url", &url, "--timeout", "100ms"]).await;
    assert_eq!((late.code, late.stderr), (Some(1), format!("error: {url} does not answer within 100ms\n")));

    for args in [&["healthcheck", "--url", "x"][..], &["healthcheck", "--nope"]] {
        assert_eq!(app(args).await.code, Some(1), "{args:?}");
    }
    let settings = run(command("app-template", &["healthcheck"]).env("APP_PORT", "http")).await;
    assert_eq!(settings.code, Some(1), "{}", settings.stderr);
}

#[tokio::test]
async fn completions_are_scripts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("completion");
    for shell in ["bash", "zsh", "fish"] {
        let script = app(&["completion", shell]).await;
        assert_eq!((script.code, script.stderr.as_str()), (Some(0), ""));
        assert!(script.stdout.contains("app-template") && script.stdout.contains("root-password-out"), "{shell}");
        if shell == "bash" {
            std::fs::write(&path, script.stdout).unwrap();
            let parsed = std::process::Command::new("bash").arg("-n").arg(&path).output().unwrap();
            assert!(parsed.status.success(), "{}", String::from_utf8_lossy(&parsed.stderr));
        }
    }
    assert_eq!(app(&["completion", "tcsh"]).await.code, Some(2));
}

#[tokio::test]
async fn memory_has_nothing_for_commands_on_a_storage() {
    let commands: [&[&str]; 9] = [
        &["migrate"],
        &["migrate", "up"],
        &["migrate", "status"],
        &["user", "list", "--json"],
        &["user", "create", "ann", "--admin", "--password-stdin"],
        &["user", "set-password", "ann"],
        &["user", "enable", "ann"],
        &["user", "disable", "ann"],
        &["user", "reset-root-password"],
    ];
    for args in commands {
        let ended = app(args).await;
        let expected = "error: memory storage has nothing to change. Try: --database-url postgres://user@host/name\n";
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(3), "", expected), "{args:?}");
    }
    assert_eq!(app(&["user", "set-password", "ann", "canary"]).await.code, Some(2));
}
