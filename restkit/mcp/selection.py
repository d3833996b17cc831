"""Which Operations are tools: those that are named, by operationId or by tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from ..contract import Operation
from ..errors import DeclarationError
from ..http.methods import SAFE_METHODS
from ..media import is_json

__all__ = ["MOST_TOOLS", "reads", "selected"]

MOST_TOOLS = 40
"""The number of tools beyond which a warning is logged: agents read all of them in each turn."""
_LONGEST_NAME = 64
_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{_LONGEST_NAME}}}")
_METHODS = ("GET", "QUERY", "POST", "PUT", "PATCH", "DELETE")


def reads(operation: Operation) -> bool:
    """Return whether an Operation only reads."""
    return operation.method in SAFE_METHODS


def selected(
    operations: Iterable[Operation], tools: Sequence[str], writes: Sequence[str], declared_at: str
) -> list[Operation]:
    """Return the Operations that are tools, in the order of the App.

    Args:
        operations: The Operations of the App.
        tools: The operationIds and tags of those that only read.
        writes: The operationIds and tags of the others.
        declared_at: The declaration, for messages.

    Raises:
        DeclarationError: A name is none, or an Operation cannot be a tool.
    """
    candidates = [each for each in operations if each.method in _METHODS]
    chosen = {
        *_named(candidates, tools, f"{declared_at}: tools", is_reading=True),
        *_named(candidates, writes, f"{declared_at}: writes", is_reading=False),
    }
    found = [each for each in candidates if each.operation_id in chosen]
    for each in found:
        _check(each, declared_at)
    return found


def _named(
    operations: Sequence[Operation], names: Sequence[str], declared_at: str, *, is_reading: bool
) -> Iterator[str]:
    """Yield the operationIds that names stand for."""
    by_id = {each.operation_id: each for each in operations}
    for name in names:
        tagged = [each for each in operations if name in map(str, each.tags)]
        if name in by_id:
            _check_kind(by_id[name], tagged, declared_at, is_reading=is_reading)
            yield name
            continue
        fitting = [each.operation_id for each in tagged if reads(each) is is_reading]
        if not fitting:
            raise DeclarationError(_unfitting(name, tagged, by_id, declared_at, is_reading))
        yield from fitting


def _check_kind(
    operation: Operation, tagged: Sequence[Operation], declared_at: str, *, is_reading: bool
) -> None:
    if tagged and operation not in tagged:
        raise DeclarationError(
            f"{declared_at} has {operation.operation_id!r}, which is an operationId and the tag of "
            "other operations. Name the operations of the tag by their operationIds."
        )
    if reads(operation) is not is_reading:
        does, other = ("only reads", "tools") if reads(operation) else ("writes", "writes")
        raise DeclarationError(
            f"{declared_at} has {operation.operation_id!r}, which {does}. Name it in {other}=[...]."
        )


def _unfitting(
    name: str,
    tagged: Sequence[Operation],
    by_id: Iterable[str],
    declared_at: str,
    is_reading: bool,
) -> str:
    if tagged:
        what = "reads" if is_reading else "writes"
        return f"{declared_at} has the tag {name!r}, of which no operation {what}. Leave it out."
    near = get_close_matches(name, [*by_id], n=1)
    hint = f"Did you mean {near[0]!r}?" if near else "`restkit routes` prints the operationIds."
    return f"{declared_at} has {name!r}, which is neither an operationId nor a tag. {hint}"


def _check(operation: Operation, declared_at: str) -> None:
    """Reject an Operation that cannot be a tool."""
    name = operation.operation_id
    if not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{declared_at}: the operationId {name!r} of {operation.declared_at} cannot be the "
            f"name of a tool, which has at most {_LONGEST_NAME} letters, digits, '_' and '-'. "
            "Give it another one: @operation(operation_id='...')."
        )
    if fault := _fault(operation):
        raise DeclarationError(
            f"{declared_at}: {name} of {operation.declared_at} {fault}. Leave it out of the tools."
        )


def _fault(operation: Operation) -> str:
    """Return why an Operation cannot be a tool, "" if it can be one."""
    body = operation.input("body")
    if any(each.events for each in operation.outputs):
        return "sends a stream of events, which does not end"
    has_form = operation.input("form") or operation.input("files")
    if has_form and not _takes_json(operation):
        return "takes a form or files, which a tool cannot send"
    if body is not None and not _takes_json(operation):
        return f"takes {' or '.join(body.media_types)}, and a tool sends JSON"
    cookies = operation.input("cookies")
    if cookies is not None and any(each.required for each in cookies.bound.schema.fields.values()):
        return "needs a cookie, and a tool sends none"
    return ""


def _takes_json(operation: Operation) -> bool:
    bodies = [each for each in operation.inputs if each.location == "body"]
    return any(is_json(kind) or kind == "*/*" for each in bodies for kind in each.media_types)
