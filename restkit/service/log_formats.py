"""Formatters of log records: one JSON line a record, or one line of text for people."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping

from ..request import current_request
from .correlation import correlation_of
from .request_summary import json_text, request_members

__all__ = ["AccessRecord", "JSONFormatter", "TextFormatter"]

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTEXT = ("request_id", "trace_id", "span_id", "operation")
_OF_ACCESS = _OWN.union(_CONTEXT)
# SECURITY: a line break, an escape sequence of terminals and the marks that reverse text: user text
# must not look like a line of its own.
_BREAKING = (*range(32), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {code: ascii(chr(code))[1:-1] for code in _BREAKING}
_second = (0, "")
_text_of = json_text


class AccessRecord(logging.LogRecord):
    """The record of one request, whose members are known.

    Attributes:
        method: The method.
        path: The path without the query.
        route: The URL pattern, None for an unknown URL.
        status: The status of the response.
        duration_ms: The milliseconds until the body of the response was closed.
        bytes: The size of the body.
    """

    method: str
    path: str
    route: str | None
    status: int
    duration_ms: float
    bytes: int
    request_id: str
    trace_id: str
    span_id: str
    operation: str | None

    def __init__(self, members: Mapping[str, object]) -> None:
        """Take the members.

        PERF: a LogRecord finds out where it was made, in which thread and process: 5 thousand
        instructions for values that all records share.
        """
        self.__dict__.update(members)


class JSONFormatter(logging.Formatter):
    """A formatter that writes a record as one line of JSON.

    The members are ``timestamp`` (RFC 3339, UTC), ``level``, ``logger``, ``message``, during a
    request ``request_id``, ``trace_id``, ``span_id`` and ``operation``, the values of
    ``extra``, and ``exception`` and ``stack`` with the text of tracebacks.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if type(record) is AccessRecord:
            return access_line(record)
        line = {
            "timestamp": _text_of(timestamp(record.created)),
            "level": _text_of(record.levelname),
            "logger": _text_of(record.name),
            "message": _text_of(record.getMessage()),
        }
        for name, value in (*context_of(record), *tracebacks_of(self, record)):
            line[name] = _text_of(value)
        for name, extra in extras_of(record):
            line[f"{name}_" if name in line else name] = _json_of(extra)
        return "{" + ",".join(f"{_text_of(name)}:{value}" for name, value in line.items()) + "}"


class TextFormatter(logging.Formatter):
    """A formatter that writes a record as one line of text, with an indented traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        parts = [timestamp(record.created), record.levelname, record.name, record.getMessage()]
        ids = dict(context_of(record))
        parts += [f"{name}={value}" for name, value in ids.items()]
        for name, value in extras_of(record):
            parts.append(
                f"{name}_={_json_of(value)}" if name in ids else f"{name}={_json_of(value)}"
            )
        lines = [" ".join(parts)]
        for _, text in tracebacks_of(self, record):
            lines += [f"  {each}" for each in text.splitlines()]
        return "\n".join(each.translate(_ESCAPES) for each in lines)


def access_line(record: AccessRecord) -> str:
    """Return the line of JSON of one request."""
    members = request_members(
        record.getMessage(),
        record.operation,
        record.method,
        record.path,
        record.route,
        record.status,
    )
    return (
        f'{{"timestamp":"{timestamp(record.created)}","level":"{record.levelname}",'
        f'"logger":"{record.name}",{members},"request_id":"{record.request_id}",'
        f'"trace_id":"{record.trace_id}","span_id":"{record.span_id}",'
        f'"duration_ms":{record.duration_ms:.3f},"bytes":{record.bytes}}}'
    )


def timestamp(created: float) -> str:
    """Return a time in seconds as RFC 3339 writes it, in UTC with milliseconds."""
    global _second  # PERF: the text of a second is made once; threads replace the pair together
    second, text = _second
    if second != int(created):
        second = int(created)
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _second = second, text
    return f"{text}.{int((created - second) * 1000):03d}Z"


def context_of(record: logging.LogRecord) -> Iterator[tuple[str, str]]:
    """Yield the ids of the record, or those of the current request or task, and its operation."""
    if type(record) is AccessRecord:
        known = vars(record)
        yield from ((name, str(known[name])) for name in _CONTEXT if known.get(name) is not None)
        return
    request = current_request.get(None)
    ids = correlation_of(request)
    if ids is None:
        return
    yield "request_id", ids.request_id
    yield "trace_id", ids.trace_id
    yield "span_id", ids.span_id
    if request is not None and request.operation is not None:
        yield "operation", request.operation.operation_id


def extras_of(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    """Yield the names and values of ``extra``."""
    known = _OF_ACCESS if type(record) is AccessRecord else _OWN
    for name, value in vars(record).items():
        if name not in known:
            yield name, value


def tracebacks_of(
    formatter: logging.Formatter, record: logging.LogRecord
) -> Iterator[tuple[str, str]]:
    """Yield the traceback of the exception, as a filter may have changed it, and the stack."""
    if record.exc_info and not record.exc_text:
        record.exc_text = formatter.formatException(record.exc_info)
    if record.exc_text:
        yield "exception", record.exc_text
    if record.stack_info:
        yield "stack", formatter.formatStack(record.stack_info)


def _json_of(value: object) -> str:
    """Return a value as JSON; one that JSON cannot represent as its text."""
    try:
        return json.dumps(value, default=str, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return _text_of(f"{value!r:.1000}")
