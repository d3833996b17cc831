"""The served notes of the examples, which three files attack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from notes_target import SERVICES, Target, serving


@pytest.fixture(scope="module", params=SERVICES)
def target(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    with serving(request.param, tmp_path_factory.mktemp("notes")) as made:
        yield made
