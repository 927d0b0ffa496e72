"""The app that all servers of comparison.py serve. It leaves traces in the folder TRACES, so that no server has to say
what its processes do."""
import asyncio, contextlib, fcntl, itertools, os, time

from fastapi import FastAPI

VERSION = 1  # a deploy writes the next one
TRACES = os.environ["TRACES"]
BURN, BLOCK = 0.10, 0.15  # seconds that /slow computes and that it sleeps, without ever yielding
POOL, QUERY = 2, 0.1  # connections of each process to a database, and the seconds that a query takes
GPU = 0.05  # seconds


@contextlib.asynccontextmanager
async def lifespan(_):
    up = os.path.join(TRACES, f"up.{os.getpid()}")
    with open(up + ".new", "w") as f:
        f.write(str(VERSION))
    os.rename(up + ".new", up)
    yield


app = FastAPI(lifespan=lifespan)
pool, numbers = asyncio.Semaphore(POOL), itertools.count()


def trace(name, text):
    with open(os.path.join(TRACES, name), "a") as f:
        f.write(text)


@app.get("/fast")
async def fast():
    return {"version": VERSION, "pid": os.getpid()}


@app.get("/healthz")
async def healthz():
    return {"ok": True}


@app.get("/slow")
async def slow():
    """Computes and blocks, as a call of a library that does not know about the event loop."""
    end = time.thread_time() + BURN
    while time.thread_time() < end:
        pass
    time.sleep(BLOCK)
    return {"slow": True}


@app.get("/work")
async def work():
    await asyncio.sleep(0.02)
    return {"pid": os.getpid()}


@app.get("/db")
async def db():
    """Waits for one of a few connections, and then for the answer. It costs no processor."""
    async with pool:
        await asyncio.sleep(QUERY)
        trace("queries", ".")
    return {"rows": 1}


@app.get("/gpu")
def gpu(lock: bool = False):
    """Works in a thread, as FastAPI does with functions, and notes how many do so at once in all processes."""
    name = "locked" if lock else "gpu"
    with contextlib.ExitStack() as stack:
        if lock:
            fcntl.flock(stack.enter_context(open(os.path.join(TRACES, "lock"), "w")), fcntl.LOCK_EX)
        mine = os.path.join(TRACES, name, f"{os.getpid()}-{next(numbers)}")
        with open(mine, "w"):
            pass
        trace(name + ".seen", f"{len(os.listdir(os.path.join(TRACES, name)))}\n")
        time.sleep(GPU)
        os.remove(mine)
    return {"gpu": True}
