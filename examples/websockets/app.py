"""A chat for the clients of one process, and a page for plain HTTP requests."""
import os

WHO = f"{os.environ['LDCORN_GROUP']}, process {os.environ['LDCORN_WORKER']}"
members = set()  # the send functions of all open sockets


async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await chat(receive, send)
    elif scope["type"] == "http":
        text = (WHO + "\n").encode()
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]})
        await send({"type": "http.response.body", "body": text})


async def chat(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": WHO})
    members.add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            for other in list(members):
                await other({"type": "websocket.send", "text": message.get("text") or ""})
    finally:
        members.discard(send)
