#!/usr/bin/env python3
"""What accounts cost the reference application: a call with a token beside a guest's, calls while people sign in, idle memory.

    scripts/bench-accounts.py                  # about a minute
    scripts/bench-accounts.py --rounds 3

CPU time is that of the server's process, in slices of load that take turns, since the speed of a machine drifts. It is no
test: nothing fails on a number, only on a wrong answer.

Needs Linux, cargo, and wrk (Debian: apt-get install wrk).
"""

import argparse
import http.client
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
SIGN_INS = 64

# The script of wrk, and what it takes, are those of the other bench.
_SPEC = importlib.util.spec_from_file_location("bench_http", ROOT / "scripts" / "bench-http.py")
BENCH_HTTP = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(BENCH_HTTP)


def main():
    parser = argparse.ArgumentParser(description="Measures what accounts cost.")
    parser.add_argument("--rounds", type=int, default=12, help="slices of guests and of tokens (12)")
    parser.add_argument("--slice", type=int, default=1, help="seconds of load in a slice (1)")
    parser.add_argument("--probes", type=int, default=1000, help="calls whose times are taken (1000)")
    flags = parser.parse_args()
    wrk = shutil.which("wrk") or sys.exit("bench-accounts: wrk is not installed (Debian: apt-get install wrk)")
    subprocess.run(["cargo", "build", "--release", "--package", "app-template"], cwd=ROOT, check=True)
    server = Server()
    try:
        time.sleep(1)
        print(f"idle: {server.resident() / 1024:.1f} MiB resident")
        token = sign_in(server.connect())
        compare_callers(wrk, server, token, flags)
        compare_times(server, flags.probes)
        print(f"afterwards: {server.resident() / 1024:.1f} MiB resident")
    finally:
        server.stop()


class Server:
    """The application, on a free port."""

    def __init__(self):
        binary = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "app-template"
        variables = {"APP_ROOT_PASSWORD": PASSWORD, "APP_LOG_FORMAT": "json"}
        self.process = subprocess.Popen([binary, "--port", "0"], stderr=subprocess.PIPE, text=True, env=variables, cwd="/")
        for line in self.process.stderr:
            event = json.loads(line)
            if event.get("event") == "server.listening":
                self.port = int(event["url"].rsplit(":", 1)[1])
                # A pipe that nobody reads would fill up.
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return
        sys.exit("bench-accounts: the application did not start")

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def cpu(self):
        """CPU seconds so far, of all threads: the process's CPU clock (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def resident(self):
        """KiB of memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def call(connection, path, params):
    connection.request("POST", path, json.dumps(params), {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def sign_in(connection):
    status, answer = call(connection, "/v1/session/signin", [{"username": "root", "password": PASSWORD}])
    if status != 200:
        sys.exit(f"bench-accounts: signing in is answered with {answer}")
    return answer["data"]["token"]


def compare_callers(wrk, server, token, flags):
    """CPU seconds of 100,000 calls of a guest, and of somebody with a token that is known."""
    headers = {"guest": "", "token": f'wrk.headers["Authorization"] = "Bearer {token}"'}
    costs = {caller: [] for caller in headers}
    with tempfile.TemporaryDirectory() as folder:
        scripts = {caller: Path(folder) / caller for caller in headers}
        for caller, script in scripts.items():
            content_type = 'wrk.headers["Content-Type"] = "application/json"'
            script.write_text(BENCH_HTTP.LOAD % (json.dumps(["hello"]), f"{content_type}\n{headers[caller]}"))
            load(wrk, server, script, flags.slice)
        for turn in range(flags.rounds):
            for caller in sorted(scripts, reverse=turn % 2 == 1):
                costs[caller].append(load(wrk, server, scripts[caller], flags.slice))
    guest, known = costs["guest"], costs["token"]
    ratio = statistics.median(ours / theirs for ours, theirs in zip(known, guest))
    print(f"guest: {statistics.median(guest):.3f} CPU s per 100,000 calls")
    print(f"token: {statistics.median(known):.3f} CPU s per 100,000 calls; token / guest {ratio:.3f}")


def load(wrk, server, script, seconds):
    url = f"http://127.0.0.1:{server.port}/v1/test/test"
    before = server.cpu()
    ended = subprocess.run(
        [wrk, "-t1", "-c32", f"-d{seconds}s", "-s", script, url],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True, timeout=seconds + 30,
    )
    spent, result = server.cpu() - before, json.loads(ended.stderr.splitlines()[-1])
    if result["errors"] or not result["requests"]:
        sys.exit(f"bench-accounts: {result}")
    return spent / result["requests"] * 100_000


def compare_times(server, probes):
    """The times of one caller's calls, alone and while others sign in without pause."""
    print(f"test/test alone: {percentiles(server, probes)}")
    stop, statuses = threading.Event(), []

    def guess():
        connection = server.connect()
        while not stop.is_set():
            credentials = [{"username": "root", "password": PASSWORD}]
            statuses.append(call(connection, "/v1/session/signin", credentials)[0])

    threads = [threading.Thread(target=guess) for _ in range(SIGN_INS)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    times = percentiles(server, probes)
    seconds = time.monotonic() - begun
    stop.set()
    for thread in threads:
        thread.join()
    print(f"test/test while {SIGN_INS} sign in: {times}")
    good, busy = statuses.count(200), statuses.count(503) + statuses.count(429)
    if good + busy != len(statuses):
        sys.exit(f"bench-accounts: sign-ins are answered with {sorted(set(statuses))}")
    print(f"sign-ins: {good / seconds:.0f} a second, {busy} told to come back later")


def percentiles(server, probes):
    connection, times = server.connect(), []
    for _ in range(probes):
        begun = time.monotonic()
        if call(connection, "/v1/test/test", ["hello"])[0] != 200:
            sys.exit("bench-accounts: a call failed")
        times.append((time.monotonic() - begun) * 1000)
        time.sleep(0.002)
    cuts = statistics.quantiles(times, n=100)
    return f"p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms, at worst {max(times):.1f} ms"


if __name__ == "__main__":
    main()
