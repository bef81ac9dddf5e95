"""See backup.sh."""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

from bench import free_ports

DOCKER = shutil.which("docker")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def answers(path):
    web, socket = free_ports(2)
    path.write_text(
        "version: 1\nbroker: {name: zerodha, api_key: k, api_secret: s}\nimage: {source: rehearsal}\n"
        f"ports: {{web: {web}, websocket: {socket}}}\n"
    )


def fill(directory, gib):
    """Half of it is noise, half of it rows of prices, as a database has them."""
    rows = b"".join(b"%d,NIFTY24NOV,%d.%02d,%d\n" % (i * 7919, 24000 + i % 997, i % 100, i * 31 % 9973) for i in range(40000))
    for n in range(gib * 4):
        with open(directory / f"part{n}.duckdb", "wb") as out:
            for _ in range(256):
                out.write(os.urandom(1 << 20) if n % 2 else rows[: 1 << 20].ljust(1 << 20, b"0"))
        past = time.time() - 3600
        os.utime(directory / f"part{n}.duckdb", (past, past))


def ours(program, home, target):
    began = time.monotonic()
    pid = os.posix_spawn(program, [program, "--dir", str(home), "backup", "--now", "--to", str(target)], os.environ,
                         file_actions=[(os.POSIX_SPAWN_OPEN, 1, str(target / "out"), os.O_CREAT | os.O_WRONLY, 0o600)])
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, (target / "out").read_text()
    said = (target / "out").read_text()
    down = float(re.search(r"down for ([0-9.]+) s", said)[1])
    return {"seconds": time.monotonic() - began, "rss_mib": usage.ru_maxrss / 1024, "down_seconds": down,
            "bytes": next(target.glob("*.zst")).stat().st_size}


def theirs(image, volume, target):
    began = time.monotonic()
    run(DOCKER, "run", "--rm", "-v", f"{volume}:/data:ro", "-v", f"{target}:/out", image, "tar", "czf", "/out/data.tgz", "-C", "/data", ".")
    return {"seconds": time.monotonic() - began, "bytes": (target / "data.tgz").stat().st_size}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gib", type=int)
    parser.add_argument("--json")
    options = parser.parse_args()
    program = os.environ["PROGRAM"]
    work = pathlib.Path(tempfile.mkdtemp(prefix="openalgo-bench-"))
    home, image = work / "oabenchbackup", "openalgo-bench/base:1"
    try:
        answers(work / "answers.yaml")
        run(program, "--dir", str(home), "--answers", str(work / "answers.yaml"))
        run(DOCKER, "import", os.environ["BASE"], image)
        volume = "oabenchbackup_openalgo_db"
        fill(pathlib.Path(run(DOCKER, "volume", "inspect", volume, "--format", "{{.Mountpoint}}")), options.gib)
        for name in ("ours", "docker"):
            (work / name).mkdir()
        os.sync()
        result = {"gib": options.gib, "docker": theirs(image, volume, work / "docker")}
        os.sync()
        result["ours"] = ours(program, home, work / "ours")
        result["ratio"] = result["docker"]["seconds"] / result["ours"]["seconds"]
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
        mine, other = result["ours"], result["docker"]
        print(f"{options.gib} GiB            seconds     MB   peak MiB   down s")
        print(f"ours            {mine['seconds']:9.1f} {mine['bytes'] / 1e6:6.0f} {mine['rss_mib']:10.0f} {mine['down_seconds']:8.1f}")
        print(f"docker run tar  {other['seconds']:9.1f} {other['bytes'] / 1e6:6.0f}")
        print(f"ours is {result['ratio']:.1f} times as fast, with reading it back")
    finally:
        subprocess.run([program, "--dir", str(home), "uninstall", "--yes", "--now", "--purge=oabenchbackup"], check=False, capture_output=True)
        subprocess.run([DOCKER, "image", "rm", "--force", image], check=False, capture_output=True)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
