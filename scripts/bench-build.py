#!/usr/bin/env python3
"""What 200 methods cost to build and to start, beside 200 axum handlers with garde and utoipa.

    scripts/bench-build.py                 # a quarter of an hour: everything is built from nothing, twice
    scripts/bench-build.py --methods 50 --only axum

Generates two crates below target/bench-build, each with as many parameter types as methods, and measures: `cargo check` after
a change of one file, a clean release build, a release build of the crate alone, the size of the program, the time from its
start to its first answer, and its memory when idle. Needs Linux and cargo.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PER_FILE = 10

MANIFEST = """\
[package]
name = "%(name)s-methods"
version = "0.0.0"
edition = "2024"
publish = false

[workspace]

[dependencies]
serde = { version = "1", features = ["derive"] }
serde_json = "1"
tokio = { version = "1", features = ["macros", "net", "rt-multi-thread", "signal"] }
%(dependencies)s

[profile.release]
lto = "thin"
codegen-units = 1
"""

RPC_TYPE = """\
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fields%(id)s {
    #[schemars(length(min = 3, max = 32))]
    pub name: String,
    pub enabled: Option<bool>,
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
    pub permissions: Option<BTreeMap<String, bool>>,
    #[schemars(email)]
    pub email: Option<String>,
    pub tags: Option<Vec<String>>,
}

/// Make thing %(id)s
#[api_method(path = "/v1/module%(file)s/make%(id)s", permissions = ["*"])]
async fn make%(id)s(
    /// What the thing is made of.
    fields: Fields%(id)s,
) -> Result<Made, ApiError> {
    Ok(Made { id: %(number)s, name: fields.name })
}
"""

RPC_FILE = """\
use std::collections::BTreeMap;

use rpc_core::{ApiError, api_method, api_module};

use crate::Made;

api_module! {
    /// Module %(file)s
    path = "/v1/module%(file)s"
}
"""

RPC_MAIN = """\
%(mods)s

use rpc_core::Api;
use rpc_core::http::{HttpService, Server};

#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Made {
    pub id: u64,
    pub name: String,
}

#[tokio::main]
async fn main() {
    let api = Api::builder().build().expect("the methods are well declared");
    if std::env::args().any(|argument| argument == "--document") {
        println!("{}", rpc_core::docs::markdown(&api));
        return;
    }
    let server = Server::bind(HttpService::new(api), ([127, 0, 0, 1], 0).into()).await.expect("a free port");
    println!("http://{}", server.local_addr().expect("an address"));
    server.serve(async { tokio::signal::ctrl_c().await.expect("a signal") }).await;
}
"""

AXUM_TYPE = """\
#[derive(Debug, serde::Deserialize, garde::Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fields%(id)s {
    #[garde(length(chars, min = 3, max = 32))]
    #[schema(min_length = 3, max_length = 32)]
    pub name: String,
    #[garde(skip)]
    pub enabled: Option<bool>,
    #[garde(range(min = 1))]
    #[schema(minimum = 1)]
    pub port: Option<u16>,
    #[garde(skip)]
    pub permissions: Option<BTreeMap<String, bool>>,
    #[garde(email)]
    #[schema(format = Email)]
    pub email: Option<String>,
    #[garde(skip)]
    pub tags: Option<Vec<String>>,
}

/// Make thing %(id)s
#[utoipa::path(
    post,
    path = "/v1/module%(file)s/make%(id)s",
    tag = "module%(file)s",
    request_body(content = Fields%(id)s, description = "What the thing is made of."),
    responses((status = 200, body = Made), (status = 400, body = Refused)),
)]
pub async fn make%(id)s(Json(fields): Json<Fields%(id)s>) -> Result<Json<Made>, Refused> {
    fields.validate()?;
    Ok(Json(Made { id: %(number)s, name: fields.name }))
}
"""

AXUM_FILE = """\
use std::collections::BTreeMap;

use axum::Json;
use garde::Validate;

use crate::{Made, Refused};
"""

AXUM_MAIN = """\
%(mods)s

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use utoipa::OpenApi;

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Made {
    pub id: u64,
    pub name: String,
}

#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Refused {
    pub reason: String,
}

impl From<garde::Report> for Refused {
    fn from(report: garde::Report) -> Self {
        Self { reason: report.to_string() }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(self)).into_response()
    }
}

#[derive(OpenApi)]
#[openapi(paths(
%(paths)s
))]
struct Document;

