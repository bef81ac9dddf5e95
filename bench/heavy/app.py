"""The web app: what OpenAlgo imports at its start, and the endpoints that openalgo-install asks."""

import os
import sqlite3

import apscheduler.schedulers.background
import duckdb
import flask
import flask_cors
import flask_limiter
import flask_restx
import flask_socketio
import flask_sqlalchemy
import flask_wtf
import httpx
import numba
import numpy
import pandas
import plotly.graph_objects
import plotly.io
import pydantic
import scipy.optimize
import scipy.signal
import scipy.stats
import sqlalchemy
import zmq

import services
from utils.version import VERSION

assert all((apscheduler, duckdb, flask_limiter, flask_wtf, httpx, numba, numpy, pandas, plotly, pydantic, scipy, zmq, services))

app = flask.Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:////app/db/openalgo.db"
flask_cors.CORS(app)
flask_restx.Api(app, prefix="/api/v1", doc=False)
flask_socketio.SocketIO(app, async_mode="eventlet")
db = flask_sqlalchemy.SQLAlchemy(app)
with app.app_context(), db.engine.connect() as connection:
    connection.execute(sqlalchemy.text("PRAGMA journal_mode=WAL"))
    connection.execute(sqlalchemy.text("CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, username TEXT)"))
    connection.commit()
for name in ("logs", "latency", "health", "sandbox"):  # those of its .env, made by the app and not by a migration
    with sqlite3.connect(f"db/{name}.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY)")
if not os.path.exists("db/historify.duckdb"):
    with duckdb.connect("db/historify.duckdb") as connection:
        connection.execute("CREATE TABLE prices (sold BIGINT, price DOUBLE, volume BIGINT)")


@app.get("/auth/check-setup")
def check_setup():
    users = db.session.execute(sqlalchemy.text("SELECT count(*) FROM users")).scalar()
    return {"status": "success", "needs_setup": users == 0}


@app.get("/auth/app-info")
def app_info():
    return {"status": "success", "version": VERSION, "name": "OpenAlgo"}


@app.get("/")
def page():
    return "A heavy app for measuring"
