//! Who connects to others: nobody but those who are to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::process::workspace;

/// The crates that are served, or that somebody builds on.
const CRATES: [&str; 5] = ["app-template", "rpc-auth", "rpc-calllog", "rpc-core", "rpc-macros"];

/// What connects, looks names up, or has another program do so.
const WORDS: [&str; 14] = [
    ".connect(",
    ".connect_with(",
    "::connect(",
    "connect_lazy",
    "connect_tokio1",
    "PgListener",
    "TcpSocket",
    "ToSocketAddrs",
    "UdpSocket",
    "UnixStream",
    "hyper_util::client",
    "lookup_host",
    "process::Command",
    "ureq",
];

/// The files that hold one, and whom they reach. The list may only shrink.
const REACH: [(&str, &str); 14] = [
    ("app-template/src/cli/healthcheck.rs", "the server that an operator asks for its health"),
    ("app-template/src/log/spans/exporter.rs", "the collector that the operator names, with the feature `otel`"),
    ("app-template/src/mail/smtp/connection.rs", "the mail server of the settings"),
    ("app-template/src/storage/postgres.rs", "the database"),
    ("rpc-core/src/client/http.rs", "a server: the client that the feature `client` brings, and no server uses"),
    ("rpc-core/src/client/ws.rs", "the same"),
    ("rpc-core/src/client/ws/builder.rs", "the same"),
    ("rpc-core/src/client/ws/connect.rs", "the same"),
    ("rpc-core/src/client/ws/task.rs", "the same"),
    ("rpc-core/src/storage/postgres.rs", "the database"),
    ("rpc-core/src/storage/postgres/bus/listener.rs", "the database"),
    ("rpc-core/src/storage/postgres/connect.rs", "the database"),
    ("rpc-core/src/storage/postgres/lock.rs", "the database"),
    ("rpc-core/src/storage/postgres/session.rs", "the database"),
];

/// What a file holds beside tests and comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn search(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, found);
        } else if path.file_stem().is_some_and(|stem| stem != "tests") {
            let code = code(&path);
            if WORDS.iter().any(|word| code.contains(word)) {
                found.insert(path.strip_prefix(workspace()).unwrap().display().to_string());
            }
        }
    }
}

#[test]
fn nothing_connects_to_others_but_mail_database_and_what_an_operator_runs() {
    let mut found = BTreeSet::new();
    for name in CRATES {
        search(&workspace().join(name).join("src"), &mut found);
    }
    assert_eq!(found, REACH.iter().map(|(path, _)| (*path).to_owned()).collect());
}
