"""The table of pairs of schemas, each in both directions."""

from __future__ import annotations

import pytest

from restkit.evolution.changes import Change
from restkit.evolution.comparison import compare

from .pairs import SCHEMAS, document_of

LEVELS = ("none", "compatible", "warning", "breaking")


def worst(changes: list[Change]) -> str:
    """Return the level of the worst change."""
    return max((each.level for each in changes), key=LEVELS.index, default="none")


@pytest.mark.parametrize("name", SCHEMAS)
def test_requests(name: str) -> None:
    """The new schema has to accept what the old one accepted."""
    old, new, expected, _ = SCHEMAS[name]
    changes = compare(document_of(old, "request"), document_of(new, "request"))
    assert (worst(changes), changes) == (expected, changes)


@pytest.mark.parametrize("name", SCHEMAS)
def test_responses(name: str) -> None:
    """The old schema has to accept what the new one describes."""
    old, new, _, expected = SCHEMAS[name]
    changes = compare(document_of(old, "response"), document_of(new, "response"))
    assert (worst(changes), changes) == (expected, changes)
