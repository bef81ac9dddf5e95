"""Makes the one table there is, and the other databases that OpenAlgo has."""

import sqlite3

with sqlite3.connect("/app/db/openalgo.db") as database:
    database.execute("CREATE TABLE IF NOT EXISTS users (name TEXT)")
for name in ("logs", "latency", "health", "sandbox"):
    with sqlite3.connect(f"/app/db/{name}.db") as database:
        database.execute("CREATE TABLE IF NOT EXISTS entries (name TEXT)")
print("migrated: users")
