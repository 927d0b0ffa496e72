#!/usr/bin/env python3
"""Measures how soon a saved file is noticed, and served, by ldcorn run --watch and by uvicorn --reload.

    watch.py --ldcorn bin/ldcorn [--python python3] [--rounds N]

Each round saves the app of each of them, one after another: in place, or as an editor does that writes another file and
renames it. Picked up is the time from the save to the line in the log, and served the time to the first answer of the
new code. The start of a worker is measured in the same run: from the start of a Uvicorn to its first answer.
"""
import argparse, http.client, os, re, socket, sys, time
from rig import Rig, percentile, wait_for

PORT = {"ldcorn --watch": 9141, "ldcorn --watch=poll": 9142, "uvicorn --reload": 9143}
PICKED = {"ldcorn --watch": "reload started", "ldcorn --watch=poll": "reload started", "uvicorn --reload": "Reloading"}
PATIENCE = 30  # seconds

APP = '''
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": kind + ".complete"})
            if kind == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(VERSION))]})
    await send({"type": "http.response.body", "body": VERSION})
'''


def source(version):
    return f'VERSION = b"{version}"\n' + APP


def ask(port):
    """Returns the answer of a server, or None if there is none yet."""
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        conn.request("GET", "/")
        return conn.getresponse().read().decode()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        conn.close()


def save(rig, name, version, atomic):
    """Saves the app and returns the time."""
    path = f"{name}/app.py"
    if not atomic:
        now = time.perf_counter()
        rig.write(path, source(version))
        return now
    rig.write(path + ".tmp", source(version))
    now = time.perf_counter()
    os.rename(rig.path(path + ".tmp"), rig.path(path))
    return now


def measure(rig, name, version, atomic):
    """Returns the times until a save is picked up, and until it is served, in ms."""
    lines = rig.log(name).count(PICKED[name])
    begun = save(rig, name, version, atomic)
    picked = None
    while time.perf_counter() - begun < PATIENCE:
        if picked is None and rig.log(name).count(PICKED[name]) > lines:
            picked = (time.perf_counter() - begun) * 1000
        if picked is not None and ask(PORT[name]) == version:
            return picked, (time.perf_counter() - begun) * 1000
        time.sleep(0.002)
    raise SystemExit(f"{name} does not serve {version}:\n{rig.log(name)}")


def start(rig, args):
    """Returns how long a Uvicorn takes from its start to its first answer, in ms."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    begun = time.perf_counter()
    p = rig.spawn("plain", [args.python, "-m", "uvicorn", "app:app", "--app-dir", "plain", "--port", str(port), "--log-level", "warning"])
    while ask(port) is None:
        time.sleep(0.002)
    took = (time.perf_counter() - begun) * 1000
    p.terminate()
    p.wait()
    return took


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--rounds", type=int, default=10)
    args = ap.parse_args()
    times = {name: ([], []) for name in PORT}
    starts = []
    with Rig(args.ldcorn, args.python) as rig:
        for name in ["plain", *PORT]:
            os.mkdir(rig.path(name))
            rig.write(f"{name}/app.py", source("first"))
        for name, flag in (("ldcorn --watch", "--watch"), ("ldcorn --watch=poll", "--watch=poll")):
            rig.write(f"{name}.star", f'config = LdConfig(bind="127.0.0.1:{PORT[name]}", workers=[WorkerGroup(name="web", app="app:app", '
                      f'cwd={name!r}, python="{args.python}", uvicorn_log_level="warning")])\n'.replace("'", '"'))
            rig.spawn(name, [rig.ldcorn, "run", flag, "-c", f"{name}.star"])
        rig.spawn("uvicorn --reload", [args.python, "-m", "uvicorn", "app:app", "--reload", "--app-dir", "uvicorn --reload",
                                       "--reload-dir", "uvicorn --reload", "--port", str(PORT["uvicorn --reload"])])
        for name in PORT:
            wait_for(lambda: ask(PORT[name]) == "first")
        with_watchfiles = re.search("using (\\w+)", rig.log("uvicorn --reload"))
        for i in range(args.rounds):
            starts.append(start(rig, args))
            for name in PORT:
                picked, served = measure(rig, name, f"version {i}", atomic=i % 2 == 1)
                times[name][0].append(picked)
                times[name][1].append(served)
                time.sleep(1.2)  # until the old worker is gone, so that the next save is measured alone
    print(f"the start of a Uvicorn: median {percentile(starts, 50):.0f} ms, worst {max(starts):.0f} ms")
    print(f"{'from a save, in ms':22}{'picked up':>20}{'served':>20}")
    print(f"{'':22}{'median':>11}{'worst':>9}{'median':>11}{'worst':>9}")
    for name, (picked, served) in times.items():
        note = f"  (with {with_watchfiles[1]})" if name.startswith("uvicorn") and with_watchfiles else ""
        print(f"{name:22}{percentile(picked, 50):>11.0f}{max(picked):>9.0f}{percentile(served, 50):>11.0f}{max(served):>9.0f}{note}")


if __name__ == "__main__":
    sys.exit(main())
