"""Patch documents: the content of a PATCH request, and its application to a JSON document.

A merge patch (RFC 7396) is an object with the changed members. A JSON Patch (RFC 6902) is a list of
operations.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..problems import Conflict, ContentTooLarge, InvalidItem, UnprocessableContent

_Operation = dict[str, Any]

__all__ = ["JSON_PATCH", "MERGE_PATCH", "PatchDocument", "equal"]

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
_MAX_OPERATIONS = 1000
_MAX_COPIED = 2 * 1024 * 1024
_FREE_COPIES = 64 * 1024
_MAX_DEPTH = 64
_WANTS = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "from"),
    "copy": ("path", "from"),
    "test": ("path", "value"),
}


@dataclass(frozen=True, slots=True)
class PatchDocument:
    """A well-formed patch in one of the two formats."""

    media_type: str
    data: Any

    @classmethod
    def of(cls, media_type: str, data: object) -> PatchDocument:
        """Check that the content is a patch.

        Args:
            media_type: The media type of the content; plain JSON is a merge patch.
            data: The decoded content.

        Raises:
            UnprocessableContent: The content is not a patch of this format.
        """
        if media_type != JSON_PATCH:
            if not isinstance(data, dict):
                raise _invalid(
                    "", f"A merge patch must be an object. Send a JSON Patch as {JSON_PATCH}."
                )
            return cls(MERGE_PATCH, data)
        if not isinstance(data, list):
            raise _invalid("", "A JSON Patch must be an array of operations.")
        if len(data) > _MAX_OPERATIONS:
            raise _invalid("", f"A JSON Patch can have at most {_MAX_OPERATIONS} operations.")
        for index, each in enumerate(data):
            _check_operation(index, each)
        return cls(JSON_PATCH, data)

    def apply(self, document: dict[str, Any], unseen: Collection[str] = ()) -> Any:
        """Return the patched document, without changing the given one.

        Args:
            document: The document that the client has read.
            unseen: The members that clients can only write, which are not in the document. To
                replace one means to add it.

        Raises:
            UnprocessableContent: A path of a JSON Patch does not exist (RFC 5789, section 2.2), or
                the result is nested too deeply.
            Conflict: A ``test`` of a JSON Patch fails.
        """
        if self.media_type == MERGE_PATCH:
            return _merged(document, self.data)
        added = {"/" + name.replace("~", "~0").replace("/", "~1") for name in unseen}
        operations = [_addition(each, added) for each in self.data]
        after = _patched(copy.deepcopy(document), operations)
        # SECURITY: a few small operations can nest a document deeper than Python's stack.
        if _is_deeper(after, _MAX_DEPTH) and not _is_deeper(document, _MAX_DEPTH):
            raise _too_deep("")
        return after

    @property
    def names(self) -> Collection[str] | None:
        """The only members that a merge patch may change; None for a JSON Patch."""
        return self.data.keys() if self.media_type == MERGE_PATCH else None

    def removes(self, name: str) -> bool:
        """Return whether a merge patch removes a member."""
        return self.media_type == MERGE_PATCH and name in self.data and self.data[name] is None


def _invalid(pointer: str, detail: str) -> UnprocessableContent:
    item: InvalidItem = {"pointer": pointer, "detail": detail, "code": "patch"}
    return UnprocessableContent(errors=[item])


def _too_deep(where: str) -> UnprocessableContent:
    return UnprocessableContent(
        errors=[{"pointer": where, "detail": "Nested too deeply.", "code": "depth"}]
    )


def _is_deeper(document: object, depth: int) -> bool:
    """Return whether arrays and objects are nested deeper than a number of levels."""
    level: list[object] = [document]
    for _ in range(depth + 1):
        level = [inner for each in level for inner in _inner(each)]
    return bool(level)


def _inner(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _addition(operation: _Operation, paths: Collection[str]) -> _Operation:
    """Return an operation, as an addition if it replaces one of the paths."""
    if operation["op"] == "replace" and operation["path"] in paths:
        return {**operation, "op": "add"}
    return operation


def _check_operation(index: int, each: object) -> None:
    """Check one operation of a JSON Patch (RFC 6902, section 4)."""
    operation = each if isinstance(each, Mapping) else {}
    kind = operation.get("op")
    wants = _WANTS.get(kind) if isinstance(kind, str) else None
    if wants is None:
        raise _invalid(f"/{index}", f"The member op must be one of {', '.join(_WANTS)}.")
    for name in wants:
        if name not in operation:
            raise _invalid(f"/{index}", f"This operation requires the member {name}.")
        if name != "value" and not _is_pointer(operation[name]):
            raise _invalid(f"/{index}/{name}", "Not a JSON Pointer.")


def _is_pointer(text: object) -> bool:
    """Return whether a value is a JSON Pointer (RFC 6901, section 3)."""
    if not isinstance(text, str) or (text and not text.startswith("/")):
        return False
    return text.count("~") == text.count("~0") + text.count("~1")


def _merged(target: object, patch: object) -> object:
    """Merge according to RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = _merged(out.get(name), value)
    return out


class _Copies:
    """The budget of one JSON Patch for the values that it copies.

    SECURITY: repeated copies grow exponentially, and each of them costs time and memory. Their
    total is bounded by the size of the stored document, which the request reads anyway.
    """

    def __init__(self, document: object) -> None:
        size = len(json.dumps(document))
        self._rest = min(_MAX_COPIED, _FREE_COPIES + 2 * size)
        self._is_deep = _is_deeper(document, _MAX_DEPTH)

    def spend(self, value: object, where: str) -> None:
        """Subtract a value that is going to be copied.

        Raises:
            ContentTooLarge: The patch copies too much.
            UnprocessableContent: The value is nested too deeply.
        """
        if not self._is_deep and _is_deeper(value, _MAX_DEPTH):
            raise _too_deep(where)
        self._rest -= len(json.dumps(value))
        if self._rest < 0:
            raise ContentTooLarge("The patch copies too much of the document.")


def _patched(document: Any, operations: Sequence[_Operation]) -> Any:
    from jsonpatch import JsonPatch, JsonPatchException  # cold start: few workers need it
    from jsonpointer import JsonPointerException, resolve_pointer

    copies = _Copies(document)
    for index, each in enumerate(operations):
        try:
            if each["op"] == "test":
                _check_equal(resolve_pointer(document, each["path"]), each["value"], index)
                continue
            if each["op"] == "copy":
                copies.spend(resolve_pointer(document, each["from"]), f"/{index}")
            document = JsonPatch([each]).apply(document, in_place=True)
        except (
            JsonPatchException,
            JsonPointerException,
            TypeError,
            ValueError,
            KeyError,
            IndexError,
        ):
            raise _invalid(
                f"/{index}", "The path does not exist, or cannot hold a value."
            ) from None
        except RecursionError:
            raise _too_deep(f"/{index}") from None
    return document


def _check_equal(found: object, wanted: object, index: int) -> None:
    """Reject a patch whose ``test`` operation fails."""
    if not equal(found, wanted):
        raise Conflict(
            "A test operation of the patch failed. Fetch the item again, then retry.",
            errors=[{"pointer": f"/{index}", "detail": "The values differ.", "code": "test"}],
        )


def equal(one: object, other: object) -> bool:
    """Return whether two JSON values are equal (RFC 6902, section 4.6): ``True`` is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            equal(value, other[name]) for name, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)
