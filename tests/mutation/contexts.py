"""Under which test a process runs: the hooks of pytest that both records of lines need."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any

import pytest

__all__ = ["Contexts"]


class Contexts:
    """A plugin that names the test, or the file of tests, that runs from now on.

    Attributes:
        seconds: The seconds of each test.
    """

    def __init__(self, name: Callable[[str], None]) -> None:
        """Keep the function that takes the names: an id, the path of a file, or ""."""
        self._name = name
        self._current = ""
        self.seconds: dict[str, float] = {}

    def _enter(self, name: str) -> None:
        self._current = name
        self._name(name)

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        """Name the file of tests that is imported."""
        self._enter(collector.nodeid if isinstance(collector, pytest.Module) else "")
        try:
            return (yield)
        finally:
            self._enter("")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Name a test by its id, and note how long it takes."""
        began = time.monotonic()
        self._enter(item.nodeid)
        try:
            return (yield)
        finally:
            self._enter("")
            self.seconds[item.nodeid] = round(time.monotonic() - began, 3)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        """Name the file of tests while a fixture is made that several of them share."""
        if fixturedef.scope == "function":
            return (yield)
        before = self._current
        self._enter(request._pyfuncitem.nodeid.partition("::")[0])
        try:
            return (yield)
        finally:
            self._enter(before)
