"""The plugin that records which test runs which line: ``coverage run -m pytest -p`` this module.

The context of a line is the test that ran it, the file of tests whose import or broad fixture ran
it, or "" where only the import of the package did.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import coverage
import pytest

import restkit

_SECONDS: dict[str, float] = {}


def _name(context: str) -> None:
    measured = coverage.Coverage.current()
    assert measured is not None, "coverage does not run"
    measured.switch_context(context)


def pytest_sessionstart() -> None:
    """Import the whole package, so that no test is said to run what every import does."""
    for found in pkgutil.walk_packages(restkit.__path__, "restkit."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, Any]:
    """Record the import of a file of tests under the name of the file."""
    _name(collector.nodeid if isinstance(collector, pytest.Module) else "")
    try:
        return (yield)
    finally:
        _name("")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Record a test under its id, and how long it takes."""
    began = time.monotonic()
    _name(item.nodeid)
    try:
        return (yield)
    finally:
        _name("")
        _SECONDS[item.nodeid] = round(time.monotonic() - began, 3)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Record a fixture that several tests share under the name of their file."""
    if fixturedef.scope == "function":
        return (yield)
    node = request._pyfuncitem
    _name(node.nodeid.partition("::")[0])
    try:
        return (yield)
    finally:
        _name(node.nodeid)


def pytest_sessionfinish() -> None:
    """Write the seconds of each test to the file that the environment names."""
    Path(os.environ["RESTKIT_SECONDS"]).write_text(json.dumps(_SECONDS), "utf-8")
