"""Violated constraints in the words of a request: which members of its content are concerned."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy.exc import DBAPIError

from ..parsing.pointers import pointer
from ..problems import Conflict, InvalidItem, UnprocessableContent
from ..request import Request
from .constraints import is_null, is_reference, is_unique

__all__ = ["violation_of"]

_SQLITE = re.compile(r"constraint failed: ((?:[^\s.,]+\.[^\s.,]+(?:, )?)+)$")
_POSTGRESQL = re.compile(r"\(([^()]+)\)=\(")  # the same in every language of its messages
_NULL = ("Field may not be null.", "null", "The database requires a value for {}.")
_UNIQUE = ("Another item has this value.", "unique", "Another item has this value of {}.")
_REFERENCE = (
    "The referenced item does not exist, or other items still refer to this item.",
    "reference",
    "The item that {} refers to does not exist, or other items still refer to this item.",
)


def violation_of(error: DBAPIError, request: Request) -> Conflict | UnprocessableContent | None:
    """Return the problem of a violated constraint whose columns the database names.

    Each error has the pointer of a member of the content, if the content has the column. Otherwise
    the detail names the column.

    Args:
        error: The error.
        request: The request.

    Returns:
        None for another error, or one without columns.
    """
    kind: type[Conflict | UnprocessableContent] = Conflict
    if is_null(error):
        kind, words = UnprocessableContent, _NULL
    elif is_unique(error):
        words = _UNIQUE
    elif is_reference(error):
        words = _REFERENCE
    else:
        return None
    columns = _columns(error)
    if not columns:
        return None
    detail, code, sentence = words
    members = _members(request)
    errors: list[InvalidItem] = [
        {"pointer": pointer((members[name],)), "detail": detail, "code": code}
        for name in columns
        if name in members
    ]
    named = ", ".join(f"'{members.get(name, name)}'" for name in columns)
    return kind(sentence.format(named), errors=errors)


def _columns(error: DBAPIError) -> Sequence[str]:
    """Return the columns that the message of a driver names."""
    diagnosis = getattr(error.orig, "diag", None)
    name = getattr(diagnosis, "column_name", None)
    if name:
        return [str(name)]
    # SECURITY: the values that stand beside the names are data of users.
    found = _POSTGRESQL.search(str(getattr(diagnosis, "message_detail", None) or ""))
    if found is not None:
        return [each.strip().strip('"') for each in found[1].split(",")]
    found = _SQLITE.search(str(error.orig))
    if found is None:
        return []
    return [each.rpartition(".")[2] for each in found[1].split(", ")]


def _members(request: Request) -> dict[str, str]:
    """Return the members of a request's content by attribute."""
    operation = request.operation
    if operation is None:
        return {}
    body = operation.input("body") or operation.input("form")
    if body is None or body.schema is None or body.schema.many:
        return {}
    fields = body.schema.load_fields
    return {field.attribute or str(field.name): name for name, field in fields.items()}
