"""An app that writes down what it is asked to do, and how much of it at a time.

Each line of seen/PID is one request, or websocket, when it begins:
the monotonic time in ns, the group, the request's id, how many are at work.
"""

import asyncio
import os
import time

from tiny import App

app = App()
group = os.environ["LDCORN_GROUP"]
seen = os.open(f"seen/{os.getpid()}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
busy = 0


class Work:
    """Counts from its beginning to its end, and is told even by a worker that is killed."""

    def __init__(self, ident):
        self.ident = ident

    def __enter__(self):
        global busy
        busy += 1
        os.write(seen, f"{time.monotonic_ns()} {group} {self.ident} {busy}\n".encode())

    def __exit__(self, *_):
        global busy
        busy -= 1


async def work(req):
    """/GROUP/ID?MS takes so long and answers with the id and the length of the body."""
    ident = req.path.rpartition("/")[2]
    with Work(ident):
        body = await req.body()
        await asyncio.sleep(int(req.query) / 1000)
    return f"{ident} {len(body)}"


app.default = work


async def talk(sock):
    """An echo, until "bye": then the work is done before the websocket is closed."""
    with Work(sock.scope["query_string"].decode()):
        while (text := await sock.recv()) not in (None, "bye"):
            await sock.send(text)
    if text == "bye":
        await sock.close()


for name in ("exact", "moving", "late", "free"):
    app.websocket(f"/{name}/ws")(talk)
