#!/usr/bin/env python3
"""Counts the instructions of the master with the dashboard closed, with it open, and with its request tail open, too.

usage: instructions.py [--rounds N] [--requests N] [--json]

The time of a processor is too noisy for a cost of one percent, and most virtual machines have no counter of instructions, so
that the master runs under valgrind. That makes it some fifty times slower, but not what it does once a second, for which a page
asks. So the cost has two parts. The instructions of a request are the slope between a run with few requests and one with many,
which take the same time. The instructions of a second are those of runs with few requests, divided by their time. The last
column adds both for --rate requests a second.

The page is imitated: it follows /live, and asks for /v1/status and /v1/requests once a second, with the token. h2load makes the
requests on connections of HTTP/1.1 that are kept alive, and workers answer at once (fastworker).
"""
import argparse, contextlib, http.client, json, os, re, shutil, statistics, subprocess, sys, tempfile, threading, time, urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rig import Rig, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TOKEN = "a-token-for-this-measurement-only"
PAGES = {"closed": (), "open": ("/live?workers=false&events=200",), "open, with the tail": ("/live?workers=false&events=200", "/v1/requests/ended")}
FEW = 500
MOST = 1.02  # the cost that is allowed with the page open


def build(folder):
    """Builds an ldcorn that evaluates configurations under valgrind: there, /proc/self/exe is valgrind itself."""
    cell = os.path.join(ROOT, "starlark", "confine", "cell.go")
    with open(cell) as f:
        text = f.read()
    changed = text.replace('running = "/proc/self/exe"', 'running = "/nowhere"')
    if changed == text:
        sys.exit("starlark/confine/cell.go starts itself in another way now: change build in this script")
    with open(os.path.join(folder, "cell.go"), "w") as f:
        f.write(changed)
    with open(os.path.join(folder, "overlay.json"), "w") as f:
        json.dump({"Replace": {cell: f.name.replace("overlay.json", "cell.go")}}, f)
    out = os.path.join(folder, "ldcorn")
    subprocess.run(["go", "build", "-overlay", f.name, "-o", out, "./cmd/ldcorn"], cwd=ROOT, check=True)
    return out


class Page:
    """What an open dashboard reads, until it is closed."""

    def __init__(self, port, streams):
        self.base, self.closed, self.answers = f"http://127.0.0.1:{port}", threading.Event(), []
        for path in streams:
            threading.Thread(target=self.read, args=(self.ask(path),), daemon=True).start()
        if streams:
            threading.Thread(target=self.poll, daemon=True).start()

    def ask(self, path):
        request = urllib.request.Request(self.base + path, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = urllib.request.urlopen(request, timeout=60)
        self.answers.append(answer)
        return answer

    def read(self, answer):
        with contextlib.suppress(OSError, ValueError, AttributeError, http.client.HTTPException):
            while answer.read1(1 << 16):
                pass

    def poll(self):
        while not self.closed.wait(1):
            with contextlib.suppress(OSError, http.client.HTTPException):
                for path in ("/v1/status", "/v1/requests?limit=200"):
                    with self.ask(path) as answer:
                        answer.read()
                    self.answers.pop()

    def close(self):
        self.closed.set()


def count(rig, name, port, streams, requests, seconds):
    """Returns the instructions of a master that lives for some seconds more than it needs to start."""
    settings = f'admin="127.0.0.1:{port + 1}", admin_token=secret("LDCORN_BENCH_TOKEN"), access_log=False,'
    rig.write(name + ".star", f'config = LdConfig(bind="127.0.0.1:{port}", {settings} workers=[WorkerGroup(name="web", app="app:app", '
              f'uvicorn_log_level="warning", python="{rig.python}")])\n')
    # Signals that preempt goroutines, and io_uring, are more than valgrind can do.
    p = rig.spawn(name, ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", rig.ldcorn, "-c", name + ".star"],
                  GODEBUG="asyncpreemptoff=1", LDCORN_DRIVER="epoll", LDCORN_BENCH_TOKEN=TOKEN)
    wait_for(lambda: "listening" in rig.log(name) or p.poll() is not None)
    page, begun = Page(port + 1, streams), time.monotonic()
    out = subprocess.run(["h2load", "--h1", "-t1", "-c16", f"-n{requests}", f"http://127.0.0.1:{port}/"], capture_output=True, text=True).stdout
    if f"{requests} succeeded" not in out:
        sys.exit(f"h2load: {out}\n{rig.log(name)}")
    left = begun + seconds - time.monotonic()
    if left < 0:
        sys.exit(f"{requests} requests take {seconds - left:.0f} s, and a run only {seconds:.0f}: give --seconds")
    time.sleep(left)
    page.close()
    p.terminate()
    p.wait(120)
    return int(re.search(r"I\s+refs:\s+([\d,]+)", rig.log(name)).group(1).replace(",", ""))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--requests", type=int, default=20_000)
    ap.add_argument("--seconds", type=float, default=30, help="the time of a run")
    ap.add_argument("--rate", type=int, default=10_000, help="the requests a second of the last column")
    ap.add_argument("--port", type=int, default=9181, help="the first of two free ports")
    ap.add_argument("--json", action="store_true")
    args = ap.parse_args()
    folder = tempfile.mkdtemp(prefix="ldcorn-instructions")
    rows = {name: {"request": [], "second": []} for name in PAGES}
    try:
        with Rig(build(folder), f"{HERE}/fastworker") as rig:
            for r in range(args.rounds):
                for i, (name, streams) in enumerate(PAGES.items()):
                    few, many = (count(rig, f"{kind}{r}{i}", args.port, streams, n, args.seconds) for kind, n in (("few", FEW), ("many", args.requests)))
                    rows[name]["request"].append((many - few) / (args.requests - FEW))
                    rows[name]["second"].append(few / args.seconds)
    finally:
        shutil.rmtree(folder)
    out = {name: {what: statistics.median(all) for what, all in row.items()} for name, row in rows.items()}
    closed = out["closed"]
    for name, row in out.items():
        row["runs"] = rows[name]["request"]
        more = (row["request"] - closed["request"]) + (row["second"] - closed["second"]) / args.rate
        row["ratio"] = 1 + more / closed["request"]
    if args.json:
        print(json.dumps(out))
    else:
        print(f"| dashboard | instructions per request | of the runs | more per second, thousands | ratio at {args.rate} requests/s |\n|---|---|---|---|---|")
        for name, row in out.items():
            print(f"| {name} | {row['request']:,.0f} | {min(row['runs']):,.0f} to {max(row['runs']):,.0f} | "
                  f"{(row['second'] - closed['second']) / 1000:,.0f} | {row['ratio']:.3f} |")
    if out["open"]["ratio"] > MOST:
        sys.exit(f"the open page costs {out['open']['ratio']:.3f}: more than {MOST}")


main()
