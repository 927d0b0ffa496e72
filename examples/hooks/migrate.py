"""Makes the table of app.py, unless it is there. A real app runs Alembic or Django here."""

import sqlite3

with sqlite3.connect("visits.db") as db:
    db.execute("CREATE TABLE IF NOT EXISTS visits (n INTEGER)")
    if db.execute("SELECT n FROM visits").fetchone() is None:
        db.execute("INSERT INTO visits VALUES (0)")
print("the table is there")
