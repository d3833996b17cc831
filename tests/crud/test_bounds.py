"""Bounds at their edges: the last number that is taken, and the first one that is not."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from shelf import Book, collection, refused

from restkit import Conflict, ContentTooLarge, UnprocessableContent
from restkit.crud import MemoryStore
from restkit.crud.page_format import Window
from restkit.crud.pagination import _numbered
from restkit.crud.patching import JSON_PATCH, PatchDocument
from restkit.crud.query import Page
from restkit.errors import DeclarationError

MOST = 2**31 - 1


@dataclass
class Slot:
    code: str


def around(limit: int, offset: int, total: int | None, *, more: bool) -> dict[str, int]:
    """Return where the pages around a page begin, which all have its size."""
    found = _numbered(Window(limit, offset), Page((), more, offset > 0, total))
    assert all(each.limit == limit for each in found.values())
    return {name: each.offset for name, each in found.items()}


@pytest.mark.parametrize(
    ("limit", "offset", "total", "more", "expected"),
    [
        (10, 0, None, False, {}),
        (10, 0, None, True, {"next": 10}),
        (10, 10, None, False, {"first": 0, "prev": 0}),
        (10, 5, None, True, {"first": 0, "prev": 0, "next": 15}),
        (10, 25, None, True, {"first": 0, "prev": 15, "next": 35}),
        (10, 0, 0, False, {}),
        (10, 0, 10, False, {}),
        (10, 0, 11, True, {"next": 10, "last": 10}),
        (10, 0, 30, True, {"next": 10, "last": 20}),
        (10, 0, 31, True, {"next": 10, "last": 30}),
        (10, 20, 30, False, {"first": 0, "prev": 10}),
        (10, 5, 31, True, {"first": 0, "prev": 0, "next": 15, "last": 25}),
        (10, 90, 31, False, {"first": 0, "prev": 30}),
        (10, 90, 0, False, {"first": 0, "prev": 0}),
        (
            10,
            MOST - 10,
            None,
            True,
            {"first": 0, "prev": MOST - 20, "next": MOST},
        ),
        (10, MOST - 9, None, True, {"first": 0, "prev": MOST - 19}),
        (1, 0, MOST + 1, True, {"next": 1, "last": MOST}),
        (1, 0, MOST + 2, True, {"next": 1}),
    ],
)
def test_the_pages_around_a_page(
    limit: int, offset: int, total: int | None, more: bool, expected: dict[str, int]
) -> None:
    """Those after it if there are more items, the last one if the total is known."""
    assert around(limit, offset, total, more=more) == expected


def nested(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = [found]
    return found


def patched(document: dict[str, Any], *operations: dict[str, Any]) -> Any:
    return PatchDocument.of(JSON_PATCH, list(operations)).apply(document)


def _add(value: object) -> dict[str, Any]:
    return {"op": "add", "path": "/a", "value": value}


def test_the_number_of_operations() -> None:
    operations = [_add(1)] * 1000
    assert patched({}, *operations) == {"a": 1}
    with pytest.raises(UnprocessableContent) as raised:
        patched({}, *operations, _add(1))
    (error,) = raised.value.errors
    assert error["detail"] == "A JSON Patch can have at most 1000 operations."


def test_the_depth_of_a_patched_document() -> None:
    """The document itself is one level, and what was deeper before may stay so."""
    assert patched({}, _add(nested(63))) == {"a": nested(63)}
    with pytest.raises(UnprocessableContent):
        patched({}, _add(nested(64)))
    deep = {"b": nested(64)}
    assert patched(deep, _add(nested(64))) == {**deep, "a": nested(64)}


def _copy(name: str) -> dict[str, Any]:
    return {"op": "copy", "from": "/a", "path": f"/{name}"}


def test_what_a_patch_may_copy() -> None:
    """64 KiB and twice the document, at most 2 MiB."""
    text = "x" * 1000
    document = {"a": text}
    budget = 64 * 1024 + 2 * len(json.dumps(document))
    most = budget // len(json.dumps(text))
    copies = [_copy(f"b{number}") for number in range(most)]
    assert len(patched(document, *copies)) == most + 1
    with pytest.raises(ContentTooLarge):
        patched(document, *copies, _copy("c"))
    assert document == {"a": text}
    large = {"a": "x" * (1024 * 1024 - 2)}
    assert len(patched(large, _copy("b"), _copy("c"))) == 3
    with pytest.raises(ContentTooLarge):
        patched(large, _copy("b"), _copy("c"), _copy("d"))


def test_copies_of_what_was_too_deep_before() -> None:
    """They may stay as deep as they were, until Python cannot copy them any more."""
    document: dict[str, Any] = {}
    for _ in range(65):
        document = {"a": document}
    copies = [{"op": "copy", "from": "/a", "path": "/a" * (65 * 2**each + 1)} for each in range(5)]
    with pytest.raises(UnprocessableContent) as raised:
        patched(document, *copies)
    (error,) = raised.value.errors
    assert (error["detail"], error["code"]) == ("Nested too deeply.", "depth")
    assert 0 < int(error["pointer"][1:]) < 5


@pytest.mark.parametrize("value", [{}, {"a": 1}, [], [1], 1, "1", None, True], ids=repr)
def test_values_of_different_types_differ(value: object) -> None:
    others = [each for each in ({}, {"b": 1}, [], [2], 2, "2", None, False) if each != value]
    for other in others:
        with pytest.raises(Conflict):
            patched({"a": value}, {"op": "test", "path": "/a", "value": other})
    assert patched({"a": value}, {"op": "test", "path": "/a", "value": value}) == {"a": value}


@pytest.mark.parametrize("path", ["", "/a", "/a~0b", "/a~1b", "/~0~1"])
def test_what_is_a_pointer(path: str) -> None:
    assert PatchDocument.of(JSON_PATCH, [{"op": "remove", "path": path}]).data


@pytest.mark.parametrize("path", ["a", "/a~", "/a~2", "/~01~", 1, None])
def test_what_is_no_pointer(path: object) -> None:
    with pytest.raises(UnprocessableContent) as raised:
        PatchDocument.of(JSON_PATCH, [{"op": "remove", "path": path}])
    assert raised.value.errors[0]["pointer"] == "/0/path"
    assert raised.value.errors[0]["detail"] == "Not a JSON Pointer."


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"title__contains": "x" * 200}, 200),
        ({"title__contains": "x" * 201}, 422),
        ({"title__contains": ""}, 422),
        ({"year__in": ",".join(map(str, range(100)))}, 200),
        ({"year__in": ",".join(map(str, range(101)))}, 422),
        ({"year__in": ""}, 422),
        ({"limit": 1}, 200),
        ({"limit": 7}, 200),
        ({"limit": 8}, 422),
        ({"limit": 0}, 422),
        ({"offset": MOST}, 200),
        ({"offset": MOST + 1}, 422),
        ({"offset": -1}, 422),
    ],
)
def test_bounds_of_a_query(query: dict[str, object], status: int) -> None:
    members = {"filters": ("title__contains", "year__in"), "paging": "offset", "page_size": 3}
    client = collection(Book("Emma"), max_page_size=7, **members)
    assert client.get("/books", query=query).status == status


@pytest.mark.parametrize(("size", "largest"), [(0, 5), (6, 5), (-1, 5)])
def test_impossible_sizes_of_pages(size: int, largest: int) -> None:
    says = "page_size must be between 1 and max_page_size, got page_size "
    refused(f"{says}{size} and max_page_size {largest}.", page_size=size, max_page_size=largest)


def test_sizes_of_pages_may_be_equal() -> None:
    client = collection(Book("Emma"), Book("Emma"), page_size=1, max_page_size=1)
    assert len(client.get("/books").json["items"]) == 1


@pytest.mark.parametrize(
    ("key", "status"),
    [("a", 201), ("a.b", 201), ("a/b", 422), ("/", 422), (".", 422), ("..", 422), ("...", 201)],
)
def test_keys_that_a_url_cannot_contain(key: str, status: int) -> None:
    """A client would remove the dots, and a slash begins another segment."""
    client = collection(store=MemoryStore(Slot, key="code"))
    made = client.post("/books", json={"code": key})
    assert made.status == status
    if status == 422:
        (error,) = made.problem["errors"]
        assert (error["pointer"], error["code"]) == ("/code", "key")
        assert error["detail"] == "A URL cannot contain this key."


@pytest.mark.parametrize("kind", ["", 1, None])
def test_names_of_kinds_are_texts(kind: Any) -> None:
    says = rf"MemoryStore\(Slot\): the names of kinds must be strings, got {kind!r}\."
    with pytest.raises(DeclarationError, match=says):
        MemoryStore(Slot, key="code", kinds={kind: Slot}, discriminator="kind")
