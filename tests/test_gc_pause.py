"""Composing an App looks for no reference cycles: all that it makes stays."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from restkit import App, Resource
from restkit.testing import Client


class Things(Resource):
    """Things."""

    def get(self) -> dict[str, str]:
        """Get a thing."""
        return {"name": "thing"}


@pytest.fixture
def app() -> App:
    """Return an App with many resources, which is not composed yet."""
    app = App("Many")
    for number in range(200):
        app.add(f"/things-{number}", type(f"Things{number}", (Things,), {}))
    return app


@pytest.fixture
def collections() -> Iterator[list[str]]:
    """Return the phases of the garbage collections from now on."""
    found: list[str] = []

    def note(phase: str, info: dict[str, int]) -> None:
        found.append(phase)

    gc.callbacks.append(note)
    yield found
    gc.callbacks.remove(note)


def test_nothing_is_collected_while_an_app_is_composed(app: App, collections: list[str]) -> None:
    """Without the pause, composing 200 resources makes the collector run dozens of times."""
    collections.clear()
    app.freeze()
    assert len(collections) <= 2  # one may be due when the pause ends
    assert gc.isenabled()


def test_a_program_without_garbage_collection_stays_without(app: App) -> None:
    """The pause leaves the collector as it was."""
    gc.disable()
    try:
        app.freeze()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_collector_runs_again_after_a_mistake() -> None:
    """An App that cannot be composed leaves the collector as it was."""
    app = App("Wrong", limits=[])
    app.add("/things", Things)
    gc.enable()
    app.freeze()
    assert gc.isenabled()
    assert Client(app).get("/things").json == {"name": "thing"}
