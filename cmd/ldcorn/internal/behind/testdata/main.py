"""An app that says how it sees a request, for the tests of the proxies in front."""

import asyncio
import hashlib
import json

more = asyncio.Event()


def seen(scope):
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    return json.dumps({
        "client": (scope["client"] or [""])[0],
        "scheme": scope["scheme"],
        "host": headers.get("host", ""),
        "asked": headers.get("x-forwarded-host", "") + ":" + headers.get("x-forwarded-port", ""),
    })


async def answer(send, status, body, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": [(k.encode(), v.encode()) for k, v in headers]})
    await send({"type": "http.response.body", "body": body.encode()})


async def events(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    await send({"type": "http.response.body", "body": b"data: one\n\n", "more_body": True})
    await more.wait()
    await send({"type": "http.response.body", "body": b"data: two\n\n"})


async def upload(receive, send):
    digest, whole = hashlib.sha256(), False
    while not whole:
        message = await receive()
        digest.update(message.get("body", b""))
        whole = not message.get("more_body")
    await answer(send, 200, digest.hexdigest())


async def websocket(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": seen(scope)})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": message["text"]})


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await lifespan(receive, send)
    if scope["type"] == "websocket":
        return await websocket(scope, receive, send)
    if scope["path"] == "/events":
        more.clear()
        return await events(send)
    if scope["path"] == "/upload":
        return await upload(receive, send)
    if scope["path"] == "/more":
        more.set()
        return await answer(send, 200, "")
    if scope["path"] == "/old":
        at = json.loads(seen(scope))
        return await answer(send, 307, "", [("location", f"{at['scheme']}://{at['host']}/new")])
    await answer(send, 200, seen(scope), [("content-type", "application/json")])
