#!/usr/bin/env python3
"""Counts the sessions of Socket.IO over long polling that reach the worker that made them.

    polling.py --ldcorn bin/ldcorn [--sessions N]

A session begins with a GET without a session id. The answer of the worker has the id in its body, and only that worker
knows it: each further request of the session must reach it, or the session fails. The server has three workers and is
that of python-socketio, and so are the clients, with long polling as the only transport. A session is good if it connects
and three calls reach the same process. The kinds of clients are those that keep cookies, as browsers do on one site, and
those that keep none. The script needs a Python with python-socketio and aiohttp (scripts/get-socketio makes one).

  cookie    ldcorn, sticky=by_cookie("io"), the cookie of the app that names the session
  session   ldcorn, sticky=by_session(query="sid", learn="engine.io")
  issued    ldcorn, sticky=by_issued("ldcorn")
  haproxy   cookie insert: HAProxy's own cookie

With session, all sessions should be good, and with issued those of clients that keep cookies.
"""
import argparse, asyncio, collections, contextlib, shutil, sys
import aiohttp, socketio
from rig import Rig, answers, wait_for

WORKERS, TOGETHER, CALLS = 3, 30, 3
PORT = {"cookie": 9148, "session": 9149, "issued": 9153, "haproxy": 9154}
STICKY = {"cookie": 'by_cookie("io")', "session": 'by_session(query="sid", learn="engine.io")', "issued": 'by_issued("ldcorn")'}

APP = '''
import os
import socketio

sio = socketio.AsyncServer(async_mode="asgi", cookie="io")


@sio.event
async def who(sid):
    return os.getpid()


async def other(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})

app = socketio.ASGIApp(sio, other)
'''


async def session(port, cookies):
    """Returns the process that served a session, or None if the session failed."""
    jar = aiohttp.CookieJar(unsafe=True) if cookies else aiohttp.DummyCookieJar()  # unsafe: also for an address
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        client = socketio.AsyncClient(reconnection=False, http_session=http)
        try:
            await client.connect(f"http://127.0.0.1:{port}", transports=["polling"], wait_timeout=3)
            pids = {await client.call("who", timeout=3) for _ in range(CALLS)}
            return pids.pop() if len(pids) == 1 else None
        except socketio.exceptions.SocketIOError:
            return None
        finally:
            # The client of a failed session may wait for a request that nobody answers.
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(client.disconnect(), 1)


async def sessions(port, cookies, n):
    together = asyncio.Semaphore(TOGETHER)

    async def one():
        async with together:
            return await session(port, cookies)
    got = collections.Counter(await asyncio.gather(*(one() for _ in range(n))))
    failed = got.pop(None, 0)
    return n - failed, sorted(got.values())


def start(rig, name, port):
    if name == "haproxy":
        sockets = [rig.worker(f"w{i}") for i in range(WORKERS)]
        rig.run_haproxy(name, port, sockets, "cookie s{i}", backend="cookie WORKER insert indirect nocache")
    else:
        rig.run_ldcorn(name, port, f"instances={WORKERS}, sticky={STICKY[name]}")
    for _ in range(3 * WORKERS):  # a worker gets its share once it has answered
        wait_for(lambda: answers(port))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ldcorn", required=True)
    ap.add_argument("--sessions", type=int, default=90)
    ap.add_argument("--kinds", default=",".join(PORT))
    args = ap.parse_args()
    kinds = args.kinds.split(",")
    if "haproxy" in kinds and not shutil.which("haproxy"):
        raise SystemExit("haproxy is not installed; make polling does that")
    with Rig(args.ldcorn, sys.executable) as rig:
        rig.write("app.py", APP)
        for name in kinds:
            start(rig, name, PORT[name])
        print(f"| sticky | good sessions of {args.sessions}, clients with cookies | for each worker | clients without | for each worker |\n"
              "|---|---|---|---|---|", flush=True)
        for name in kinds:
            cells = []
            for cookies in (True, False):
                good, each = asyncio.run(sessions(PORT[name], cookies, args.sessions))
                cells += [str(good), ", ".join(map(str, each))]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
