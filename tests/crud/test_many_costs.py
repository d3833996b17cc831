"""The cost of requests that write many items grows with the items, and no faster."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from benchmarks.many import KINDS, bulk, products, program

FEW, MANY = 100, 1000
LIMITS = {
    "bulk create": 1500,
    "bulk upsert, all new": 300,
    "bulk upsert, none new": 300,
    "PATCH by filter": 300,
    "DELETE by filter": 50,
}
"""The calls of functions for one item of a thousand."""
TOTALS = "/products/totals?group=state"


def calls(work: Callable[[], None]) -> int:
    """Return how many functions a piece of work calls."""
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_ten_times_the_items_cost_at_most_ten_times_as_much(kind: str, tmp_path: Path) -> None:
    """A thousand items take no more calls each than a hundred do."""
    exists, send = KINDS[kind]
    found = []
    for count in (FEW, MANY):
        client = program(tmp_path / f"{count}.db")
        client.get("/products")
        if exists:
            bulk(client, create=products(count))
        found.append(calls(lambda client=client, count=count: send(client, count)))
    assert found[1] < 10.5 * found[0]
    assert found[1] < LIMITS[kind] * MANY


def test_totals_do_not_read_items(tmp_path: Path) -> None:
    """Totals of a thousand items take as many calls as those of a hundred."""
    found = []
    for count in (FEW, MANY):
        client = program(tmp_path / f"{count}.db")
        bulk(client, create=products(count))
        client.get(TOTALS)
        found.append(calls(lambda client=client: client.get(TOTALS)))
    assert found[1] < 1.1 * found[0]