#[tokio::main]
async fn main() {
    if std::env::args().any(|argument| argument == "--document") {
        println!("{}", Document::openapi().to_pretty_json().expect("a document"));
        return;
    }
    let document = Document::openapi();
    let router = axum::Router::new()
        .route("/openapi.json", get(move || async move { Json(document) }))
%(routes)s;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("http://{}", listener.local_addr().expect("an address"));
    let stop = async { tokio::signal::ctrl_c().await.expect("a signal") };
    axum::serve(listener, router).with_graceful_shutdown(stop).await.expect("a server");
}
"""

DEPENDENCIES = {
    "rpc": f'rpc-core = {{ path = "{ROOT}/rpc-core" }}\nschemars = {{ version = "1.2", features = ["preserve_order"] }}',
    "axum": 'axum = { version = "0.8", default-features = false, features = ["http1", "json", "tokio"] }\n'
    'garde = { version = "0.23", features = ["derive", "email"] }\nutoipa = { version = "6", features = ["axum_extras"] }',
}


def main():
    flags = parse_flags()
    rows = {}
    for name in [flags.only] if flags.only else ["axum", "rpc"]:
        crate = generate(name, flags.methods)
        rows[name] = measure(crate, flags)
    print_table(rows, flags.methods)


def parse_flags():
    parser = argparse.ArgumentParser(description="Compares what methods cost to build and to start.")
    parser.add_argument("--methods", type=int, default=200, help="methods and parameter types (200)")
    parser.add_argument("--only", choices=["axum", "rpc"], help="measure one of the two")
    return parser.parse_args()


def generate(name, methods):
    """Writes the crate and returns its folder."""
    crate = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench-build" / name
    shutil.rmtree(crate / "src", ignore_errors=True)
    (crate / "src").mkdir(parents=True)
    (crate / "Cargo.toml").write_text(MANIFEST % {"name": name, "dependencies": DEPENDENCIES[name]})
    shutil.copy(ROOT / "Cargo.lock", crate / "Cargo.lock")
    head, body, program = {"rpc": (RPC_FILE, RPC_TYPE, RPC_MAIN), "axum": (AXUM_FILE, AXUM_TYPE, AXUM_MAIN)}[name]
    names = [(number // PER_FILE, number) for number in range(methods)]
    files = sorted({file for file, _ in names})
    for file in files:
        items = [body % {"id": f"{n:03}", "number": n, "file": f"{file:02}"} for f, n in names if f == file]
        (crate / "src" / f"module{file:02}.rs").write_text("\n".join([head % {"file": f"{file:02}"}, *items]))
    handlers = [f"module{file:02}::make{number:03}" for file, number in names]
    (crate / "src" / "main.rs").write_text(
        program
        % {
            "mods": "\n".join(f"mod module{file:02};" for file in files),
            "paths": ",\n".join(f"    {handler}" for handler in handlers),
            "routes": "\n".join(
                f'        .route("/v1/{handler.replace("::", "/")}", post({handler}))' for handler in handlers
            ),
        }
    )
    return crate


def measure(crate, flags):
    row = Row(crate.name)
    middle = crate / "src" / f"module{flags.methods // PER_FILE // 2:02}.rs"
    cargo(crate, "fetch")
    cargo(crate, "check")
    row["check after an edit"] = median([edited(crate, middle, "check") for _ in range(5)])
    shutil.rmtree(crate / "target" / "release", ignore_errors=True)
    row["clean release build"] = cargo(crate, "build", "--release")
    row["release build of the crate alone"] = edited(crate, middle, "build", "--release")
    program = crate / "target" / "release" / f"{crate.name}-methods"
    row["program"] = f"{program.stat().st_size / 2**20:.1f} MiB"
    starts = [start(program) for _ in range(9)]
    row["start to first answer"] = f"{statistics.median(seconds for seconds, _ in starts) * 1e3:.0f} ms"
    row["memory when idle"] = f"{statistics.median(memory for _, memory in starts) / 2**20:.1f} MiB"
    return row


class Row(dict):
    """Figures of one crate, told as they come: the whole takes long."""

    def __init__(self, name):
        super().__init__()
        self.name = name

    def __setitem__(self, what, figure):
        super().__setitem__(what, figure)
        print(f"{self.name}: {what}: {written(figure)}", file=sys.stderr, flush=True)


def written(figure):
    return f"{figure[0]:.1f} ({figure[1]:.1f})" if isinstance(figure, tuple) else figure


def cargo(crate, *arguments):
    """Wall and CPU seconds of a command."""
    environment = {**os.environ, "CARGO_TARGET_DIR": str(crate / "target")}
    before, began = children_cpu(), time.monotonic()
    done = subprocess.run(["cargo", *arguments], cwd=crate, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit(f"bench-build: cargo {' '.join(arguments)} failed in {crate}:\n{done.stdout}")
    return time.monotonic() - began, children_cpu() - before


def edited(crate, file, *arguments):
    """The same after a change that the compiler has to look at."""
    file.write_text(file.read_text().replace("id: ", "id: 1 + ", 1))
    return cargo(crate, *arguments)


def median(times):
    return tuple(statistics.median(column) for column in zip(*times))


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start(program):
    """Seconds from the start of the program to its first answer, and its resident bytes a moment later."""
    began = time.monotonic()
    process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip() + "/v1/module00/make000"
        body = {"name": "ann", "email": "ann@example.com"}
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
        seconds = time.monotonic() - began
        time.sleep(0.5)
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        return seconds, pages * resource.getpagesize()
    finally:
        process.terminate()
        process.wait()


def print_table(rows, methods):
    print(f"\n{methods} methods, {methods} parameter types; times: wall seconds (CPU seconds)\n")
    print(f"{'':34}" + "".join(f"{name:>20}" for name in rows))
    for what in next(iter(rows.values())):
        print(f"{what:34}" + "".join(f"{written(row[what]):>20}" for row in rows.values()))


if __name__ == "__main__":
    main()
