"""A minimal ASGI framework, which keeps the apps of the scripts short.

    app = App()

    @app.get("/")                  # also takes POST and other methods
    async def index(req):
        return "hello"             # or (status, body) or (status, body, headers)

    @app.get("/stream")
    async def stream(req):         # a generator is sent in chunks
        yield "one"

    @app.websocket("/ws")
    async def ws(sock):
        while (text := await sock.recv()) is not None:
            await sock.send(text)

Every app has /who (group, index, pid and generation of the worker), /echo
(the body of the request) and the websocket /ws (an echo) from the start.
"""

import inspect
import os
import traceback


def who():
    env = os.environ.get
    return f"{env('LDCORN_GROUP')} {env('LDCORN_WORKER')} {os.getpid()} {env('LDCORN_GENERATION')}"


class Request:
    def __init__(self, scope, receive):
        self.scope, self.receive = scope, receive
        self.method, self.path = scope["method"], scope["path"]
        self.query = scope["query_string"].decode()
        self.headers = {}
        for name, value in scope["headers"]:
            name, value = name.decode("latin-1"), value.decode("latin-1")
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    async def chunks(self):
        """Yields the body as it comes; ends early when the client has gone."""
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return
            yield message.get("body", b"")
            if not message.get("more_body"):
                return

    async def body(self):
        return b"".join([chunk async for chunk in self.chunks()])


class Socket:
    def __init__(self, scope, receive, send):
        self.scope, self.receive, self._send = scope, receive, send

    async def recv(self):
        """Returns the next message, or None when the websocket is closed."""
        message = await self.receive()
        if message["type"] == "websocket.disconnect":
            return None
        return message.get("text") if message.get("text") is not None else message.get("bytes")

    async def send(self, data):
        kind = "text" if isinstance(data, str) else "bytes"
        await self._send({"type": "websocket.send", kind: data})

    async def close(self, code=1000):
        await self._send({"type": "websocket.close", "code": code})


def to_bytes(data):
    return data.encode() if isinstance(data, str) else data


class App:
    def __init__(self):
        self.routes, self.sockets, self.hooks = {}, {}, {"startup": [], "shutdown": []}
        self.default = None

        @self.get("/who")
        async def _(req):
            return who()

        @self.get("/echo")
        async def _(req):
            return await req.body()

        @self.websocket("/ws")
        async def _(sock):
            while (data := await sock.recv()) is not None:
                await sock.send(data)

    def get(self, path):
        return lambda handler: self.routes.setdefault(path, handler)

    def websocket(self, path):
        return lambda handler: self.sockets.setdefault(path, handler)

    def startup(self, hook):
        self.hooks["startup"].append(hook)
        return hook

    def shutdown(self, hook):
        self.hooks["shutdown"].append(hook)
        return hook

    async def __call__(self, scope, receive, send):
        await {"lifespan": self.lifespan, "http": self.http, "websocket": self.ws}[scope["type"]](scope, receive, send)

    async def lifespan(self, scope, receive, send):
        for phase in ("startup", "shutdown"):
            await receive()
            try:
                for hook in self.hooks[phase]:
                    await hook()
            except Exception:
                # Frameworks do this too; for Uvicorn, an exception means "no lifespan".
                await send({"type": f"lifespan.{phase}.failed", "message": traceback.format_exc()})
                return
            await send({"type": f"lifespan.{phase}.complete"})

    async def http(self, scope, receive, send):
        handler = self.routes.get(scope["path"], self.default)
        if handler is None:
            return await respond(send, 404, f"the app has no {scope['path']}")
        result = handler(Request(scope, receive))
        if inspect.isasyncgen(result):
            return await stream(send, result)
        result = await result
        await respond(send, *(result if isinstance(result, tuple) else (200, result)))

    async def ws(self, scope, receive, send):
        await receive()
        handler = self.sockets.get(scope["path"])
        if handler is None:
            return await send({"type": "websocket.close", "code": 1000})
        await send({"type": "websocket.accept"})
        await handler(Socket(scope, receive, send))


async def respond(send, status, body, headers=()):
    body = to_bytes(body)
    head = [(b"content-type", b"text/plain")]
    if status >= 200 and status not in (204, 304):
        head.append((b"content-length", str(len(body)).encode()))
    head += [(to_bytes(k), to_bytes(v)) for k, v in headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


async def stream(send, chunks):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    async for chunk in chunks:
        await send({"type": "http.response.body", "body": to_bytes(chunk), "more_body": True})
    await send({"type": "http.response.body", "body": b""})
