#!/usr/bin/env python3
"""Measures how long a request to one group takes while clients of another group send or receive as much as they can.

    bystander.py --ldcorn bin/ldcorn [--attacks chunks,error,...] [--clients 4,8] [--rounds N] [--seconds S]
                 [--driver io_uring|epoll|goroutine]

One client sends requests to a group over a keep-alive connection, one after the other. At the same time, clients of
another group do one of these:

  none       nothing
  chunks     upload in chunks of 8 bytes
  upload     upload with a length
  error      continue to send a body that the proxy has answered with 413
  early      continue to send a body that the worker has answered with 413
  wrong      continue to send after a head that was answered with 400
  tunnel     send frames of one byte through a websocket
  pipeline   send GETs to a worker without waiting for the answers
  missing    the same, for a path that the proxy itself answers with 404
  download   receive an endless answer, which the worker sends in pieces of 64 KiB
  drops      the same, in pieces of 8 bytes
  head       send a head byte by byte
  close      send each request on a new connection

The proxies run one at a time with workers of the same kind, in interleaved rounds. nginx streams bodies as ldcorn does
(proxy_request_buffering off). The figures are medians over the rounds. The ratio of the two should be at most 2.
"""
import argparse, multiprocessing, os, random, select, shutil, signal, socket, statistics, sys, time
from rig import Rig, percentile, wait_for

PORT = {"ldcorn": 9151, "nginx": 9152}
BLOCK = 1 << 18  # bytes written at once
PATIENCE = 10  # seconds
LIMIT = 10**15  # bytes of the largest body that the proxies accept

# A worker that replaces Uvicorn and reads and writes bytes as fast as it can, so that only the proxy can be the
# bottleneck. ldcorn starts it like Uvicorn.
WORKER = r'''#!/usr/bin/env python3
import asyncio, sys
args = sys.argv[1:]
if "--version" in args or "-c" in args and "--uds" not in args:
    print("Running uvicorn 0.40.0 with CPython 3.12.0 on Linux" if "--version" in args else "0.40.0")
    sys.exit(0)
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n"
BIG, SMALL = b"10000\r\n" + b"x" * 65536 + b"\r\n", b"8\r\nxxxxxxxx\r\n"


class Worker(asyncio.Protocol):
    def connection_made(self, t):
        self.t, self.rest, self.mode, self.go = t, b"", "", asyncio.Event()
        self.go.set()

    def pause_writing(self):
        self.go.clear()

    def resume_writing(self):
        self.go.set()

    def data_received(self, data):
        if self.mode:
            return  # the rest is a body or frames
        *heads, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for head in heads:
            if head.startswith(b"POST"):
                self.mode = "swallow"
                if b"/refused " in head:
                    self.t.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno\n")
                return
            if b"upgrade: websocket" in head.lower():
                self.mode = "swallow"
                self.t.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
                return
            path = head.split(b" ", 2)[1]
            if path.endswith(b"/download") or path.endswith(b"/drops"):
                self.task = asyncio.ensure_future(self.send(BIG if path.endswith(b"/download") else SMALL))
                return
            self.t.write(HELLO)

    async def send(self, piece):
        self.t.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not self.t.is_closing():
            self.t.write(piece)
            await asyncio.sleep(0)
            await self.go.wait()

    def connection_lost(self, exc):
        self.go.set()


async def main():
    loop = asyncio.get_running_loop()
    s = await loop.create_unix_server(Worker, args[args.index("--uds") + 1], backlog=4096)
    async with s:
        await s.serve_forever()

asyncio.run(main())
'''

