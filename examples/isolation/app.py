"""Three kinds of work in one app, in plain ASGI: a fast route, a route that
blocks the whole process, and a websocket.

    GET /fast     answers at once
    GET /heavy    keeps the interpreter busy for HEAVY seconds (default 0.25)
    /ws           a websocket that echoes
"""

import os
import time

HEAVY = float(os.environ.get("HEAVY", "0.25"))  # seconds


def block():
    """Compute without ever yielding, as a call of a model can."""
    end = time.monotonic() + HEAVY
    while time.monotonic() < end:
        pass


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message.get("text") or ""})
    else:
        if scope["path"] == "/heavy":
            block()
        body = f"{scope['path']} by pid {os.getpid()}\n".encode()
        headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
