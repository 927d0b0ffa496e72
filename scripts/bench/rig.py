"""Shared parts of the scripts in this folder: processes, a client, an app, percentiles."""
import asyncio, contextlib, json, os, shutil, signal, socket, subprocess, sys, tempfile, time

# A worker that only waits, so that the processors do not affect the cost of a queue. LIMIT is the number of requests
# that it handles at once; the others wait inside it. Each answer contains the time of the work itself. /hang blocks the
# event loop.
APP = '''
import asyncio, os, time

slots = asyncio.Semaphore(int(os.environ.get("LIMIT", "1000000")))


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    _, want, ident = (scope["path"] + "/").split("/")[:3]
    if want == "hang":
        time.sleep(3600)
    async with slots:
        if ident:
            with open(os.environ["SEEN"], "a") as f:
                f.write(ident + "\\n")
        begun = time.perf_counter()
        await asyncio.sleep(float(want or 0) / 1000)
        took = "%.6f" % (time.perf_counter() - begun)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(took))]})
    await send({"type": "http.response.body", "body": took.encode()})
'''


class Rig:
    """A folder with the app, and processes that end with it."""

    def __init__(self, ldcorn, python):
        self.ldcorn, self.python, self.procs = os.path.abspath(ldcorn), python, []
        self.dir = tempfile.mkdtemp(prefix="ldcorn-bench")
        self.write("app.py", APP)

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
        return self

    def __exit__(self, *_):
        for p in reversed(self.procs):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(p.pid, signal.SIGTERM)
        for p in self.procs:
            try:
                p.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def spawn(self, name, cmd, **env):
        with open(self.path(name + ".log"), "w") as log:
            p = subprocess.Popen(cmd, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=self.dir,
                                 env={**os.environ, **{k: str(v) for k, v in env.items()}})
        self.procs.append(p)
        return p

    def worker(self, name, **env):
        """Starts a plain Uvicorn worker and returns its socket."""
        sock = self.path(name + ".sock")
        self.spawn(name, [self.python, "-m", "uvicorn", "app:app", "--uds", sock, "--no-access-log", "--log-level",
                          "warning", "--timeout-keep-alive", "75"], **env)
        wait_for(lambda: os.path.exists(sock))
        return sock

    def run_ldcorn(self, name, port, group, before="", settings="", **env):
        """Starts an ldcorn with one group and returns its process. before is code, settings are more arguments of LdConfig."""
        self.write(name + ".star", before + f'config = LdConfig(bind="127.0.0.1:{port}", {settings} workers=[WorkerGroup(name="web", '
                   f'app="app:app", uvicorn_log_level="warning", python="{self.python}", {group})])\n')
        p = self.spawn(name, [self.ldcorn, "-c", name + ".star"], **env)
        wait_for(lambda: "listening" in self.log(name))
        return p

    def run_haproxy(self, name, port, sockets, server="", balance="leastconn", queue="60s", backend=""):
        """Starts a HAProxy in front of the sockets. server is said of each of them, with its number for
        {i}, and backend of all."""
        servers = "\n".join(f"  server s{i} unix@{s} {server}".replace("{i}", str(i)) for i, s in enumerate(sockets))
        self.write(name + ".cfg", f"""
global
  maxconn 9000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout queue {queue}
  timeout connect 5s
  http-reuse always
frontend f
  bind 127.0.0.1:{port}
  default_backend b
backend b
  balance {balance}
  {backend}
{servers}
""")
        return self.spawn(name, ["haproxy", "-f", name + ".cfg", "-db"])

    def run_nginx(self, name, port, sock, location=""):
        """Starts an nginx of one process, which buffers as it does by default, in front of a socket."""
        self.write(name + ".conf", f"""
daemon off; master_process off; worker_processes 1; worker_rlimit_nofile 20000; pid {self.dir}/{name}.pid; error_log {self.dir}/{name}.err;
{"user root;" if os.getuid() == 0 else ""}
events {{ worker_connections 9000; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 300s; client_max_body_size 0;
  client_body_temp_path {self.dir}; proxy_temp_path {self.dir}; fastcgi_temp_path {self.dir}; uwsgi_temp_path {self.dir}; scgi_temp_path {self.dir};
  upstream up {{ server unix:{sock}; keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ proxy_pass http://up; proxy_http_version 1.1;
    proxy_set_header Connection ""; proxy_set_header Host $http_host; proxy_read_timeout 600s; {location} }} }} }}
""")
        return self.spawn(name, ["nginx", "-c", self.path(name + ".conf")])

    def log(self, name):
        with open(self.path(name + ".log")) as f:
            return f.read()

    def status(self, name):
        out = subprocess.run([self.ldcorn, "status", "--json", "-c", name + ".star"], cwd=self.dir, capture_output=True)
        return json.loads(out.stdout)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise SystemExit("a process does not start")


class Client:
    """Keep-alive connections to one port, as many as necessary."""

    def __init__(self, port=None, uds=None):
        self.port, self.uds, self.idle = port, uds, []

    async def request(self, path, method="GET", fields=""):
        """Returns status, headers and body; raises OSError or EOFError when the connection breaks. fields are more lines
        of the head."""
        reader, writer = self.idle.pop() if self.idle else await self.connect()
        try:
            length = "Content-Length: 0\r\n" if method == "POST" else ""
            writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{length}{fields}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = head.split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            writer.close()
            raise
        if headers.get("connection", "").lower() == "close":
            writer.close()
        else:
            self.idle.append((reader, writer))
        return int(lines[0].split()[1]), headers, body

    async def patient(self, seconds, *args):
        """Makes a request and returns whether a 200 came within seconds. After that the client closes its connection."""
        try:
            return (await asyncio.wait_for(self.request(*args), seconds))[0] == 200
        except (OSError, EOFError, asyncio.TimeoutError):
            return False

    async def connect(self):
        if self.uds:
            return await asyncio.open_unix_connection(self.uds)
        return await asyncio.open_connection("127.0.0.1", self.port)

    def close(self):
        for _, writer in self.idle:
            writer.close()
        self.idle = []


def answers(port, path="/0"):
    """Reports whether a request gets a 200 within a second."""
    return asyncio.run(Client(port).patient(1, path))


async def open_loop(arrivals, start):
    """Starts start(i) at each time in arrivals, in seconds from now, regardless of earlier ones."""
    begun, tasks = time.perf_counter(), []
    for i, at in enumerate(arrivals):
        delay = begun + at - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        tasks.append(asyncio.create_task(start(i)))
    return await asyncio.gather(*tasks)


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p / 100))] if values else float("nan")


def resident(pid):
    """Returns the resident bytes of a process."""
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
