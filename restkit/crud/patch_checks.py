"""Checks of a patch that need no stored item, made once however many items it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from marshmallow import ValidationError

from ..encoding import dumps_json
from ..parsing.pointers import pointer
from ..problem_members import MAX_ERRORS
from ..problems import UnprocessableContent
from ..schemas.bound import BoundSchema
from ..schemas.own_behavior import changes_input
from ..schemas.validation_errors import flatten
from .patching import MERGE_PATCH, PatchDocument, equal
from .store import AnyField

__all__ = ["check_patch", "check_removed", "differs", "size_of", "without_added"]

V = TypeVar("V")
_ABSENT = object()


def check_patch(patch: PatchDocument, bound: BoundSchema) -> None:
    """Reject a merge patch with members that are invalid whatever the item is.

    Members that are objects are merged with those of an item, and hooks may change the others.
    `Views.patched` validates the result for each item.

    Args:
        patch: The patch.
        bound: The schema of the patched document.

    Raises:
        UnprocessableContent: A member is unknown, or its field rejects the value.
    """
    check_removed(patch, bound)
    if patch.media_type != MERGE_PATCH or changes_input(bound.schema):
        return
    given: Mapping[str, object] = patch.data
    known = bound.load_fields
    if not bound.open:
        _reject([name for name in given if name not in known])
    messages: dict[str, object] = {}
    for name, value in given.items():
        if name in known:
            messages |= _messages(name, known[name], value)
    if messages:
        raise UnprocessableContent(
            errors=[
                {"pointer": pointer(path), "detail": detail, "code": code}
                for path, detail, code in flatten(messages, bound.schema)
            ]
        )


def _messages(name: str, field: AnyField, value: object) -> dict[str, object]:
    """Return the error messages of a field for a value that replaces another one, by its name."""
    if value is None or isinstance(value, Mapping):
        return {}
    try:
        field.deserialize(value)
    except ValidationError as error:
        return {name: error.messages}
    except RecursionError:  # the field nests itself, deeper than Python's stack
        return {name: ["Nested too deeply."]}
    return {}


def check_removed(patch: PatchDocument, bound: BoundSchema) -> None:
    """Reject a merge patch that removes unknown members, which the result cannot show.

    Raises:
        UnprocessableContent: The patch has such a member.
    """
    if patch.media_type != MERGE_PATCH or bound.open:
        return
    removed = [name for name, value in patch.data.items() if value is None]
    if removed:
        known = bound.load_fields
        _reject([name for name in removed if name not in known])


def _reject(unknown: Sequence[str]) -> None:
    if unknown:
        raise UnprocessableContent(
            errors=[
                {"pointer": pointer((name,)), "detail": "Unknown field.", "code": "unknown"}
                for name in unknown[:MAX_ERRORS]
            ]
        )


def size_of(patch: PatchDocument) -> int:
    """Return the size of a patch as JSON, in bytes."""
    return len(dumps_json(patch.data))


def without_added(
    after: dict[str, V], before: Mapping[str, object], loaded: Mapping[str, object]
) -> dict[str, V]:
    """Return a patched document without members that only dumps add, such as by post_dump.

    The client has not changed these members, so that they are no error of the request.

    Args:
        after: The patched document.
        before: The document that the client has read.
        loaded: The members that the schema loads.
    """
    unknown = after.keys() - loaded.keys()
    added = {name for name in unknown if not differs(before, after, name)}
    if not added:
        return after
    return {name: value for name, value in after.items() if name not in added}


def differs(before: Mapping[str, object], after: Mapping[str, object], name: str) -> bool:
    """Return whether a member differs between two documents."""
    one, other = before.get(name, _ABSENT), after.get(name, _ABSENT)
    if one is other:
        return False
    return not equal(one, other) or type(one) is not type(other)
