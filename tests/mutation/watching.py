"""The plugin that records which tests run the lines of some functions: ``pytest -p`` this module.

The environment names a folder: ``watched.json`` has the lines by file. Each worker writes the
tests of each line to a file of its own. Only the code of the functions around the lines is slower.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import sys
import types
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import restkit

from .contexts import Contexts

_ROOT = Path(__file__).parents[2]
_FOLDER = Path(os.environ["RESTKIT_WATCHED"])
_hits: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
_context = [""]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Watch the functions around the lines, in the process that runs tests."""
    if not _runs_tests(session):
        return
    for found in pkgutil.walk_packages(restkit.__path__, "restkit."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    lines = json.loads((_FOLDER / "watched.json").read_text("utf-8"))
    monitoring = sys.monitoring  # type: ignore[attr-defined,unused-ignore]  # since Python 3.12
    tool = monitoring.COVERAGE_ID
    monitoring.use_tool_id(tool, "restkit mutants")
    monitoring.register_callback(tool, monitoring.events.LINE, _hit)
    for code in _codes():
        path = Path(code.co_filename)
        if path.is_relative_to(_ROOT):
            wanted = lines.get(path.relative_to(_ROOT).as_posix(), ())
            if any(line in wanted for _, _, line in code.co_lines() if line):
                monitoring.set_local_events(tool, code, monitoring.events.LINE)


def _hit(code: types.CodeType, line: int) -> object:
    """Record a line for the current test, once."""
    path = Path(code.co_filename).relative_to(_ROOT).as_posix()
    _hits[path][line].add(_context[0])
    return sys.monitoring.DISABLE  # type: ignore[attr-defined,unused-ignore]  # since Python 3.12


def _codes() -> Iterator[types.CodeType]:
    """Yield the code of each function that exists, and of the functions within it."""
    found = [each.__code__ for each in gc.get_objects() if isinstance(each, types.FunctionType)]
    seen: set[int] = set()
    while found:
        code = found.pop()
        if id(code) not in seen:
            seen.add(id(code))
            found += [each for each in code.co_consts if isinstance(each, types.CodeType)]
            yield code


def _runs_tests(session: pytest.Session) -> bool:
    is_worker = hasattr(session.config, "workerinput")
    return is_worker or not session.config.getoption("numprocesses", None)


def _name(context: str) -> None:
    _context[0] = context
    sys.monitoring.restart_events()  # type: ignore[attr-defined,unused-ignore]  # since Python 3.12


_contexts = Contexts(_name)


def pytest_configure(config: pytest.Config) -> None:
    """Follow which test runs."""
    config.pluginmanager.register(_contexts)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write what this process has recorded."""
    if _runs_tests(session):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        hits = {
            path: {line: sorted(tests - {""}) for line, tests in lines.items()}
            for path, lines in _hits.items()
        }
        text = json.dumps({"hits": hits, "seconds": _contexts.seconds})
        (_FOLDER / f"{worker}.hits.json").write_text(text, "utf-8")
