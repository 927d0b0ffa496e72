"""Answers with the name of the group and the number of its process."""
import os


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    text = f"{os.environ['LDCORN_GROUP']}, process {os.environ['LDCORN_WORKER']}\n".encode()
    await send({"type": "http.response.start", "status": 200,
                "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]})
    await send({"type": "http.response.body", "body": text})
