#!/usr/bin/env python3
"""What the call log in Postgres costs, in a throw-away cluster.

    scripts/bench-calllog.py                # all of it: some ten minutes, and 5 GB of disk below /tmp meanwhile
    scripts/bench-calllog.py write          # records a second that one writer writes
    scripts/bench-calllog.py read           # what questions take with 10,000 and with 10,000,000 calls, and their plans
    scripts/bench-calllog.py cost           # CPU of a server with a log against one without
    scripts/bench-calllog.py share          # how much of the CPU of a server with a log is the log's, by a profile

`share` compares within one run, and so sees differences that are lost in what a busy machine does to two servers in turn.

It is no test: nothing fails on a number. Needs Linux, cargo, Postgres 13 or newer with its contributed modules, for `cost` and
`share` wrk (Debian: apt-get install postgresql wrk), and for `share` perf (linux-perf).
"""

import argparse
import contextlib
import glob
import importlib.util
import json
import os
import pwd
import re
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
PARTS = ["write", "read", "cost", "share"]
DAYS = 30
METHODS = 35
WATCHES = ["off", "memory", "postgres"]

# As Postgres is installed, but for the size of its cache and how much it writes between checkpoints.
SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{folder}'
shared_buffers = 1GB
max_wal_size = 4GB
"""

# A month of one method, its last call now; a partition a day.
ROWS = """
DO $$ BEGIN
    FOR day IN -{days}..1 LOOP
        EXECUTE format('CREATE TABLE IF NOT EXISTS rpc_calllog_calls_%s PARTITION OF rpc_calllog_calls
                FOR VALUES FROM (%L) TO (%L)',
            to_char((now() AT TIME ZONE 'UTC')::date + day, 'YYYYMMDD'),
            ((now() AT TIME ZONE 'UTC')::date + day)::timestamp AT TIME ZONE 'UTC',
            ((now() AT TIME ZONE 'UTC')::date + day + 1)::timestamp AT TIME ZONE 'UTC');
    END LOOP;
END $$;
INSERT INTO rpc_calllog_calls (finished, runtime, status, accepted, declined, exception, method, user_id, username, reason,
    transport, client)
SELECT now() - ({calls} - number) * interval '{days} days' / {calls}, 1000000 + number % 1000, 200, true, false, false,
    '/v1/methods/00', number % 100, 'user' || number % 100, 'OK', 'http', '10.0.0.1'
FROM generate_series(1, {calls}) AS number;
"""

BUCKETS = """
INSERT INTO rpc_calllog_buckets (minutes, method, start, requests, accepted, runtime, sketch)
SELECT {minutes}, '/v1/methods/' || lpad(method::text, 2, '0'),
    to_timestamp(floor(extract(epoch FROM now()) / 60 / {minutes}) * 60 * {minutes}) - span * interval '{minutes} min',
    {calls}, {calls}, {calls} * 1000000::bigint, decode('{sketch}', 'hex')
