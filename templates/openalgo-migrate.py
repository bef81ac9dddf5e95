"""Runs OpenAlgo's migrations, unless this image's have succeeded on these databases.

That they have stands in each database itself, in a table of ours, so that it is
true of a copy, of a backup that was restored and of a single file that somebody
copied back. Any doubt migrates: a database that is new, missing, locked or not
SQLite, a file that was changed in upgrade/, another image. What is known is
forgotten before they run, and noted again only when every one has succeeded.
"""

import contextlib
import hashlib
import multiprocessing
import os
import re
import runpy
import sqlite3
import subprocess
import sys
import time
import urllib.parse

APP = os.path.dirname(os.path.abspath(__file__))
UPGRADE = os.path.join(APP, "upgrade")
TABLE = "openalgo_install"
FORK = multiprocessing.get_context("fork")

# Where the migrations look when neither .env nor the environment has a name.
DEFAULTS = {"DATABASE_URL": "openalgo.db", "LOGS_DATABASE_URL": "logs.db", "LATENCY_DATABASE_URL": "latency.db",
            "HEALTH_DATABASE_URL": "health.db", "SANDBOX_DATABASE_URL": "sandbox.db"}
HISTORIFY, NOT_READ = "HISTORIFY_DATABASE_PATH", "HISTORIFY_DATABASE_URL"  # OpenAlgo reads the first alone


class Doubt(Exception):
    """Why the migrations have to run."""


def say(text):
    print("[openalgo]", text, flush=True)


# ------------------------------------------------------------------ the image


def image_key():
    """A sum of all that decides what the migrations do: the app, they themselves, its packages."""
    digest = hashlib.sha256()
    try:
        with open(os.path.join(APP, ".openalgo-image"), "rb") as file:
            digest.update(file.read())
    except OSError:
        raise Doubt("the image does not say what it was made of") from None
    for directory, names, files in os.walk(UPGRADE):  # what is here, not what was built: a file may be mounted over
        names[:] = sorted(n for n in names if n != "__pycache__")
        for name in sorted(files):
            with open(os.path.join(directory, name), "rb") as file:
                digest.update(f"{name}\n{hashlib.sha256(file.read()).hexdigest()}\n".encode())
    packages = [p for p in sys.path if p.endswith("site-packages") and os.path.isdir(p)]
    digest.update(repr((sys.version, [sorted(n for n in os.listdir(p) if n.endswith("-info")) for p in packages])).encode())
    return digest.hexdigest()


# -------------------------------------------------------------- the databases


def settings():
    """Every value that a name of a database has: a migration may go by .env or by the environment."""
    values = [dict(os.environ)]
    try:
        from dotenv import dotenv_values

        values.append(dotenv_values(os.path.join(APP, ".env")))
    except (ImportError, OSError, ValueError) as error:
        raise Doubt(f".env cannot be read ({error})") from None
    names = {name for each in values for name in each if re.search(r"(^|_)DATABASE_(URL|PATH)$", name)} - {NOT_READ}
    return {name: {each[name] for each in values if each.get(name)} for name in names | {*DEFAULTS, HISTORIFY}}


def databases():
    """The paths of the SQLite and of the DuckDB databases that migrations may change."""
    sqlite = {os.path.join(APP, "db", name) for name in ("openalgo.db", "logs.db")}  # these whatever .env says
    duckdb, found = set(), settings()
    for name, values in found.items():
        if name == HISTORIFY:
            duckdb = {os.path.join(APP, value) for value in values or {"db/historify.duckdb"}}
            continue
        if not values and name in DEFAULTS:
            path = os.path.join(APP, "db", DEFAULTS[name])
            sqlite |= {path} if os.path.exists(path) else set()
        for value in values:
            match = re.fullmatch(r"sqlite(?:\+pysqlite)?:///([^?]+)(\?.*)?", value)
            if not match:
                raise Doubt(f"{name} is no SQLite file")
            sqlite.add(os.path.join(APP, match[1]))
    if not any(map(os.path.exists, duckdb)) and not uses_duckdb():
        duckdb = set()
    return [Database(p) for p in sorted(map(os.path.realpath, sqlite))] + [DuckDatabase(p) for p in sorted(map(os.path.realpath, duckdb))]


def uses_duckdb():
    import importlib.util

    return importlib.util.find_spec("duckdb") is not None


class Database:
    """One SQLite file."""

    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"

    def __init__(self, path):
        self.path = path
        self.name = os.path.relpath(path, APP)

    def open(self):
        uri = "file:" + urllib.parse.quote(self.path) + "?mode=rw"  # never makes one
        return sqlite3.connect(uri, uri=True, timeout=5, isolation_level=None)

    @contextlib.contextmanager
    def opened(self):
        """Opens it, and gives the names of its tables; what goes wrong is a Doubt."""
        if not os.path.isfile(self.path):
            raise Doubt(f"{self.name} is not there yet")
        try:
            with contextlib.closing(self.open()) as connection:
                yield connection, {row[0] for row in connection.execute(self.tables).fetchall()}
        except Doubt:
            raise
        except Exception as error:  # DuckDB has kinds of its own
            raise Doubt(f"{self.name}: {error}") from None

    def check(self, key):
        """Raises a Doubt unless the image's migrations have succeeded here."""
        with self.opened() as (connection, tables):
            if TABLE not in tables:
                raise Doubt(f"{self.name} was not migrated by this image yet")
            found = connection.execute(f"SELECT value FROM {TABLE} WHERE name = 'migrated'").fetchall()
            if found == [("",)]:
                raise Doubt(f"{self.name}: last time not all of them succeeded")
            if found != [(key,)]:
                raise Doubt(f"{self.name} was last migrated by another image")

    def write(self, connection, key):
        connection.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (name VARCHAR PRIMARY KEY, value VARCHAR)")
        connection.execute(f"INSERT OR REPLACE INTO {TABLE} (name, value) VALUES ('migrated', ?)", (key,))

    def forget(self):
        """Takes the note away, and finds out that one can be written."""
        with self.opened() as (connection, tables):
            if not tables - {TABLE}:
                raise Doubt(f"{self.name} is new")  # OpenAlgo makes its tables later
            self.write(connection, "")

    def remember(self, key):
        with self.opened() as (connection, _):
            self.write(connection, key)


