#!/usr/bin/env python3
"""Measures how long requests wait for a worker when a few of them take very long.

    skew.py --ldcorn bin/ldcorn [--python python3] [--rounds N] [--seconds S]

There are four workers that handle four requests each. One request in twenty takes fifty times as long as the others.
Requests arrive at random moments, at 0.8 of the workers' capacity. The wait is the time of a request minus the work
itself. The script compares three ways to distribute the requests, with workers of the same kind, one at a time, in
interleaved rounds with the same arrivals:

  ldcorn        max_req_per_worker=4: one queue
  haproxy       maxconn 4 for each server, balance leastconn
  round-robin   haproxy, balance roundrobin, no limit: each worker queues what it gets
"""
import argparse, asyncio, random, sys
from rig import Client, Rig, answers, open_loop, percentile, wait_for

WORKERS, CAP, FAST, SLOW, RARE, LOAD = 4, 4, 10, 500, 20, 0.8  # times in ms
PORT = {"ldcorn": 9131, "haproxy": 9132, "round-robin": 9133}


def arrivals(seed, seconds):
    """Returns the times and kinds of the requests of a round, which are the same for all."""
    rnd = random.Random(seed)
    mean = (FAST * (RARE - 1) + SLOW) / RARE / 1000
    rate = LOAD * WORKERS * CAP / mean
    at, out = 0.0, []
    while at < seconds:
        at += rnd.expovariate(rate)
        out.append((at, SLOW if rnd.randrange(RARE) == 0 else FAST))
    return out


async def one_round(port, todo):
    client = Client(port)
    loop = asyncio.get_running_loop()

    async def one(i):
        begun = loop.time()
        status, _, body = await client.request(f"/{todo[i][1]}")
        if status != 200:
            raise SystemExit(f"port {port}: status {status}")
        return (loop.time() - begun) * 1000 - float(body) * 1000

    try:
        return await open_loop([at for at, _ in todo], one)
    finally:
        client.close()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=int, default=10)
    args = ap.parse_args()
    waits = {name: [] for name in PORT}
    with Rig(args.ldcorn, args.python) as rig:
        rig.run_ldcorn("ldcorn", PORT["ldcorn"], f"instances={WORKERS}, max_req_per_worker={CAP}", LIMIT=CAP)
        for name, balance, limit in (("haproxy", "leastconn", f"maxconn {CAP}"), ("round-robin", "roundrobin", "")):
            sockets = [rig.worker(f"{name}-{i}", LIMIT=CAP) for i in range(WORKERS)]
            rig.run_haproxy(name, PORT[name], sockets, limit, balance)
        for port in PORT.values():
            wait_for(lambda: answers(port))
        for r in range(args.rounds):
            todo = arrivals(r, args.seconds)
            for name, port in PORT.items():
                waits[name] += asyncio.run(one_round(port, todo))
    print("| | p50 wait, ms | p90 | p99 | max |\n|---|---|---|---|---|")
    for name, got in waits.items():
        print(f"| {name} | " + " | ".join(f"{percentile(got, p):.1f}" for p in (50, 90, 99, 100)) + " |")
    p99 = {name: percentile(got, 99) for name, got in waits.items()}
    print(f"\np99 of ldcorn: {p99['ldcorn'] / p99['haproxy']:.2f} of haproxy's, "
          f"{p99['ldcorn'] / p99['round-robin']:.2f} of round-robin's, over {len(waits['ldcorn'])} requests each")


if __name__ == "__main__":
    sys.exit(main())
