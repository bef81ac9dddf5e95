"""Backups of the heavy app, while something commits all the time."""

import json
import shutil
import statistics
import subprocess
import threading
import time

from client import Client
from images import HERE, docker

RATE = 50  # commits a second
SOCKETS = 50
EVERY = 0.02  # s between two questions: a freeze is short
PYTHON = "/app/.venv/bin/python"


def fill(container, sqlite_mb, duckdb_mb):
    script = (HERE / "inside/fill.py").read_text()
    return int(docker("exec", "-i", container, PYTHON, "-", str(sqlite_mb), str(duckdb_mb), input=script))


class Writer:
    """Commits in the container until it is closed or stopped, and keeps what was committed when."""

    def __init__(self, container, run):
        self.committed = []
        script = (HERE / "inside/writer.py").read_text()
        self.process = subprocess.Popen(("docker", "exec", "-i", container, PYTHON, "-c", script, str(run), str(RATE)),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 60
        while len(self.committed) < RATE // 2:
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit("bench: nothing commits in the container")
            time.sleep(0.02)

    def _read(self):
        for line in self.process.stdout:
            if line.endswith("\n"):  # the last may be cut off
                n, when = line.split()
                self.committed.append((int(n), float(when)))

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.thread.join(10)


def moment(container, since):
    """When the copy was taken, by Docker's events: the last freeze, or the stop. And how often it froze."""
    said = docker("events", "--since", f"{since:.3f}", "--until", f"{time.time():.3f}", "--filter", f"container={container}",
                  "--filter", "event=pause", "--filter", "event=die", "--format", "{{.TimeNano}} {{.Action}}")
    events = [line.split() for line in said.splitlines()]
    if not events:
        raise SystemExit(f"bench: {container} was neither frozen nor stopped for its backup")
    return int(events[-1][0]) / 1e9, sum(action == "pause" for _, action in events)


def ours(side, work, run, image):
    """One backup while rows are committed and clients are connected, checked row by row."""
    target = work / "backup-ours"
    target.mkdir()
    since = time.time()
    writer = Writer(side.container, run)
    try:
        with Client(side.web, side.websocket, EVERY, SOCKETS) as client:
            time.sleep(0.5)
            began = time.monotonic()
            side.backup(target)
            seconds = time.monotonic() - began
            client.until_both()
            down, dropped = client.downtime(), client.dropped
    finally:
        writer.close()
    copied, freezes = moment(side.container, since)
    archive = next(target.glob("*.zst"))
    script = (HERE / "inside/check.py").read_text()
    found = json.loads(docker("run", "--rm", "-i", "-u", "0", "-v", f"{target}:/backup:ro", image, PYTHON, "-", f"/backup/{archive.name}", str(run), input=script))
    due = max(n for n, when in writer.committed if when < copied)
    rows, last = found.get("rows", 0), found.get("last") or 0
    shutil.rmtree(target)
    return {"down": down, "seconds": seconds, "dropped": dropped, "freezes": freezes, "committed": due,
            "missing": max(0, due - rows), "gaps": last - rows, "problems": found["problems"]}


def theirs(side, work, base):
    target = work / "backup-theirs"
    target.mkdir()
    with Client(side.web, side.websocket, EVERY, SOCKETS) as client:
        time.sleep(0.5)
        began = time.monotonic()
        side.backup(target, base)
        seconds = time.monotonic() - began
        client.until_both()
        result = {"down": client.downtime(), "seconds": seconds, "dropped": client.dropped}
    docker("run", "--rm", "-u", "0", "-v", f"{target}:/out", base, "rm", "/out/data.tgz")
    shutil.rmtree(target)
    return result


def summary(rounds):
    """What the rounds of ours show together."""
    return {"runs": len(rounds), "down": statistics.median(r["down"] for r in rounds), "worst": max(r["down"] for r in rounds),
            "dropped": sum(r["dropped"] for r in rounds), "missing": sum(r["missing"] + r["gaps"] for r in rounds),
            "problems": [p for r in rounds for p in r["problems"]], "stopped": sum(r["freezes"] == 0 for r in rounds)}
