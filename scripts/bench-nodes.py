#!/usr/bin/env python3
"""What Postgres costs the reference application: calls with tokens, changes between two nodes, memory with a million tokens.

    scripts/bench-nodes.py                     # all three, about five minutes
    scripts/bench-nodes.py tokens --rounds 6   # one of: tokens, changes, memory

tokens   calls with 10,000 live API tokens in turn, at full load, in memory and on Postgres: CPU seconds of the application per
         100,000 requests, and transactions of the database.
changes  1,000 changes on one node while both are at full load: milliseconds from its answer to the other one's effect.
memory   a node that sees a million API tokens, one after the other: its resident memory on the way.

It starts a throw-away Postgres, on a socket only, and removes it. It is no test: nothing fails on a number, only on a wrong
answer. Needs Linux, cargo, wrk and Postgres (Debian: apt-get install wrk postgresql).

`changes` keeps two nodes, two loads and Postgres busy at once. On a machine with few cores, Linux's automatic groups of processes
keep single ones of them from running for seconds: measure with `sysctl kernel.sched_autogroup_enabled=0`.
"""

import argparse
import atexit
import hashlib
import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TEST = "/v1/test/test"

LOAD = """
local tokens = {}
for line in io.lines("%s") do tokens[#tokens + 1] = "Bearer " .. line end
local at = 0
request = function()
  at = at %% #tokens + 1
  return wrk.format("POST", "/v1/test/test", {["Content-Type"] = "application/json", ["Authorization"] = tokens[at]}, '["hello"]')
end
done = function(summary)
  local e = summary.errors
  io.stderr:write(string.format('{"requests":%%d,"errors":%%d,"seconds":%%.3f}\\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, summary.duration / 1e6))
end
"""


