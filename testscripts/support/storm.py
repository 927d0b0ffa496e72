"""The app of the storm_* scripts. It counts its requests in hand, and prints a line
if there are more than its limit."""

import asyncio
import contextlib
import os

from tiny import App

app = App()
GROUP = os.environ["LDCORN_GROUP"]
now = 0


def cap():
    if GROUP == "web":
        return int(os.environ.get("CAP", "0"))
    if GROUP == "capped":
        with open("cap") as f:
            return int(f.read())
    return 0


@contextlib.contextmanager
def counted():
    global now
    now += 1
    try:
        if 0 < cap() < now:
            print(f"over the cap: {now} requests, {cap()} allowed", flush=True)
        yield
    finally:
        now -= 1


async def echo(req):
    with counted():
        return await req.body()


async def hello(req):
    with counted():
        await asyncio.sleep(0.005)
        return "hello"


async def slow(req):
    await asyncio.sleep(3)
    return "slow"


async def events(req):
    with counted():
        for n in range(5):
            yield f"data: {n}\n\n"
            await asyncio.sleep(0.02)


async def chat(sock):
    while (data := await sock.recv()) is not None:
        await sock.send(data)


for group in ("", "/live", "/kept", "/capped", "/sized", "/extra"):
    app.routes[group + "/echo"] = echo
    app.routes[group + "/hello"] = hello
    app.routes[group + "/slow"] = slow
    app.routes[group + "/events"] = events
    app.sockets[group + "/ws"] = chat
