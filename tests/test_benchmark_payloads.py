"""The payloads of the benchmarks mean one thing to every program that is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.cases import PAYLOADS
from benchmarks.payloads.orders import HOSTILE
from benchmarks.programs import PROGRAMS, installed

LEDGERS = {"ledger-list", "ledger-create"}
# By program, what it does not offer.
ABSENT: dict[str, set[str]] = {
    "blacksheep": LEDGERS,
    "dmr": LEDGERS,
    "dmr_pydantic": {*LEDGERS, "middleware-3"},
    "falcon": LEDGERS,
    "fastapi": set(),
    "litestar": LEDGERS,
    "litestar_plain": {*PAYLOADS, *LEDGERS, "middleware-3"} - {"issues", "payments"},
    "smorest": LEDGERS,
}
ROWS = ",".join([*PAYLOADS, "middleware-3", *LEDGERS])


@pytest.mark.parametrize("name", ABSENT)
def test_programs_answer(name: str) -> None:
    """Every program answers each case that it offers as the case says."""
    if not installed(PROGRAMS[name]):
        pytest.skip(f"{PROGRAMS[name].title} is not installed")
    command = [sys.executable, "-m", "tests.benchmarks.answers", name, "--rows", ROWS]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = [line.split(" ", 2) for line in done.stdout.splitlines()]
    assert {row for _, row, how in said if how == "right"} == {*ROWS.split(",")} - ABSENT[name]


def test_kinds() -> None:
    """Every payload that is posted has a body with faults too, and hostile ones are bounded."""
    posted = {case.service for case in PAYLOADS.values() if case.status == 201}
    refused = {case.service for case in PAYLOADS.values() if case.faults}
    assert {service for service in posted if ":" not in service} == refused
    large = [case for case in PAYLOADS.values() if len(case.body) > 40_000]
    assert len(large) == 5
    assert all(len(case.body) <= HOSTILE for case in large)
