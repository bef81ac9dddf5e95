"""Fills /app/db: fill.py SQLITE_MB DUCKDB_MB. The SQLite part is what writer.py writes to."""

import os
import pathlib
import sqlite3
import sys
import time

import duckdb

PART = 256 * 10**6  # bytes of a DuckDB file

live = sqlite3.connect("/app/db/openalgo.db", timeout=60)
live.execute("CREATE TABLE IF NOT EXISTS filler (body BLOB)")
while os.path.getsize("/app/db/openalgo.db") < int(sys.argv[1]) * 10**6:
    live.executemany("INSERT INTO filler VALUES (?)", ((os.urandom(3000),) for _ in range(1000)))
    live.commit()
    live.execute("PRAGMA wal_checkpoint(TRUNCATE)")

left = int(sys.argv[2]) * 10**6
number = 0
while left > 0:
    path = pathlib.Path(f"/app/db/historify{number}.duckdb")
    path.unlink(missing_ok=True)
    prices = duckdb.connect(str(path))
    prices.execute("CREATE TABLE prices (sold BIGINT, price DOUBLE, volume BIGINT)")
    rows = min(left, PART) // 23
    prices.execute(f"INSERT INTO prices SELECT (random() * 9e18)::BIGINT, random(), (random() * 9e18)::BIGINT FROM range({rows})")
    prices.close()
    past = time.time() - 3600
    os.utime(path, (past, past))
    left -= path.stat().st_size
    number += 1
print(sum(f.stat().st_size for f in pathlib.Path("/app/db").iterdir()))
