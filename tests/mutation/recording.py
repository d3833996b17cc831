"""The plugin that records which test runs which line: ``coverage run -m pytest -p`` this module.

The context of a line is the test that ran it, the file of tests whose import or broad fixture ran
it, or "" where only the import of the package did.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from pathlib import Path

import coverage
import pytest

import restkit

from .contexts import Contexts


def _name(context: str) -> None:
    measured = coverage.Coverage.current()
    assert measured is not None, "coverage does not run"
    measured.switch_context(context)


def pytest_sessionstart() -> None:
    """Import the whole package, so that no test is said to run what every import does."""
    for found in pkgutil.walk_packages(restkit.__path__, "restkit."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


_contexts = Contexts(_name)


def pytest_configure(config: pytest.Config) -> None:
    """Follow which test runs."""
    config.pluginmanager.register(_contexts)


def pytest_sessionfinish() -> None:
    """Write the seconds of each test to the file that the environment names."""
    Path(os.environ["RESTKIT_SECONDS"]).write_text(json.dumps(_contexts.seconds), "utf-8")
