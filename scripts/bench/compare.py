#!/usr/bin/env python3
"""Compares ldcorn with nginx, HAProxy and Caddy on the same work in the same run.

    compare.py --ldcorn bin/ldcorn [--modes small,few,...] [--rounds N] [--seconds S] [--json]

The proxies run one at a time with the same upstream, in interleaved rounds in random order, B A C, A C B, ... Quote only
the ratios of medians; absolute figures depend on the machine.

  small, few       64 and 8 keep-alive clients, an answer of 12 bytes     CPU per request, microseconds
  epoll, goroutine as small, ldcorn with that LDCORN_DRIVER               CPU per request, microseconds
  close            64 clients, a connection for every request             CPU per request, microseconds
  64k, 1m          32 and 16 keep-alive clients, answers of that size     CPU per request, microseconds
  idle-ka, idle-ws 4000 idle connections: keep-alive, websocket           resident memory per connection, bytes
  tls              as small, over TLS 1.3                                 CPU per request, microseconds
  tls-64k, tls-1m  as 64k and 1m, over TLS 1.3                            CPU per request, microseconds
  tls-handshake    64 clients, a connection with a full TLS 1.3 handshake CPU per request, microseconds
                   (X25519, ECDSA P-256) for every request
  idle-tls         10000 idle keep-alive connections, TLS 1.3             resident memory per connection, bytes
  e2e, e2e-close   a real Uvicorn worker, 64 clients                      requests per second (more is better)

The upstream is an nginx that answers at once (fastworker), so that the script measures the proxy. The CPU time is that
of the proxy's processes, without its workers. It needs wrk, nginx, haproxy and caddy, and openssl for tls; `make bench`
installs them.
"""
import argparse, json, os, random, re, resource, select, shutil, signal, socket, ssl, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = ("ldcorn", "nginx", "haproxy", "caddy")
PORT = {name: 9111 + i for i, name in enumerate(PEERS)}
LOAD = {"small": (64, "/"), "few": (8, "/"), "epoll": (64, "/"), "goroutine": (64, "/"), "close": (64, "/"),
        "64k": (32, "/64k"), "1m": (16, "/1m"), "tls": (64, "/"), "tls-64k": (32, "/64k"), "tls-1m": (16, "/1m"),
        "tls-handshake": (64, "/"), "e2e": (64, "/"), "e2e-close": (64, "/")}
ENV = {driver: {"LDCORN_DRIVER": driver} for driver in ("epoll", "goroutine")}
MODES = ("small", "few", "epoll", "goroutine", "close", "64k", "1m", "idle-ka", "idle-ws", "tls", "tls-64k", "tls-1m",
         "tls-handshake", "idle-tls", "e2e", "e2e-close")
APP = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"12")]})
    await send({"type": "http.response.body", "body": b"hello world\\n"})
"""


def is_tls(mode):
    return "tls" in mode


def pair(d):
    """Makes a certificate, and a file that has it and its key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{d}/key.pem",
                    "-out", f"{d}/cert.pem"], check=True, capture_output=True)
    with open(f"{d}/pair.pem", "w") as f:
        f.write(open(f"{d}/cert.pem").read() + open(f"{d}/key.pem").read())


def nginx(d, port, uds, tls):
    listen = f"listen 127.0.0.1:{port} backlog=4096" + (" ssl;" if tls else ";")
    if tls:
        listen += f" ssl_certificate {d}/cert.pem; ssl_certificate_key {d}/key.pem; ssl_protocols TLSv1.3; ssl_ecdh_curve X25519;"
    with open(f"{d}/nginx.conf", "w") as f:
        f.write(f"""
daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 20000; pid {d}/nginx.pid; error_log {d}/nginx.err;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 18000; multi_accept on; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 300s; client_max_body_size 0;
  client_body_temp_path {d}; proxy_temp_path {d}; fastcgi_temp_path {d}; uwsgi_temp_path {d}; scgi_temp_path {d};
  map $http_upgrade $conn {{ default upgrade; "" ""; }}
  upstream up {{ server unix:{uds}; keepalive 512; keepalive_requests 100000000; }}
  server {{ {listen} location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_read_timeout 3600s;
    proxy_set_header Connection $conn; proxy_set_header Upgrade $http_upgrade; proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto http; }} }} }}
""")
    return ["nginx", "-c", f"{d}/nginx.conf"]


