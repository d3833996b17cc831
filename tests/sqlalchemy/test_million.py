"""A large collection is right in all that is asked of it, and its exports need no memory for it."""

from __future__ import annotations

import pytest
from databases import KINDS
from million import answered

ROWS = 30_000  # of the 1,000,000 that `python -m tests.sqlalchemy.million` fills
ALLOWED = 5 * 1024  # KiB


@pytest.mark.parametrize("kind", KINDS)
def test_pages_filters_searches_totals_and_exports(kind: str) -> None:
    """Each answer has what is stored; all rows take no more memory than a tenth of them."""
    found = {each.kind: each for each in answered(kind, ROWS, seed=1)}
    assert len(found) == 12
    for export in ("JSON Lines", "CSV"):
        assert found[export].peak - found[f"{export}, a tenth"].peak < ALLOWED
