"""Times openalgo-install beside Docker Compose; see run.sh, which calls it."""

import argparse
import ctypes
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
COMPOSE = os.environ["COMPOSE"]
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

ANSWERS = """version: 1
broker: {{name: zerodha, api_key: bench-key, api_secret: bench-secret}}
image: {{source: rehearsal}}
ports: {{web: {web}, websocket: {websocket}}}
"""


def run(*argv, cwd=None, stdin=None):
    """Runs a command; returns wall time in s and peak memory in MiB.

    A child's peak counts what its parent held when it forked, and Python holds
    more than the program measured. So a shell forks it, and we, as the
    subreaper, inherit it and its figures.
    """
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output:
        given.write((stdin or "").encode())
        given.seek(0)
        begin = time.monotonic()
        subprocess.run(("sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh", *argv),
                       cwd=cwd, stdin=given, stdout=output, stderr=output, check=True)
        _, status, usage = os.wait4(-1, 0)
        elapsed = time.monotonic() - begin
        code = os.waitstatus_to_exitcode(status)
        if code != 0:
            output.seek(0)
            raise SystemExit(f"bench: {argv} exits {code}\n{output.read().decode()}")
    return elapsed, usage.ru_maxrss / 1024


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def one_round(directory):
    """One install and one `up --wait` of the same file, each from nothing.

    The image is there for both: it is made by the first install.
    """
    name = directory.name
    web, websocket = free_ports(2)
    answers = ANSWERS.format(web=web, websocket=websocket)
    install = (PROGRAM, "--answers", "-", "--dir", str(directory))
    purge = (PROGRAM, "uninstall", "--dir", str(directory), "--yes", "--now", f"--purge={name}")
    try:
        result = {}
        result["ready"], result["ready_mib"] = run(*install, stdin=answers)
        time.sleep(1)  # the steady time of what was started just now
        result["again"], result["again_mib"] = run(*install, stdin=answers)
        result["compose_again"], _ = run(COMPOSE, "up", "-d", cwd=directory)
        # .env stays: Compose needs it, and does not make it.
        run(COMPOSE, "down", "--volumes", "--timeout", "1", cwd=directory)
        result["compose_ready"], result["compose_mib"] = run(COMPOSE, "up", "-d", "--wait", cwd=directory)
        run(COMPOSE, "down", "--volumes", "--timeout", "1", cwd=directory)
        return result
    finally:
        subprocess.run(purge, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    root = pathlib.Path(tempfile.mkdtemp(prefix="openalgo-bench-"))
    try:
        # The first round makes the image; it does not count.
        rounds = [one_round(root / f"oabench{os.getpid()}x{n}") for n in range(options.runs + 1)][1:]
    finally:
        shutil.rmtree(root, ignore_errors=True)
    result = {key: statistics.median(r[key] for r in rounds) for key in rounds[0]}
    helps = [run(PROGRAM, "--help") for _ in range(30)]
    result["help"] = statistics.median(t for t, _ in helps)
    result["help_mib"] = max(m for _, m in helps)
    result["size"] = os.path.getsize(PROGRAM)
    result["runs"] = options.runs

    print(f"median of {options.runs} runs    openalgo-install   docker compose      ratio")
    for label, ours, theirs in (("to verified ready", "ready", "compose_ready"), ("nothing to do", "again", "compose_again")):
        print(f"{label:<18}  {result[ours]:>14.2f} s {result[theirs]:>14.2f} s {result[ours] / result[theirs]:>10.3f}")
    print(f"{'peak memory':<18}  {result['ready_mib']:>12.1f} MiB {result['compose_mib']:>10.1f} MiB")
    print(f"{'--help':<18}  {result['help'] * 1000:>13.1f} ms {result['help_mib']:>10.1f} MiB peak")
    print(f"{'program':<18}  {result['size'] / 1e6:>13.1f} MB")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
