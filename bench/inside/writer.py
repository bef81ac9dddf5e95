"""Commits to OpenAlgo's database: writer.py RUN RATE, until its input ends. Says each row once it is committed."""

import os
import sqlite3
import sys
import threading
import time

threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
run, rate = int(sys.argv[1]), float(sys.argv[2])
db = sqlite3.connect("/app/db/openalgo.db", timeout=60, isolation_level=None)
db.execute("CREATE TABLE IF NOT EXISTS ticks (run INTEGER, n INTEGER, body BLOB, PRIMARY KEY (run, n))")
n, due = 0, time.monotonic()
while True:
    n += 1
    db.execute("INSERT INTO ticks VALUES (?, ?, ?)", (run, n, os.urandom(200)))
    print(n, time.time(), flush=True)
    due = max(due + 1 / rate, time.monotonic() - 1)
    time.sleep(max(0, due - time.monotonic()))
