"""The two that heavy.py compares: openalgo-install, and Docker Compose with the same .env."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time

from images import HERE, docker

PROGRAM = os.environ.get("PROGRAM", "")
COMPOSE = os.environ.get("COMPOSE", "")

ANSWERS = """version: 1
broker: {{name: zerodha, api_key: bench-key, api_secret: bench-secret}}
image: {image}
ports: {{web: {web}, websocket: {websocket}}}
"""

# What a resize to either writes, with 4 cores; the table of docs/sizing.md.
SIZES = {
    "4GB": {"THREADS": "2", "STRATEGY_MEMORY_LIMIT_MB": "512", "SHM_SIZE": "512m"},
    "8GB": {"THREADS": "4", "STRATEGY_MEMORY_LIMIT_MB": "1024", "SHM_SIZE": "1024m"},
}
LEVELS = {1: "DEBUG", 0: "INFO"}


def call(*argv, cwd=None, stdin=None):
    """Runs a command and returns its standard output."""
    done = subprocess.run(argv, cwd=cwd, input=stdin, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"bench: {argv} exits {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}")
    return done.stdout


def edited(text, changes):
    """The text of a .env with other values."""
    lines = []
    for line in text.splitlines():
        key = line.split("=")[0].strip()
        lines.append(f"{key} = '{changes[key]}'" if key in changes else line)
    return "\n".join(lines) + "\n"


class Ours:
    """An instance of openalgo-install."""

    def __init__(self, work, name, image, ports):
        self.name, self.dir, self.image = name, work / name, image
        self.web, self.websocket = ports
        self.container, self.volume = f"{name}-web", f"{name}_openalgo_db"
        self.answers = ANSWERS.format(image=image, web=self.web, websocket=self.websocket)
        self.resized = self.level = 0

    def program(self, *argv, stdin=None):
        return call(PROGRAM, *argv, "--dir", str(self.dir), stdin=stdin)

    def install(self):
        """Installs; returns s until the image was there."""
        began, image = time.monotonic(), 0.0
        child = subprocess.Popen((PROGRAM, "--answers", "-", "--json", "--dir", str(self.dir)),
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        child.stdin.write(self.answers)
        child.stdin.close()
        for line in child.stdout:
            event = json.loads(line)
            if event.get("step") == "image" and event.get("state") == "done":
                image = time.monotonic() - began
            if event["type"] == "result" and not event["ok"]:
                raise SystemExit(f"bench: the install failed: {event['message']}")
        child.wait()
        return image

    def settle(self):
        """Waits for what it makes in the background after an install or upgrade: bytecode, for the next start."""
        label = "io.openalgo.install.bytecode.volume"
        deadline = time.monotonic() + 600
        while self.name in docker("ps", "--filter", f"label={label}", "--format", f'{{{{.Label "{label}"}}}}'):
            if time.monotonic() > deadline:
                raise SystemExit("bench: the bytecode is not made within 600 s")
            time.sleep(0.5)

    def again(self):
        self.program("--answers", "-", stdin=self.answers)

    def restart(self):
        self.program("restart", "--now")

    def set(self):
        self.level ^= 1
        self.program("set", f"LOG_LEVEL={LEVELS[self.level]}", "--now", "--yes")

    def resize(self):
        self.resized ^= 1
        self.program("resize", "--ram", list(SIZES)[self.resized], "--cores", "4", "--now", "--yes")

    def upgrade(self, release):
        self.program("upgrade", "--to", str(release), "--now", "--yes")

    def backup(self, target):
        return self.program("backup", "--now", "--to", str(target))

    def runs(self):
        """The image that its container was made from."""
        return docker("inspect", "--format", "{{.Config.Image}}", self.container)

    def remove(self):
        subprocess.run((PROGRAM, "uninstall", "--dir", str(self.dir), "--yes", "--now", f"--purge={self.name}"),
                       check=False, capture_output=True)


class Theirs:
    """The same .env with Docker Compose alone, as upstream describes it."""

    def __init__(self, work, name, image, ports, env):
        self.name, self.dir = name, work / name
        self.web, self.websocket = ports
        self.container, self.volume = f"{name}-openalgo-1", f"{name}_db"
        self.dir.mkdir()
        shutil.copy(HERE / "heavy/docker-compose.yaml", self.dir)
        self.env = edited(env, {"LOG_LEVEL": LEVELS[0]}) + f"BENCH_WEB={self.web}\nBENCH_WEBSOCKET={self.websocket}\nBENCH_IMAGE={image}\n"
        self.resized = self.level = 0
        self.write({})

    def write(self, changes):
        """Edits .env in place: the container has this very file."""
        self.env = edited(self.env, changes)
        path = self.dir / ".env"
        path.write_text(self.env)
        path.chmod(0o666)

    def settle(self):
        """Compose does nothing in the background."""

    def compose(self, *argv):
        return call(COMPOSE, *argv, cwd=self.dir)

    def install(self):
        self.compose("up", "-d", "--wait")

    def again(self):
        self.compose("up", "-d")

    def restart(self):
        docker("restart", self.container)

    def set(self):
        self.level ^= 1
        self.write({"LOG_LEVEL": LEVELS[self.level]})
        self.compose("up", "-d", "--force-recreate")  # Compose does not see that this file changed

    def resize(self):
        self.resized ^= 1
        size = dict(SIZES[list(SIZES)[self.resized]])
        threads = size.pop("THREADS")
        names = re.findall(r"^(\w+_NUM_THREADS)\b", self.env, re.MULTILINE)
        self.write({**size, **dict.fromkeys(names, threads)})
        self.compose("up", "-d")

    def upgrade(self, image):
        self.write({"BENCH_IMAGE": image})
        self.compose("pull", "--quiet")
        self.compose("up", "-d")

    def backup(self, target, base):
        """As people are told to: stop, tar, start."""
        docker("stop", self.container)
        docker("run", "--rm", "-v", f"{self.volume}:/data:ro", "-v", f"{target}:/out", base, "tar", "czf", "/out/data.tgz", "-C", "/data", ".")
        docker("start", self.container)

    def remove(self):
        subprocess.run((COMPOSE, "down", "--volumes", "--timeout", "1"), cwd=self.dir, check=False, capture_output=True)
