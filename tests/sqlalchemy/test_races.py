"""Eight writers at once: one of those with the same precondition wins, no update is lost,
and violations are 409.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import KINDS, database_url
from library_service import serving
from races import RACES, race

ROUNDS = 20  # of the 200 that `python -m tests.sqlalchemy.races` runs


@pytest.fixture(scope="module", params=KINDS)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with (
        database_url(request.param, tmp_path_factory.mktemp("races")) as url,
        serving(url) as served,
    ):
        yield served


@pytest.mark.parametrize("name", RACES)
def test_race(base: str, name: str) -> None:
    """What the race says of itself holds in every round, on two processes of four threads."""
    race(name, base, ROUNDS)
