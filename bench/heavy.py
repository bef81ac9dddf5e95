"""Measures openalgo-install on an app as heavy as OpenAlgo, beside Docker Compose; see heavy.sh."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import backups
from bench import free_ports
from client import Client
from images import HERE, Images, Registry
from sides import Ours, Theirs

REGISTRY = os.environ["REGISTRY"]
LIVE = 100  # MB of the database that is written to while a backup is made: 2 % of 5 GB


def say(text):
    print(f"bench: {time.monotonic() - STARTED:4.0f} s  {text}", file=sys.stderr, flush=True)


STARTED = time.monotonic()


class Table:
    """What was measured, with its targets. A value is in seconds unless it says otherwise."""

    def __init__(self):
        self.rows, self.raw = [], {}

    def add(self, case, ours, theirs, unit="s", ratio=None, most=None):
        """Adds a row: ratio is the most that ours may be of theirs, most what it may be by itself."""
        row = {"case": case, "ours": ours, "theirs": theirs, "unit": unit, "ratio": None, "target": "", "ok": None}
        if theirs:
            row["ratio"] = round(ours / theirs, 3)
        if ratio is not None:
            row["target"], row["ok"] = f"x {ratio:.2f}", row["ratio"] is not None and row["ratio"] <= ratio
        elif most is not None:
            row["target"], row["ok"] = f"{most:g} {unit}".strip(), ours <= most
        self.rows.append(row)

    def __str__(self):
        lines = [f"{'case':<42} {'ours':>10} {'theirs':>10} {'ratio':>6}  {'target':>7}  ok"]
        for row in self.rows:
            theirs = "" if row["theirs"] is None else f"{row['theirs']:.2f} {row['unit']}"
            ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
            ok = {True: "yes", False: "NO", None: ""}[row["ok"]]
            ours = f"{row['ours']:.2f}" if row["unit"] else f"{row['ours']}"
            lines.append(f"{row['case']:<42} {ours + ' ' + row['unit']:>10} {theirs:>10} {ratio:>6}  {row['target']:>7}  {ok}")
        return "\n".join(lines)


def timed(action):
    began = time.monotonic()
    action()
    return time.monotonic() - began


def measured(side, action):
    """The downtime of an action, as a client sees it."""
    side.settle()
    with Client(side.web, side.websocket) as client:
        time.sleep(0.5)
        action()
        client.until_both()
        return client.downtime()


class Bench:
    def __init__(self, work, options):
        self.work, self.options = work, options
        self.table = Table()
        self.images = Images(work)
        self.registry = self.published = self.built = self.compose = None
        self.name = f"oabench{os.getpid()}"

    def run(self):
        say("finding the image of an earlier run" if self.images.has("theirs") else "building with docker build")
        self.images.build_theirs()
        say("filling a registry")
        self.registry = Registry(REGISTRY, self.images, self.options.rounds + 1)
        self.light()
        self.install()
        self.nothing_to_do()
        self.downtime()
        self.upgrade()
        self.backup()
        if self.options.gib:
            self.big_backup()
        self.build()

    def light(self):
        say("installing the test app")
        out = self.work / "light.json"
        subprocess.run((sys.executable, HERE / "bench.py", "--runs", str(self.options.rounds), "--json", out), check=True, stdout=subprocess.DEVNULL)
        light = self.table.raw["light"] = json.loads(out.read_text())
        self.table.add("test app: first install", light["ready"], light["compose_ready"], ratio=0.05)
        self.table.add("test app: nothing to do", light["again"], light["compose_again"], ratio=1.2)

    def install(self):
        """First installs; the last of each stays."""
        ours, theirs = [], []
        for n in range(self.options.rounds):
            for side in (self.published, self.compose):
                if side:
                    side.remove()
            say(f"first install {n + 1}")
            self.published = Ours(self.work, f"{self.name}a", f"{{source: registry, ref: '{self.registry.ref(1)}'}}", free_ports(2))
            ours.append(timed(self.published.install))
            env = (self.published.dir / ".env").read_text()
            shutil.rmtree(self.work / f"{self.name}c", ignore_errors=True)
            self.compose = Theirs(self.work, f"{self.name}c", self.registry.ref(1), free_ports(2), env)
            theirs.append(timed(self.compose.install))
        self.median("first install", ours, theirs)
        say("installing with an image built here" + (", which is kept from an earlier run" if self.images.has("ours") else ""))
        self.images.offer_ours()
        self.built = Ours(self.work, f"{self.name}b", self.images.answers(), free_ports(2))
        seconds = self.built.install()
        self.images.built_ours(self.built.runs(), seconds)

    def nothing_to_do(self):
        say("nothing to do")
        self.published.settle()
        ours, theirs = [], []
        for _ in range(5):
            ours.append(timed(self.published.again))
            theirs.append(timed(self.compose.again))
        self.median("nothing to do", ours, theirs, ratio=1.2)

    def downtime(self):
        self.built.restart()  # at the first start there are no databases yet, so the second one migrates, too
        for case in ("restart", "set", "resize"):
            published, built, theirs = [], [], []
            for n in range(self.options.rounds):
                for side, into in ((self.published, published), (self.compose, theirs), (self.built, built)):
                    into.append(measured(side, getattr(side, case)))
                say(f"{case} {n + 1}: published image {published[-1]:.2f} s, Compose {theirs[-1]:.2f} s, built here {built[-1]:.2f} s")
            self.median(f"{case}: down, published image", published, theirs, ratio=0.55)
            self.median(f"{case}: down, image built here", built, theirs, ratio=0.30)

    def upgrade(self):
        ours, theirs = [], []
        for release in range(2, self.options.rounds + 2):
            ours.append(measured(self.published, lambda: self.published.upgrade(release)))
            theirs.append(measured(self.compose, lambda: self.compose.upgrade(self.registry.ref(release))))
            say(f"upgrade {release - 1}: {ours[-1]:.2f} s, Compose {theirs[-1]:.2f} s")
        self.median("upgrade: down", ours, theirs)

    def backup(self):
        for side in (self.published, self.compose):
            filled = backups.fill(side.container, LIVE, 200 - LIVE)
        say(f"backup of {filled / 1e6:.0f} MB")
        ours, theirs = [], []
        for n in range(self.options.backups):
            ours.append(backups.ours(self.published, self.work, n, self.images.theirs))
            if n < self.options.rounds:
                theirs.append(backups.theirs(self.compose, self.work, self.images.base))
                say(f"backup {n + 1}: {ours[-1]['down']:.2f} s, stop+tar+start {theirs[-1]['down']:.2f} s")
        self.backup_rows("backup of 200 MB", ours, theirs, most=0.3)

    def big_backup(self):
        big = self.options.gib * 1024
        for side in (self.published, self.compose):
            backups.fill(side.container, LIVE, big - LIVE)
        say(f"backup of {big} MB")
        ours = [backups.ours(self.published, self.work, 1000, self.images.theirs)]
        say(f"backup: {ours[0]['down']:.2f} s")
        theirs = [backups.theirs(self.compose, self.work, self.images.base)]
        self.backup_rows(f"backup of {self.options.gib} GB", ours, theirs, most=1.0)

    def backup_rows(self, case, ours, theirs, most):
        self.table.raw[case] = {"ours": ours, "theirs": theirs}
        sum_ = backups.summary(ours)
        self.table.add(f"{case}: down", sum_["down"], statistics.median(r["down"] for r in theirs), most=most)
        self.table.add(f"{case}: down, worst of {sum_['runs']}", sum_["worst"], None, most=most)
        self.table.add(f"{case}: committed rows missing", sum_["missing"], None, unit="", most=0)
        self.table.add(f"{case}: databases not whole", len(sum_["problems"]), None, unit="", most=0)
        self.table.add(f"{case}: WebSockets dropped", sum_["dropped"], None, unit="", most=0)

    def build(self):
        ours, theirs = self.images.kept["ours"], self.images.kept["theirs"]
        self.table.raw["build"] = self.images.kept
        self.table.add("image: build", ours["seconds"], theirs["seconds"])
        self.table.add("image: size", ours["bytes"] / 1e6, theirs["bytes"] / 1e6, unit="MB")

    def median(self, case, ours, theirs, **target):
        self.table.raw[case] = {"ours": ours, "theirs": theirs}
        self.table.add(case, statistics.median(ours), statistics.median(theirs), **target)

    def close(self):
        for side in (self.published, self.built, self.compose):
            if side:
                side.remove()
        if self.registry:
            self.registry.close()
        self.images.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3, help="of each case")
    parser.add_argument("--backups", type=int, default=10, help="backups that are checked")
    parser.add_argument("--gib", type=int, default=0, help="also a backup of this size")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of finally: nothing stays behind
    work = pathlib.Path(tempfile.mkdtemp(prefix="openalgo-bench-"))
    work.chmod(0o755)
    bench = None
    try:
        bench = Bench(work, options)
        bench.run()
    finally:
        if bench:
            bench.close()
            if bench.table.rows:
                print(bench.table, flush=True)
        shutil.rmtree(work, ignore_errors=True)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({"rows": bench.table.rows, "raw": bench.table.raw}, indent=2) + "\n")
    if options.check and any(row["ok"] is False for row in bench.table.rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
