"""What comparison.py measures. Each job takes a running server and returns its figures."""
import asyncio, collections, json, os, re, signal, time
from rig import Client, open_loop, percentile
from servers import BROKEN, CAPPED, WORKERS, Failure

TIMEOUT = 5  # seconds, after which a request has failed; the measured ones count as that long
IDLE, BUSY, PLAIN = 2, 3, 2  # seconds
SLOW_CLIENTS, GPU_CLIENTS, IMPATIENT_CLIENTS = 8, 6, 2
SETTLE = 40  # seconds that a reload or a restart may take
SERVES = 4  # seconds in which a broken deploy has its effects
CAPACITY = WORKERS * 2 / 0.1  # requests for /db per second: what the app says
LOAD, PATIENCE, WARM = 3, 1, 2  # times the capacity; seconds, in which the first clients give up


async def loop(stop, one, pause=0.0):
    """Calls one again and again until stop is set."""
    while not stop.is_set():
        await one()
        await asyncio.sleep(pause)


async def during(seconds, *clients):
    """Runs clients, which take an event, for a while, or until seconds, a coroutine, is done. Returns its result."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(c(stop)) for c in clients]
    try:
        return await (asyncio.sleep(seconds) if isinstance(seconds, (int, float)) else seconds)
    finally:
        stop.set()
        await asyncio.gather(*tasks)


def measured(port, path, times, pause, fresh=False):
    """Returns a client that notes the seconds of its requests, on one connection, or with fresh on one for each."""
    async def run(stop):
        client = Client(port)

        async def one():
            at = time.perf_counter()
            good = await client.patient(TIMEOUT, path)
            times.append(time.perf_counter() - at if good else TIMEOUT)
            if fresh:
                client.close()
        await loop(stop, one, pause)
        client.close()
    return run


def saturating(port, path, counts, patience=10):
    """Returns a client that sends one request after the other, each on a connection of its own, and counts the answers."""
    async def run(stop):
        client = Client(port)

        async def one():
            good = await client.patient(patience, path)
            counts[good] += 1
            client.close()
            if not good:
                await asyncio.sleep(0.05)
        await loop(stop, one)
    return run


def counting(port, path, counts, wait=None, pids=None):
    """Returns a client that counts the answers and failures of its requests, and in pids the processes that have
    answered. With wait, it connects for each request, and sends it that many seconds later."""
    async def run(stop):
        client = Client(port)

        async def one():
            try:
                async with asyncio.timeout(TIMEOUT):
                    if wait:
                        client.idle.append(await client.connect())
                        await asyncio.sleep(wait)
                    status, _, body = await client.request(path)
                if pids is not None and status == 200:
                    pids[json.loads(body)["pid"]] += 1
            except (OSError, EOFError, asyncio.TimeoutError) as e:
                status = type(e).__name__
                await asyncio.sleep(0.05)  # a client that cannot connect does not count a thousand failures
            counts[status] += 1
            if wait:
                client.close()
        await loop(stop, one, 0.01)
        client.close()
    return run


def failed(counts):
    return sum(n for status, n in counts.items() if status != 200)


def named(counts):
    """Returns counts by status or error, for JSON."""
    return {str(status): n for status, n in counts.items()}


async def until(condition, seconds):
    """Returns how long a condition has taken to hold, or None if it did not within seconds."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        if condition():
            return time.perf_counter() - begun
        await asyncio.sleep(0.05)
    return None


async def probes(s, seconds, *others):
    """Returns the p99 in seconds of /fast and of health probes, while other clients do what they do."""
    fast, health = [], []
    await during(seconds, *(measured(s.port, "/fast", fast, 0.01) for _ in range(4)),
                 measured(s.port, "/healthz", health, 0.05, fresh=True), *others)
    return {"fast": percentile(fast, 99), "health": percentile(health, 99)}


async def plain(s):
    """The cost of a server when nothing goes wrong."""
    wrk = await asyncio.create_subprocess_exec("wrk", "-t1", "-c16", f"-d{PLAIN}s", f"http://127.0.0.1:{s.port}/fast",
                                               stdout=asyncio.subprocess.PIPE)
    said = (await wrk.communicate())[0].decode()
    good = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if not good or "Non-2xx" in said:
        raise Failure("wrk says: " + " ".join(said.split()))
    return {"per_second": float(good.group(1))}