HEAD = b"POST /a/%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: %d"
GET = b"GET /a/%s HTTP/1.1\r\nHost: x\r\n\r\n"
UPGRADE = (b"GET /a/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
# For each kind of client, the bytes that it sends first, and then repeatedly.
SAYS = {
    "chunks": (HEAD % (b"", CHUNKED), b"8\r\nxxxxxxxx\r\n"),
    "upload": (HEAD % (b"", LENGTH % LIMIT), b"x"),
    "error": (HEAD % (b"", LENGTH % (LIMIT + 1)), b"x"),
    "early": (HEAD % (b"refused", LENGTH % LIMIT), b"x"),
    "wrong": (b"GET /a/ HTTP/1.1\r\nHost : x\r\n\r\n", b"x"),
    "tunnel": (UPGRADE, b"\x82\x81\x00\x00\x00\x00x"),
    "pipeline": (b"", GET % b""),
    "missing": (b"", b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n"),
    "download": (GET % b"download", b""),
    "drops": (GET % b"drops", b""),
    "head": (b"GET /a/ HTTP/1.1\r\nHost: x\r\nx: ", b"x"),
    "close": (GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") % b"", b""),
}
ATTACKS = ("none", *SAYS)


class Attacker:
    """A connection that is reopened whenever it ends."""

    def __init__(self, poll, port, kind):
        self.poll, self.port, self.kind = poll, port, kind
        self.first, unit = SAYS[kind]
        self.block = unit * (BLOCK // len(unit)) if unit else b""
        self.step = 1 if kind == "head" else len(self.block)
        self.sock = None

    def connect(self):
        self.close()
        self.sock = socket.create_connection(("127.0.0.1", self.port), 10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.sendall(self.first)
        self.sock.setblocking(False)
        self.at, self.sent = 0, 0
        self.poll.register(self.sock, select.EPOLLIN | (select.EPOLLOUT if self.block else 0))

    def close(self):
        if self.sock:
            self.poll.unregister(self.sock)
            self.sock.close()
            self.sock = None

    def act(self, events):
        """Returns false when the connection has ended."""
        try:
            if events & ~select.EPOLLOUT:
                got = self.sock.recv(1 << 20)
                if not got and (not self.block or self.kind in ("pipeline", "missing", "head")):
                    return False
                if not got:  # the client can still send
                    self.poll.modify(self.sock, select.EPOLLOUT)
            if events & select.EPOLLOUT:
                part = self.block if not self.at and self.step > 1 else memoryview(self.block)[self.at:self.at + self.step]
                n = self.sock.send(part)
                self.at = (self.at + n) % len(self.block)
                self.sent += n
                if self.kind == "head" and self.sent > 60000:
                    return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True


def attack(port, kind, ready):
    """Runs one client in a process."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    poll = select.epoll()
    a = Attacker(poll, port, kind)
    a.connect()
    ready.release()
    while True:
        for _, events in poll.poll():
            if not a.act(events):
                a.connect()
                break


def bystander(port, seconds, out):
    """Measures, in a process, the time of each request in milliseconds. A request without an answer counts as PATIENCE."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    took, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        at = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while time.perf_counter() < until:
                    at = time.perf_counter()
                    s.sendall(b"GET /b/ HTTP/1.1\r\nHost: x\r\n\r\n")
                    got = b""
                    while not got.endswith(b"ok\n"):
                        got += (part := s.recv(4096))
                        if not part:
                            raise SystemExit(f"port {port}: the connection ended after {got[:80]!r}")
                    took.append((time.perf_counter() - at) * 1000)
                    time.sleep(0.002)
        except TimeoutError:
            took.append((time.perf_counter() - at) * 1000)
    out.put(took)


def one_round(port, kind, n, seconds):
    procs, ctx = [], multiprocessing.get_context("fork")
    try:
        if kind != "none":
            ready = ctx.Semaphore(0)
            for i in range(n):
                procs.append(ctx.Process(target=attack, args=(port, kind, ready), daemon=True))
                procs[i].start()
            if not all(ready.acquire(timeout=30) for _ in range(n)):
                raise SystemExit(f"port {port}: the clients of {kind} do not get on")
            time.sleep(0.3)
        out = ctx.Queue()
        procs.append(ctx.Process(target=bystander, args=(port, seconds, out), daemon=True))
        procs[-1].start()
        return out.get(timeout=seconds + 6 * PATIENCE)
    finally:
        for p in procs:
            p.terminate()
            p.join()


def nginx(rig, port, a, b):
    rig.write("nginx.conf", f"""
daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 20000; pid {rig.dir}/nginx.pid; error_log {rig.dir}/nginx.err;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 9000; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 300s; client_max_body_size {LIMIT}; large_client_header_buffers 4 64k;
  client_body_temp_path {rig.dir}; proxy_temp_path {rig.dir}; fastcgi_temp_path {rig.dir}; uwsgi_temp_path {rig.dir}; scgi_temp_path {rig.dir};
  map $http_upgrade $conn {{ default upgrade; "" ""; }}
  upstream a {{ server unix:{a}; keepalive 64; keepalive_requests 100000000; }}
  upstream b {{ server unix:{b}; keepalive 64; keepalive_requests 100000000; }}
  proxy_http_version 1.1; proxy_read_timeout 3600s; proxy_request_buffering off; proxy_buffering off;
  proxy_set_header Connection $conn; proxy_set_header Upgrade $http_upgrade; proxy_set_header Host $http_host;
  server {{ listen 127.0.0.1:{port} backlog=4096; location /a/ {{ proxy_pass http://a; }} location /b/ {{ proxy_pass http://b; }} location / {{ return 404; }} }} }}
""")
    rig.spawn("nginx", ["nginx", "-c", rig.path("nginx.conf")])


def ldcorn(rig, port, worker, driver):
    group = 'WorkerGroup(name="{0}", app="app:app", routes=["/{0}/"], python="{1}")'
    rig.write("ldcorn.star", f'config = LdConfig(bind="127.0.0.1:{port}", max_body_size={LIMIT}, '
              f'workers=[{group.format("a", worker)}, {group.format("b", worker)}])\n')
    rig.spawn("ldcorn", [rig.ldcorn, "-c", "ldcorn.star"], **({"LDCORN_DRIVER": driver} if driver else {}))


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as s:
            for path in (b"/a/", b"/b/"):
                s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path)
                if not s.recv(4096).startswith(b"HTTP/1.1 200"):
                    return False
            return True
    except OSError:
        return False


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--attacks", default=",".join(ATTACKS))
    ap.add_argument("--clients", default="4,8")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=float, default=2)
    ap.add_argument("--driver", help="value of LDCORN_DRIVER")
    args = ap.parse_args()
    if not shutil.which("nginx"):
        raise SystemExit("nginx is not installed; make bench does that")
    print("| clients | ldcorn p50, ms | nginx | ratio | ldcorn p99, ms | nginx | ratio |\n|---|---|---|---|---|---|---|", flush=True)
    with Rig(args.ldcorn, sys.executable) as rig:
        worker = rig.path("worker")
        rig.write("worker", WORKER)
        os.chmod(worker, 0o755)
        socks = [rig.path(name + ".sock") for name in "ab"]
        for sock in socks:
            rig.spawn(os.path.basename(sock), [worker, "--uds", sock])
            wait_for(lambda: os.path.exists(sock))
        nginx(rig, PORT["nginx"], *socks)
        ldcorn(rig, PORT["ldcorn"], worker, args.driver)
        for port in PORT.values():
            wait_for(lambda: answers(port))
        for kind in args.attacks.split(","):
            for n in [0] if kind == "none" else map(int, args.clients.split(",")):
                print(row(kind, n, args), flush=True)


def row(kind, n, args):
    got = {name: [] for name in PORT}
    for _ in range(args.rounds):
        for name in random.sample(sorted(PORT), len(PORT)):
            got[name].append(one_round(PORT[name], kind, n, args.seconds))
    cells = []
    for p in (50, 99):
        ours, theirs = (statistics.median(percentile(took, p) for took in got[name]) for name in PORT)
        cells += [f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.2f}"]
    return f"| {n or ''} {kind} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    sys.exit(main())
