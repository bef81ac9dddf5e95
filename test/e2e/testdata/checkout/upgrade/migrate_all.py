"""Makes the one table there is."""

import sqlite3

with sqlite3.connect("/app/db/openalgo.db") as database:
    database.execute("CREATE TABLE IF NOT EXISTS users (name TEXT)")
print("migrated: users")