FROM generate_series(0, {spans} - 1) AS span, generate_series(0, {methods} - 1) AS method;
"""

# Calls of each bucket, and over how many bins their run times are spread.
SIZES = {
    10_000: {"minute": (5, 5), "ten": (2, 2), "of": 1},
    10_000_000: {"minute": (4800, 150), "ten": (2310, 154), "of": METHODS},
}


def main():
    flags = parse_flags()
    subprocess.run(["cargo", "build", "--release", "--package", "throughput", "--bins"], cwd=ROOT, check=True)
    with cluster() as server:
        if "write" in flags.parts:
            bench_write(server, flags)
        if "read" in flags.parts:
            bench_read(server, flags)
        if "cost" in flags.parts:
            bench_cost(server, flags)
        if "share" in flags.parts:
            bench_share(server)


def parse_flags():
    parser = argparse.ArgumentParser(description="Measures the call log in Postgres.")
    parser.add_argument("parts", nargs="*", help="what to measure (all)")
    parser.add_argument("--seconds", type=int, default=20, help="how long is written (20)")
    parser.add_argument("--rounds", type=int, default=51, help="how often each question is asked (51)")
    parser.add_argument("--slices", type=int, default=12, help="seconds of load on each server (12)")
    flags = parser.parse_args()
    flags.parts = flags.parts or PARTS
    return flags


class Postgres:
    """A cluster in a temporary folder, run by the user `postgres` where this is root."""

    def __init__(self, folder):
        self.folder = folder
        self.run_by = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.run_by:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
        self.bin = Path(found[-1]) if found else Path(shutil.which("initdb") or sys.exit("no Postgres")).parent
        self.run("initdb", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-U", "postgres", "-D", f"{folder}/data")
        with open(f"{folder}/data/postgresql.conf", "a") as settings:
            settings.write(SETTINGS.format(folder=folder))
        self.run("pg_ctl", "start", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log")

    def run(self, program, *arguments):
        command = [*self.run_by, self.bin / program, *arguments]
        subprocess.run(command, cwd="/", stdout=subprocess.DEVNULL, check=True)

    def stop(self):
        self.run("pg_ctl", "stop", "-m", "immediate", "-D", f"{self.folder}/data")

    def sql(self, statements, database="postgres"):
        command = [self.bin / "psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres", database]
        return subprocess.run(command, input=statements, text=True, check=True, stdout=subprocess.PIPE).stdout

    def database(self, name):
        """A new database with the tables of the log. Its URL."""
        self.sql(f"CREATE DATABASE {name}")
        url = f"postgres://postgres@localhost/{name}?host={self.folder}"
        load(url, "migrate")
        return url


@contextlib.contextmanager
def cluster():
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pg") as folder:
        os.chmod(folder, 0o755)
        server = Postgres(folder)
        try:
            yield server
        finally:
            server.stop()


def load(url, *arguments):
    command = [BINARIES / "calllog-load", "--database", url, *arguments]
    printed = subprocess.run(command, text=True, check=True, stdout=subprocess.PIPE).stdout
    return [json.loads(line) for line in printed.splitlines()]


def bench_write(server, flags):
    url = server.database("writes")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    [result] = load(url, "write", "--seconds", str(flags.seconds))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'rpc_calllog_calls'::regclass"
    bytes_ = int(server.sql(size, "writes"))
    print(f"\nwrite: {result['records_per_second']:,} records a second over {result['seconds']} s by one writer")
    print(f"       {spent / result['records'] * 1e6:.2f} µs of CPU a record in the writer, making the calls included")
    print(f"       {bytes_ / result['records']:.0f} bytes of disk a record, indexes included")
    server.sql("DROP DATABASE writes")


def leb128(number):
    text = ""
    while number >= 0x80:
        text += f"{number & 0x7f | 0x80:02x}"
        number >>= 7
    return text + f"{number:02x}"


def sketch(calls, bins):
    """As `Sketch::to_bytes`: bins one after the other from the 600th on, the calls spread evenly."""
    each = leb128(calls // bins)
    return leb128(600) + each + ("01" + each) * (bins - 1)


def fill(server, calls):
    name = f"calls_{calls}"
    url, size = server.database(name), SIZES[calls]
    minute, ten = size["minute"], size["ten"]
    server.sql(ROWS.format(days=DAYS, calls=calls), name)
    server.sql(BUCKETS.format(minutes=1, calls=minute[0], sketch=sketch(*minute), spans=120, methods=METHODS), name)
    spans = DAYS * 24 * 6
    server.sql(BUCKETS.format(minutes=10, calls=ten[0], sketch=sketch(*ten), spans=spans, methods=size["of"]), name)
    server.sql("VACUUM ANALYZE; CHECKPOINT", name)
    return name, url


def bench_read(server, flags):
    answers = {}
    for calls in SIZES:
        name, url = fill(server, calls)
        answers[calls] = {answer["question"]: answer for answer in load(url, "read", "--rounds", str(flags.rounds))}
        if calls == max(SIZES):
            plans = explain(server, name, url)
    small, large = SIZES
    print(f"\nread: medians of {flags.rounds} in ms, with {small:,} and with {large:,} calls\n")
    for question, answer in answers[small].items():
        few, many = answer["median_ms"], answers[large][question]["median_ms"]
        print(f"{question:28} {few:8.2f} {many:8.2f} {many / few:6.2f}")
    print(f"\nplans with {large:,} calls\n\n{plans}")


def explain(server, name, url):
    """The plans that the server really used, as it logs them."""
    for setting in [
        "session_preload_libraries = auto_explain",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "auto_explain.log_timing = off",
        "auto_explain.log_buffers = on",
    ]:
        server.sql(f"ALTER DATABASE {name} SET {setting}")
    log = Path(server.folder) / "log"
    before = log.stat().st_size
    load(url, "read", "--rounds", "1")
    with log.open() as lines:
        lines.seek(before)
        text = lines.read()
    entries = re.split(r"^\d{4}-\d\d-\d\d .*?LOG: +", text, flags=re.M)
    plans = {}
    for entry in entries:
        query = re.search(r"Query Text: (.*?)\n\t[A-Z]\w+.*?\(cost", entry, flags=re.S)
        if query and "FROM rpc_calllog_" in query[1]:
            plans[" ".join(query[1].split())] = entry
    return "\n".join(plans.values())


def bench_cost(server, flags):
    url, servers, command = server.database("costs"), {}, load_command(server)
    try:
        for watch in WATCHES:
            servers[watch] = Server(watch, url)
        costs = {watch: [] for watch in WATCHES}
        for turn in range(flags.slices + 1):
            for watch in WATCHES[turn % 3 :] + WATCHES[: turn % 3]:
                cost = servers[watch].slice(command(servers[watch], 1))
                # The first slice warms up.
                costs[watch] += [cost] if turn else []
    finally:
        told = {watch: watched.stop() for watch, watched in servers.items()}
    print(f"\ncost: CPU seconds per 100,000 requests, medians of {flags.slices} slices of 1 s; and against no log\n")
    for watch in WATCHES:
        ratio = statistics.median(ours / theirs for ours, theirs in zip(costs[watch], costs["off"]))
        print(f"{watch:10} {statistics.median(costs[watch]):6.3f} {ratio:6.3f}  {told[watch]}")


def load_command(server):
    """How a server is put under load for some seconds."""
    http = importlib.util.spec_from_file_location("bench_http", ROOT / "scripts" / "bench-http.py")
    bench_http = importlib.util.module_from_spec(http)
    http.loader.exec_module(bench_http)
    wrk = shutil.which("wrk") or sys.exit("bench-calllog: wrk is not installed (Debian: apt-get install wrk)")
    path, body = bench_http.JOBS["test"]
    headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in bench_http.HEADERS.items())
    script = Path(server.folder) / "load.lua"
    script.write_text(bench_http.LOAD % (json.dumps(body), headers))
    return lambda watched, seconds: [wrk, "-t1", "-c32", f"-d{seconds}s", "-s", script, watched.url + path]


def bench_share(server):
    shutil.which("perf") or sys.exit("bench-calllog: perf is not installed (Debian: apt-get install linux-perf)")
    url, command = server.database("shares"), load_command(server)
    print("\nshare: CPU time with the log on the stack, relative to all other\n")
    for watch in WATCHES[1:]:
        watched = Server(watch, url)
        try:
            ours, all_ = profile(server, watched, command)
        finally:
            told = watched.stop()
        print(f"{watch:10} {ours / (all_ - ours):6.3f}  of {all_:,} samples; {told}")


def profile(server, watched, command):
    """Samples in the log, and all, of six seconds under load."""
    samples = Path(server.folder) / "samples"
    load = subprocess.Popen(command(watched, 10), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(2)
    record = ["perf", "record", "-q", "-e", "cpu-clock", "-F", "997", "--call-graph", "dwarf,8192", "-o", samples]
    subprocess.run([*record, "-p", str(watched.process.pid), "sleep", "6"], check=True, stderr=subprocess.DEVNULL)
    load.wait()
    script = ["perf", "script", "-i", samples, "-F", "comm,ip,sym"]
    text = subprocess.run(script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    stacks = [stack for stack in text.split("\n\n") if stack.strip()]
    return sum("rpc_calllog" in stack or "sqlx" in stack for stack in stacks), len(stacks)


class Server:
    """The example `throughput`, on a free port."""

    def __init__(self, watch, database):
        command = [BINARIES / "throughput", "--port", "0", "--watch", watch, "--database", database]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit(f"bench-calllog: the server with {watch} did not start")
        self.url = line.split()[2]

    def cpu(self):
        """CPU seconds of the process so far: the clock that clock_getcpuclockid(3) gives."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def slice(self, command):
        """CPU seconds per 100,000 requests; what is written after the load is in, too."""
        before = self.cpu()
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
        # Twice the interval of the log.
        time.sleep(0.5)
        spent = self.cpu() - before
        result = json.loads(done.stderr.splitlines()[-1])
        if result["errors"] or not result["requests"]:
            sys.exit(f"bench-calllog: {result}")
        return spent / result["requests"] * 100_000

    def stop(self):
        """What became of the calls."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate()[0].strip()


if __name__ == "__main__":
    main()
