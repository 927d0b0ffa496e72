#!/usr/bin/env python3
"""Measures the effect on clients when workers are killed all the time.

    kills.py --ldcorn bin/ldcorn [--python python3] [--seconds S] [--workers N] [--rate R] [--work MS]

Every second, kill -9 hits a worker that has been ready for at least a second, while clients send GETs and POSTs: as fast
as they can, or R times a second, regardless of earlier requests. Each request has its own number, which the app records
when it begins to handle the request. A GET must never fail, even if the only worker dies. A POST can fail if it was in
flight on the worker that died: at most max_req_per_worker for each kill. No POST can reach an app twice, and no GET more
than twice.
"""
import argparse, asyncio, collections, itertools, os, random, signal, sys
from rig import Client, Rig, free_port, open_loop

CAP, CLIENTS = 2, 4
POSTS = 5  # with a rate, the number of GETs for each POST


async def ask(client, work, method, counts, number):
    try:
        status, _, _ = await client.request(f"/{work}/{method}{number}", method)
    except (OSError, EOFError, asyncio.IncompleteReadError) as e:
        status = type(e).__name__
    counts[method][status] += 1


async def client_loop(port, work, method, counts, numbers, stop):
    client = Client(port)
    while not stop.is_set():
        await ask(client, work, method, counts, next(numbers))
    client.close()


async def at_rate(port, work, rate, seconds, counts, numbers):
    client = Client(port)

    async def start(i):
        await ask(client, work, "GET" if (i + 1) % (POSTS + 1) else "POST", counts, next(numbers))

    await open_loop([i / rate for i in range(int(rate * seconds))], start)
    client.close()


async def killer(rig, rnd, stop, seconds):
    kills, before = 0, set()
    for _ in range(seconds):
        await asyncio.sleep(1)
        status = await asyncio.to_thread(rig.status, "ldcorn")
        ready = {w["pid"] for g in status["groups"] for w in g["workers"] if w["state"] == "ready"}
        if old := sorted(ready & before):
            victim = rnd.choice(old)
            os.kill(victim, signal.SIGKILL)
            ready.discard(victim)
            kills += 1
        before = ready
    stop.set()
    return kills


async def run(rig, port, args):
    stop, numbers = asyncio.Event(), itertools.count()
    counts = {"GET": collections.Counter(), "POST": collections.Counter()}
    if args.rate:
        clients = [at_rate(port, args.work, args.rate, args.seconds, counts, numbers)]
    else:
        clients = [client_loop(port, args.work, m, counts, numbers, stop) for m in counts for _ in range(CLIENTS)]
    kills, *_ = await asyncio.gather(killer(rig, random.Random(args.seed), stop, args.seconds), *clients)
    return kills, counts


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--seconds", type=int, default=120)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--workers", type=int, default=4)
    ap.add_argument("--work", type=int, default=10, help="milliseconds that a request takes")
    ap.add_argument("--rate", type=float, default=0, help="requests per second; 0 means as fast as four clients of each kind can")
    args = ap.parse_args()
    port = free_port()
    with Rig(args.ldcorn, args.python) as rig:
        rig.run_ldcorn("ldcorn", port, f"instances={args.workers}, max_req_per_worker={CAP}, max_restarts_on_crash=1000000, "
                                       f"restart_backoff_on_crash=0", SEEN=rig.path("seen"))
        kills, counts = asyncio.run(run(rig, port, args))
        with open(rig.path("seen")) as f:
            seen = collections.Counter(f.read().split())
    twice = [n for n, times in seen.items() if times > 1 and n.startswith("POST")]
    often = [n for n, times in seen.items() if times > 2]
    repeated = sum(times - 1 for n, times in seen.items() if n.startswith("GET"))
    failed = {m: sum(n for status, n in c.items() if status != 200) for m, c in counts.items()}
    print(f"{args.workers} workers, {kills} kills in {args.seconds} s")
    print(f"GET: {counts['GET'][200]} good, {failed['GET']} failed, {repeated} repeated on another worker")
    print(f"POST: {counts['POST'][200]} good, {failed['POST']} failed (at most {kills * CAP} were in flight on a worker "
          f"that died), {len(twice)} reached an app twice")
    if failed["GET"] or failed["POST"] > kills * CAP or twice or often:
        raise SystemExit(f"not as promised: {counts}, twice {twice[:5]}, more than twice {often[:5]}")


if __name__ == "__main__":
    sys.exit(main())
