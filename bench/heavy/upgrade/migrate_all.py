"""Runs the migrations one after the other, each in a Python of its own."""

import pathlib
import subprocess
import sys

MIGRATIONS = [
    ("migration.py", "1"),
    ("migration.py", "2"),
    ("migration.py", "3"),
    ("migration.py", "4"),
    ("migration.py", "5"),
    ("migration.py", "6"),
    ("migration.py", "7"),
    ("migration.py", "8"),
    ("migration.py", "9"),
    ("migration.py", "10"),
    ("migration.py", "11"),
    ("migration.py", "12"),
    ("migration.py", "13"),
    ("migration.py", "14"),
    ("migration.py", "15"),
    ("migration.py", "16"),
    ("migration.py", "17"),
    ("migration.py", "18"),
    ("migration.py", "19"),
    ("migration.py", "20"),
]

for name, number in MIGRATIONS:
    print(f"Running: migration {number}\nScript: {name}", flush=True)
    subprocess.run([sys.executable, pathlib.Path(__file__).with_name(name), number], check=True)
