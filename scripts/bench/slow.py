#!/usr/bin/env python3
"""Measures the effect of slow clients on the others, if a worker handles one request at a time.

    slow.py --ldcorn bin/ldcorn [--python python3] [--kinds both,uploads,readers] [--clients N] [--rounds N] [--seconds S]

N clients upload at 1 KB/s, and as many others read answers at 1 KB/s. Half of the uploads have 5 KB, so that the app gets
some of them while the script measures, and half have 1 MB, of which the first quarter comes at once. The answers have
512 KiB and 4 MiB. Meanwhile other clients send small requests of 10 ms of work: first at random moments, at half of what
the worker can take, which gives the times, and then four clients as fast as they can, which gives the throughput. A small
request without an answer in 2 s is lost, and counts as 2 s.

The proxies have workers of the same kind, run one at a time, and get the same requests at the same moments:

  ldcorn    max_req_per_worker=1, request_buffer and response_buffer at their defaults
  nginx     buffers at its defaults (proxy_request_buffering on, proxy_buffering on). It has no queue for max_conns, so
            the app itself lets one request in at a time
  haproxy   maxconn 1, option http-buffer-request; it has no buffer for answers

In each round, the script measures each without slow clients, with them, and without again. The ratio is that of the 99th
percentile with them to the mean of the two without, and the noise that of the two without: medians over the rounds. The
ratio should be at most 1.2.
"""
import argparse, asyncio, multiprocessing, random, shutil, signal, socket, statistics, sys, time
from rig import Client, Rig, answers, open_loop, percentile, wait_for

PORT = {"ldcorn": 9161, "nginx": 9162, "haproxy": 9163}
WORK, LOAD, FAST, PATIENCE = 10, 0.5, 4, 2  # ms, share of the capacity, clients, seconds
UPLOADS, ANSWERS = (5000, 1000000), (1 << 19, 1 << 22)
PIECE, PAUSE = 100, 0.1  # bytes, seconds: 1 KB/s
KINDS = {"both": (1, 1), "uploads": (1, 0), "readers": (0, 1)}

# A worker that handles LIMIT requests at a time, from the first byte of the body to the last byte of the answer.
APP = '''
import asyncio, os

slots = asyncio.Semaphore(int(os.environ.get("LIMIT", "1000000")))


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    _, kind, size = (scope["path"] + "/").split("/")[:3]
    async with slots:
        if scope["method"] == "POST":
            while (await receive()).get("more_body"):
                pass
        size = int(size or 2)
        if kind.isdigit():
            await asyncio.sleep(int(kind) / 1000)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
        for at in range(0, size, 65536):
            await send({"type": "http.response.body", "body": b"x" * min(65536, size - at), "more_body": at + 65536 < size})
'''


