"""The quickstart's app: a few routes that say which worker answered.

It uses FastAPI if that is installed, and otherwise plain ASGI. The
answers are JSON; a browser gets a page at / that calls them.
"""

import asyncio
import json
import os
import string
import time

GREETING = "hello from ldcorn"


def worker():
    """Identify this worker by the environment that ldcorn gives each worker."""
    return {
        "group": os.environ.get("LDCORN_GROUP"),
        "worker": os.environ.get("LDCORN_WORKER"),
        "generation": os.environ.get("LDCORN_GENERATION"),
        "pid": os.getpid(),
    }


def hello():
    return {"message": GREETING, **worker()}


def compute():
    """Keep this process busy for half a second, as a model would."""
    started, n = time.monotonic(), 0
    while time.monotonic() - started < 0.5:
        n += 1
    return {"message": f"counted to {n:,}", **worker()}


def echo(text):
    return json.dumps({"echo": text, **worker()})


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ldcorn quickstart</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
  button, input { font: inherit; padding: .3rem .7rem; margin: 0 .3rem .5rem 0; }
  table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
  th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8884; }
  code { font-size: .95em; }
  @media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } a { color: #8bf; } }
</style>
<h1>ldcorn quickstart</h1>
<p>This page came from worker <b>$worker</b> of group <b>$group</b>, pid <b>$pid</b>.</p>
<p>
  <button data-get="/hello">GET /hello</button>
  <button data-get="/ml-pipeline">GET /ml-pipeline</button>
  <button id="both">five /ml-pipeline and ten /hello at once</button>
</p>
<form id="chat">
  <input name="text" value="hi" aria-label="message"><button>send over the websocket</button>
  <span id="state">connecting</span>
</form>
<table>
  <thead><tr><th>asked</th><th>group</th><th>worker</th><th>pid</th><th>generation</th><th>answer</th><th>took</th></tr></thead>
  <tbody id="log"></tbody>
</table>
<script>
const log = document.getElementById("log"), state = document.getElementById("state");
function row(asked, a, took) {
  const tr = log.insertRow(0);
  for (const v of [asked, a.group, a.worker, a.pid, a.generation, a.message ?? a.echo, Math.round(took) + " ms"])
    tr.insertCell().textContent = v;
  while (log.rows.length > 40) log.deleteRow(-1);
}
async function get(path) {
  const start = performance.now();
  try {
    const answer = await fetch(path, {headers: {accept: "application/json"}, cache: "no-store"});
    row(path, answer.ok ? await answer.json() : {message: answer.status + " " + await answer.text()}, performance.now() - start);
  } catch (err) {
    row(path, {message: String(err)}, performance.now() - start);
  }
}
for (const b of document.querySelectorAll("[data-get]")) b.onclick = () => get(b.dataset.get);
document.getElementById("both").onclick = () => {
  for (let i = 0; i < 5; i++) get("/ml-pipeline");
  for (let i = 0; i < 10; i++) get("/hello");
};
let socket, sent = 0;
function connect() {
  socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws");
  socket.onopen = () => state.textContent = "connected";
  socket.onmessage = (m) => row("websocket", JSON.parse(m.data), performance.now() - sent);
  // A replaced or killed worker closes its websockets: open a new one.
  socket.onclose = () => { state.textContent = "closed, connecting again"; setTimeout(connect, 500); };
}
document.getElementById("chat").onsubmit = (e) => {
  e.preventDefault();
  sent = performance.now();
  if (socket.readyState === WebSocket.OPEN) socket.send(e.target.text.value);
};
connect();
</script>
"""


def page():
    return string.Template(PAGE).substitute(worker())


def wants_page(accept):
    return "text/html" in accept


try:
    from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
    from fastapi.responses import HTMLResponse
except ImportError:
    FastAPI = None


def fastapi_app():
    app = FastAPI(title="ldcorn quickstart")

    @app.get("/")
    async def index(request: Request):
        return HTMLResponse(page()) if wants_page(request.headers.get("accept", "")) else hello()

    @app.get("/hello")
    async def get_hello():
        return hello()

    @app.get("/ml-pipeline")
    def ml_pipeline():
        return compute()

    @app.websocket("/ws")
    async def ws(socket: WebSocket):
        await socket.accept()
        try:
            while True:
                await socket.send_text(echo(await socket.receive_text()))
        except WebSocketDisconnect:
            pass

    return app


async def plain_app(scope, receive, send):
    """The same app in plain ASGI."""
    await {"lifespan": lifespan, "http": http, "websocket": websocket}[scope["type"]](scope, receive, send)


def compact(value):
    """JSON as FastAPI writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def lifespan(scope, receive, send):
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def http(scope, receive, send):
    path, accept = scope["path"], dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
    status, kind = 200, "application/json"
    if path == "/" and wants_page(accept):
        body, kind = page(), "text/html; charset=utf-8"
    elif path in ("/", "/hello"):
        body = compact(hello())
    elif path == "/ml-pipeline":
        body = compact(await asyncio.get_running_loop().run_in_executor(None, compute))
    else:
        body, status = compact({"detail": "Not Found"}), 404
    body = body.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def websocket(scope, receive, send):
    await receive()
    if scope["path"] != "/ws":
        await send({"type": "websocket.close", "code": 1000})
        return
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": echo(message.get("text") or "")})


app = fastapi_app() if FastAPI else plain_app
