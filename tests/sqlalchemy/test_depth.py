"""A page costs the same wherever it is, and what is loaded along with it costs statements by kind,
not by item.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import KINDS
from depth import ALLOWED, PAGES, SORTS, Measured, opened

ROWS = 100_000  # of the 1,000,000 that `python -m tests.sqlalchemy.depth` fills


@pytest.fixture(scope="module", params=KINDS)
def measured(request: pytest.FixtureRequest) -> Iterator[Measured]:
    with opened(request.param, ROWS, ROWS // PAGES[-1]) as made:
        yield made


@pytest.mark.parametrize("sort", SORTS)
def test_page_ten_thousand_costs_what_page_one_costs(measured: Measured, sort: str) -> None:
    """Whatever is sorted by, also where it may be null,
    the same number of statements looks at as many rows.
    """
    near, *others = (measured.cost(measured.path(sort, page)) for page in PAGES)
    assert near.rows <= measured.size + 1
    for far in others:
        assert far.statements <= near.statements
        assert far.rows < ALLOWED * near.rows, (sort, near, far)


@pytest.mark.parametrize("sort", ["year", "-year"])
def test_the_page_between_values_and_nulls_costs_one_statement_more(
    measured: Measured, sort: str
) -> None:
    """Where the rows with a value end, or begin, a page is put together from both,
    and none is lost.
    """
    first, last = 1, PAGES[-1]
    known = measured.is_null_at(sort, first)
    while last - first > 1:
        middle = (first + last) // 2
        first, last = (
            (middle, last) if measured.is_null_at(sort, middle) is known else (first, middle)
        )
    pages = [measured.path(sort, page) for page in (first - 1, first, last, last + 1)]
    costs = [measured.cost(path) for path in pages]
    assert max(cost.statements for cost in costs) == 2
    near = measured.cost(measured.path(sort, 1))
    assert all(cost.rows < ALLOWED * near.rows for cost in costs), (near, costs)
    ids = [each for path in pages for each in measured.ask(path)]
    assert ids == measured.ids(sort, (first - 2) * measured.size, 4 * measured.size)
