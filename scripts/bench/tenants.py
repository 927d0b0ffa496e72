#!/usr/bin/env python3
"""Measures how long the requests of a small tenant take beside those of a large one, which offers 20 times as many.

    tenants.py --ldcorn bin/ldcorn [--python python3] [--rounds N] [--seconds S]

There is one slot, with 50 ms of work for each request. A tenant has its own X-API-Key. The small one sends a request
every 400 ms or so, and the large one sends them at random moments, at 20 times that rate, which is 2.5 times what the
slot can take. Its clients give up after 2 s. The proxies run one at a time, in interleaved rounds with the same requests
at the same moments:

  ldcorn        fair=by_header("X-API-Key")
  ldcorn-unfair the same without fair
  haproxy       maxconn 1, timeout queue 1s, one queue for all

The 99th percentile of the small tenant with fair should be at most that without the large tenant and the work of one
request.
"""
import argparse, asyncio, random, shutil, statistics, sys, time
from rig import Client, Rig, answers, open_loop, percentile, wait_for

PORT = {"ldcorn": 9141, "ldcorn-unfair": 9142, "haproxy": 9143}
WORK, EVERY, TIMES, PATIENCE = 50, 0.4, 20, 2  # ms, seconds between requests of the small tenant, large to small, seconds


def arrivals(seed, seconds):
    """Returns the times of the requests of both tenants. Those of the small one never come so close that they wait for each
    other."""
    rnd = random.Random(seed)
    small = [i * EVERY + rnd.uniform(0, EVERY / 2) for i in range(int(seconds / EVERY))]
    large, at = [], 0.0
    while (at := at + rnd.expovariate(TIMES / EVERY)) < seconds:
        large.append(at)
    return small, large


async def one_round(port, small, large):
    """Returns the times of the small tenant's requests in ms, and how many of the large one's were answered."""
    client, took, begun = Client(port), [], time.perf_counter()

    async def little(_):
        at = time.perf_counter()
        good = await client.patient(PATIENCE, f"/{WORK}", "GET", "X-API-Key: small\r\n")
        took.append((time.perf_counter() - at) * 1000 if good else PATIENCE * 1000)

    async def big(_):
        return await client.patient(PATIENCE, f"/{WORK}", "GET", "X-API-Key: large\r\n")

    _, good = await asyncio.gather(open_loop(small, little), open_loop(large, big))
    rate = sum(good) / (time.perf_counter() - begun)
    client.close()
    return took, rate


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--seconds", type=int, default=20)
    args = ap.parse_args()
    if not shutil.which("haproxy"):
        raise SystemExit("haproxy is not installed; make tenants does that")
    alone, beside, rates = ({name: [] for name in PORT} for _ in range(3))
    with Rig(args.ldcorn, args.python) as rig:
        group = "instances=1, max_req_per_worker=1"
        rig.run_ldcorn("ldcorn", PORT["ldcorn"], group + ', fair=by_header("X-API-Key")')
        rig.run_ldcorn("ldcorn-unfair", PORT["ldcorn-unfair"], group)
        rig.run_haproxy("haproxy", PORT["haproxy"], [rig.worker("w")], "maxconn 1", queue="1s", backend="option abortonclose")
        for port in PORT.values():
            wait_for(lambda: answers(port))
        for r in range(args.rounds):
            small, large = arrivals(r, args.seconds)
            for name in random.sample(sorted(PORT), len(PORT)):
                alone[name].append(asyncio.run(one_round(PORT[name], small, []))[0])
                took, rate = asyncio.run(one_round(PORT[name], small, large))
                beside[name].append(took)
                rates[name].append(rate)
                wait_for(lambda: answers(PORT[name]))
    print("| | small tenant alone: p50, ms | p90 | p99 | beside the large one: p50 | p90 | p99 | lost | large tenant: answers/s |\n|---|---|---|---|---|---|---|---|---|")
    at = {}
    for name in PORT:
        cells = []
        for got in (alone, beside):
            for p in (50, 90, 99):
                at[name, got is beside, p] = statistics.median(percentile(took, p) for took in got[name])
                cells.append(f"{at[name, got is beside, p]:.1f}")
        lost = sum(t >= PATIENCE * 1000 for took in beside[name] for t in took)
        print(f"| {name} | {' | '.join(cells)} | {lost} of {sum(map(len, beside[name]))} | {statistics.median(rates[name]):.1f} |")
    print()
    for p in (90, 99):
        more = at["ldcorn", True, p] - at["ldcorn", False, p]
        print(f"p{p} of the small tenant with fair: {more:.1f} ms more beside the large one, {more / WORK:.2f} of the work of a request "
              f"(at most 1 is good); {at['ldcorn', True, p] / at['haproxy', True, p]:.2f} of haproxy's")


if __name__ == "__main__":
    sys.exit(main())
