#!/usr/bin/env python3
"""Runs the benchmark of the Python ldcorn: its examples, unchanged, under it, under ldcorn and under uvicorn --workers 6.

    original.py --ldcorn bin/ldcorn [--only async,blocking] [--peers SERVERS] [--rounds N] [--seconds S] [--write]

It must run with the Python that has the examples' packages (scripts/get-peers original), which also gets the examples and
a store that speaks the protocol of MongoDB. They use the ports 8000 and 27017. The load is that of the examples' own load
tester, with -c 100 for the given time: 100 clients of the fast route, 10 of each other, and 10 that send broken requests,
all at once. Each run has a new store.

  async      examples/app.py: nothing blocks an event loop
  blocking   examples/app_block.py: /math and /ml-pipeline sleep for 1 to 3 s without yielding

It prints a table for each with the successful requests per second, in the median of the rounds, and those that failed in
all rounds, and then everything as a line of JSON. --write also puts the tables into docs/comparison.md.
"""
import argparse, json, os, random, re, shutil, signal, socket, statistics, subprocess, sys, time
import report
from rig import answers
from servers import Failure, Watched, must

HERE = os.path.dirname(os.path.abspath(__file__))
HAVE = os.path.join(HERE, "..", "..", ".peers")
PORT, STORE, WORKERS = 8000, 27017, 6
APPS = {"async": ("app", "ldconfig.py"), "blocking": ("app_block", "ldconfig_block.py")}
SERVERS = {
    "ldcorn": lambda s, app, config: [s.ldcorn, "-c", f"examples/{config}"],
    "ldcorn 0.1.3": lambda s, app, config: [s.python, "-m", "ldcorn.cli", "-c", f"examples/{config}"],
    "uvicorn": lambda s, app, config: [s.python, "-m", "uvicorn", f"examples.{app}:app", "--workers", str(WORKERS), "--log-level",
                                       "error"],
}
KINDS = ("Fast I/O", "DB Read", "DB Insert", "DB Upsert", "DB Delete", "Math Prime", "Heavy ML", "Stateful Counter")
STARTS = 180  # seconds, in which six processes train their models on two busy cores


