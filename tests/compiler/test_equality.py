"""Compiled schemas mean what marshmallow means,
on schemas and inputs drawn by chance (``equality`` runs more).
"""

from __future__ import annotations

import pytest

from .equality import Figures, compare, shrink
from .subject import STANDIN

_LEAST = {"load valid": 100, "load invalid": 100, "dump valid": 100}
if not STANDIN:  # what marshmallow itself has not
    _LEAST |= {
        "settled loaded": 30,
        "settled refused": 100,
        "native written": 50,
        "text written": 50,
    }


@pytest.mark.parametrize("seed", range(3))
def test_drawn_schemas_load_and_dump_as_marshmallow_does(seed: int) -> None:
    """A thousand calls give the values, types, errors, order,
    and calls of validators and hooks of marshmallow.
    """
    figures = Figures()
    found = next(compare(1000, seed, figures), None)
    assert found is None, str(shrink(found))
    for kind, least in _LEAST.items():
        assert figures.counts[kind] >= least, figures
