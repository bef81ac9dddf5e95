"""Unpacks the databases of an archive and opens each: check.py ARCHIVE RUN. Says what it found, as JSON."""

import json
import pathlib
import sqlite3
import sys
import tarfile
import tempfile

import duckdb
import zstandard

out = pathlib.Path(tempfile.mkdtemp())
with open(sys.argv[1], "rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if member.isfile() and member.name.startswith("data/db/"):
                (out / pathlib.PurePosixPath(member.name).name).write_bytes(archive.extractfile(member).read())

found = {"problems": []}
for path in sorted(out.glob("*.duckdb")):
    try:
        duckdb.connect(str(path)).execute("SELECT count(*), sum(price) FROM prices").fetchone()
    except duckdb.Error as problem:
        found["problems"].append(f"{path.name}: {problem}")
for path in sorted(out.glob("*.db")):
    try:
        said = sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as problem:
        said = problem
    if said != "ok":
        found["problems"].append(f"{path.name}: {said}")
db = sqlite3.connect(out / "openalgo.db")
try:
    found["rows"], found["last"] = db.execute("SELECT count(*), max(n) FROM ticks WHERE run = ?", (int(sys.argv[2]),)).fetchone()
except sqlite3.Error as problem:
    found["problems"].append(f"openalgo.db: {problem}")
print(json.dumps(found))
