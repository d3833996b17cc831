"""Faults while clients write, of few rounds: ``python -m tests.sqlalchemy.faults`` has many."""

from __future__ import annotations

import pytest
from databases import KINDS
from faults import KINDS as FAULTS
from faults import suffered


@pytest.mark.parametrize("kind", KINDS)
def test_every_shelf_is_as_the_last_acknowledged_write_left_it(kind: str) -> None:
    """Whatever fails, nothing acknowledged is lost, and every other answer is a declared 503."""
    outcome = suffered(kind, len(FAULTS[kind]), seed=1)
    assert {*outcome.faults} == {*FAULTS[kind]}
    assert outcome.acknowledged > 50
    assert outcome.wrong == []
