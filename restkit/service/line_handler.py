"""`LineHandler`: the handler of a program's logs, by which the access log may write directly."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable
from typing import TextIO

from .log_formats import JSONFormatter

__all__ = ["LineHandler"]


class LineHandler(logging.StreamHandler[TextIO]):
    """A StreamHandler that knows whether a finished line may go to its file as it is.

    Attributes:
        write: The function that writes bytes to the file, if each record of level INFO becomes a
            line of JSON there; None if a filter, another formatter, level or stream is in the way.
    """

    # PERF: a record, a formatter and a text stream cost ten thousand instructions.

    write: Callable[[bytes], int | None] | None = None

    def addFilter(self, filter: logging._FilterType) -> None:  # noqa: N802
        """Add a filter."""
        super().addFilter(filter)
        self._look()

    def removeFilter(self, filter: logging._FilterType) -> None:  # noqa: N802
        """Remove a filter."""
        super().removeFilter(filter)
        self._look()

    def setFormatter(self, fmt: logging.Formatter | None) -> None:  # noqa: N802
        """Set the formatter."""
        super().setFormatter(fmt)
        self._look()

    def setLevel(self, level: int | str) -> None:  # noqa: N802
        """Set the lowest level."""
        super().setLevel(level)
        self._look()

    def setStream(self, stream: TextIO) -> TextIO | None:  # noqa: N802
        """Set the stream, and return the one before."""
        before = super().setStream(stream)
        self._look()
        return before

    def _look(self) -> None:
        is_plain = type(self.formatter) is JSONFormatter and self.level <= logging.INFO
        self.write = _writer_of(self.stream) if is_plain and not self.filters else None


def _writer_of(stream: TextIO) -> Callable[[bytes], int | None] | None:
    """Return the function that writes to the file of a stream, if lines get there unchanged."""
    if type(stream) is not io.TextIOWrapper or os.linesep != "\n":
        return None
    if "\n".encode(stream.encoding) != b"\n":
        return None
    raw = getattr(stream.buffer, "raw", None)
    return raw.write if type(raw) is io.FileIO else None
