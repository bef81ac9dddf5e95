"""See away.sh."""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from backup import DOCKER, answers, run
from bench import free_ports

# A key of this bench alone.
IDENTITY = "AGE-SECRET-KEY-1WSCDCPMQLU2X5UUA5SV6NF5J59V97JQN4VXHJ2ZCJ8XZCJD490CQGD6SCR"
RECIPIENT = "age1ldl4gz7aepenxs20gxz37s7d39epsduamp7a0pr09lmhnhsv8p7qrpmgw2"
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench-secret"}


def measured(log, *command):
    """Runs a command, and returns its seconds and peak memory."""
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2)])
    _, status, usage = os.wait4(pid, 0)
    assert status == 0, f"{command}: {log.read_text()[-2000:]}"
    return {"seconds": time.monotonic() - began, "rss_mb": usage.ru_maxrss * 1024 / 1e6}


def copying(log):
    """How long the copy to the store took, by the run's own events."""
    times = []
    for line in log.read_text().splitlines():
        if line.startswith("{") and '"step":"send"' in line.replace(" ", ""):
            times.append(datetime.datetime.fromisoformat(json.loads(line)["time"]))
    return (times[-1] - times[0]).total_seconds()


def servers(work):
    """A gateway and an sshd on loopback, and what reaches them."""
    s3, ssh = free_ports(2)
    for name in ("s3/bucket", "sftp", "bin"):
        (work / name).mkdir(parents=True)
    gateway = subprocess.Popen([os.environ["GATEWAY"], "--access", KEYS["AWS_ACCESS_KEY_ID"], "--secret", KEYS["AWS_SECRET_ACCESS_KEY"],
                                "--port", f"127.0.0.1:{s3}", "--quiet", "posix", str(work / "s3")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for key in ("host", "key"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(work / key))
    (work / "sshd").write_text(f"ListenAddress 127.0.0.1:{ssh}\nHostKey {work}/host\nAuthorizedKeysFile {work}/key.pub\nUsePAM no\n"
                               f"StrictModes no\nPermitRootLogin yes\nPidFile none\nSubsystem sftp /usr/lib/openssh/sftp-server\n")
    pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", str(work / "sshd")], stderr=subprocess.DEVNULL)
    (work / "bin/ssh").write_text(f"#!/bin/sh\nexec /usr/bin/ssh -F none -i {work}/key -oStrictHostKeyChecking=no -oUserKnownHostsFile=/dev/null -oLogLevel=ERROR \"$@\"\n")
    (work / "bin/ssh").chmod(0o755)
    os.environ.pop("AWS_CA_BUNDLE", None)  # the servers speak no TLS
    os.environ.update(KEYS, PATH=f"{work}/bin:{os.environ['PATH']}")
    time.sleep(2)
    ours = {"s3": f"s3://bucket/ours?endpoint=http://127.0.0.1:{s3}&region=us-east-1", "sftp": f"sftp://root@127.0.0.1:{ssh}{work}/sftp"}
    # With parts of 5 MiB, which are its own, rclone's copy of 5 GiB to this gateway never ends.
    theirs = {"s3": f":s3,provider=Other,env_auth=true,no_check_bucket=true,chunk_size=16Mi,region=us-east-1,endpoint='http://127.0.0.1:{s3}':bucket/theirs",
              "sftp": f":sftp,host=127.0.0.1,port={ssh},user=root,key_file={work}/key:{work}/theirs"}
    return [gateway, sshd], ours, theirs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mib", type=int)
    parser.add_argument("--json")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was made is removed
    program, rclone = os.environ["PROGRAM"], os.environ["RCLONE"]
    work = pathlib.Path(tempfile.mkdtemp(prefix="openalgo-bench-"))
    home, away, running = work / "oabenchaway", work / "oabenchback", []
    try:
        running, ours, theirs = servers(work)
        answers(work / "answers.yaml")
        run(program, "--dir", str(home), "--answers", str(work / "answers.yaml"))
        volume = pathlib.Path(run(DOCKER, "volume", "inspect", "oabenchaway_openalgo_db", "--format", "{{.Mountpoint}}"))
        with open(volume / "noise.duckdb", "wb") as out:
            for _ in range(options.mib):
                out.write(os.urandom(1 << 20))
        (work / "identity").write_text(IDENTITY + "\n")
        result = {"mib": options.mib}
        for kind in ("s3", "sftp"):
            log = work / "log"
            (home / ".openalgo-install/backup-recipient.json").write_text(json.dumps({"recipient": RECIPIENT, "own": True}))
            mine = measured(log, program, "--dir", str(home), "backup", "--now", "--json", "--to", ours[kind])
            mine["copy_seconds"] = copying(log)
            file = next((home.parent / "oabenchaway-backups").glob("*.zst"))
            other = measured(log, rclone, "--config", "/dev/null", "copyto", str(file), theirs[kind] + "/x")
            result[kind] = {"ours": mine, "rclone": other, "ratio": mine["copy_seconds"] / other["seconds"]}
            file.unlink()
            for left in (work / "s3/bucket/theirs", work / "sftp", work / "theirs"):
                shutil.rmtree(left, ignore_errors=True)
        (volume / "noise.duckdb").unlink()
        result["restore"] = measured(work / "log", program, "--dir", str(away), "restore", "--yes", "--now", "--identity", str(work / "identity"), ours["s3"])
        pathlib.Path(options.json).write_text(json.dumps(result, indent=2) + "\n")
        print(f"{options.mib} MiB     copy s   rclone s   ratio   peak MB   rclone MB")
        for kind in ("s3", "sftp"):
            mine, other = result[kind]["ours"], result[kind]["rclone"]
            print(f"{kind:10} {mine['copy_seconds']:8.1f} {other['seconds']:10.1f} {result[kind]['ratio']:7.2f} {mine['rss_mb']:9.1f} {other['rss_mb']:11.1f}")
        print(f"restore    {result['restore']['seconds']:8.1f} {'':18} {result['restore']['rss_mb']:9.1f}")
        peaks = [result[k]["ours"]["rss_mb"] for k in ("s3", "sftp")] + [result["restore"]["rss_mb"]]
        if options.check and (max(peaks) > 80 or max(result[k]["ratio"] for k in ("s3", "sftp")) > 1.2):
            sys.exit(1)
    finally:
        for one in running:
            one.terminate()
        for directory in (home, away):
            subprocess.run([program, "--dir", str(directory), "uninstall", "--yes", "--now", f"--purge={directory.name}"], check=False, capture_output=True)
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
