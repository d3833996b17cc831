"""The source of one generated module: its lines, and the objects that they name."""

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

    def line(self, text: str) -> None:
        """Write one line at the current indentation."""
        self._lines.append("    " * self._depth + text)

    @contextmanager
    def block(self, head: str) -> Generator[None]:
        """Write a block's first line, and indent the lines that are written inside."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    def set(self, name: str, value: object) -> None:
        """Add an object to the namespace, or replace it there."""
        self._namespace[name] = value

    @property
    def next_line(self) -> int:
        """The number of the line that is written next."""
        return len(self._lines) + 1

    @property
    def source(self) -> str:
        """The source so far."""
        return "\n".join(self._lines) + "\n"

    def run(self, title: str) -> dict[str, Any]:
        """Compile and run the source.

        Args:
            title: The module's title in tracebacks.

        Returns:
            The namespace, with the functions that were defined.
        """
        name = f"restkit.compiler {title} {next(_serial)}"
        self._namespace |= {"__name__": name, "__loader__": self}
        exec(compile(self.source, name, "exec"), self._namespace)  # noqa: S102  # the source is our own
        return self._namespace

    def get_source(self, name: str) -> str:
        """Return the source; tracebacks read the lines of a function from it (PEP 302)."""
        return self.source
