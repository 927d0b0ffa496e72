#!/usr/bin/env python3
"""Measures the effect of three times too much load on a group with queue_limit and queue_timeout.

    overload.py --ldcorn bin/ldcorn [--python python3] [--seconds S]

There are two workers, which handle eight requests at once, with 20 ms of work each. The script first measures the
capacity of the workers, with clients that talk to them directly and never send more than eight requests at once. Then
requests arrive at three times that rate through ldcorn. Goodput is the rate of 200s. A 503 should come at its limit and
no later: at once if the queue is full, or after queue_timeout if a request has waited for that long.
"""
import argparse, asyncio, sys, time
from rig import Client, Rig, open_loop, percentile, resident

WORKERS, CAP, WORK, PORT = 2, 4, 20, 9134
LIMIT, TIMEOUT = 60, 0.1  # of the queue; seconds


async def capacity(sockets, seconds):
    """Returns how many requests per second the workers answer when each always has CAP requests."""
    done, until = 0, time.perf_counter() + seconds

    async def one(sock):
        nonlocal done
        client = Client(uds=sock)
        while time.perf_counter() < until:
            await client.request(f"/{WORK}")
            done += 1
        client.close()

    await asyncio.gather(*(one(s) for s in sockets for _ in range(CAP)))
    return done / seconds


async def overload(rate, seconds, pid):
    client, good, refused, memory = Client(PORT), [], {"full": [], "late": []}, []
    begun = time.perf_counter()

    async def one(i):
        at = time.perf_counter()
        if i % 200 == 0:
            memory.append(resident(pid))
        status, headers, body = await client.request(f"/{WORK}")
        end = time.perf_counter()
        if status == 200:
            good.append(end - begun)
            return
        assert status == 503 and int(headers["retry-after"]) > 0, (status, headers)
        if b"too many requests are waiting" in body:
            refused["full"].append(end - at)
        else:
            refused["late"].append(end - at - TIMEOUT)

    await open_loop([i / rate for i in range(int(rate * seconds))], one)
    client.close()
    # The beginning and the end, when the queue fills and empties, do not count.
    return sum(1 < t < seconds for t in good) / (seconds - 1), refused, memory


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--seconds", type=int, default=20)
    args = ap.parse_args()
    with Rig(args.ldcorn, args.python) as rig:
        can = asyncio.run(capacity([rig.worker(f"w{i}") for i in range(WORKERS)], 5))
        p = rig.run_ldcorn("ldcorn", PORT, f'instances={WORKERS}, max_req_per_worker={CAP}, queue_limit={LIMIT}, '
                                           f'queue_timeout={TIMEOUT}')
        got, refused, memory = asyncio.run(overload(3 * can, args.seconds, p.pid))
    print(f"capacity {can:.0f}/s, offered {3 * can:.0f}/s, goodput {got:.0f}/s: {got / can:.2f} of capacity")
    for why, late in refused.items():
        print(f"503 {why}: {len(late)}, beyond its limit by {percentile(late, 50) * 1000:.1f} ms in the median, "
              f"{percentile(late, 99) * 1000:.1f} ms at p99")
    quarter = len(memory) // 4
    print(f"resident memory: {memory[quarter] / 1e6:.1f} MB after a quarter of the time, {memory[-1] / 1e6:.1f} MB at the end")


if __name__ == "__main__":
    sys.exit(main())
