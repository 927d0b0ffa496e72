"""The servers that comparison.py compares, and how it starts, watches and stops one of them.

Each runs the app of the folder peers in four processes, configured as its own documentation advises. Those that can give
paths processes of their own have two for the app, and two for /slow and /gpu."""
import json, os, re, shutil, signal, subprocess, time
from rig import Rig, answers, free_port, wait_for

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
WORKERS = 4
LIMIT = 8  # of Uvicorn for a process in the overload: its connections to the database, and three times as many that wait
BROKEN = "import a_module_that_nobody_has_installed\n"


def uvicorn(s):
    return {"uvicorn": uvicorn_command(s, WORKERS, "--port", s.port, *(["--limit-concurrency", LIMIT] if s.overload else []))}


def uvicorn_command(s, workers, *flags):
    # By default, Uvicorn gives up a reload if a new process is not ready after five seconds.
    return [s.python, "-m", "uvicorn", "app:app", "--workers", workers, "--log-level", "warning", "--no-access-log",
            "--timeout-worker-healthcheck", 30, *flags]


def gunicorn(s, *flags):
    return {"gunicorn": [s.python, "-m", "gunicorn", "app:app", "--workers", WORKERS, "--bind", f"127.0.0.1:{s.port}",
                         "--log-level", "warning", "--no-control-socket", *flags]}


def gunicorn_uvicorn(s):
    return gunicorn(s, "--worker-class", "limited.LimitedWorker" if s.overload else "uvicorn_worker.UvicornWorker")


def gunicorn_asgi(s):
    return gunicorn(s, "--worker-class", "asgi")


def granian(s):
    return {"granian": [s.python, "-m", "granian", "--interface", "asgi", "--workers", WORKERS, "--port", s.port, "--log-level",
                        "warning", "--respawn-failed-workers", *(["--backpressure", LIMIT] if s.overload else []), "app:app"]}


def hypercorn(s):
    return {"hypercorn": [s.python, "-m", "hypercorn", "app:app", "--workers", WORKERS, "--worker-class", "uvloop", "--bind",
                          f"127.0.0.1:{s.port}", "--log-level", "warning"]}


def nginx(s):
    # A Uvicorn of one process cannot reload.
    pools = {"web": WORKERS} if s.overload else {"web": 2, "heavy": 2}
    with open(os.path.join(PEERS, "nginx.conf")) as f:
        text = f.read()
    for name, value in {"dir": s.dir, "port": s.port, "user": "user root;" if os.getuid() == 0 else "",
                        "limit": f"limit_conn all {WORKERS * LIMIT // 2};" if s.overload else ""}.items():
        text = text.replace("{" + name + "}", str(value))
    s.write("nginx.conf", text)
    commands = {p: uvicorn_command(s, n, "--uds", s.path(p + ".sock"), "--timeout-keep-alive", 75) for p, n in pools.items()}
    return commands | {"nginx": ["nginx", "-c", s.path("nginx.conf")]}


def original(s):
    return {"ldcorn-python": [s.python, "-m", "ldcorn.cli", "-c", "ldconfig.py"]}


def ldcorn(s):
    return {"ldcorn": [s.ldcorn, "-c", "overload.star" if s.overload else "ldconfig.star"]}


# The names of the columns, with what starts the server.
SERVERS = {"ldcorn": ldcorn, "ldcorn 0.1.3": original, "uvicorn": uvicorn, "gunicorn": gunicorn_uvicorn,
           "gunicorn asgi": gunicorn_asgi, "granian": granian, "hypercorn": hypercorn, "nginx + uvicorn": nginx}
# Those that can limit how many requests are in the app at once, and let the others wait.
CAPPED = ("ldcorn", "ldcorn 0.1.3")


class Watched(Rig):
    """A rig that also ends what its processes have started, even if these are gone."""

    def __init__(self, ldcorn, python):
        super().__init__(ldcorn, python)
        self.tree = {}

    def watch(self):
        """Notes which processes there are, with when they have started, so that a later one of the same id is not taken for one."""
        self.tree |= {pid: started(pid) for p in self.procs for pid in descendants(p.pid)}

    def __exit__(self, *_):
        self.watch()
        super().__exit__()
        for pid, when in self.tree.items():
            if when and started(pid) == when:
                os.kill(pid, signal.SIGKILL)
                must(lambda: started(pid) != when, "one of its processes does not end")

    def last_words(self, name):
        """Returns the last line of a log that names an error, or else the last one."""
        lines = self.log(name).strip().splitlines() or ["its log is empty"]
        return next((line for line in reversed(lines) if re.search(r"\w(Error|Exception)\b", line)), lines[-1])[:200]


