"""An app that can do what the alerts are about."""

import asyncio
import time

served = {"/": 0}


async def answer(send, status, text):
    body = text.encode()
    headers = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        return
    if scope["type"] != "http":
        return
    path = scope["path"]
    if path == "/metrics":  # prometheus_client would write this
        await answer(send, 200, f"# TYPE greetings_total counter\ngreetings_total {served['/']}\n")
    elif path == "/broken":  # LdcornErrors
        await answer(send, 500, "broken\n")
    elif path == "/slow":  # LdcornSlow, and LdcornQueueStands if there are many
        await asyncio.sleep(20)
        await answer(send, 200, "at last\n")
    elif path == "/block":  # LdcornWorkerStuck: nothing else runs in this worker meanwhile
        time.sleep(300)
        await answer(send, 200, "at last\n")
    else:
        served["/"] += path == "/"
        await answer(send, 200, "hello\n")
