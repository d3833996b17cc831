"""What guards cost: thousand instructions of a request above those of hello without guards.

``python -m tests.benchmarks.guards`` prints the figures; ``--record`` writes results/guards.json,
from which the page is made. Needs valgrind.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .cases import CASES, GUARDS
from .instructions import per_request
from .record import part_about, save

__all__ = ["DEMANDED", "RECORD", "main"]

RECORD = Path(__file__).parent / "results" / "guards.json"
DEMANDED: Mapping[str, int] = {
    "signed": 55_000,
    "keyed": 40_000,
    "guarded": 40_000,
    "cors": 5_000,
    "secure": 4_000,
    "public": 2_000,
    "logged": 12_000,
}
"""The most that a row may cost above hello."""


def main(arguments: list[str]) -> None:
    """Measure, print, and perhaps record."""
    hello = per_request("restkit", CASES["hello"])
    figures: dict[str, Any] = {
        "about": part_about(["restkit", "PyJWT"]),
        "hello": hello,
        "above": {},
    }
    for name, case in GUARDS.items():
        above = figures["above"][name] = per_request("restkit", case) - hello
        print(f"{case.title}: {above / 1000:.1f} thousand instructions above hello", flush=True)
    if "--record" in arguments:
        save(RECORD, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
