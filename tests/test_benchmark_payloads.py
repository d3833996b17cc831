"""The payloads of the benchmarks mean one thing to every program that is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.cases import CASES, PAYLOADS
from benchmarks.payload_report import DEMANDED, RECORD, ROWS, demanded, losses, payload_parts
from benchmarks.payloads.orders import HOSTILE
from benchmarks.programs import PROGRAMS, installed
from benchmarks.record import RECORDED, load
from benchmarks.report import text

LEDGERS = {"ledger-list", "ledger-create"}
PLAIN = {"hello", "converters", "middleware-3"}
# By program, what it does not offer.
ABSENT: dict[str, set[str]] = {
    "blacksheep": LEDGERS,
    "dmr": LEDGERS,
    "dmr_pydantic": {*LEDGERS, *PLAIN},
    "falcon": LEDGERS,
    "fastapi": set(),
    "litestar": LEDGERS,
    "litestar_plain": {*PAYLOADS, *LEDGERS, *PLAIN} - {"issues", "payments"},
    "smorest": LEDGERS,
}


@pytest.mark.parametrize("name", ABSENT)
def test_programs_answer(name: str) -> None:
    """Every program answers each case that it offers as the case says."""
    if not installed(PROGRAMS[name]):
        pytest.skip(f"{PROGRAMS[name].title} is not installed")
    command = [sys.executable, "-m", "tests.benchmarks.answers", name, "--rows", ",".join(ROWS)]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert {row for _, row, how in said if how == "right"} == {*ROWS} - ABSENT[name]


def test_kinds() -> None:
    """Every payload that is posted has a body with faults too, and hostile ones are bounded."""
    posted = {case.service for case in PAYLOADS.values() if case.status == 201}
    refused = {case.service for case in PAYLOADS.values() if case.faults}
    assert {service for service in posted if ":" not in service} == refused
    large = [case for case in PAYLOADS.values() if len(case.body) > 40_000]
    assert len(large) == 5
    assert all(len(case.body) <= HOSTILE for case in large)


def test_losses() -> None:
    """What validates and costs less is said, the worst row first; what does not is left out."""
    order = {"restkit": 500, "litestar": 400, "dmr": 250, "fastapi": 900, "bare": 10}
    listed = {"restkit": 300, "litestar_plain": 20, "litestar": 290}
    books = {"restkit": 300, "litestar": 100, "fastapi": 300}
    figures = {"instructions": {"payments": listed, "order": order, "event": {"falcon": 1}}}
    found = losses(figures, {"instructions": {"list-100": books, "hello": {"restkit": 1}}})
    assert found == [
        ("order", 2.0, ["dmr", "litestar"]),
        ("payments", pytest.approx(300 / 290), ["litestar"]),
    ]


def test_demanded() -> None:
    """The most expensive payload is judged, and a row without a figure is not."""
    figures = {"instructions": {"order": {"restkit": 300_000}, "search": {"restkit": 60_000}}}
    recorded = {"instructions": {"post": {"restkit": 320_000}}}
    found = {title: each for title, *each in demanded(figures, recorded)}
    assert found["POST of an order with 6 decimals"] == ["post", 320_000, 270_000]
    assert found["hello"] == ["hello", None, 25_000]
    page = "\n".join(payload_parts(figures, recorded))
    assert "| 320 | 270 | **no** |" in page
    assert "| 60 | 60 | yes |" in page
    assert {row for _, rows in DEMANDED.values() for row in rows} <= set(CASES)


def test_page_begins_with_losses() -> None:
    """The page has the rows that restkit loses before all others."""
    assert payload_parts({}, {"instructions": {"hello": {"restkit": 2, "falcon": 1}}}) == []
    figures = {"instructions": {"order": {"restkit": 2, "dmr": 1}}}
    assert payload_parts(figures, {})[0] == "## Where restkit loses"
    assert payload_parts({"instructions": {"order": {"restkit": 2}}}, {})[2].startswith("In no row")
    headings = [line for line in text(load(RECORDED)).splitlines() if line.startswith("## ")]
    first = ["## Where restkit loses", "## Other payloads"] if load(RECORD) else []
    unmet = headings[:1] if headings[0] == "## Demands that are not met" else []
    assert headings[: len(unmet) + len(first) + 1] == [*unmet, *first, "## Instructions a request"]
