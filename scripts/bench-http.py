#!/usr/bin/env python3
"""What a request costs the framework, beside axum with garde and bare hyper, in one run.

    scripts/bench-http.py                      # about two minutes
    scripts/bench-http.py --rounds 3 --slice 1

Prints CPU seconds of the server per 100,000 requests, and ratios. CPU time, since it says what a request costs and not how
fast the load came; short slices in turn, since the speed of a machine drifts by more than the servers differ. It is no test:
nothing fails on a number, only on a wrong answer.

Needs Linux, cargo, and wrk (Debian: apt-get install wrk).
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODES = ["bare", "axum", "rpc"]
TOKEN = "throughput_e7c1f0a2b94d4c6d8f53"
JOBS = {
    "test": ("/v1/test/test", ["hello"]),
    "create": (
        "/v1/users/create",
        [
            {
                "username": "ann.example",
                "password": "correct horse battery staple",
                "enabled": True,
                "permissions": {"admin": False, "reports": True},
                "email": "ann@example.com",
                "telegram_name": "ann_example",
            }
        ],
    ),
}
REFUSED = {
    "test": [7],
    "create": [{"username": "ab", "email": "nobody"}],
}
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}

LOAD = """
wrk.method = "POST"
wrk.body = [==[%s]==]
%s
done = function(summary)
  local e = summary.errors
  io.stderr:write(string.format('{"requests":%%d,"errors":%%d}\\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


def main():
    flags = parse_flags()
    wrk = shutil.which("wrk") or sys.exit("bench-http: wrk is not installed (Debian: apt-get install wrk)")
    subprocess.run(["cargo", "build", "--release", "--package", "throughput"], cwd=ROOT, check=True)
    servers = {}
    try:
        for mode in MODES:
            servers[mode] = Server(mode, flags.threads)
        for server in servers.values():
            server.check()
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(wrk, servers, Path(folder), flags)
            bench.run()
            print_table(bench.costs, flags)
    finally:
        for server in servers.values():
            server.stop()


def parse_flags():
    parser = argparse.ArgumentParser(description="Compares the cost of a request.")
    parser.add_argument("--rounds", type=int, default=12, help="slices of each server and job (12)")
    parser.add_argument("--slice", type=int, default=1, help="seconds of load in a slice (1)")
    parser.add_argument("--connections", type=int, default=32, help="connections of the load (32)")
    parser.add_argument("--threads", type=int, default=1, help="threads of each server (1)")
    parser.add_argument("--json", action="store_true", help="print every slice, too")
    return parser.parse_args()


class Server:
    """One mode of the example, on a free port."""

    def __init__(self, mode, threads):
        binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "throughput"
        command = [binary, "--port", "0", "--mode", mode, "--threads", str(threads)]
        self.mode = mode
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.stop()
            sys.exit(f"bench-http: {mode} did not start")
        self.url = line.split()[2]

    def cpu(self):
        """CPU seconds of the process so far, user and system, all its threads.

        The process's CPU clock (clock_getcpuclockid(3)) counts the same as utime + stime of /proc/PID/stat, in nanoseconds
        where those count in hundredths of a second.
        """
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def check(self):
        """The answers are right, and what is wrong is refused by those who look."""
        for job, (path, body) in JOBS.items():
            status, answer = self.ask(path, body, HEADERS)
            data = json.loads(answer)
            if status != 200 or data["status"] != 200 or data["reason"] != "OK":
                sys.exit(f"bench-http: {self.mode} answers {job} with {status} {answer}")
            if self.mode == "bare":
                continue
            expected = body[0] if job == "test" else {"id": data["data"]["id"], "name": body[0]["username"]}
            if data["data"] != expected:
                sys.exit(f"bench-http: {self.mode} answers {job} with {answer}")
            status, answer = self.ask(path, REFUSED[job], HEADERS)
            if status not in (400, 422):
                sys.exit(f"bench-http: {self.mode} takes wrong parameters of {job}: {status} {answer}")
        if self.mode == "rpc":
            status, answer = self.ask(*JOBS["test"], {"Content-Type": "application/json"})
            if status != 401:
                sys.exit(f"bench-http: rpc answers somebody unknown with {status} {answer}")

    def ask(self, path, body, headers):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Bench:
    """Load in turn on each server, for each job."""

    def __init__(self, wrk, servers, folder, flags):
        self.wrk, self.servers, self.flags = wrk, servers, flags
        self.costs = {job: {mode: [] for mode in MODES} for job in JOBS}
        self.scripts = {}
        for job, (_, body) in JOBS.items():
            headers = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in HEADERS.items())
            self.scripts[job] = folder / f"{job}.lua"
            self.scripts[job].write_text(LOAD % (json.dumps(body, separators=(",", ":")), headers))

    def run(self):
        for job in JOBS:
            for mode in MODES:
                self.slice(mode, job)
        for turn in range(self.flags.rounds):
            for job in JOBS:
                first = turn % len(MODES)
                for mode in MODES[first:] + MODES[:first]:
                    self.costs[job][mode].append(self.slice(mode, job))

    def slice(self, mode, job):
        """CPU seconds of the server per 100,000 requests, over one slice."""
        server, flags = self.servers[mode], self.flags
        command = [self.wrk, "-t1", f"-c{flags.connections}", f"-d{flags.slice}s", "-s", self.scripts[job]]
        before = server.cpu()
        load = subprocess.run(
            [*command, server.url + JOBS[job][0]],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True, timeout=flags.slice + 30,
        )
        spent = server.cpu() - before
        result = json.loads(load.stderr.splitlines()[-1])
        if result["errors"] or not result["requests"]:
            sys.exit(f"bench-http: {mode}, {job}: {result}")
        cost = spent / result["requests"] * 100_000
        if flags.json:
            print(json.dumps({"mode": mode, "job": job, "cost": round(cost, 4), "requests": result["requests"]}))
        return cost


def print_table(costs, flags):
    print(f"\n{flags.rounds} rounds of {flags.slice} s, wrk -t1 -c{flags.connections}, {flags.threads} server thread(s)")
    print("CPU seconds per 100,000 requests: median (quartiles); ratios: median over the rounds\n")
    print(f"{'job':8} {'server':8} {'CPU s':>18} {'/ bare':>8} {'/ axum':>8}")
    for job, of_mode in costs.items():
        for mode in MODES:
            middle = statistics.median(of_mode[mode])
            low, _, high = statistics.quantiles(of_mode[mode], n=4) if flags.rounds > 1 else (middle,) * 3
            ratios = [f"{ratio(of_mode[mode], of_mode[other]):8.2f}" for other in ("bare", "axum")]
            print(f"{job:8} {mode:8} {middle:6.2f} ({low:.2f}–{high:.2f}) {' '.join(ratios)}")


def ratio(ours, theirs):
    """The median of the ratios of slices that ran next to each other."""
    return statistics.median(our / their for our, their in zip(ours, theirs))


if __name__ == "__main__":
    main()
