"""The handler of a program's logs, if the program has configured none."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, TextIO, get_args

from ..errors import DeclarationError
from .line_handler import LineHandler
from .log_formats import JSONFormatter, TextFormatter

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["LogFormat", "add_handler", "check_format", "configure_logging"]

LogFormat = Literal["json", "text"]


def configure_logging(
    format: LogFormat = "json",  # as in logging.basicConfig
    *,
    level: int | str = "INFO",
    stream: TextIO | None = None,
    force: bool = False,
) -> bool:
    """Give the root logger a handler, if the program has not given it one.

    Args:
        format: The format of each record: ``"json"``, see `JSONFormatter`, or ``"text"``.
        level: The lowest level that is logged.
        stream: The stream; the standard error by default.
        force: Whether the handlers that the root logger has are removed.

    Returns:
        Whether it has got the handler.

    Raises:
        DeclarationError: The format is another one.
    """
    check_format(format, "configure_logging")
    root = logging.getLogger()
    if root.handlers and not force:
        return False
    for each in list(root.handlers):
        root.removeHandler(each)
    add_handler(format, level, stream)
    return True


def add_handler(
    format: LogFormat,
    level: int | str,
    stream: TextIO | None = None,
    filters: Iterable[logging.Filter] = (),
) -> logging.Handler:
    """Add the handler to the root logger and return it."""
    root = logging.getLogger()
    handler = LineHandler(stream)
    handler.setFormatter(JSONFormatter() if format == "json" else TextFormatter())
    for each in filters:
        handler.addFilter(each)
    root.setLevel(level)
    root.addHandler(handler)
    return handler


def check_format(format: object, where: str) -> None:
    """Reject an unknown format.

    Raises:
        DeclarationError: It is none of those of `LogFormat`.
    """
    if format not in get_args(LogFormat):
        raise DeclarationError(f"{where}: the format of logs is 'json' or 'text', got {format!r}.")
