"""The plugin that runs chosen tests in a given order: their ids, one a line, in a file.

An id without a parameter stands for every parameter.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that the file names, in its order."""
    chosen = Path(os.environ["RESTKIT_CHOSEN"]).read_text("utf-8").split("\n")
    places = {each: place for place, each in enumerate(chosen)}
    found = {item: _place(item.nodeid, places) for item in items}
    config.hook.pytest_deselected(items=[item for item in items if found[item] is None])
    items[:] = sorted(
        (item for item in items if found[item] is not None), key=lambda item: found[item] or 0
    )


def _place(test: str, places: dict[str, int]) -> int | None:
    return places.get(test, places.get(test.partition("[")[0]))
