"""Check what programs answer, without counting: ``python -m tests.benchmarks.answers fastapi``.

Prints one line a program and row, and exits 1 when an answer is other than its case says. ``--rows
order,event`` asks for these alone. A row that a program does not offer is said to be absent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .cases import CASES, PAYLOADS, Mismatch
from .driver import driver_of
from .programs import PROGRAMS, offers

__all__ = ["main"]

_ROWS = (*PAYLOADS, "hello", "converters", "middleware-3")


def main(arguments: Sequence[str]) -> int:
    """Check the programs and rows, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.answers", description=__doc__)
    parser.add_argument("programs", nargs="+", help=", ".join(PROGRAMS))
    parser.add_argument("--rows", default=",".join(_ROWS), help="names, with commas between them")
    options = parser.parse_args(arguments)
    wrong = 0
    for name in options.programs:
        for row in options.rows.split(","):
            said = _said(name, row)
            wrong += said.startswith("wrong")
            print(f"{name} {row} {said}", flush=True)
    return int(wrong > 0)


def _said(name: str, row: str) -> str:
    if not offers(name, CASES[row].service):
        return "absent"
    try:
        driver = driver_of(name, CASES[row])
        driver.run(2)
    except Mismatch as mismatch:
        return f"wrong: {mismatch}"
    return "right"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
