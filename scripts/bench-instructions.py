#!/usr/bin/env python3
"""Instructions that a request costs outside the kernel: a number that neither load nor other programs change.

    scripts/bench-instructions.py                          # all jobs, about two minutes
    scripts/bench-instructions.py --only plain,rpc         # jobs whose name begins so
    scripts/bench-instructions.py --binary FILE            # another build of the example; may be given several times

Runs the server of examples/throughput under `valgrind --tool=callgrind`, once for few requests and once for many, over 8
connections that stay open; the difference is what the requests cost, without start and end. It is no test: nothing fails on a
number, only on a wrong answer.

Needs Linux, cargo, and valgrind (Debian: apt-get install valgrind).
"""

import argparse
import base64
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "throughput_e7c1f0a2b94d4c6d8f53"
CONNECTIONS = 8
FEW, MANY = 100, 600
BATCH = 50
SECONDS = 120

USER = {
    "username": "ann.example",
    "password": "correct horse battery staple",
    "enabled": True,
    "permissions": {"admin": False, "reports": True},
    "email": "ann@example.com",
    "telegram_name": "ann_example",
}
CALLS = {
    "test": ("/v1/test/test", ["hello"]),
    "test by name": ("/v1/test/test", {"text": "hello"}),
    "create": ("/v1/users/create", [USER]),
}


def main():
    flags = parse_flags()
    shutil.which("valgrind") or sys.exit("bench-instructions: valgrind is not installed (Debian: apt-get install valgrind)")
    binaries = flags.binary or [build()]
    names = [name for name in JOBS if not flags.only or any(name.startswith(start) for start in flags.only.split(","))]
    width = max(map(len, names), default=0)
    print("  ".join([" " * width, *(f"{Path(binary).name:>14}" for binary in binaries)]))
    for name in names:
        mode, job, entries = JOBS[name]
        counts = [cost(binary, mode, job) / entries for binary in binaries]
        print("  ".join([f"{name:{width}}", *(f"{count:14,.0f}" for count in counts)]), flush=True)


def parse_flags():
    parser = argparse.ArgumentParser(description="Counts the instructions of a request.")
    parser.add_argument("--only", help="jobs whose name begins with one of these, separated by commas")
    parser.add_argument("--binary", action="append", help="a built server, instead of the one of this tree")
    return parser.parse_args()


def build():
    subprocess.run(["cargo", "build", "--release", "--package", "throughput"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "throughput"


def cost(binary, mode, job):
    return (total(binary, mode, job, MANY) - total(binary, mode, job, FEW)) / (CONNECTIONS * (MANY - FEW))


def total(binary, mode, job, rounds):
    """Instructions of a whole run of the server, with so many requests on each connection."""
    with tempfile.TemporaryDirectory() as folder:
        counted = Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counted}", binary, "--port", "0", "--mode", mode]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = int(re.search(r":(\d+) ", server.stdout.readline()).group(1))
            connections = [job(port) for _ in range(CONNECTIONS)]
            for _ in range(rounds):
                for connection in connections:
                    connection.send()
                for connection in connections:
                    connection.receive()
            for connection in connections:
                connection.close()
            server.send_signal(signal.SIGINT)
            server.wait(SECONDS)
        finally:
            server.kill()
            server.wait()
        return int(re.search(r"^(?:summary|totals): (\d+)", counted.read_text(), re.M).group(1))


class Connection:
    """A connection that stays open, and reads whole answers."""

    def __init__(self, port):
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        self.buffer = b""

    def send(self):
        self.socket.sendall(self.request)

    def take(self, length):
        while len(self.buffer) < length:
            more = self.socket.recv(65536)
            if not more:
                sys.exit("bench-instructions: the server hung up")
            self.buffer += more
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def head(self):
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(65536) or sys.exit("bench-instructions: the server hung up")
        return self.take(self.buffer.index(b"\r\n\r\n") + 4)

    def close(self):
        self.socket.close()


def http(path, body, codec="json", good=b"200"):
    """A job that posts one body again and again."""
    encoded = json.dumps(body, separators=(",", ":")).encode() if codec == "json" else msgpack(body)

    class Http(Connection):
        def __init__(self, port):
            super().__init__(port)
            self.request = (
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/{codec}\r\n"
                f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(encoded)}\r\n\r\n"
            ).encode() + encoded

        def receive(self):
            head = self.head()
            answer = self.take(int(re.search(rb"content-length: (\d+)", head.lower()).group(1)))
            if head.split()[1] != good or b"error" in answer:
                sys.exit(f"bench-instructions: {path} answers {head} {answer}")

    return Http


