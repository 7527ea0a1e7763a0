#!/usr/bin/env python3
"""What WebSocket costs: a call beside one over HTTP keep-alive, a batch beside single calls, an idle connection, an event for all.

    scripts/bench-ws.py                        # about two minutes
    scripts/bench-ws.py --rounds 3 --only calls

CPU seconds of the server, in short slices in turn, as in scripts/bench-http.py. It is no test: nothing fails on a number, only
on a wrong answer.

Needs Linux, cargo, wrk (Debian: apt-get install wrk), and for 5,000 connections as many open files twice.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"
TOKEN = "throughput_e7c1f0a2b94d4c6d8f53"
CALL = {"jsonrpc": "2.0", "id": 1, "method": "/v1/test/test", "params": ["hello"]}
BATCH = 50

LOAD = """
wrk.method = "POST"
wrk.body = [==[%s]==]
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer %s"
done = function(summary)
  local e = summary.errors
  io.stderr:write(string.format('{"requests":%%d,"errors":%%d}\\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""

# Name, where, and what: the path and body of HTTP, or the flags of the WebSocket load; and the calls in each request.
SLICES = {
    "HTTP, plain, 32 connections": ("http", "/v1/test/test", ["hello"], 1),
    "HTTP, JSON-RPC, 32 connections": ("http", "/api", CALL, 1),
    "HTTP, JSON-RPC, batches of 50": ("http", "/api", [{**CALL, "id": id} for id in range(BATCH)], BATCH),
    "WebSocket, JSON, 1 x 32 in flight": ("ws", 1, 32, "json", 1),
    "WebSocket, MessagePack, 1 x 32 in flight": ("ws", 1, 32, "msgpack", 1),
    "WebSocket, JSON, 64 x 1 in flight": ("ws", 64, 1, "json", 1),
    "WebSocket, MessagePack, 64 x 1 in flight": ("ws", 64, 1, "msgpack", 1),
    "WebSocket, JSON, 64 x 1 batch of 50": ("ws", 64, 1, "json", BATCH),
    "WebSocket, MessagePack, 64 x 1 batch of 50": ("ws", 64, 1, "msgpack", BATCH),
}
BASE = next(iter(SLICES))
RATIOS = [
    ("MessagePack to JSON, 1 x 32", "WebSocket, MessagePack, 1 x 32 in flight", "WebSocket, JSON, 1 x 32 in flight"),
    ("MessagePack to JSON, 64 x 1", "WebSocket, MessagePack, 64 x 1 in flight", "WebSocket, JSON, 64 x 1 in flight"),
    ("batch to single calls, HTTP", "HTTP, JSON-RPC, batches of 50", "HTTP, JSON-RPC, 32 connections"),
    ("batch to single calls, WebSocket", "WebSocket, JSON, 64 x 1 batch of 50", "WebSocket, JSON, 64 x 1 in flight"),
]


def main():
    flags = parse_flags()
    if flags.only != "idle" and not shutil.which("wrk"):
        sys.exit("bench-ws: wrk is not installed (Debian: apt-get install wrk)")
    raise_open_files(2 * flags.connections + 200)
    subprocess.run(["cargo", "build", "--release", "--package", "throughput"], cwd=ROOT, check=True)
    if flags.only != "idle":
        calls(flags)
    if flags.only != "calls":
        idle(flags)


def parse_flags():
    parser = argparse.ArgumentParser(description="Measures what WebSocket costs.")
    parser.add_argument("--rounds", type=int, default=9, help="slices of each kind (9)")
    parser.add_argument("--slice", type=int, default=1, help="seconds of load in a slice (1)")
    parser.add_argument("--threads", type=int, default=1, help="threads of the server (1)")
    parser.add_argument("--connections", type=int, default=5000, help="idle connections (5000)")
    parser.add_argument("--only", choices=["calls", "idle"], help="measure one of the two")
    parser.add_argument("--json", action="store_true", help="print every slice, too")
    return parser.parse_args()


def raise_open_files(needed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(f"bench-ws: {needed} open files are needed, the hard limit is {hard} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))


class Server:
    """The framework, on a free port."""

    def __init__(self, threads):
        command = [RELEASE / "throughput", "--port", "0", "--mode", "rpc", "--threads", str(threads)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.stop()
            sys.exit("bench-ws: the server did not start")
        self.url = line.split()[2]
        self.address = self.url.removeprefix("http://")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu(self):
        """CPU seconds of the process so far: utime + stime of /proc/PID/stat, in nanoseconds (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def resident(self):
        """Resident memory, in KiB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def stop(self):
        self.process.terminate()
        self.process.wait()


def calls(flags):
    costs = {name: [] for name in SLICES}
    with Server(flags.threads) as server, tempfile.TemporaryDirectory() as folder:
        runs = {name: runner(server, Path(folder) / f"{number}.lua", what, flags) for number, (name, what) in enumerate(SLICES.items())}
        names = list(SLICES)
        for name in names:
            runs[name]()
        for turn in range(flags.rounds):
            first = turn % len(names)
            for name in names[first:] + names[:first]:
                before = server.cpu()
                count = runs[name]()
                costs[name].append((server.cpu() - before) / count * 100_000)
                if flags.json:
                    print(json.dumps({"slice": name, "cost": round(costs[name][-1], 4), "calls": count}))
    print_calls(costs, flags)


def runner(server, script, what, flags):
    """A function that puts load on the server for a slice and returns the calls that were answered."""
    if what[0] == "http":
        _, path, body, calls_each = what
        script.write_text(LOAD % (json.dumps(body, separators=(",", ":")), TOKEN))
        command = ["wrk", "-t1", "-c32", f"-d{flags.slice}s", "-s", script, server.url + path]
    else:
        _, connections, in_flight, codec, calls_each = what
        command = [
            RELEASE / "ws-load", "--address", server.address, "--connections", str(connections), "calls",
            "--in-flight", str(in_flight), "--codec", codec, "--batch", str(calls_each), "--seconds", str(flags.slice),
        ]

    def run():
        done = subprocess.run(command, capture_output=True, text=True, timeout=flags.slice + 30)
        if done.returncode:
            sys.exit(f"bench-ws: {done.stderr}")
        if what[0] == "ws":
            return json.loads(done.stdout)["calls"]
        result = json.loads(done.stderr.splitlines()[-1])
        if result["errors"] or not result["requests"]:
            sys.exit(f"bench-ws: {path}: {result}")
        return result["requests"] * calls_each

    return run


def print_calls(costs, flags):
    print(f"\n{flags.rounds} rounds of {flags.slice} s, {flags.threads} server thread(s)")
    print("CPU seconds per 100,000 calls: median (quartiles); ratios: median over the rounds\n")
    print(f"{'':42} {'CPU s':>18} {'/ HTTP':>8}")
    for name, cost in costs.items():
        middle = statistics.median(cost)
        low, _, high = statistics.quantiles(cost, n=4) if len(cost) > 1 else (middle,) * 3
        print(f"{name:42} {middle:6.2f} ({low:.2f}–{high:.2f}) {ratio(cost, costs[BASE]):8.2f}")
    print()
    for name, ours, theirs in RATIOS:
        print(f"{name:42} {ratio(costs[ours], costs[theirs]):27.2f}")


def ratio(ours, theirs):
    """The median of the ratios of slices of the same round."""
    return statistics.median(our / their for our, their in zip(ours, theirs))


def idle(flags):
    with Server(flags.threads) as server:
        # What the first connections cost is not what further ones do.
        warm = subprocess.run(
            [RELEASE / "ws-load", "--address", server.address, "--connections", "8", "calls", "--seconds", "0.2"],
            capture_output=True, text=True, timeout=30,
        )
        if warm.returncode:
            sys.exit(f"bench-ws: {warm.stderr}")
        time.sleep(0.5)
        before = server.resident()
        command = [RELEASE / "ws-load", "--address", server.address, "--connections", str(flags.connections), "idle"]
        load = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            opened = json.loads(load.stdout.readline())["open"]
            time.sleep(1)
            after = server.resident()
            times, spent = [], server.cpu()
            for _ in range(flags.rounds):
                load.stdin.write("\n")
                load.stdin.flush()
                times.append(json.loads(load.stdout.readline())["seconds"])
            spent = (server.cpu() - spent) / flags.rounds
            settled = server.resident()
        finally:
            load.stdin.close()
            load.terminate()
            load.wait()
    print(f"\n{opened} idle WebSockets: {before} KiB before, {after} KiB after: {(after - before) / opened:.1f} KiB each")
    print(f"after {flags.rounds} events: {(settled - before) / opened:.1f} KiB each")
    print(f"an event reaches all: median {statistics.median(times) * 1e3:.0f} ms, slowest {max(times) * 1e3:.0f} ms; "
          f"CPU of the server {spent * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
