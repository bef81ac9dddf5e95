"""Times a build of openalgo-install beside docker build; see build.sh."""

import argparse
import json
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

PROGRAM = os.environ["PROGRAM"]
DOCKER = os.environ["DOCKER"]
MIB = 1 << 20
DOCKERFILE = "FROM {base}\nCOPY . /context\n"

ANSWERS = """version: 1
broker: {{name: zerodha, api_key: bench-key, api_secret: bench-secret}}
image: {image}
ports: {{web: {web}, websocket: {websocket}}}
"""


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def fill(directory, files, size):
    """Writes files of random bytes; the same block in each, told apart by its head."""
    block = os.urandom(size)
    for n in range(files):
        path = directory / f"part{n % 50:02}" / f"{n:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(16) + block[16:])


def install(directory, image, builder):
    """Runs an install; returns s to the built image, and the peak memory in MiB
    until then, which the kernel counts anew at exec."""
    web, websocket = free_ports(2)
    answers = ANSWERS.format(image=image, web=web, websocket=websocket)
    env = environment(builder)
    begin = time.monotonic()
    child = subprocess.Popen((PROGRAM, "--answers", "-", "--json", "--dir", str(directory)),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, text=True)
    child.stdin.write(answers)
    child.stdin.close()
    built = peak = 0
    for line in child.stdout:
        event = json.loads(line)
        if event.get("step") == "image" and event.get("state") == "done":
            built = time.monotonic() - begin
            status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
            peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
        if event["type"] == "result" and not event["ok"]:
            raise SystemExit(f"bench: {event['message']}")
    child.wait()
    return built, peak


def purge(directory):
    subprocess.run((PROGRAM, "uninstall", "--dir", str(directory), "--yes", "--now", f"--purge={directory.name}"),
                   check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def environment(builder):
    """The environment with a builder chosen, or none for the default one."""
    env = {key: value for key, value in os.environ.items() if key != "DOCKER_BUILDKIT"}
    return env if builder is None else dict(env, DOCKER_BUILDKIT=builder)


def docker(*argv, builder=None):
    begin = time.monotonic()
    out = subprocess.run((DOCKER, *argv), check=False, capture_output=True, text=True, env=environment(builder))
    if out.returncode:
        raise SystemExit(f"bench: docker {argv} exits {out.returncode}\n{out.stderr}")
    return time.monotonic() - begin, out.stdout


def one_round(work, base, builder, turn):
    """One build by each of the two, of content of its own."""
    result = {}
    for who in ("ours", "docker") if turn % 2 else ("docker", "ours"):
        context = work / f"context-{who}"
        fill(context, 2000, MIB // 2)
        (context / "Dockerfile").write_text(DOCKERFILE.format(base=base))
        (context / ".dockerignore").write_text("ignored\n")
        os.rename(work / "ignored", context / "ignored")
        os.sync()
        stack = work / f"benchbuild{os.getpid()}"
        try:
            if who == "ours":
                result["ours"], result["ours_mib"] = install(stack, f"{{source: path, path: {context}, dockerfile: theirs}}", builder)
            else:
                result["docker"], _ = docker("build", "-q", "-t", "openalgo-install/bench:1", str(context), builder=builder)
        finally:
            os.rename(context / "ignored", work / "ignored")
            shutil.rmtree(context)
            purge(stack)
            images = docker("images", "-q", "--filter", "reference=openalgo-install/bench")[1].split()
            images += docker("images", "-q", "--filter", f"label=io.openalgo.install.project={stack.name}")[1].split()
            if images:
                docker("rmi", "-f", *images)
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="openalgo-bench-"))
    seed = work / f"benchseed{os.getpid()}"
    try:
        install(seed, "{source: rehearsal}", None)
        base = docker("inspect", "-f", "{{.Config.Image}}", f"{seed.name}-web")[1].strip()
        fill(work / "ignored", 4000, MIB // 2)
        table = {}
        for name, builder in (("default", None), ("BuildKit", "1"), ("classic", "0")):
            rounds = [one_round(work, base, builder, n) for n in range(options.runs)]
            ours, theirs = (statistics.median(r[who] for r in rounds) for who in ("ours", "docker"))
            table[name] = {"ours_s": round(ours, 2), "docker_s": round(theirs, 2), "ratio": round(ours / theirs, 3),
                           "ours_peak_mib": round(max(r["ours_mib"] for r in rounds), 1), "runs": rounds}
            row = table[name]
            print(f"{name:9} ours {ours:6.2f} s   docker build {theirs:6.2f} s   ratio {row['ratio']:.3f}   our peak {row['ours_peak_mib']:.1f} MiB")
        if options.json:
            options.json.write_text(json.dumps(table, indent=2) + "\n")
    finally:
        purge(seed)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
