"""How the cost of a list grows with its length, its columns and its relations.

``python -m tests.benchmarks.growth`` lets restkit, FastAPI with SQLModel and SQLAlchemy Core by
hand answer lists over one SQLite file, in turns in one process, and prints the CPU time of a
request; ``--record`` writes results/growth.json, from which the page and its chart are made.
"""

from __future__ import annotations

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .cases import Case
from .driver import ASGIDriver, Driver, WSGIDriver
from .growth_programs import COLUMNS, LENGTHS, PROGRAMS, RELATIONS, decoded, fill, path_of
from .record import database_about, save

__all__ = ["CELLS", "GROWTH", "driver_of_list", "main", "measured"]

GROWTH = Path(__file__).parent / "results" / "growth.json"
CELLS: dict[str, dict[int, tuple[tuple[int, int], int]]] = {
    "length": {each: ((10, 0), each) for each in LENGTHS},
    "columns": {each: ((each, 0), 100) for each in COLUMNS},
    "relations": {each: ((10, each), 100) for each in RELATIONS},
}
"""Of each kind of growth, the table and the number of rows of each size."""
_TURNS, _SHARE = 7, 0.05


def driver_of_list(
    name: str, url: str, size: tuple[int, int], limit: int, app: Any = None
) -> Driver:
    """Return what asks a program for a list; its first answer is checked.

    Args:
        name: Of the program.
        url: Of the database.
        size: The columns and relations of the table.
        limit: The rows of the list.
        app: The program, if it was made before.
    """
    app = app or PROGRAMS[name][1](url)
    path, query = path_of(size, limit)
    case = Case(f"{path}-{limit}", "", f"{path}?{query}", 1)
    kind = PROGRAMS[name][0]
    driver = ASGIDriver(app, case) if kind == "asgi" else WSGIDriver(app, case)
    items = decoded(driver.once())
    assert driver.status == 200, items
    assert len(items) == limit, len(items)
    assert len(items[0]) == size[0] + 2 * size[1], items[0]
    return driver


def _cells() -> list[tuple[tuple[int, int], int]]:
    return list(dict.fromkeys(cell for group in CELLS.values() for cell in group.values()))


def _seconds(driver: Driver, requests: int) -> float:
    """Return the CPU time of a request, with that of the threads that answer it."""
    before = time.process_time()
    driver.run(requests)
    return (time.process_time() - before) / requests


def measured(
    apps: Mapping[str, Any], url: str, size: tuple[int, int], limit: int, *, turns: int = _TURNS
) -> dict[str, float]:
    """Return the CPU seconds of a list by program: the median of turns.

    Args:
        apps: The programs.
        url: Of the database.
        size: The columns and relations of the table.
        limit: The rows of the list.
        turns: How often each program has its turn.
    """
    drivers = {name: driver_of_list(name, url, size, limit, app) for name, app in apps.items()}
    counts = {name: max(1, round(_SHARE / _seconds(driver, 2))) for name, driver in drivers.items()}
    gc.collect()
    gc.freeze()
    found: dict[str, list[float]] = {name: [] for name in drivers}
    for _ in range(turns):
        for name, driver in drivers.items():
            found[name].append(_seconds(driver, counts[name]))
    return {name: statistics.median(each) for name, each in found.items()}


def main(arguments: list[str]) -> None:
    """Measure, print, and perhaps record."""
    figures: dict[str, Any] = {"about": database_about(), "seconds": {}}
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/growth.db"
        fill(url)
        apps = {name: make(url) for name, (_, make) in PROGRAMS.items()}
        found = {cell: measured(apps, url, *cell) for cell in _cells()}
    for group, cells in CELLS.items():
        figures["seconds"][group] = {str(size): found[cell] for size, cell in cells.items()}
        for size, cell in cells.items():
            print(group, size, {name: f"{each * 1e3:.2f} ms" for name, each in found[cell].items()})
    if "--record" in arguments:
        save(GROWTH, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
