"""Patch documents: what a PATCH sends, as data, and what comes of it when it is applied to JSON.

A merge patch (RFC 7396) is an object of what changes; a JSON Patch (RFC 6902) a list of operations.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..problems import Conflict, ContentTooLarge, InvalidItem, UnprocessableContent

__all__ = ["JSON_PATCH", "MERGE_PATCH", "PatchDocument", "equal"]

MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
_MAX_OPERATIONS = 1000
_MAX_SIZE = 2 * 1024 * 1024
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
    """Is a patch of one of the two formats, well-formed, and not applied yet."""

    media_type: str
    data: Any

    @classmethod
    def of(cls, media_type: str, data: Any) -> PatchDocument:
        """Check that the content is a patch.

        Args:
            media_type: Of the content; plain JSON is taken for a merge patch.
            data: The content, decoded.

        Raises:
            UnprocessableContent: It is no patch of this format.
        """
        if media_type != JSON_PATCH:
            if not isinstance(data, dict):
                raise _invalid(
                    "",
                    "A merge patch is an object; a JSON Patch is sent as application/json-patch+json.",
                )
            return cls(MERGE_PATCH, data)
        if not isinstance(data, list):
            raise _invalid("", "A JSON Patch is an array of operations.")
        if len(data) > _MAX_OPERATIONS:
            raise _invalid("", f"A JSON Patch has at most {_MAX_OPERATIONS} operations.")
        for index, each in enumerate(data):
            _check_operation(index, each)
        return cls(JSON_PATCH, data)

    def apply(self, document: dict[str, Any], unseen: Collection[str] = ()) -> Any:
        """Return what comes of it; the document stays as it is.

        Args:
            document: What the client has read.
            unseen: Members that may be sent and are never answered, and so are not in the document; to replace one
                is to add it.

        Raises:
            UnprocessableContent: A path of a JSON Patch leads nowhere (RFC 5789, section 2.2), or what comes of it is
                nested deeper than content may be.
            Conflict: A ``test`` of a JSON Patch fails.
        """
        if self.media_type == MERGE_PATCH:
            return _merged(document, self.data)
        added = {"/" + name.replace("~", "~0").replace("/", "~1") for name in unseen}
        operations = [
            {**each, "op": "add"} if each["op"] == "replace" and each["path"] in added else each
            for each in self.data
        ]
        after = _patched(copy.deepcopy(document), operations)
        # SECURITY: what is put into each other grows deeper than Python's stack, where each step is small.
        if _is_deeper(after, _MAX_DEPTH) and not _is_deeper(document, _MAX_DEPTH):
            raise _too_deep("")
        return after

    def removes(self, name: str) -> bool:
        """Whether a merge patch takes a member away."""
        return self.media_type == MERGE_PATCH and name in self.data and self.data[name] is None


def _invalid(pointer: str, detail: str) -> UnprocessableContent:
    item: InvalidItem = {"pointer": pointer, "detail": detail, "code": "patch"}
    return UnprocessableContent(errors=[item])


def _too_deep(where: str) -> UnprocessableContent:
    return UnprocessableContent(
        errors=[{"pointer": where, "detail": "Nested too deeply.", "code": "depth"}]
    )


def _is_deeper(document: Any, depth: int) -> bool:
    """Whether arrays and objects are in each other more than so many times."""
    level = [document]
    for _ in range(depth + 1):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _check_operation(index: int, each: Any) -> None:
    """Check one operation of a JSON Patch (RFC 6902, section 4)."""
    kind = each.get("op") if isinstance(each, dict) else None
    wants = _WANTS.get(kind) if isinstance(kind, str) else None
    if wants is None:
        raise _invalid(f"/{index}", f"An operation has an op: {', '.join(_WANTS)}.")
    for name in wants:
        if name not in each:
            raise _invalid(f"/{index}", f"This operation lacks its {name}.")
        if name != "value" and not _is_pointer(each[name]):
            raise _invalid(f"/{index}/{name}", "Not a JSON Pointer.")


def _is_pointer(text: Any) -> bool:
    """Whether a value is a JSON Pointer (RFC 6901, section 3)."""
    if not isinstance(text, str) or (text and not text.startswith("/")):
        return False
    return text.count("~") == text.count("~0") + text.count("~1")


def _merged(target: Any, patch: Any) -> Any:
    """Merge as RFC 7396 (section 2) has it."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            out.pop(name, None)
        else:
            out[name] = _merged(out.get(name), value)
    return out


def _patched(document: Any, operations: list[Any]) -> Any:
    from jsonpatch import JsonPatch, JsonPatchException  # cold start: few workers need it
    from jsonpointer import JsonPointerException, resolve_pointer

    for index, each in enumerate(operations):
        try:
            if each["op"] != "test":
                document = JsonPatch([each]).apply(document, in_place=True)
                _check_size(each, document)
            elif not equal(resolve_pointer(document, each["path"]), each["value"]):
                raise Conflict(
                    "A test of the patch fails.",
                    errors=[
                        {"pointer": f"/{index}", "detail": "The value is another.", "code": "test"}
                    ],
                )
        except (
            JsonPatchException,
            JsonPointerException,
            TypeError,
            ValueError,
            KeyError,
            IndexError,
        ):
            raise _invalid(
                f"/{index}", "There is nothing at this path, or nothing can be there."
            ) from None
        except RecursionError:
            raise _too_deep(f"/{index}") from None
    return document


def _check_size(operation: dict[str, Any], document: Any) -> None:
    # SECURITY: copies of copies grow without bounds; each is held against the size that content may have.
    if operation["op"] == "copy" and len(json.dumps(document)) > _MAX_SIZE:
        raise ContentTooLarge("What comes of the patch is too large.")


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal (RFC 6902, section 4.6); to Python ``True`` would be 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            equal(value, other[name]) for name, value in one.items()
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)
