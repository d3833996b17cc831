"""Compiled schemas mean what marshmallow means, on schemas and inputs drawn by chance (``equality`` runs more)."""

from __future__ import annotations

import pytest

from .equality import Figures, compare, shrink


@pytest.mark.parametrize("seed", range(3))
def test_drawn_schemas_load_and_dump_as_marshmallow_does(seed: int) -> None:
    """A thousand calls give the values, types, errors, order, and calls of validators and hooks of marshmallow."""
    figures = Figures()
    found = next(compare(1000, seed, figures), None)
    assert found is None, str(shrink(found))
    for kind in ("load valid", "load invalid", "dump valid"):
        assert figures.counts[kind] >= 100, figures
