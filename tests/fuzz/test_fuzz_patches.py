"""JSON Patch and merge patches, against models of RFC 6902 and RFC 7396."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

from hypothesis import strategies as st

from restkit.crud.patching import JSON_PATCH, MERGE_PATCH, PatchDocument, equal
from restkit.problems import Conflict, ContentTooLarge, UnprocessableContent

from .fuzzing import fuzz

NAMES = st.sampled_from(["a", "b", "", "a/b", "m~n", "0", "-", "c"])
SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([1.0, 0.5, "", "x"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=4)
TOKENS = st.sampled_from(
    ["a", "b", "c", "0", "1", "2", "-", "01", "-1", "", "a~1b", "m~0n", "1e0", "x"]
)
POINTERS = st.lists(TOKENS, max_size=3).map(lambda each: "".join(f"/{token}" for token in each))
OPERATIONS = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
        "path": POINTERS,
        "value": VALUES,
        "from": POINTERS,
    }
)


class Failed(Exception):
    """Raised by the model when a patch cannot be applied."""


def _tokens(pointer: str) -> list[str]:
    return [each.replace("~1", "/").replace("~0", "~") for each in pointer.split("/")[1:]]


def _index(token: str, length: int) -> int:
    """Return an index of an array (RFC 6901, section 4)."""
    if not re.fullmatch("0|[1-9][0-9]*", token) or int(token) >= length:
        raise Failed
    return int(token)


def _get(document: Any, pointer: str) -> Any:
    for token in _tokens(pointer):
        if isinstance(document, list):
            document = document[_index(token, len(document))]
        elif isinstance(document, dict) and token in document:
            document = document[token]
        else:
            raise Failed
    return document


def _place(document: Any, pointer: str) -> tuple[Any, str]:
    parent, _, _ = pointer.rpartition("/")
    return _get(document, parent), _tokens(pointer)[-1]


def _add(document: Any, pointer: str, value: Any) -> Any:
    if not pointer:
        return value
    inside, token = _place(document, pointer)
    if isinstance(inside, list):
        at = len(inside) if token == "-" else _index(token, len(inside) + 1)
        inside.insert(at, value)
    elif isinstance(inside, dict):
        inside[token] = value
    else:
        raise Failed
    return document


def _remove(document: Any, pointer: str) -> Any:
    _get(document, pointer)
    if not pointer:
        raise Failed  # nothing would be left
    inside, token = _place(document, pointer)
    del inside[_index(token, len(inside)) if isinstance(inside, list) else token]
    return document


def model(document: Any, operations: list[dict[str, Any]]) -> Any:
    """Apply a JSON Patch by the letter of RFC 6902.

    Raises:
        Failed: It cannot be applied.
    """
    document = copy.deepcopy(document)
    for each in operations:
        op, path = each["op"], each["path"]
        if op == "test":
            if json.dumps(_get(document, path), sort_keys=True) != json.dumps(
                each["value"], sort_keys=True
            ) and not equal(_get(document, path), each["value"]):
                raise Failed
        elif op == "add":
            document = _add(document, path, copy.deepcopy(each["value"]))
        elif op == "remove":
            document = _remove(document, path)
        elif op == "replace":
            if path:
                document = _add(_remove(document, path), path, copy.deepcopy(each["value"]))
            else:
                document = copy.deepcopy(each["value"])
        else:
            value = copy.deepcopy(_get(document, each["from"]))
            if op == "move" and path != each["from"]:
                if path.startswith(each["from"] + "/"):
                    raise Failed
                document = _remove(document, each["from"])
            document = _add(document, path, value)
    return document


@fuzz(document=DOCUMENTS, operations=st.lists(OPERATIONS, max_size=5))
def test_json_patch_and_the_model(document: Any, operations: list[dict[str, Any]]) -> None:
    """A patch gives what RFC 6902 says, or is refused; the given document stays as it was."""
    before = copy.deepcopy(document)
    try:
        wanted = json.dumps(model(document, operations), sort_keys=True)
    except Failed:
        wanted = "refused"
    try:
        patched = PatchDocument.of(JSON_PATCH, copy.deepcopy(operations)).apply(document)
        found = json.dumps(patched, sort_keys=True)
    except (UnprocessableContent, Conflict):
        found = "refused"
    assert found == wanted, operations
    assert document == before


@fuzz(
    document=DOCUMENTS,
    data=VALUES
    | st.lists(
        st.dictionaries(st.sampled_from(["op", "path", "from", "value"]), VALUES | POINTERS),
        max_size=4,
    ),
    kind=st.sampled_from([JSON_PATCH, MERGE_PATCH, "application/json"]),
)
def test_patches_of_any_json(document: Any, data: Any, kind: str) -> None:
    try:
        PatchDocument.of(kind, data).apply(document)
    except (UnprocessableContent, Conflict, ContentTooLarge) as problem:
        refused = problem
    else:
        return
    assert refused.errors or refused.detail


def merged(target: Any, patch: Any) -> Any:
    """Apply a merge patch by the pseudocode of RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    out = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        out[name] = merged(out.get(name), value)
        if value is None:
            del out[name]
    return out


@fuzz(document=DOCUMENTS, patch=DOCUMENTS)
def test_merge_patch_and_the_model(document: Any, patch: Any) -> None:
    before = copy.deepcopy(document)
    found = PatchDocument.of(MERGE_PATCH, patch).apply(document)
    assert json.dumps(found, sort_keys=True) == json.dumps(merged(document, patch), sort_keys=True)
    assert document == before
    assert PatchDocument.of(MERGE_PATCH, patch).apply(found) == found


@fuzz(one=VALUES, other=VALUES)
def test_json_equality(one: Any, other: Any) -> None:
    """Numbers are equal as numbers, booleans are no numbers."""

    def plain(value: Any) -> Any:
        if isinstance(value, bool):
            return ("boolean", value)
        if isinstance(value, list):
            return [plain(each) for each in value]
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        return value

    assert equal(one, other) == (plain(one) == plain(other))
    assert equal(one, copy.deepcopy(one))
