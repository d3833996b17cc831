"""A pytest plugin that sends every Schema.load and Schema.dump of a run through the compiler.

It is loaded with ``-p compiled_marshmallow`` in a process of its own, where marshmallow's own tests
run. Nested
schemas, ``loads`` and ``dumps`` come through the same two methods. What the counters say is written
as JSON to the
file that RESTKIT_COMPILED_REPORT names.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from marshmallow import Schema

__all__ = ["counts", "pytest_sessionfinish"]

counts: Counter[str] = Counter()
_originals = {name: getattr(Schema, name) for name in ("load", "dump", "_do_load", "_serialize")}
_inside: set[tuple[int, str]] = set()
_compilers: list[Callable[[Schema], Any]] = []


def _through(name: str) -> Callable[..., Any]:
    """Return the method that takes the compiled way once and marshmallow's own when the compiled
    way falls back.
    """
    original = _originals[name]

    def method(self: Schema, *args: Any, **kwargs: Any) -> Any:
        key = (id(self), name)
        if key in _inside or getattr(type(self), name) is not method:
            counts[f"{name} by marshmallow"] += 1
            return original(self, *args, **kwargs)
        counts[f"{name} compiled"] += 1
        _inside.add(key)
        try:
            return getattr(_compilers[0](self), name)(*args, **kwargs)
        finally:
            _inside.discard(key)

    return method


def _counted(name: str, within: str) -> Callable[..., Any]:
    """Return the method that counts how often the compiled way came back to marshmallow's own
    steps.
    """
    original = _originals[name]

    def method(self: Schema, *args: Any, **kwargs: Any) -> Any:
        if (id(self), within) in _inside:
            counts[f"{name} within compiled"] += 1
        return original(self, *args, **kwargs)

    return method


Schema.load = _through("load")
Schema.dump = _through("dump")
Schema._do_load = _counted("_do_load", "load")
Schema._serialize = _counted("_serialize", "dump")

# NOTE: only now, so that a compiler that remembers Schema.load when it is imported remembers the
# patched one, and
# does not mistake it for an override.
from subject import compile_schema  # noqa: E402

_compilers.append(compile_schema)


def pytest_sessionfinish() -> None:
    """Write what was counted where the parent process looks for it."""
    Path(os.environ["RESTKIT_COMPILED_REPORT"]).write_text(json.dumps(counts))
