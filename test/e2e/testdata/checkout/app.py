"""A web application with OpenAlgo's shape: what the installer looks at, no more."""

import os
import sqlite3
import stat
import time

from dotenv import load_dotenv
from flask import Flask, jsonify, send_from_directory

load_dotenv("/app/.env", override=True)
if len(os.environ.get("APP_KEY", "")) < 32:
    raise RuntimeError("APP_KEY must be at least 32 characters")

app = Flask(__name__)


@app.get("/auth/check-setup")
def check_setup():
    with sqlite3.connect("/app/db/openalgo.db") as database:
        users = database.execute("SELECT count(*) FROM users").fetchone()[0]
    return jsonify(status="success", needs_setup=users == 0)


@app.get("/seen")
def seen():
    """What the container looks like from inside."""
    names = ("db", "log", "strategies", "keys", "tmp", ".")
    return jsonify(
        uid=os.getuid(),
        time=time.strftime("%z"),
        modes={name: oct(stat.S_IMODE(os.stat(f"/app/{name}").st_mode)) for name in names},
        owners={name: os.stat(f"/app/{name}").st_uid for name in names},
    )


@app.get("/")
def index():
    return send_from_directory("/app/frontend/dist", "index.html")