class Server(Watched):
    """A server with its app, in a folder of its own. It is running inside with."""

    def __init__(self, name, ldcorn, python, overload=False):
        super().__init__(ldcorn, python)
        self.name, self.overload, self.port, self.traces = name, overload, free_port(), self.path("traces")
        self.version = 0
        for name in ("gpu", "locked"):
            os.makedirs(os.path.join(self.traces, name))
        for f in os.listdir(PEERS):
            shutil.copy(os.path.join(PEERS, f), self.dir)

    def __enter__(self):
        self.deploy()
        # Without its cache, Python reads the code of each deploy, even of two in a second.
        env = {"PYTHONDONTWRITEBYTECODE": "1", "TRACES": self.traces, "BIND": f"127.0.0.1:{self.port}",
               "PEERS_PYTHON": self.python, "TMPDIR": self.dir}
        if self.overload:
            env["OVERLOAD"] = "1"
        try:
            self.main = {name: self.spawn(name, [str(word) for word in command], **env)
                         for name, command in SERVERS[self.name](self).items()}
            self.await_start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def await_start(self):
        def there():
            self.watch()
            if dead := [name for name, p in self.main.items() if p.poll() is not None]:
                raise Failure(f"{dead[0]} has ended: {self.last_words(dead[0])}")
            return len(self.up()) >= WORKERS and answers(self.port, "/fast")
        must(there, f"it does not serve with {WORKERS} processes within 30 s")

    def deploy(self, text=None):
        """Writes the next version of the app, or another text."""
        self.version += 1
        with open(os.path.join(PEERS, "app.py")) as f:
            self.write("app.py.new", text or f.read().replace("VERSION = 1", f"VERSION = {self.version}"))
        os.rename(self.path("app.py.new"), self.path("app.py"))

    def reload(self):
        """Sends HUP to each master of apps, which is how all of them are told to load new code."""
        self.watch()
        for name, p in self.main.items():
            if name != "nginx" and p.poll() is None:
                p.send_signal(signal.SIGHUP)

    def up(self):
        """Returns the processes that have started the app and still run, with their version of the app."""
        out = {}
        for f in os.listdir(self.traces):
            pid = f.removeprefix("up.")
            if pid.isdigit() and started(int(pid)):
                with open(os.path.join(self.traces, f)) as version:
                    out[int(pid)] = int(version.read())
        return out

    def alive(self):
        """Reports whether all masters run."""
        return all(p.poll() is None for p in self.main.values())

    def trace(self, name):
        try:
            with open(os.path.join(self.traces, name)) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def memory(self):
        """Returns the bytes of all processes, with what several share counted once."""
        return sum(proportional(pid) for p in self.main.values() for pid in descendants(p.pid))


class Failure(Exception):
    """A server that does not do what it must do to be measured."""


def must(condition, why):
    """Waits for a condition, or raises Failure."""
    try:
        wait_for(condition)
    except SystemExit:
        raise Failure(why) from None


def started(pid):
    """Returns the time at which a process has started, or None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def descendants(pid):
    """Returns a process and all that come from it."""
    found, todo = [], [pid]
    while todo:
        pid = todo.pop()
        if started(pid) is None:
            continue
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as f:
                    todo += map(int, f.read().split())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def proportional(pid):
    """Returns the bytes of a process, with its share of what it shares with others (PSS)."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            return int(re.search(r"^Pss:\s+(\d+)", f.read(), re.M).group(1)) * 1024
    except (FileNotFoundError, ProcessLookupError):
        return 0


def versions(ldcorn, python):
    """Returns the versions of everything that is compared."""
    code = ("import importlib.metadata as m, json, platform; print(json.dumps({**{p: m.version(p) for p in "
            "('uvicorn', 'gunicorn', 'uvicorn-worker', 'granian', 'hypercorn', 'fastapi')}, 'Python': platform.python_version()}))")
    out = json.loads(subprocess.run([python, "-c", code], capture_output=True, check=True, text=True).stdout)
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True)
    found = re.search(r"nginx/(\S+)", said.stdout + said.stderr)
    out["nginx"] = found.group(1) if found else "unknown"
    said = subprocess.run([ldcorn, "version"], capture_output=True, text=True).stdout
    out["ldcorn"] = said.split("\n")[0].removeprefix("ldcorn ")
    return out
