"""Count the instructions of a request under callgrind, start-up excluded.

``python -m tests.benchmarks.instructions restkit [flask falcon ...]`` runs each program with N and 3N requests and
divides the difference; the hash seed is fixed. Needs valgrind.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["count", "per_request"]

_TOTAL = re.compile(r"Collected\s*:\s*(\d+)")


def count(program: str, requests: int) -> int:
    """Return the instructions of a whole run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={folder}/out",
            sys.executable,
            "-m",
            "tests.benchmarks.programs",
            program,
            str(requests),
        ]
        environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        root = Path(__file__).parents[2]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    found = _TOTAL.search(done.stderr)
    if done.returncode or not found:
        raise SystemExit(done.stderr[-2000:])
    return int(found[1])


def per_request(program: str, requests: int = 500) -> int:
    """Return the instructions of one request."""
    return (count(program, 3 * requests) - count(program, requests)) // (2 * requests)


if __name__ == "__main__":
    for name in sys.argv[1:] or ["restkit"]:
        print(f"{name:12} {per_request(name):>10,} instructions a request")
