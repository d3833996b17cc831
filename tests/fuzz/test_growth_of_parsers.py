"""A text that is twice as long costs about twice as much, whatever it is made of."""

from __future__ import annotations

import pytest
from programs import find_program

from tests.benchmarks.instructions import counts
from tests.benchmarks.switch import AVAILABLE

from .growth import PARSERS

pytestmark = pytest.mark.external


@pytest.mark.skipif(not AVAILABLE, reason="callgrind is switched on by instructions of x86-64")
def test_parsers_cost_in_proportion() -> None:
    """Counted are instructions, of 72 hostile texts for each parser; a square would be 4."""
    find_program("valgrind", packages="valgrind")
    found = counts("tests.fuzz.growth")
    assert len(found) == 2 * len(PARSERS)
    growth = {
        name: twice / once
        for name, once, twice in zip(PARSERS, found[::2], found[1::2], strict=True)
    }
    assert {name: factor for name, factor in growth.items() if factor > 2.5} == {}
