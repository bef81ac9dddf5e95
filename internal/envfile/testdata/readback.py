"""Reads .env files, named one a line on stdin, as OpenAlgo does: load_dotenv
with override. Prints a line of JSON for each: key to value, as hex of its bytes.
"""
import json
import logging
import os
import sys

from dotenv import load_dotenv

logging.disable(logging.CRITICAL)  # it warns about every line that it skips

for path in sys.stdin.read().splitlines():
    os.environ.clear()
    load_dotenv(dotenv_path=path, override=True)
    print(json.dumps({os.fsdecode(k): v.hex() for k, v in os.environb.items()}))
