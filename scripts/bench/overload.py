#!/usr/bin/env python3
"""Measures the effect of too much load on a group with a cap.

    overload.py --ldcorn bin/ldcorn [--python python3] [--parts limits,patience] [--loads 3,0.8,0.95] [--rounds N] [--seconds S]

The script first measures the capacity of the workers, with clients that talk to them directly and never send more
requests at once than the workers handle.

  limits     Requests arrive at three times the capacity at a group with queue_limit and queue_timeout. There are two
             workers, which handle eight requests at once, with 20 ms of work each. Goodput is the rate of 200s. A 503
             should come at its limit and no later: at once if the queue is full, or after queue_timeout if a request has
             waited for that long. Until then it can also lose its place in the full queue to a newer request.
  patience   Requests arrive at random moments, at each of the loads, which are shares of the capacity, and clients give up
             after 2 s. There are two workers, which handle four requests at once, with 100 ms of work each. Goodput is
             the rate of answers for which the clients still waited: a share of the capacity, or of the requests below the
             capacity. The proxies run one at a time, with the same requests at the same moments:

               ldcorn        the defaults
               ldcorn-fifo   queue="fifo"
               again         another such, below the capacity: its ratio to the other is the noise
               haproxy       maxconn 2 for each server, timeout queue 1s

             Above the capacity, the goodput of ldcorn should be at least 0.95, and the median time of an answer at most
             three times the work. Below the capacity, goodput and p99 should be those of ldcorn-fifo, to within 5 %.
             Requests that were given up count as 2 s.
"""
import argparse, asyncio, random, shutil, statistics, sys, time
from rig import Client, Rig, answers, open_loop, percentile, resident, wait_for

WORKERS, CAP, WORK, PORT = 2, 4, 20, 9134
LIMIT, TIMEOUT = 60, 0.1  # of the queue; seconds
PATIENT = {"ldcorn": 9137, "ldcorn-fifo": 9138, "again": 9155, "haproxy": 9139}
SLOTS, LONG, PATIENCE = 2, 100, 2  # of each worker; ms, seconds


async def capacity(sockets, seconds, cap, work):
    """Returns how many requests per second the workers answer when each always has cap requests."""
    done, until = 0, time.perf_counter() + seconds

    async def one(sock):
        nonlocal done
        client = Client(uds=sock)
        while time.perf_counter() < until:
            await client.request(f"/{work}")
            done += 1
        client.close()

    await asyncio.gather(*(one(s) for s in sockets for _ in range(cap)))
    return done / seconds


async def overload(rate, seconds, pid):
    client, good, refused, memory = Client(PORT), [], {"full": [], "evicted": [], "late": []}, []
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
        elif b"another request took its place" in body:
            refused["evicted"].append(end - at)
        else:
            refused["late"].append(end - at - TIMEOUT)

    await open_loop([i / rate for i in range(int(rate * seconds))], one)
    client.close()
    # The beginning and the end, when the queue fills and empties, do not count.
    return sum(1 < t < seconds for t in good) / (seconds - 1), refused, memory


def limits(args):
    with Rig(args.ldcorn, args.python) as rig:
        can = asyncio.run(capacity([rig.worker(f"w{i}") for i in range(WORKERS)], 5, CAP, WORK))
        p = rig.run_ldcorn("ldcorn", PORT, f'instances={WORKERS}, max_req_per_worker={CAP}, queue_limit={LIMIT}, '
                                           f'queue_timeout={TIMEOUT}')
        got, refused, memory = asyncio.run(overload(3 * can, args.seconds, p.pid))
    print(f"capacity {can:.0f}/s, offered {3 * can:.0f}/s, goodput {got:.0f}/s: {got / can:.2f} of capacity")
    evicted = refused.pop("evicted")
    if evicted:
        print(f"503 evicted: {len(evicted)}, after {percentile(evicted, 50) * 1000:.1f} ms in the median")
    for why, late in refused.items():
        print(f"503 {why}: {len(late)}, beyond its limit by {percentile(late, 50) * 1000:.1f} ms in the median, "
              f"{percentile(late, 99) * 1000:.1f} ms at p99")
    quarter = len(memory) // 4
    print(f"resident memory: {memory[quarter] / 1e6:.1f} MB after a quarter of the time, {memory[-1] / 1e6:.1f} MB at the end\n")


