#!/usr/bin/env python3
"""Measures how soon a worker with a blocked event loop is replaced, and the effect on other clients.

    hang.py --ldcorn bin/ldcorn [--python python3] [--rounds N]

There are two workers with a health_path. A request blocks one of them forever, at a random moment, while other clients
send GETs. The script measures the time until the worker gets no more requests, and until another process with its index
is ready. The latter, including the start of that process, should be at most health_timeout times unhealthy_after plus
two seconds. A GET must never fail.
"""
import argparse, asyncio, contextlib, random, sys, time
from rig import Client, Rig, percentile

PORT, TIMEOUT, AFTER, CLIENTS = 9136, 1, 2, 4
LIMIT = TIMEOUT * AFTER + 2  # seconds


async def getter(counts, stop):
    client = Client(PORT)
    while not stop.is_set():
        try:
            status, _, _ = await client.request("/5")
        except (OSError, EOFError) as e:
            status = type(e).__name__
        counts[status] = counts.get(status, 0) + 1
    client.close()


async def ready(rig):
    """Returns the pids of the ready workers, by index."""
    status = await asyncio.to_thread(rig.status, "ldcorn")
    return {w["index"]: w["pid"] for g in status["groups"] for w in g["workers"] if w["state"] == "ready"}


async def hang():
    with contextlib.suppress(OSError, EOFError):
        await Client(PORT).request("/hang", "POST")


async def one_round(rig):
    await asyncio.sleep(random.uniform(0, 3))
    while len(before := await ready(rig)) < 2:
        await asyncio.sleep(0.05)
    begun = time.perf_counter()
    hung = asyncio.create_task(hang())
    while await ready(rig) == before:
        await asyncio.sleep(0.02)
    found = time.perf_counter() - begun
    while len(await ready(rig)) < 2:
        await asyncio.sleep(0.02)
    took = time.perf_counter() - begun
    await hung
    return found, took


async def run(rig, rounds):
    counts, stop = {}, asyncio.Event()
    getters = [asyncio.create_task(getter(counts, stop)) for _ in range(CLIENTS)]
    times = [await one_round(rig) for _ in range(rounds)]
    stop.set()
    await asyncio.gather(*getters)
    return times, counts


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--rounds", type=int, default=10)
    args = ap.parse_args()
    with Rig(args.ldcorn, args.python) as rig:
        rig.run_ldcorn("ldcorn", PORT, f'instances=2, health_path="/0", health_timeout={TIMEOUT}, unhealthy_after={AFTER}, '
                                       f'stop_timeout=1, max_restarts_on_crash=1000000, restart_backoff_on_crash=0')
        times, counts = asyncio.run(run(rig, args.rounds))
    for what, took in zip(("found", "replaced"), zip(*times)):
        print(f"a hung worker was {what} after {percentile(took, 50):.2f} s in the median, {max(took):.2f} s at most; "
              f"health_timeout * unhealthy_after is {TIMEOUT * AFTER} s")
    print(f"GET: {counts.pop(200, 0)} good, {sum(counts.values())} failed {counts or ''}")
    if counts or max(took) > LIMIT:
        raise SystemExit("not as promised")


if __name__ == "__main__":
    sys.exit(main())