def websocket(request):
    """A job that sends one call again and again as a text frame."""
    payload = json.dumps(request, separators=(",", ":")).encode()

    class WebSocket(Connection):
        def __init__(self, port):
            super().__init__(port)
            key = base64.b64encode(bytes(16)).decode()
            self.socket.sendall(
                f"GET /api HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()
            )
            if b" 101 " not in self.head():
                sys.exit("bench-instructions: no WebSocket")
            length = bytes([0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BH", 0x80 | 126, len(payload))
            # Masked with zeros: the frame is the payload.
            self.request = b"\x81" + length + bytes(4) + payload

        def receive(self):
            length = self.take(2)[1]
            answer = self.take(length if length < 126 else struct.unpack("!H", self.take(2))[0])
            if b'"result"' not in answer:
                sys.exit(f"bench-instructions: the WebSocket answers {answer}")

    return WebSocket


def msgpack(value):
    """MessagePack, as far as the jobs need it."""
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 128 else b"\xcd" + struct.pack("!H", value)
    if isinstance(value, str):
        text = value.encode()
        return (bytes([0xA0 | len(text)]) if len(text) < 32 else bytes([0xD9, len(text)])) + text
    if isinstance(value, list):
        head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + struct.pack("!H", len(value))
        return head + b"".join(map(msgpack, value))
    return bytes([0x80 | len(value)]) + b"".join(msgpack(name) + msgpack(item) for name, item in value.items())


def call(name, number=1):
    path, params = CALLS[name]
    return {"jsonrpc": "2.0", "id": number, "method": path, "params": params}


def batch():
    return [call("test", number) for number in range(1, BATCH + 1)]


# Name: the server, its connections, and calls in a request.
JOBS = {
    "bare test": ("bare", http(*CALLS["test"]), 1),
    "axum test": ("axum", http(*CALLS["test"]), 1),
    "axum create": ("axum", http(*CALLS["create"]), 1),
    "plain test": ("rpc", http(*CALLS["test"]), 1),
    "plain create": ("rpc", http(*CALLS["create"]), 1),
    "plain test, MessagePack": ("rpc", http(*CALLS["test"], codec="msgpack"), 1),
    "plain create, MessagePack": ("rpc", http(*CALLS["create"], codec="msgpack"), 1),
    "rpc test": ("rpc", http("/api", call("test")), 1),
    "rpc test by name": ("rpc", http("/api", call("test by name")), 1),
    "rpc create": ("rpc", http("/api", call("create")), 1),
    "rpc batch, one of 50": ("rpc", http("/api", batch()), BATCH),
    "rpc test, MessagePack": ("rpc", http("/api", call("test"), codec="msgpack"), 1),
    "rpc test by name, MessagePack": ("rpc", http("/api", call("test by name"), codec="msgpack"), 1),
    "rpc create, MessagePack": ("rpc", http("/api", call("create"), codec="msgpack"), 1),
    "rpc batch, one of 50, MessagePack": ("rpc", http("/api", batch(), codec="msgpack"), BATCH),
    "websocket test": ("rpc", websocket(call("test")), 1),
    "websocket create": ("rpc", websocket(call("create")), 1),
}


if __name__ == "__main__":
    main()
