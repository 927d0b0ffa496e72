#!/usr/bin/env python3
"""Shows how the blocking routes of an app affect its fast ones: behind ldcorn,
behind ldcorn with a group of slow ones that gives way (nice), and with plain "uvicorn --workers N" and as many processes.

    make isolation                          from the repository's root, or
    python3 compare.py --ldcorn PATH        with a Python that has Uvicorn

It starts each server in turn, measures GET /fast and a websocket echo while the
server is idle and while clients saturate GET /heavy, prints a table, and stops
the server. It needs only the standard library.
"""

import argparse
import base64
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
PROCESSES = 4  # workers in ldconfig.star, over all groups
HEAVY_CLIENTS, FAST_CLIENTS, WS_CLIENTS = 8, 4, 2
PAUSE = 0.01  # seconds between two requests of one measured client
TIMEOUT = 5  # seconds, after which a request counts as failed


class Measured:
    """Latencies in seconds, and failures, of one kind of request."""

    def __init__(self):
        self.took, self.failed, self.lock = [], 0, threading.Lock()

    def add(self, seconds):
        with self.lock:
            if seconds is None:
                self.failed += 1
            else:
                self.took.append(seconds)

    def percentile(self, p):
        values = sorted(self.took)
        return values[min(len(values) - 1, int(len(values) * p / 100))] * 1000 if values else float("nan")


def get(port, path):
    """Sends a GET on a new connection. Returns its time in seconds, or None if it failed."""
    start = time.monotonic()
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        conn.request("GET", path, headers={"Connection": "close"})
        answer = conn.getresponse()
        answer.read()
        return time.monotonic() - start if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        conn.close()


class WebSocket:
    """A minimal websocket client that can echo short texts."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.receive(1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise OSError(head.split(b"\r\n")[0].decode())

    def receive(self, n):
        data = b""
        while len(data) < n:
            more = self.sock.recv(n - len(data))
            if not more:
                raise OSError("closed")
            data += more
        return data

    def echo(self, text):
        mask = os.urandom(4)
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(text))
        self.sock.sendall(bytes([0x81, 0x80 | len(text)]) + mask + masked)
        head = self.receive(2)
        if self.receive(head[1]) != text:
            raise OSError("another text came back")


def ask(port, path, measured, stop):
    while not stop.is_set():
        measured.add(get(port, path))
        stop.wait(PAUSE)


def talk(port, measured, stop):
    ws = None
    while not stop.is_set():
        try:
            ws = ws or WebSocket(port)
            start = time.monotonic()
            ws.echo(b"are you there?")
            measured.add(time.monotonic() - start)
        except OSError:
            measured.add(None)
            ws = None
        stop.wait(PAUSE)
    if ws:
        ws.sock.close()


def measure(port, seconds, heavy):
    """Runs the clients for a while; returns their measurements by route."""
    stop, seen, threads = threading.Event(), {"/fast": Measured(), "/ws": Measured(), "/heavy": Measured()}, []
    for _ in range(HEAVY_CLIENTS if heavy else 0):
        threads.append(threading.Thread(target=ask, args=(port, "/heavy", seen["/heavy"], stop)))
    for _ in range(FAST_CLIENTS):
        threads.append(threading.Thread(target=ask, args=(port, "/fast", seen["/fast"], stop)))
    for _ in range(WS_CLIENTS):
        threads.append(threading.Thread(target=talk, args=(port, seen["/ws"], stop)))
    for t in threads:
        t.start()
    time.sleep(seconds)
    stop.set()
    for t in threads:
        t.join()
    return seen


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(command, port):
    """Starts a server and waits until it answers."""
    env = dict(os.environ, BIND=f"127.0.0.1:{port}", UVICORN_PYTHON=sys.executable)
    server = subprocess.Popen(command, cwd=HERE, env=env, start_new_session=True,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    said = []
    threading.Thread(target=lambda: said.extend(server.stderr), daemon=True).start()
    deadline = time.monotonic() + 60
    while get(port, "/fast") is None:
        if server.poll() is not None or time.monotonic() > deadline:
            stop(server)
            sys.exit(f"{' '.join(command)} does not serve:\n{''.join(said)}")
        time.sleep(0.1)
    return server


def stop(server):
    """Sends TERM, and then KILL to the rest of the session that start has made."""
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def find_ldcorn(given):
    built = HERE.parent.parent / "bin" / "ldcorn"
    path = given or (str(built) if built.exists() else shutil.which("ldcorn"))
    if not path:
        sys.exit("no ldcorn found\nhint: make build, or name it with --ldcorn")
    return os.path.abspath(path)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--ldcorn", metavar="PATH", help="default: bin/ldcorn of the repository, or else on PATH")
    args.add_argument("--seconds", type=float, default=5, help="of each measurement (default %(default)s)")
    args = args.parse_args()
    ldcorn, port = find_ldcorn(args.ldcorn), free_port()
    servers = {
        "ldcorn, 3 groups": [ldcorn, "-c", "ldconfig.star"],
        "ldcorn, heavy nice 10": [ldcorn, "-c", "ldconfig.star", "--set", "heavy_nice=10"],
        f"uvicorn --workers {PROCESSES}": [
            sys.executable, "-m", "uvicorn", "app:app", "--workers", str(PROCESSES), "--port", str(port),
            "--no-access-log", "--log-level", "warning",
        ],
    }
    print(f"{'server':<22}{'/heavy':<12}{'route':<8}{'answered':>9}{'failed':>8}{'p50 ms':>9}{'p99 ms':>9}", flush=True)
    for name, command in servers.items():
        server, fast = start(command, port), []
        try:
            for heavy in (False, True):
                seen = measure(port, args.seconds, heavy)
                fast.append(seen["/fast"].percentile(99))
                for route in ("/fast", "/ws"):
                    m = seen[route]
                    print(f"{name:<22}{'saturated' if heavy else 'idle':<12}{route:<8}{len(m.took):>9}{m.failed:>8}"
                          f"{m.percentile(50):>9.1f}{m.percentile(99):>9.1f}", flush=True)
        finally:
            stop(server)
        print(f"{name:<22}/fast p99 saturated is {fast[1] / fast[0]:.1f} times that of idle", flush=True)


if __name__ == "__main__":
    main()