def haproxy(d, port, uds, tls):
    secure = f" ssl crt {d}/pair.pem ssl-min-ver TLSv1.3 curves X25519" if tls else ""
    with open(f"{d}/haproxy.cfg", "w") as f:
        f.write(f"""
global
  maxconn 9000
  nbthread 1
defaults
  mode http
  maxconn 9000
  timeout client 600s
  timeout server 600s
  timeout tunnel 1h
  timeout connect 5s
  option forwardfor
  http-reuse always
frontend f
  bind 127.0.0.1:{port} backlog 4096{secure}
  default_backend b
backend b
  http-request set-header X-Forwarded-Proto http
  server s unix@{uds} pool-max-conn -1 maxconn 9000
""")
    return ["haproxy", "-f", f"{d}/haproxy.cfg", "-db"]


def caddy(d, port, uds, tls):
    scheme, secure = ("https", f" tls {d}/cert.pem {d}/key.pem\n") if tls else ("http", "")
    with open(f"{d}/Caddyfile", "w") as f:
        f.write(f"""
{{
 admin off
 auto_https off
}}
{scheme}://127.0.0.1:{port} {{
{secure} reverse_proxy unix/{uds} {{
  transport http {{
   keepalive_idle_conns 1024
   keepalive_idle_conns_per_host 1024
   compression off
  }}
 }}
}}
""")
    return ["caddy", "run", "--config", f"{d}/Caddyfile", "--adapter", "caddyfile"]


class Bench:
    """The processes of one mode: an upstream, and the proxies in front of it."""

    def __init__(self, mode, ldcorn, peers, python):
        self.mode, self.procs, self.pids = mode, [], {}
        self.dir = tempfile.mkdtemp(prefix="compare")
        uds = f"{self.dir}/up.sock"
        with open(f"{self.dir}/app.py", "w") as f:
            f.write(APP)
        worker = {"idle-ws": f"{HERE}/wsworker", "e2e": python, "e2e-close": python}.get(mode, f"{HERE}/fastworker")
        self.spawn("upstream", [worker, "-m", "uvicorn", "app:app", "--uds", uds, "--no-access-log",
                                "--timeout-keep-alive", "75", "--log-level", "warning",
                                "--proxy-headers", "--forwarded-allow-ips", "*"])  # as ldcorn passes to its workers
        wait_for(lambda: os.path.exists(uds))
        tls = is_tls(mode)
        if tls:
            pair(self.dir)
        for name in peers:
            if name == "ldcorn":
                bind = f'"127.0.0.1:{PORT[name]}"'
                if tls:
                    bind = f'listen({bind}, tls=tls("pair.pem"))'
                with open(f"{self.dir}/ldconfig.star", "w") as f:
                    f.write(f'config = LdConfig(bind={bind}, idle_timeout=600, workers=[WorkerGroup(name="default", '
                            f'app="app:app", uvicorn_log_level="warning", python="{worker}")])\n')
                cmd = [os.path.abspath(ldcorn), "-c", "ldconfig.star"]
            else:
                cmd = {"nginx": nginx, "haproxy": haproxy, "caddy": caddy}[name](self.dir, PORT[name], uds, tls)
            self.pids[name] = self.spawn(name, cmd, **ENV.get(mode, {})).pid
        for name in peers:
            wait_for(lambda: answers(PORT[name], tls))

    def spawn(self, name, cmd, **env):
        with open(f"{self.dir}/{name}.log", "w") as log:
            p = subprocess.Popen(cmd, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=self.dir,
                                 env={**os.environ, **env})
        self.procs.append(p)
        return p

    def close(self):
        for p in reversed(self.procs):
            try:
                os.killpg(p.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for p in self.procs:
            try:
                p.wait(12)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()  # the next proxy uses the port
        shutil.rmtree(self.dir, ignore_errors=True)

    def round(self, name, seconds):
        pid = self.pids[name]
        conns, path = LOAD[self.mode]
        cmd = ["wrk", "-t1", f"-c{conns}", f"-d{seconds}s", "--latency", f"{'https' if is_tls(self.mode) else 'http'}://127.0.0.1:{PORT[name]}{path}"]
        if self.mode.endswith(("close", "handshake")):
            cmd += ["-H", "Connection: close"]
        before = cpu(pid)
        out = subprocess.run(cmd, capture_output=True, text=True, check=True).stdout
        requests = int(re.search(r"(\d+) requests in", out).group(1))
        bad = re.search(r"(Socket errors.*|Non-2xx.*)", out)
        p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
        return {"us": (cpu(pid) - before) * 1e6 / max(requests, 1),
                "rps": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)),
                "p99_ms": float(p99.group(1)) * {"us": .001, "ms": 1, "s": 1000}[p99.group(2)],
                "bad": bad.group(0) if bad else None}


