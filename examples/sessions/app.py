"""Counts the requests of each session, in the memory of the process."""
import os
import secrets
import urllib.parse

WORKER = os.environ["LDCORN_WORKER"]
counts = {}  # of this process, by session


async def app(scope, receive, send):
    if scope["type"] == "http":
        headers = dict(scope["headers"])
        serve = {"/socket.io/": socketio, "/mcp": mcp}.get(scope["path"], page)
        status, more, text = serve(scope, headers)
        await send({"type": "http.response.start", "status": status,
                    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text)), *more]})
        await send({"type": "http.response.body", "body": text.encode()})


def page(scope, headers):
    """Has one session for all clients of the process."""
    return 200, [], count("page")


def mcp(scope, headers):
    """Names a new session in a header, as a server of MCP does."""
    session = headers.get(b"mcp-session-id", b"").decode()
    if not session:
        session = open_session()
    if session not in counts:
        return 404, [], "no such session\n"
    return 200, [(b"mcp-session-id", session.encode())], count(session)


def socketio(scope, headers):
    """Names a new session in the body, as Engine.IO does."""
    session = dict(urllib.parse.parse_qsl(scope["query_string"].decode())).get("sid")
    if session is None:
        return 200, [], f'0{{"sid":"{open_session()}","upgrades":[],"pingInterval":25000,"pingTimeout":20000}}'
    if session not in counts:
        return 400, [], "no such session\n"
    return 200, [], count(session)


def open_session():
    session = secrets.token_urlsafe(15)
    counts[session] = 0
    return session


def count(session):
    counts[session] = counts.get(session, 0) + 1
    return f"process {WORKER}, request {counts[session]} of this session\n"
