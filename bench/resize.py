"""Times the downtime of a resize beside Docker Compose; see resize.sh."""

import argparse
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

from bench import ANSWERS, COMPOSE, PROGRAM, free_ports, run

POLL = 0.05  # s: 20 Hz

# The real app takes seconds to start. One that is there at once would measure
# how long the kernel waits to ask a second time for a new container's address.
SLOW = "env: {OPENALGO_REHEARSAL_FAIL: 'slow:2s'}\n"

ROWS = {
    "4GB": {"THREADS": "2", "STRATEGY_MEMORY_LIMIT_MB": "512", "SHM_SIZE": "512m"},
    "8GB": {"THREADS": "4", "STRATEGY_MEMORY_LIMIT_MB": "1024", "SHM_SIZE": "1024m"},
}


class Client(threading.Thread):
    """Asks for /auth/check-setup and keeps the times of right answers.

    Each question has a thread of its own: one that is lost in the middle of a
    stop would hold the others up.
    """

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.done, self.answers = port, threading.Event(), []

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/auth/check-setup")
            if connection.getresponse().status == 200:
                self.answers.append(time.monotonic())
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()

    def run(self):
        while not self.done.wait(POLL):
            threading.Thread(target=self.ask, daemon=True).start()

    def downtime(self):
        """The longest time without an answer, less the pause between two."""
        times = sorted(self.answers)
        return max(b - a for a, b in zip(times, times[1:])) - POLL


def measured(port, *argv, cwd=None):
    client = Client(port)
    client.start()
    while not client.answers:
        time.sleep(POLL)
    run(*argv, cwd=cwd)
    behind = time.monotonic()
    while max(client.answers) < behind:  # it must answer again
        time.sleep(POLL)
    client.done.set()
    client.join()
    return client.downtime()


def edit(path, row):
    lines = []
    for line in path.read_text().splitlines():
        key = line.split(" ")[0]
        value = ROWS[row].get("THREADS" if key.endswith("_NUM_THREADS") else key)
        lines.append(f"{key} = '{value}'" if value and not line.startswith("#") else line)
    path.write_text("\n".join(lines) + "\n")


def one_round(directory):
    name = directory.name
    web, websocket = free_ports(2)
    here = ("--dir", str(directory))
    resize = (PROGRAM, "resize", *here, "--now", "--yes", "--cores", "4")
    try:
        run(PROGRAM, "--answers", "-", *here, stdin=ANSWERS.format(web=web, websocket=websocket) + SLOW)
        run(*resize, "--ram", "4GB")
        result = {"resize": measured(web, *resize, "--ram", "8GB")}
        run(*resize, "--ram", "4GB")
        edit(directory / ".env", "8GB")
        result["compose"] = measured(web, COMPOSE, "up", "-d", cwd=directory)
        result["restart"] = measured(web, PROGRAM, "restart", "--now", *here)
        return result
    finally:
        subprocess.run((PROGRAM, "uninstall", *here, "--yes", "--now", f"--purge={name}"), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def error_of(rounds, key):
    """The standard error of the ratio of resize to key."""
    differences = [r["resize"] - r[key] for r in rounds]
    if len(differences) < 2:
        return float("nan")
    spread = statistics.stdev(differences) / len(differences) ** 0.5
    return spread / statistics.mean(r[key] for r in rounds)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    root = pathlib.Path(tempfile.mkdtemp(prefix="openalgo-bench-"))
    try:
        rounds = [one_round(root / f"oaresize{os.getpid()}x{n}") for n in range(options.runs)]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    # A client that asks every 50 ms rounds each time; the mean evens that out,
    # the median would keep it.
    result = {key: statistics.mean(r[key] for r in rounds) for key in rounds[0]}
    result["runs"] = options.runs
    print(f"downtime, mean of {options.runs} runs")
    print(f"resize               {result['resize']:.2f} s")
    for key, label in ("compose", "docker compose up"), ("restart", "stop and start"):
        ratio = result["resize"] / result[key]
        print(f"{label:<20} {result[key]:.2f} s    ratio {ratio:.2f} +- {error_of(rounds, key):.2f}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    import ctypes

    from bench import PR_SET_CHILD_SUBREAPER

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    main()
