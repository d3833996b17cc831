"""Writes the source of one generated module: lines, and the objects that they name."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

__all__ = ["Writer"]

_serial = itertools.count(1)


class Writer:
    """The lines of a generated module and their namespace; tracebacks show the lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._depth = 0
        self._namespace: dict[str, Any] = {}
        self._names: dict[int, str] = {}

    def line(self, text: str) -> None:
        """Write one line at the present depth."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Generator[None]:
        """Write a head, and what is written inside one level deeper."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def bind(self, stem: str, value: Any) -> str:
        """Give an object a name in the namespace; the same object has one name."""
        found = self._names.get(id(value))
        if found is None:
            found = f"{stem}_{len(self._namespace)}"
            self._names[id(value)] = found
            self._namespace[found] = value
        return found

    def set(self, name: str, value: Any) -> None:
        """Put an object into the namespace under a name of its own."""
        self._namespace[name] = value

    @property
    def source(self) -> str:
        """What was written."""
        return "\n".join(self._lines) + "\n"

    def run(self, title: str) -> dict[str, Any]:
        """Compile and run what was written.

        Args:
            title: For tracebacks.

        Returns:
            The namespace, with the functions that were defined.
        """
        name = f"restkit.compiler {title} {next(_serial)}"
        self._namespace |= {"__name__": name, "__loader__": self}
        exec(compile(self.source, name, "exec"), self._namespace)  # noqa: S102  # the source is our own
        return self._namespace

    def get_source(self, name: str) -> str:
        """Return what was written; this is how a traceback asks for the lines of a function (PEP 302)."""
        return self.source
