"""Count what payloads cost that nobody chose for speed.

``python -m tests.benchmarks.payload_costs`` prints the instructions of every row and program;
``--rows order,event`` and ``--programs restkit,litestar`` measure these alone. ``--record`` merges
the figures into results/payloads.json, and writes the page that is made of it. Needs valgrind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from .cases import CASES
from .instructions import Failed, per_request
from .ledger import shared_ledger
from .payload_report import RECORD, ROWS, payload_parts
from .programs import PROGRAMS, installed, offers
from .record import RECORDED, load, part_about, save
from .report import write

__all__ = ["main"]

_SHARED = ("marshmallow", "msgspec", "orjson", "pydantic", "werkzeug")


def main(arguments: Sequence[str]) -> None:
    """Measure, print, and perhaps record."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.payload_costs", description=__doc__
    )
    parser.add_argument("--rows", default=",".join(ROWS), help=", ".join(ROWS))
    parser.add_argument("--programs", default=",".join(PROGRAMS), help=", ".join(PROGRAMS))
    parser.add_argument("--record", action="store_true", help="merge the figures into the record")
    options = parser.parse_args(arguments)
    names = [name for name in options.programs.split(",") if _is_there(name)]
    figures = load(RECORD) if options.record else {}
    counts: dict[str, Any] = figures.setdefault("instructions", {})
    for row in options.rows.split(","):
        for name in names:
            if offers(name, CASES[row].service):
                counts.setdefault(row, {})[name] = _count(name, row)
                print(row, name, counts[row][name], flush=True)
    print("\n".join(payload_parts(figures, load(RECORDED))))
    if options.record:
        used = [each for name in PROGRAMS for each in PROGRAMS[name].distributions]
        figures["about"] = part_about(dict.fromkeys([*used, *_SHARED]))
        save(RECORD, figures)
        write(load(RECORDED))


def _is_there(name: str) -> bool:
    there = installed(PROGRAMS[name])
    if not there:
        print(f"{PROGRAMS[name].title} is not installed; it is left out", file=sys.stderr)
    return there


def _count(name: str, row: str) -> int | None:
    case = CASES[row]
    # What a write leaves behind would be another file for the next program.
    reads_rows = case.service == "ledger" and case.method == "GET"
    try:
        with shared_ledger() if reads_rows else nullcontext():
            return per_request(name, case)
    except Failed as failed:
        print(f"not measured: {failed}", file=sys.stderr)
        return None


if __name__ == "__main__":
    main(sys.argv[1:])