class DuckDatabase(Database):
    """One DuckDB file, opened in processes of their own: DuckDB has threads, and this process forks later."""

    tables = "SELECT table_name FROM information_schema.tables"

    def open(self):
        import duckdb

        return duckdb.connect(self.path)

    def check(self, key):
        apart(super().check, key)

    def forget(self):
        apart(super().forget)

    def remember(self, key):
        apart(super().remember, key)


def apart(do, *arguments):
    """Does it in a process of its own; its Doubt comes back."""
    receiver, sender = FORK.Pipe(duplex=False)

    def child():
        try:
            do(*arguments)
            sender.send("")
        except Doubt as doubt:
            sender.send(str(doubt))

    process = FORK.Process(target=child)
    process.start()
    sender.close()
    try:
        doubt = receiver.recv()
    except EOFError:
        doubt = "DuckDB ended before it answered"
    process.join()
    if doubt:
        raise Doubt(doubt)


# ------------------------------------------------------------- the migrations


class Runner:
    """Runs migrate_all.py, which starts a process for each migration, and notes how each ended."""

    def __init__(self):
        self.failed = []  # names of migrations: migrate_all.py takes a failure for success
        self.unseen = False  # a process that did not go through here
        self.inside = False

    def run(self):
        try:  # once, not in each of the processes; it starts no thread and opens nothing
            import dotenv  # noqa: F401
            import sqlalchemy.dialects.sqlite
            import sqlalchemy.ext.declarative
            import sqlalchemy.orm  # noqa: F401
        except ImportError:
            pass
        sys.addaudithook(self.audit)
        self.really_run, subprocess.run = subprocess.run, self.start
        sys.path.insert(0, UPGRADE)
        os.chdir(APP)
        try:
            return exit_status(lambda: runpy.run_path(os.path.join(UPGRADE, "migrate_all.py"), run_name="__main__"))
        finally:
            subprocess.run = self.really_run

    def audit(self, event, _):
        if event in ("subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec") and not self.inside:
            self.unseen = True

    def start(self, command, *args, **options):
        """Stands in for subprocess.run: a script of upgrade/ is run by a fork, which has imported already."""
        self.inside = True
        try:
            if is_migration(command) and not args and options.keys() <= {"cwd", "capture_output", "text", "check"} and not options.get("capture_output"):
                process = FORK.Process(target=run_script, args=(command[1], options.get("cwd") or os.getcwd()))
                process.start()
                process.join()
                result = subprocess.CompletedProcess(command, process.exitcode)
            else:
                result = self.really_run(command, *args, **{**options, "check": False})
        finally:
            self.inside = False
        if result.returncode:
            self.failed.append(os.path.basename(str(command[-1] if isinstance(command, (list, tuple)) else command)))
        if options.get("check"):
            result.check_returncode()
        return result


def is_migration(command):
    return (isinstance(command, (list, tuple)) and len(command) == 2 and command[0] == sys.executable
            and os.path.dirname(os.path.abspath(command[1])) == UPGRADE)


def run_script(path, directory):
    """What `python PATH` does, in a process of its own."""
    os.chdir(directory)
    sys.argv = [path]
    sys.path[0] = os.path.dirname(path)
    runpy.run_path(path, run_name="__main__")


def exit_status(call):
    try:
        call()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def known_before(key):
    """Reports whether this image's migrations have succeeded on every database."""
    try:
        for database in databases():
            database.check(key)
        return True
    except Doubt as doubt:
        say(f"migrating the database: {doubt}")
        return False


def on_each(do):
    """Does it to every database, and returns the first Doubt."""
    first = None
    try:
        for database in databases():
            try:
                do(database)
            except Doubt as doubt:
                first = first or doubt
    except Doubt as doubt:
        return doubt
    return first


def main():
    try:
        key = image_key()
        if known_before(key):
            say("the databases are as this image's migrations left them")
            return 0
        doubt = on_each(lambda database: database.forget())
    except Exception as error:  # whatever it is: no reason not to migrate
        say(f"migrating the database: {error}")
        doubt = error
    began, runner = time.monotonic(), Runner()
    status = runner.run()
    took = f"{time.monotonic() - began:.0f} s"
    if status:
        say(f"the migrations ended with status {status} after {took}")
        return status
    say(f"migrations done in {took}")
    if runner.failed:
        say("they run again at the next start, since these failed: " + ", ".join(runner.failed))
    elif not doubt and not runner.unseen:
        doubt = on_each(lambda database: database.remember(key))
        if doubt:
            say(f"they run again at the next start: {doubt}")
    return 0


if __name__ == "__main__":
    sys.path.pop(0)  # the app's directory, where a module may be called as one of Python's
    sys.stdout.reconfigure(line_buffering=True)
    sys.exit(main())
