"""Counts visits in the table that migrate.py makes."""

import sqlite3


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    with sqlite3.connect("visits.db") as db:
        db.execute("UPDATE visits SET n = n + 1")
        (n,) = db.execute("SELECT n FROM visits").fetchone()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": f"visit {n}\n".encode()})