async def isolation(s):
    slow = collections.Counter()
    idle = await probes(s, IDLE)
    busy = await probes(s, BUSY, *(saturating(s.port, "/slow", slow) for _ in range(SLOW_CLIENTS)))
    return {"idle_fast_p99_ms": idle["fast"] * 1000, "idle_health_p99_ms": idle["health"] * 1000,
            "fast_p99_ms": busy["fast"] * 1000, "health_p99_ms": busy["health"] * 1000,
            "fast_ratio": busy["fast"] / idle["fast"], "health_ratio": busy["health"] / idle["health"],
            "slow_per_second": slow[True] / BUSY}


async def gpu(s):
    """Some of the clients give up early, as people do, while the app goes on with what they wanted."""
    def clients(path, counts):
        return [saturating(s.port, path, counts) for _ in range(GPU_CLIENTS)] + \
            [saturating(s.port, path, counts, patience=0.08) for _ in range(IMPATIENT_CLIENTS)]
    idle = await probes(s, IDLE / 2)
    counts = collections.Counter()
    busy = await probes(s, BUSY / 2, *clients("/gpu", counts))
    out = {"offered": s.name in CAPPED, "at_once": max(map(int, s.trace("gpu.seen").split()), default=0), "lock": False}
    if out["at_once"] > 1:  # then the app has to see to it
        counts.clear()
        busy = await probes(s, BUSY / 2, *clients("/gpu?lock=1", counts))
        out |= {"lock": True, "at_once_with_lock": max(map(int, s.trace("locked.seen").split()), default=0)}
    return out | {"fast_ratio": busy["fast"] / idle["fast"], "health_ratio": busy["health"] / idle["health"],
                  "gpu_per_second": counts[True] / (BUSY / 2)}


async def reload(s):
    kept, late = collections.Counter(), collections.Counter()

    async def deploy():
        await asyncio.sleep(0.5)
        s.deploy()
        s.reload()
        took = await until(lambda: sorted(s.up().values()) == [s.version] * WORKERS or not s.alive(), SETTLE)
        await asyncio.sleep(0.5)
        return took
    took = await during(deploy(), *(counting(s.port, "/fast", kept) for _ in range(8)),
                        *(counting(s.port, "/fast", late, wait=0.2) for _ in range(16)))
    return {"keep_alive": sum(kept.values()), "keep_alive_failed": failed(kept), "late": sum(late.values()),
            "late_failed": failed(late), "seconds": took, "ended": not s.alive(), "how": named(kept + late)}


async def kill(s):
    """Kills the process that has answered most, while it has requests of 20 ms in hand."""
    counts, pids, before = collections.Counter(), collections.Counter(), len(s.up())

    async def shoot():
        await asyncio.sleep(0.5)
        os.kill(pids.most_common(1)[0][0], signal.SIGKILL)
        await until(lambda: len(s.up()) < before, 1)
        took = await until(lambda: len(s.up()) >= before or not s.alive(), SETTLE)
        await asyncio.sleep(0.5)
        return took
    took = await during(shoot(), *(counting(s.port, "/work", counts, pids=pids) for _ in range(8)))
    ended = not s.alive()
    return {"requests": sum(counts.values()), "failed": failed(counts), "seconds": None if ended else took, "ended": ended,
            "how": named(counts)}


async def broken(s):
    counts = collections.Counter()

    async def deploy():
        await asyncio.sleep(0.5)
        s.deploy(BROKEN)
        s.reload()
        await asyncio.sleep(SERVES)
    await during(deploy(), *(counting(s.port, "/fast", counts) for _ in range(8)))
    client, good = Client(s.port), 0
    for _ in range(8):
        good += await client.patient(PATIENCE, "/fast")
        client.close()
    return {"serves": good, "of": 8, "processes": len(s.up()), "requests": sum(counts.values()), "failed": failed(counts),
            "ended": not s.alive(), "how": named(counts)}


async def overload(s, seconds=5.5):
    client, good = Client(s.port), []
    begun = time.perf_counter()
    before = 0

    async def one(_):
        # Refused and broken requests fail at once.
        if await client.patient(PATIENCE, "/db"):
            good.append(time.perf_counter() - begun)

    async def count():
        nonlocal before
        await asyncio.sleep(WARM)
        before = len(s.trace("queries"))
    counter = asyncio.create_task(count())
    rate = LOAD * CAPACITY
    await open_loop([i / rate for i in range(int(rate * seconds))], one)
    await counter
    queries = len(s.trace("queries")) - before
    client.close()
    useful = sum(t > WARM for t in good)
    goodput = sum(WARM < t < seconds for t in good) / (seconds - WARM)
    return {"goodput": goodput / CAPACITY, "in_vain": max(0.0, 1 - useful / queries) if queries else 0.0, "queries": queries}
