"""Times the wizard's first page; see firstframe.sh, which calls it."""

import argparse
import os
import pty
import select
import signal
import statistics
import struct
import fcntl
import termios
import time

PROGRAM = os.environ["PROGRAM"]


def until(argv, *texts):
    """The seconds from exec until each text has come, on a pty of 80x24."""
    begin = time.monotonic()
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.environ["TERM"] = "xterm-256color"
        os.execvp(argv[0], argv)
    seen, times, wanted = b"", [], list(texts)
    while wanted and time.monotonic() - begin < 30:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
        while wanted and wanted[0] in seen:
            times.append(time.monotonic() - begin)
            wanted.pop(0)
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    os.close(terminal)
    if wanted:
        raise SystemExit(f"bench: {wanted[0]!r} never came: {seen!r}")
    return times


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    wizard = (PROGRAM, "--dir", "/nonexistent-openalgo/bench")
    rounds = [until(wizard, b"this machine", b"Nothing is changed") for _ in range(options.runs)]
    shell = [until(("sh", "-c", "echo here; sleep 1"), b"here")[0] for _ in range(options.runs)]
    print(f"median of {options.runs} runs, from exec")
    base = statistics.median(shell)
    for at, label in enumerate(("first page", "with its facts")):
        t = statistics.median(r[at] for r in rounds)
        print(f"{label:<16} {t * 1000:6.1f} ms    {t / base:5.1f} times a shell's first word")
    print(f"{'sh':<16} {base * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