async def impatient(port, todo, can, seconds):
    """Returns the goodput, the times of the answers, and those of all requests."""
    client, ends, times, begun = Client(port), [], [], time.perf_counter()

    async def one(_):
        at = time.perf_counter()
        if not await client.patient(PATIENCE, f"/{LONG}"):
            times.append(PATIENCE)
            return
        ends.append(time.perf_counter() - begun)
        times.append(time.perf_counter() - at)

    await open_loop(todo, one)
    client.close()
    # Above the capacity, the time in which clients begin to give up, and that after the last request, do not count.
    warm = PATIENCE * 2
    share = sum(warm < t < seconds for t in ends) / (seconds - warm) / can if len(todo) / seconds > can else len(ends) / len(todo)
    return {"goodput": share, "median": percentile([t for t in times if t < PATIENCE], 50) * 1000 / LONG,
            "p99": percentile(times, 99) * 1000, "lost": len(todo) - len(ends)}


def patience(args):
    rows = {}
    with Rig(args.ldcorn, args.python) as rig:
        sockets = [rig.worker(f"w{i}") for i in range(WORKERS)]
        can = asyncio.run(capacity(sockets, 5, SLOTS, LONG))
        group = f"instances={WORKERS}, max_req_per_worker={SLOTS}"
        rig.run_ldcorn("ldcorn", PATIENT["ldcorn"], group)
        rig.run_ldcorn("ldcorn-fifo", PATIENT["ldcorn-fifo"], group + ', queue="fifo"')
        rig.run_ldcorn("again", PATIENT["again"], group + ', queue="fifo"')
        rig.run_haproxy("haproxy", PATIENT["haproxy"], sockets, f"maxconn {SLOTS}", queue="1s", backend="option abortonclose")
        for port in PATIENT.values():
            wait_for(lambda: answers(port))
        print(f"capacity {can:.1f}/s, clients give up after {PATIENCE} s")
        print("| load | | goodput | median of the answers, in units of the work | p99 of all, ms | given up | p99 / that of ldcorn-fifo |\n"
              "|---|---|---|---|---|---|---|", flush=True)
        for load in map(float, args.loads.split(",")):
            got = {name: [] for name in PATIENT if load < 1 or name != "again"}
            for r in range(args.rounds):
                todo, at, rnd = [], 0.0, random.Random(r)
                while (at := at + rnd.expovariate(load * can)) < args.seconds:
                    todo.append(at)
                for name in random.sample(sorted(got), len(got)):
                    got[name].append(asyncio.run(impatient(PATIENT[name], todo, can, args.seconds)))
                    wait_for(lambda: answers(PATIENT[name]))
            for name, rounds in got.items():
                m = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
                m["ratio"] = statistics.median(r["p99"] / f["p99"] for r, f in zip(rounds, got["ldcorn-fifo"]))
                print(f"| {load:g} | {name} | {m['goodput']:.3f} | {m['median']:.1f} | {m['p99']:.0f} | {m['lost']:.0f} | {m['ratio']:.2f} |",
                      flush=True)
                rows[load, name] = m
    for load in sorted({load for load, _ in rows}):
        m, fifo = rows[load, "ldcorn"], rows[load, "ldcorn-fifo"]
        if load > 1:
            print(f"load {load:g}: goodput {m['goodput']:.2f} of the capacity (at least 0.95 is good), median of the answers "
                  f"{m['median']:.1f} times the work (at most 3)")
        else:
            print(f"load {load:g}: goodput {m['goodput'] / fifo['goodput']:.3f} of that with queue=\"fifo\" (at least 0.99 is good), "
                  f"p99 {m['ratio']:.2f} of that (at most 1.05; noise {rows[load, 'again']['ratio']:.2f})")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--parts", default="limits,patience")
    ap.add_argument("--loads", default="3,0.8,0.95")
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--seconds", type=int, default=20)
    args = ap.parse_args()
    parts = args.parts.split(",")
    if "patience" in parts and not shutil.which("haproxy"):
        raise SystemExit("haproxy is not installed; make overload does that")
    for part in parts:
        {"limits": limits, "patience": patience}[part](args)


if __name__ == "__main__":
    sys.exit(main())