class Slow:
    """A process with n slow clients of each kind, for as long as it is in a with statement."""

    def __init__(self, port, n, kind):
        ctx = multiprocessing.get_context("fork")
        self.port, (uploads, readers) = port, (n * k for k in KINDS[kind])
        self.begun, self.whole = ctx.Value("i"), ctx.Value("i")  # answers that have begun, and uploads that got theirs
        self.proc = ctx.Process(target=self.run, args=(uploads, readers), daemon=True)
        self.wanted = readers

    def __enter__(self):
        self.proc.start()
        until = time.perf_counter() + 3
        while self.begun.value < self.wanted and time.perf_counter() < until:
            time.sleep(0.02)
        time.sleep(1)  # for the uploads
        return self

    def __exit__(self, *_):
        self.proc.terminate()
        self.proc.join()

    def run(self, uploads, readers):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

        async def all_of_them():
            await asyncio.gather(*(self.again(self.upload, UPLOADS[i % 2]) for i in range(uploads)),
                                 *(self.again(self.read, ANSWERS[i % 2]) for i in range(readers)))
        asyncio.run(all_of_them())

    async def again(self, act, size):
        await asyncio.sleep(random.random() * PAUSE)
        while True:
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                s.setblocking(False)
                try:
                    loop = asyncio.get_running_loop()
                    await loop.sock_connect(s, ("127.0.0.1", self.port))
                    await act(loop, s, size)
                except OSError:
                    pass
            await asyncio.sleep(PAUSE)

    async def upload(self, loop, s, size):
        await loop.sock_sendall(s, b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        at_once = size // 4 if size > UPLOADS[0] else 0
        await loop.sock_sendall(s, bytes(at_once))
        for _ in range((size - at_once) // PIECE):
            await loop.sock_sendall(s, b"x" * PIECE)
            await asyncio.sleep(PAUSE)
        if (await loop.sock_recv(s, 4096)).startswith(b"HTTP/1.1 200"):
            self.whole.value += 1

    async def read(self, loop, s, size):
        await loop.sock_sendall(s, b"GET /answer/%d HTTP/1.1\r\nHost: x\r\n\r\n" % size)
        first = True
        while await loop.sock_recv(s, PIECE):
            self.begun.value += first
            first = False
            await asyncio.sleep(PAUSE)


async def others(port, seed, seconds):
    """Returns the times of the small requests in ms, how many were lost, and the throughput."""
    client, rnd, took = Client(port), random.Random(seed), []
    at, todo = 0.0, []
    while at < seconds:
        at += rnd.expovariate(LOAD * 1000 / WORK)
        todo.append(at)

    async def one(_=None):
        begun = time.perf_counter()
        good = await client.patient(PATIENCE, f"/{WORK}")
        took.append((time.perf_counter() - begun) * 1000 if good else PATIENCE * 1000)
        return good

    good = await open_loop(todo, one)
    times, done, begun = took[:], 0, time.perf_counter()

    async def fast():
        nonlocal done
        while time.perf_counter() < begun + seconds / 2:
            good = await one()
            done += good

    await asyncio.gather(*(fast() for _ in range(FAST)))
    rate = done / (time.perf_counter() - begun)
    client.close()
    return {"times": times, "lost": good.count(False), "p50": percentile(times, 50), "p99": percentile(times, 99), "rate": rate}


def one_round(port, kind, args, seed):
    alone = asyncio.run(others(port, seed, args.seconds))
    with Slow(port, args.clients, kind) as slow:
        before = slow.whole.value
        beside = asyncio.run(others(port, seed, args.seconds))
        beside["whole"], beside["begun"] = slow.whole.value - before, slow.begun.value
    wait_for(lambda: answers(port))
    again = asyncio.run(others(port, seed, args.seconds))
    p99 = (alone["p99"] + again["p99"]) / 2
    return {"p50": (alone["p50"] + again["p50"]) / 2, "p99": p99, "rate": (alone["rate"] + again["rate"]) / 2,
            "beside": beside, "ratio": beside["p99"] / p99, "noise": max(alone["p99"], again["p99"]) / min(alone["p99"], again["p99"])}


def row(name, kind, rounds):
    def median(key, of=lambda r: r):
        return statistics.median(of(r)[key] for r in rounds)

    def pair(key):
        return f"{median(key):.1f} | {median(key, lambda r: r['beside']):.1f}"
    lost = sum(r["beside"]["lost"] for r in rounds)
    asked = sum(len(r["beside"]["times"]) for r in rounds)
    whole, begun = (sum(r["beside"][key] for r in rounds) for key in ("whole", "begun"))
    return (f"| {kind} | {name} | {pair('p50')} | {pair('p99')} | {median('ratio'):.2f} | {median('noise'):.2f} | {pair('rate')} | "
            f"{lost} of {asked} | {whole} | {begun} |")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--python", default="/usr/bin/python3", help="a Python with Uvicorn")
    ap.add_argument("--kinds", default="both")
    ap.add_argument("--clients", type=int, default=20)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--seconds", type=float, default=4)
    ap.add_argument("--peers", default="nginx,haproxy")
    args = ap.parse_args()
    names = ["ldcorn"] + [p for p in args.peers.split(",") if p]
    for tool in names[1:]:
        if not shutil.which(tool):
            raise SystemExit(f"{tool} is not installed; make slow does that")
    with Rig(args.ldcorn, args.python) as rig:
        rig.write("app.py", APP)
        rig.run_ldcorn("ldcorn", PORT["ldcorn"], "instances=1, max_req_per_worker=1")
        if "nginx" in names:
            rig.run_nginx("nginx", PORT["nginx"], rig.worker("one-at-a-time", LIMIT=1))
        if "haproxy" in names:
            rig.run_haproxy("haproxy", PORT["haproxy"], [rig.worker("worker")], "maxconn 1", backend="option http-buffer-request")
        for name in names:
            wait_for(lambda: answers(PORT[name]))
        print("| slow clients | | p50, ms | with | p99, ms | with | ratio | noise | requests/s | with | lost with | uploads done | "
              "answers begun |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
        ratio = {}
        for kind in args.kinds.split(","):
            rounds = {name: [] for name in names}
            for r in range(args.rounds):
                for name in random.sample(names, len(names)):
                    rounds[name].append(one_round(PORT[name], kind, args, r))
            for name in names:
                print(row(name, kind, rounds[name]), flush=True)
            ratio[kind] = statistics.median(r["ratio"] for r in rounds["ldcorn"])
    for kind, r in ratio.items():
        print(f"ldcorn, {kind}: p99 with slow clients is {r:.2f} times that without; at most 1.2 is good")


if __name__ == "__main__":
    sys.exit(main())