def wait_for(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise SystemExit("a process does not come up")


def trusting():
    """Returns a client's side of TLS that trusts everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def connected(port, context, timeout=10):
    s = socket.create_connection(("127.0.0.1", port), timeout)
    return context.wrap_socket(s) if context else s


def answers(port, tls):
    try:
        with connected(port, trusting() if tls else None, 1) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            return s.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def cpu(pid):
    """Returns the CPU seconds of a process and all its threads, including dead ones."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid, key):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(key + r":\s+(\d+)", f.read()).group(1)) * 1024


UPGRADE = (b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def idle(port, pid, mode):
    """Returns the resident bytes per idle connection: after one answer, or as an open websocket."""
    ws, context, n = mode == "idle-ws", trusting() if is_tls(mode) else None, 10000 if is_tls(mode) else 4000

    def go(k):
        held = []
        for _ in range(k):
            s = connected(port, context)
            s.sendall(UPGRADE if ws else b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            got = s.recv(4096)
            if not got.startswith(b"HTTP/1.1 101" if ws else b"HTTP/1.1 200"):
                raise SystemExit(f"port {port}: {got[:80]!r}")
            held.append(s)
        return held
    warm = go(200)
    time.sleep(1)
    before = memory(pid, "VmRSS")
    held = go(n)
    time.sleep(4)
    after = memory(pid, "VmRSS")
    poll = select.poll()
    for s in held:
        poll.register(s, select.POLLRDHUP)
    if gone := len(poll.poll(0)):
        raise SystemExit(f"port {port}: {gone} of {n} idle connections were closed")
    for s in warm + held:
        s.close()
    time.sleep(1)
    return {"bytes": (after - before) / n}


def measure(mode, args, peers):
    if mode == "idle-tls":  # HAProxy reserves two descriptors per connection, more than many systems allow
        peers = [p for p in peers if p != "haproxy"]
    bench = Bench(mode, args.ldcorn, peers, args.python)
    try:
        rows = {name: [] for name in peers}
        if mode.startswith("idle"):
            for name in peers:
                rows[name].append(idle(PORT[name], bench.pids[name], mode))
        else:
            for r in range(args.rounds + 1):  # the first one warms up
                for name in random.sample(peers, len(peers)):
                    row = bench.round(name, args.seconds)
                    if r:
                        rows[name].append(row)
        out = {}
        for name, got in rows.items():
            out[name] = {k: statistics.median(x[k] for x in got) for k in got[0] if k != "bad"}
            out[name]["bad"] = next((x["bad"] for x in got if x.get("bad")), None)
            out[name]["peak_mb"] = memory(bench.pids[name], "VmHWM") / 1e6
        return out
    finally:
        bench.close()


def figure(mode):
    if mode.startswith("idle"):
        return "bytes", "bytes per connection"
    return ("rps", "requests/s") if mode.startswith("e2e") else ("us", "µs of CPU per request")


def row(mode, out):
    """Returns one line of the table: ldcorn, the others, and ldcorn divided by the better of nginx and HAProxy."""
    key, unit = figure(mode)
    cells = [f"{out[p][key]:.0f}" if p in out else "–" for p in PEERS]
    rivals = [out[p][key] for p in ("nginx", "haproxy") if p in out]
    ratio = "–"
    if rivals and "ldcorn" in out:
        ratio = f"{out['ldcorn'][key] / (max if key == 'rps' else min)(rivals):.2f}"
    return f"| {mode} | {unit} | " + " | ".join(cells) + f" | {ratio} |"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--modes", default=",".join(MODES))
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=3)
    ap.add_argument("--peers", default="nginx,haproxy,caddy")
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn, for e2e")
    ap.add_argument("--port", type=int, default=9111, help="the first of four that are free")
    ap.add_argument("--json", action="store_true")
    args = ap.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    PORT.update({name: args.port + i for i, name in enumerate(PEERS)})
    peers = ["ldcorn"] + [p for p in args.peers.split(",") if p]
    for tool in ["wrk", "nginx", *peers[1:]]:
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed; make bench does that")
    results = {}
    if not args.json:
        print("| mode | figure | ldcorn | nginx | HAProxy | Caddy | ldcorn / better of nginx, HAProxy |", flush=True)
        print("|---|---|---|---|---|---|---|", flush=True)
    for mode in args.modes.split(","):
        results[mode] = measure(mode, args, peers)
        if not args.json:
            print(row(mode, results[mode]), flush=True)
            for name, r in results[mode].items():
                if r["bad"]:
                    print(f"  {name}: {r['bad']}")
    if args.json:
        print(json.dumps(results))
    elif "small" in results:
        print("\npeak memory in small: " + ", ".join(f"{n} {r['peak_mb']:.1f} MB" for n, r in results["small"].items()))


main()