def main():
    flags = parse_flags()
    if not shutil.which("wrk"):
        sys.exit("bench-nodes: wrk is not installed (Debian: apt-get install wrk)")
    subprocess.run(["cargo", "build", "--release", "--package", "app-template"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory(prefix="bench", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        with Postgres(Path(folder)) as postgres:
            for part in flags.parts:
                {"tokens": tokens, "changes": changes, "memory": memory}[part](postgres, Path(folder), flags)


def parse_flags():
    parser = argparse.ArgumentParser(description="Measures the application on Postgres.")
    parser.add_argument("parts", nargs="*", default=["tokens", "changes", "memory"], help="which parts (all)")
    parser.add_argument("--rounds", type=int, default=12, help="slices of each storage in tokens (12)")
    parser.add_argument("--slice", type=int, default=2, help="seconds of load in a slice (2)")
    parser.add_argument("--changes", type=int, default=1000, help="changes (1,000)")
    parser.add_argument("--tokens", type=int, default=1_000_000, help="API tokens in memory (1,000,000)")
    return parser.parse_args()


class Postgres:
    """A server with its defaults, but for what a bench does not need to be kept from: the disk."""

    def __init__(self, folder):
        homes = [Path(shutil.which("initdb") or "/none").parent, *sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
        self.home = next((home for home in reversed(homes) if (home / "initdb").exists()), None)
        if not self.home:
            sys.exit("bench-nodes: Postgres is not installed (Debian: apt-get install postgresql)")
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.by = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.by:
            shutil.chown(self.folder, "postgres")

    def __enter__(self):
        data = self.folder / "data"
        self.run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-D", data)
        with open(data / "postgresql.conf", "a") as config:
            config.write(f"unix_socket_directories = '{self.folder}'\nlisten_addresses = ''\nfsync = off\nshared_buffers = 512MB\n")
        self.run("pg_ctl", "start", "-w", "-D", data, "-l", self.folder / "log")
        return self

    def __exit__(self, *_):
        self.run("pg_ctl", "stop", "-m", "immediate", "-D", self.folder / "data")

    def run(self, program, *arguments):
        command = [*self.by, self.home / program, *arguments]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)

    def sql(self, statement, database="postgres", stdin=""):
        command = [self.home / "psql", "-XqtA", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres", "-d", database, "-c", statement]
        return subprocess.run(command, check=True, input=stdin, capture_output=True, text=True).stdout.strip()

    def database(self, name):
        self.sql(f"CREATE DATABASE {name}")
        return f"postgres://postgres@localhost/{name}?host={self.folder}"

    def transactions(self, database):
        time.sleep(1.5)  # until every connection has told what it counted
        return int(self.sql(f"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{database}'"))


class App:
    """A process of the application, on a free port."""

    def __init__(self, url=None):
        binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "app-template"
        environment = {"APP_ROOT_PASSWORD": PASSWORD, "APP_HASH_MEMORY": "8 KiB", "APP_HASH_ITERATIONS": "1"}
        if url:
            environment["APP_DATABASE_URL"] = url
        self.process = subprocess.Popen([binary, "--port", "0"], env=environment, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)
        for line in self.process.stderr:
            event = json.loads(line)
            if event.get("event") == "server.listening":
                break
        else:
            sys.exit("bench-nodes: the application did not start")
        self.address = event["url"].removeprefix("http://")
        # A pipe that nobody reads would fill up.
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()
        self.connection = http.client.HTTPConnection(self.address, timeout=30)

    def cpu(self):
        """CPU seconds of the process so far, all its threads; see bench-http.py."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def resident(self):
        """MiB of resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def status(self, token, path, params):
        return self.call(token, path, params)[0]

    def call(self, token, path, params):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self.connection.request("POST", path, json.dumps(params), headers)
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    def ok(self, token, path, params):
        status, answer = self.call(token, path, params)
        if status != 200:
            sys.exit(f"bench-nodes: {path}: {answer}")
        return answer.get("data")

    def sign_in(self, name):
        return self.ok("", "/v1/session/signin", [{"username": name, "password": PASSWORD}])["token"]

    def make_tokens(self, users):
        """So many users with 100 API tokens each; the tokens."""
        root, made = self.sign_in("root"), []
        for number in range(users):
            self.ok(root, "/v1/admin/users/create", [{"username": f"user{number}x", "password": PASSWORD}])
            session = self.sign_in(f"user{number}x")
            made += [self.ok(session, "/v1/api-tokens/create", [f"token {i}"])["token"] for i in range(100)]
        return made

    def stop(self):
        self.process.terminate()
        self.reader.join()
        if self.process.wait() != 0:
            sys.exit("bench-nodes: the application did not stop in order")


class Load:
    """Calls with tokens in turn, at full load."""

    def __init__(self, folder, name, made):
        tokens, self.script = folder / f"{name}.tokens", folder / f"{name}.lua"
        tokens.write_text("\n".join(made))
        self.script.write_text(LOAD % tokens)

    def start(self, app, seconds):
        command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", self.script, f"http://{app.address}"]
        load = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        atexit.register(load.kill)
        return load

    @staticmethod
    def result(load):
        result = json.loads(load.communicate()[1].splitlines()[-1])
        if result["errors"] or not result["requests"]:
            sys.exit(f"bench-nodes: {result}")
        return result

    def run(self, app, seconds):
        return self.result(self.start(app, seconds))


def tokens(postgres, folder, flags):
    apps = {"memory": App(), "postgres": App(postgres.database("tokens"))}
    loads = {name: Load(folder, name, app.make_tokens(100)) for name, app in apps.items()}
    costs = {name: [] for name in apps}
    for name, app in apps.items():
        loads[name].run(app, 3)
    before, began, requests = postgres.transactions("tokens"), time.monotonic(), 0
    for turn in range(flags.rounds):
        for name in sorted(apps, reverse=turn % 2):
            spent = apps[name].cpu()
            result = loads[name].run(apps[name], flags.slice)
            costs[name].append((apps[name].cpu() - spent) / result["requests"] * 100_000)
            requests += result["requests"] if name == "postgres" else 0
    seconds = time.monotonic() - began
    transactions = postgres.transactions("tokens") - before
    time.sleep(10)
    idle = (postgres.transactions("tokens") - before - transactions) / 11.5
    for app in apps.values():
        app.stop()
    ratio = statistics.median(ours / theirs for ours, theirs in zip(costs["postgres"], costs["memory"]))
    print(f"\ntokens: 10,000 API tokens in turn, {flags.rounds} rounds of {flags.slice} s, wrk -t1 -c32")
    for name, of_storage in costs.items():
        low, middle, high = statistics.quantiles(of_storage, n=4)
        print(f"{name:9} {middle:.3f} ({low:.3f}–{high:.3f}) CPU s per 100,000 requests")
    print(f"postgres / memory: {ratio:.3f} (median over the rounds)")
    print(f"transactions: {transactions} in {seconds:.0f} s with {requests} requests: {transactions / seconds:.1f} a second")
    print(f"transactions of an idle node: {idle:.1f} a second")


def changes(postgres, folder, flags):
    url = postgres.database("changes")
    here, there = App(url), App(url)
    made = here.make_tokens(10)
    session = here.sign_in("user0x")
    token_id, token = here.ok(session, "/v1/api-tokens/read", [])[0]["id"], made[0]
    load = Load(folder, "changes", made[100:])
    running = [load.start(node, 3600) for node in (here, there)]
    delays = []
    for number in range(flags.changes):
        enabled = number % 2 == 1
        here.ok(session, "/v1/api-tokens/set-enabled", [token_id, enabled])
        answered = time.monotonic()
        while there.status(token, TEST, ["x"]) != (200 if enabled else 401):
            pass
        delays.append((time.monotonic() - answered) * 1000)
    for wrk in running:
        wrk.terminate()
        wrk.wait()
    for app in (here, there):
        app.stop()
    delays.sort()
    at = {name: delays[min(len(delays) - 1, int(len(delays) * part))] for name, part in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)]}
    print(f"\nchanges: {len(delays)} on one node, both nodes under wrk -t1 -c32; milliseconds until the other one acts")
    print(", ".join(f"{name} {delay:.1f}" for name, delay in at.items()) + f", max {delays[-1]:.1f}")


def base62(number, width):
    text = ""
    for _ in range(width):
        number, symbol = divmod(number, 62)
        text = SYMBOLS[symbol] + text
    return text


def memory(postgres, folder, flags):
    url = postgres.database("memory")
    App(url).stop()
    source = random.Random(7)
    made = []
    for _ in range(flags.tokens):
        symbols = "".join(source.choices(SYMBOLS, k=30))
        made.append(f"app_api_{symbols}{base62(zlib.crc32(symbols.encode()), 6)}")
    users = flags.tokens // 100
    postgres.sql(
        "INSERT INTO rpc_auth_users (name, lowered_name, password, enabled, created)"
        f" SELECT 'user' || n || 'x', 'user' || n || 'x', '!', true, now() FROM generate_series(1, {users}) AS n",
        "memory",
    )
    first = int(postgres.sql("SELECT min(id) FROM rpc_auth_users WHERE id > 1", "memory"))
    rows = "".join(
        f"{first + n // 100}\ttoken {n % 100}\t\\\\x{hashlib.sha256(token.encode()).hexdigest()}\tt\t2026-01-01\n"
        for n, token in enumerate(made)
    )
    postgres.sql("COPY rpc_auth_api_tokens (user_id, name, hash, enabled, created) FROM STDIN", "memory", rows)
    del rows
    postgres.sql("ANALYZE", "memory")
    app = App(url)
    print(f"\nmemory: {flags.tokens:,} API tokens of {users:,} users, called with one after the other, wrk -t1 -c32")
    print(f"{0:9,} tokens: {app.resident():6.1f} MiB")
    running = Load(folder, "memory", made).start(app, 3600)
    seen, began = 0, time.monotonic()
    while seen < flags.tokens * 0.98 and time.monotonic() - began < 270:
        time.sleep(10)
        # Uses are written each minute, and sooner when there are many.
        seen = int(postgres.sql("SELECT count(*) FROM rpc_auth_api_tokens WHERE last_used IS NOT NULL", "memory"))
        print(f"{seen:9,} tokens: {app.resident():6.1f} MiB, after {time.monotonic() - began:.0f} s")
    running.terminate()
    running.wait()
    app.stop()


if __name__ == "__main__":
    main()
