"""Validation stops early: no kind of bad body costs much more than a good one of its size."""

from __future__ import annotations

import gc
import sys
from types import FrameType

import pytest
from benchmarks.hostile import BAD, GOOD, posting

SIZE = 60_000


def calls(body: str, *statuses: int) -> int:
    """Return how many functions of Python and of C a body calls, instead of its time."""
    post = posting(body)
    assert post() in statuses  # what is made at the first request is made
    count = 0

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # what it frees is not the body's
    sys.setprofile(note)
    try:
        post()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count


@pytest.fixture(scope="module")
def good() -> float:
    """Return the calls of a good body, the cheaper of two."""
    return min(calls(make(SIZE), 201) for make in GOOD.values())


@pytest.mark.parametrize("kind", BAD)
def test_bad_bodies_cost_at_most_five_times_as_much(kind: str, good: float) -> None:
    """A body of any kind that is invalid calls at most five times the functions of a valid one."""
    assert calls(BAD[kind](SIZE), 400, 422) <= 5 * good


# The fault of the first is behind good items; those of the others are found by the JSON parser.
WHOLE = {"one wrong item at the end", "duplicate members", "items with duplicate members"}


@pytest.mark.parametrize("kind", [kind for kind in BAD if kind not in WHOLE])
def test_faults_beyond_those_that_are_answered_cost_nothing(kind: str) -> None:
    """A body with twice as many faults calls hardly more functions: not one for each fault."""
    less, more = calls(BAD[kind](SIZE), 400, 422), calls(BAD[kind](2 * SIZE), 400, 422)
    assert more <= 1.05 * less
