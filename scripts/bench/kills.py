#!/usr/bin/env python3
"""What it costs clients when workers are killed all the time.

    kills.py --ldcorn bin/ldcorn [--python python3] [--seconds S]

Every second kill -9 hits one of four workers, while clients GET and POST. Each request has a number of its own that
the app writes down when it begins to work on it. A GET must never fail. A POST may fail that was in flight on the
worker that died: at most max_req_per_worker for each kill. No POST may reach an app twice.
"""
import argparse, asyncio, collections, itertools, os, random, signal, sys
from rig import Client, Rig

WORKERS, CAP, WORK, CLIENTS, PORT = 4, 2, 10, 4, 9135


async def client_loop(method, counts, numbers, stop):
    client = Client(PORT)
    while not stop.is_set():
        number = next(numbers)
        try:
            status, _, _ = await client.request(f"/{WORK}/{method}{number}", method)
        except (OSError, EOFError, asyncio.IncompleteReadError) as e:
            status = type(e).__name__
        counts[method][status] += 1
    client.close()


async def killer(rig, rnd, stop, seconds):
    kills = 0
    for _ in range(seconds):
        await asyncio.sleep(1)
        status = await asyncio.to_thread(rig.status, "ldcorn")
        pids = [w["pid"] for g in status["groups"] for w in g["workers"] if w["state"] == "ready"]
        if len(pids) > 1:
            os.kill(rnd.choice(pids), signal.SIGKILL)
            kills += 1
    stop.set()
    return kills


async def run(rig, seconds, seed):
    stop, numbers = asyncio.Event(), itertools.count()
    counts = {"GET": collections.Counter(), "POST": collections.Counter()}
    clients = [client_loop(m, counts, numbers, stop) for m in counts for _ in range(CLIENTS)]
    kills, *_ = await asyncio.gather(killer(rig, random.Random(seed), stop, seconds), *clients)
    return kills, counts


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="with Uvicorn")
    ap.add_argument("--seconds", type=int, default=120)
    ap.add_argument("--seed", type=int, default=1)
    args = ap.parse_args()
    with Rig(args.ldcorn, args.python) as rig:
        rig.run_ldcorn("ldcorn", PORT, f"instances={WORKERS}, max_req_per_worker={CAP}, max_restarts_on_crash=1000000, "
                                       f"restart_backoff_on_crash=0", SEEN=rig.path("seen"))
        kills, counts = asyncio.run(run(rig, args.seconds, args.seed))
        with open(rig.path("seen")) as f:
            seen = collections.Counter(f.read().split())
    twice = [n for n, times in seen.items() if times > 1 and n.startswith("POST")]
    repeated = sum(times - 1 for n, times in seen.items() if n.startswith("GET"))
    failed = {m: sum(n for status, n in c.items() if status != 200) for m, c in counts.items()}
    print(f"{kills} kills in {args.seconds} s")
    print(f"GET: {counts['GET'][200]} good, {failed['GET']} failed, {repeated} repeated on another worker")
    print(f"POST: {counts['POST'][200]} good, {failed['POST']} failed (at most {kills * CAP} were in flight on a worker "
          f"that died), {len(twice)} reached an app twice")
    if failed["GET"] or failed["POST"] > kills * CAP or twice:
        raise SystemExit(f"not as promised: {counts}, twice {twice[:5]}")


if __name__ == "__main__":
    sys.exit(main())
