"""What every test of the suite has:
each App is wrapped in the standard library's WSGI validator.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest

from restkit import App

pytest_plugins = ["pytester"]

# Tests that run pytest do without the plugins of a program that the benchmarks compare, as the
# suite itself does: one of them has a fixture `client` too.
os.environ["PYTEST_ADDOPTS"] = f"{os.environ.get('PYTEST_ADDOPTS', '')} -p no:dmr -p no:django"


@pytest.fixture(autouse=True)
def _validated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let wsgiref.validate watch every request of the suite (PEP 3333)."""
    plain = App.__call__

    def call(self: App, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "QUERY":
            # The validator warns of methods that it does not know.
            posted = {**environ, "REQUEST_METHOD": "POST"}
            app = validator(
                lambda inner, start: plain(self, {**inner, "REQUEST_METHOD": "QUERY"}, start)
            )
            return app(posted, start_response)
        return validator(lambda inner, start: plain(self, inner, start))(environ, start_response)

    monkeypatch.setattr(App, "__call__", call)
    yield


def pytest_collection(session: pytest.Session) -> None:
    """Collect without the garbage collector, which would go through every test again and again."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let the garbage collector look at what tests make, not at the tests themselves."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the suite in parallel: as ``-n auto --dist worksteal``, if pytest-xdist is there.

    One process runs the tests where single files or tests are named, a debugger is asked for,
    or ``-n`` or ``--dist`` says otherwise (``-n 0`` and ``-p no:xdist`` run everything in one
    process).
    """
    option = config.option
    if hasattr(config, "workerinput") or getattr(option, "numprocesses", 0) is not None:
        return
    named = any("::" in argument or argument.endswith(".py") for argument in config.args)
    if named or option.collectonly or option.usepdb or option.dist != "no":
        return
    option.numprocesses, option.maxprocesses = "auto", option.maxprocesses or 8
    option.dist = "worksteal"