class Example(Watched):
    """A server with the examples of the original, and their store. It is running inside with."""

    def __init__(self, name, scenario, ldcorn, python):
        super().__init__(ldcorn, python)
        self.name, self.scenario = name, scenario
        shutil.copytree(os.path.join(HAVE, "source", "examples"), self.path("examples"))
        os.mkdir(self.path("data"))

    def __enter__(self):
        try:
            for port in (PORT, STORE):
                if listens(port):
                    raise Failure(f"the port {port} is in use: the examples need it")
            self.spawn("store", [os.path.join(HAVE, "store"), "--handler", "sqlite", "--sqlite-url", f"file:{self.path('data')}/", "--listen-addr",
                                 f"127.0.0.1:{STORE}", "--debug-addr", "-", "--state-dir", self.path("data"), "--telemetry", "disable",
                                 "--log-level", "error"])
            must(lambda: listens(STORE), "the store does not start")
            self.prepare()
            self.main = self.spawn("server", SERVERS[self.name](self, *APPS[self.scenario]), PYTHONUNBUFFERED="1",
                                   VIRTUAL_ENV=os.path.abspath(os.path.join(HAVE, "original")), TMPDIR=self.dir)
            self.await_start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def prepare(self):
        """Makes the collection and its index, because six processes that do so at once fail with this store."""
        code = (f"import pymongo; users = pymongo.MongoClient('mongodb://127.0.0.1:{STORE}/').ldcorn_test.users; "
                "users.create_index('user_id', unique=True); [users.update_one({'user_id': i}, {'$set': {'name': n}}, upsert=True) "
                "for i, n in (('1', 'Alice'), ('2', 'Bob'))]")
        done = subprocess.run([self.python, "-c", code], capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise Failure("the store says: " + done.stderr.strip().splitlines()[-1])

    def await_start(self):
        until = time.monotonic() + STARTS
        while self.log("server").count("Model trained.") < WORKERS or not answers(PORT, "/counter"):
            self.watch()
            if self.main.poll() is not None:
                raise Failure("it has ended: " + self.last_words("server"))
            if time.monotonic() > until:
                raise Failure(f"it does not start within {STARTS} s")
            time.sleep(0.2)

    def __exit__(self, *_):
        super().__exit__()
        if self.procs:
            must(lambda: not listens(PORT) and not listens(STORE), "its ports do not become free")

    def load(self, seconds):
        """Returns what the load tester says about each kind of request."""
        # A request may take a minute, so that the tester ends that much later.
        try:
            out = subprocess.run([self.python, "examples/loadtester.py", "-c", "100", "-d", f"{seconds}s"], cwd=self.dir, text=True,
                                 capture_output=True, timeout=seconds + 120)
        except subprocess.TimeoutExpired:
            raise Failure("the load tester does not end") from None
        if out.returncode:
            raise Failure("the load tester says: " + (out.stderr.strip().splitlines() or ["nothing"])[-1])
        return figures(out.stdout)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def figures(text):
    """Returns the successful requests per second and the failed ones of each kind, from the output of the load tester."""
    out = {}
    for part in text.split("   Results: ")[1:]:
        said = dict(re.findall(r"^([A-Z][A-Za-z/ ]+):\s+([\d.]+)", part, re.M))
        if "Successful" in said:  # the broken requests have no such line
            out[part.splitlines()[0].strip().removesuffix(" Endpoint")] = {
                "per_second": int(said["Successful"]) / float(said["Total Time"]), "failed": int(said["Failed"])}
    if not out:
        raise Failure("the load tester has no results")
    return out


def cell(rounds, kind):
    got = [r[kind] for r in rounds if kind in r]
    if not got:
        return "failed"
    rate, failed = statistics.median(r["per_second"] for r in got), sum(r["failed"] for r in got)
    text = f"{rate:.0f}" if rate >= 100 else f"{rate:.1f}" if rate >= 10 else f"{rate:.2f}"
    return text + (f" ({failed} failed)" if failed else "")


def tables(names, results):
    """Returns a table of results[scenario][server], which has one result for each round, for each scenario."""
    out = []
    for scenario, servers in results.items():
        rows = [[kind, *(cell(servers[n], kind) for n in names)] for kind in KINDS]
        out.append(f"`examples/{APPS[scenario][0]}.py`, requests per second:\n\n" + report.table(["", *names], rows))
    return "\n\n".join(out)


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--only", default=",".join(APPS))
    ap.add_argument("--peers", default=",".join(SERVERS))
    ap.add_argument("--rounds", type=int, default=1)
    ap.add_argument("--seconds", type=int, default=20, help="of each load")
    ap.add_argument("--write", action="store_true", help="put the tables into docs/comparison.md")
    args = ap.parse_args()
    args.only, args.peers = report.chosen(ap, args.only, APPS), report.chosen(ap, args.peers, SERVERS)
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    begun, failures = time.monotonic(), []
    results = {scenario: {n: [] for n in args.peers} for scenario in args.only}
    for r in range(args.rounds):
        for scenario, servers in results.items():
            for name in random.sample(args.peers, len(args.peers)):
                at = time.monotonic()
                try:
                    with Example(name, scenario, os.path.abspath(args.ldcorn), sys.executable) as example:
                        servers[name].append(example.load(args.seconds))
                    print(f"round {r + 1} of {args.rounds}: {scenario}, {name} took {time.monotonic() - at:.0f} s", file=sys.stderr)
                except (Failure, OSError, EOFError, ValueError, LookupError, subprocess.SubprocessError) as e:
                    failures.append({"scenario": scenario, "server": name, "why": report.anonymous(str(e) or type(e).__name__)})
                    print(f"{scenario}, {name}: {failures[-1]['why']}", file=sys.stderr)
    text = tables(args.peers, results) + f"\n\nRounds: {args.rounds} of {args.seconds} s. Processors: {os.cpu_count()}."
    for f in failures:
        text += f"\n\n- {f['server']}, {f['scenario']}: failed in a round: {f['why']}"
    print(text + "\n")
    print(json.dumps({"rounds": args.rounds, "load_seconds": args.seconds, "seconds": round(time.monotonic() - begun),
                      "processors": os.cpu_count(), "results": results, "failures": failures}))
    if args.write:
        report.write_between(os.path.join(report.DOCS, "comparison.md"), "compare-original", text)


if __name__ == "__main__":
    sys.exit(main())
