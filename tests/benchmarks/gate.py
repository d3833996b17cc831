"""The gate: restkit's instruction counts against the recorded ones. ``python -m
tests.benchmarks.gate``.

Exits 1 where a row costs over 5 % more than recorded, 2 where nothing can be compared. ``--rows
hello,post`` measures
these alone, ``--recorded FILE`` compares with other figures than those of the repository. Counts
depend on the build of
Python: with another interpreter or valgrind than the recorded ones, ratios to the bare program are
compared instead,
and 10 % are allowed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .cases import DATABASE, ROWS
from .instructions import Failed, per_request, valgrind_version
from .record import RECORDED, load, versions

__all__ = ["compare", "main", "same_build"]

_COUNTS, _RATIOS = 0.05, 0.10
_GATED = {**ROWS, **DATABASE}


def same_build(about: Mapping[str, Any]) -> list[str]:
    """Return what is different from the recorded run so that counts cannot be compared,
    [] for nothing.
    """
    here = {"python": sys.version, "valgrind": valgrind_version()}
    return [
        f"{name} is {here[name]!r}, recorded {about.get(name)!r}"
        for name in here
        if here[name] != about.get(name)
    ]


def compare(
    measured: Mapping[str, float], recorded: Mapping[str, float], allowed: float
) -> tuple[list[str], bool]:
    """Compare figures.

    Args:
        measured: By row.
        recorded: By row.
        allowed: How much more a row may cost, as a fraction.

    Returns:
        A table of the rows, and whether every row is within what is allowed.
    """
    lines, good = [f"{'row':<12} {'recorded':>14} {'measured':>14} {'change':>9}"], True
    for row, figure in measured.items():
        known = recorded.get(row)
        if not known:
            lines.append(f"{row:<12} {'-':>14} {figure:>14,.2f} {'new':>9}")
            continue
        change = figure / known - 1
        good = good and change <= allowed
        verdict = (
            "  too much"
            if change > allowed
            else "  cheaper: record it"
            if change < -allowed
            else ""
        )
        lines.append(f"{row:<12} {known:>14,.2f} {figure:>14,.2f} {change:>+9.1%}{verdict}")
    return lines, good


def main(arguments: Sequence[str]) -> int:
    """Measure the rows, print the comparison, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gate", description=__doc__)
    parser.add_argument(
        "--rows", default=",".join(_GATED), help="names of rows, with commas between them"
    )
    parser.add_argument("--recorded", type=Path, default=RECORDED, help="a file of figures")
    options = parser.parse_args(arguments)
    rows = options.rows.split(",")
    if unknown := set(rows) - set(_GATED):
        parser.error(
            f"--rows: {', '.join(sorted(unknown))} is unknown; there are {', '.join(_GATED)}"
        )
    figures = load(options.recorded)
    if not figures.get("instructions"):
        print("Nothing is recorded; run python -m tests.benchmarks first.")
        return 2
    if shutil.which("valgrind") is None:
        print("valgrind is not installed; it counts the instructions.")
        return 2
    _tell_versions(figures["about"].get("versions", {}))
    differences = same_build(figures["about"])
    try:
        lines, good = _ratios(figures, differences, rows) if differences else _counts(figures, rows)
    except Failed as failed:
        print(failed)
        return 1
    print("\n".join(lines))
    print("within the limits" if good else "restkit costs more than recorded")
    return 0 if good else 1


def _tell_versions(recorded: Mapping[str, str]) -> None:
    for name, version in versions(["restkit", "bare"]).items():
        if name in recorded and recorded[name] != version:
            print(f"note: {name} is {version}, recorded {recorded[name]}")


def _counts(figures: Mapping[str, Any], rows: Sequence[str]) -> tuple[list[str], bool]:
    measured = {name: per_request("restkit", _GATED[name]) for name in rows}
    recorded = {name: row.get("restkit") for name, row in figures["instructions"].items()}
    print(f"Instructions a request; {_COUNTS:.0%} more are allowed.")
    return compare(measured, recorded, _COUNTS)


def _ratios(
    figures: Mapping[str, Any], differences: list[str], rows: Sequence[str]
) -> tuple[list[str], bool]:
    print("Counts cannot be compared: " + "; ".join(differences) + ".")
    print(f"Instructions of restkit divided by the bare program's; {_RATIOS:.0%} more are allowed.")
    measured = {
        name: per_request("restkit", _GATED[name]) / per_request("bare", _GATED[name])
        for name in rows
    }
    found = figures["instructions"].items()
    recorded = {
        name: row["restkit"] / row["bare"]
        for name, row in found
        if row.get("restkit") and row.get("bare")
    }
    return compare(measured, recorded, _RATIOS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
