#!/usr/bin/env python3
"""Compares ldcorn with other servers of Python apps: what happens to clients when something goes wrong.

    comparison.py --ldcorn bin/ldcorn [--only JOBS] [--peers SERVERS] [--rounds N] [--write]

It must run with the Python that has the servers (scripts/get-peers). Each round starts the servers one after the other, in
random order, with the same FastAPI app in four processes (the folder peers has the app and the configurations), and does
these jobs. It prints a table with the medians of the rounds, or sums of requests, and then all results as a line of JSON.
--write also puts the table into docs/comparison.md.

  plain      Requests for /fast per second, from wrk with 16 connections, while nothing goes wrong.
  isolation  Eight clients saturate /slow, which computes 100 ms and blocks for 150 ms. How long take /fast and a probe of
             /healthz, compared with an idle server?
  gpu        Eight clients want /gpu, which must not run twice at once; two of them give up after 80 ms. How many run at
             once in all processes? If it is more than one, the app locks a file in a second part.
  reload     New code, and HUP. Eight clients keep their connections, and sixteen send 200 ms after they have connected.
  memory     PSS of all processes, when the server has started, and after the jobs above.
  kill       kill -9 of a process with requests in hand: failed requests, time until four processes have started the app.
  broken     New code that cannot be imported, and HUP: does the old code serve? Which requests fail?
  overload   Requests for /db, which waits for one of two connections in its process, come three times as fast as it can
             serve them. Clients give up after 1 s. Servers that have a limit for that use it.

A request has failed if its answer is not 200, or its connection breaks, or it takes more than 5 s. No client repeats one.
"""
import argparse, asyncio, json, os, platform, random, shutil, signal, subprocess, sys, time
import jobs, report
from servers import SERVERS, WORKERS, Failure, Server, versions

ORDER = ("plain", "isolation", "gpu", "reload", "memory", "kill", "broken")  # on one server, if it survives
HANGS = 120  # seconds, after which a job has failed
JOBS = (*ORDER, "overload")


class Run:
    """All results: of each server and job, those of each round."""

    def __init__(self, names, todo, ldcorn, python):
        self.names, self.todo, self.ldcorn, self.python = names, todo, ldcorn, python
        self.results, self.failures = {n: {} for n in names}, {}

    def round(self, name):
        if "overload" in self.todo:
            self.series(name, ["overload"], overload=True)
        todo = [job for job in ORDER if job in self.todo]
        while todo:
            todo = self.series(name, todo)

    def series(self, name, todo, overload=False):
        """Does jobs on a new server, until one has left it without a process. Returns the jobs that are left."""
        idle, job = None, todo[0]
        try:
            with Server(name, self.ldcorn, self.python, overload) as s:
                for i, job in enumerate(todo):
                    if not self.whole(s):
                        if i == 0:
                            raise Failure("it does not keep its processes")
                        return todo[i:]
                    idle = idle or s.memory()
                    if job == "memory":
                        got = {"idle_mb": idle / 1e6, "after_mb": s.memory() / 1e6}
                    else:
                        got = asyncio.run(asyncio.wait_for(getattr(jobs, job)(s), HANGS))
                    self.results[name].setdefault(job, []).append(got)
        except (Failure, OSError, EOFError, ValueError, LookupError, subprocess.SubprocessError) as e:
            self.fail(name, job, e)
            return todo[todo.index(job) + 1:]
        return []

    def whole(self, s):
        return s.alive() and len(s.up()) >= WORKERS

    def fail(self, name, job, why):
        text = report.anonymous(str(why) or type(why).__name__)
        self.failures[name, job] = text
        say(f"{name}, {job}: {text}")

    def notes(self):
        return "\n".join(f"- {n}, {job}: failed in a round: {why}" for (n, job), why in self.failures.items())


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--only", default=",".join(JOBS), help="jobs, with commas between them")
    ap.add_argument("--peers", default=",".join(SERVERS), help="servers, with commas between them; - can stand for a space")
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("--write", action="store_true", help="put the table into docs/comparison.md")
    args = ap.parse_args()
    args.only, args.peers = report.chosen(ap, args.only, JOBS), report.chosen(ap, args.peers, SERVERS)
    if args.rounds < 1:
        ap.error("--rounds must be at least 1")
    return args


def main():
    args = arguments()
    for tool in ("nginx", "wrk"):
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed; make compare does that")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    run, begun = Run(args.peers, args.only, os.path.abspath(args.ldcorn), sys.executable), time.monotonic()
    for r in range(args.rounds):
        for name in random.sample(args.peers, len(args.peers)):
            at = time.monotonic()
            run.round(name)
            say(f"round {r + 1} of {args.rounds}: {name} took {time.monotonic() - at:.0f} s")
    known = versions(run.ldcorn, run.python)
    used = ", ".join(f"{name} {v}" for name, v in known.items() if name != "ldcorn")
    text = report.comparison(run.names, run.results, run.failures)
    text += f"\n\nRounds: {args.rounds}. Processors: {os.cpu_count()}. {platform.system()}, {used}."
    if run.failures:
        text += "\n\n" + run.notes()
    print(text + "\n")
    print(json.dumps({"rounds": args.rounds, "seconds": round(time.monotonic() - begun), "processors": os.cpu_count(),
                      "versions": known, "results": run.results,
                      "failures": [{"server": n, "job": j, "why": why} for (n, j), why in run.failures.items()]}))
    if args.write:
        report.write_between(os.path.join(report.DOCS, "comparison.md"), "compare", text)
        say("the table is in docs/comparison.md")


if __name__ == "__main__":
    sys.exit(main())
