"""Patches: merge patch (RFC 7396) and JSON Patch (RFC 6902), as formats and over a collection."""

from __future__ import annotations

import json
from typing import Any

import pytest
from shelf import Book, collection

from restkit.crud import CRUDResource
from restkit.crud.patching import JSON_PATCH, MERGE_PATCH, PatchDocument
from restkit.problems import Conflict, ContentTooLarge, UnprocessableContent


def merged(target: Any, patch: Any) -> Any:
    return PatchDocument.of(MERGE_PATCH, patch).apply(target)


def patched(target: Any, *operations: Any) -> Any:
    return PatchDocument.of(JSON_PATCH, list(operations)).apply(target)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_of_the_standard(target: Any, patch: Any, result: Any) -> None:
    """The examples of RFC 7396, appendix A, whose target and patch are objects."""
    before = repr(target)
    assert merged(target, patch) == result
    assert repr(target) == before


def test_a_merge_patch_of_nested_objects_changes_what_it_names() -> None:
    """Members of nested objects are merged, lists are replaced, null removes."""
    client = collection(
        Book("Emma", cover={"front": {"color": "red", "text": "E"}, "back": 1}, tags=["a", "b"])
    )
    response = client.patch(
        "/books/1", json={"cover": {"front": {"color": "blue"}, "back": None}, "tags": ["c"]}
    )
    assert response.json["cover"] == {"front": {"color": "blue", "text": "E"}}
    assert response.json["tags"] == ["c"]


@pytest.mark.parametrize("media_type", ["application/json", MERGE_PATCH])
@pytest.mark.parametrize("content", [b"[]", b"1", b"null", b'"x"'])
def test_a_merge_patch_is_an_object(media_type: str, content: bytes) -> None:
    """Any other JSON is a 422 that says so."""
    response = collection(Book("Emma")).patch("/books/1", content=content, content_type=media_type)
    detail = "A merge patch must be an object. Send a JSON Patch as application/json-patch+json."
    assert response.status == 422
    assert response.problem["errors"][0]["detail"] == detail


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ({}, ""),
        ([1], "/0"),
        ([{"op": "add", "path": "/a", "value": 1}, {"op": "jump"}], "/1"),
        ([{"op": ["add"]}], "/0"),
        ([{"op": "add", "path": "/a"}], "/0"),
        ([{"op": "move", "path": "/a"}], "/0"),
        ([{"op": "remove", "path": "a"}], "/0/path"),
        ([{"op": "remove", "path": "/a~2"}], "/0/path"),
        ([{"op": "remove", "path": 1}], "/0/path"),
        ([{"op": "copy", "path": "/a", "from": "b"}], "/0/from"),
        ([{"op": "remove", "path": "/a"}] * 1001, ""),
    ],
)
def test_what_is_no_json_patch_is_refused_with_a_pointer(document: Any, pointer: str) -> None:
    """An operation that is malformed is a 422 that points to it, before anything is applied."""
    with pytest.raises(UnprocessableContent) as raised:
        PatchDocument.of(JSON_PATCH, document)
    assert raised.value.errors[0].get("pointer") == pointer


def test_operations_of_a_json_patch() -> None:
    """Each operation does what RFC 6902 says, and the document that was handed in stays."""
    before = {"a": [1, 2], "b": {"c": 1}, "~/": 0}
    after = patched(
        before,
        {"op": "add", "path": "/a/1", "value": 9},
        {"op": "add", "path": "/a/-", "value": {"x": 1}},
        {"op": "remove", "path": "/a/0"},
        {"op": "move", "from": "/b/c", "path": "/c"},
        {"op": "copy", "from": "/a/2", "path": "/d"},
        {"op": "replace", "path": "/~0~1", "value": None},
        {"op": "test", "path": "/d", "value": {"x": 1}},
    )
    assert after == {"a": [9, 2, {"x": 1}], "b": {}, "c": 1, "d": {"x": 1}, "~/": None}
    assert before == {"a": [1, 2], "b": {"c": 1}, "~/": 0}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/none"},
        {"op": "replace", "path": "/none", "value": 1},
        {"op": "add", "path": "/a/7", "value": 1},
        {"op": "add", "path": "/a/01", "value": 1},
        {"op": "add", "path": "/none/x", "value": 1},
        {"op": "add", "path": "/b/x", "value": 1},
        {"op": "move", "from": "/none", "path": "/c"},
        {"op": "copy", "from": "/a/-", "path": "/c"},
        {"op": "test", "path": "/none", "value": None},
    ],
)
def test_a_path_that_leads_nowhere_is_422(operation: dict[str, Any]) -> None:
    """An operation on what is not there is a 422 that points to it (RFC 5789, section 2.2)."""
    with pytest.raises(UnprocessableContent) as raised:
        patched({"a": [1], "b": 1}, {"op": "test", "path": "/b", "value": 1}, operation)
    assert raised.value.errors[0].get("pointer") == "/1"


@pytest.mark.parametrize(
    ("value", "tested", "equal"),
    [
        (True, 1, False),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (1, 1.0, True),
        ([True], [1], False),
        ({"x": [0]}, {"x": [False]}, False),
        ({"x": 1, "y": 2}, {"y": 2, "x": 1}, True),
        ({"x": 1}, {"x": 1, "y": None}, False),
        ([1], [1, 2], False),
        ("1", 1, False),
        (None, False, False),
    ],
)
def test_a_test_compares_as_json_does(value: Any, tested: Any, equal: bool) -> None:
    """True is not 1 to a ``test``, at any depth;
    numbers are equal by value, objects in any order (section 4.6).
    """
    operation = {"op": "test", "path": "/a", "value": tested}
    if equal:
        assert patched({"a": value}, operation) == {"a": value}
    else:
        with pytest.raises(Conflict):
            patched({"a": value}, operation)


def test_copies_of_copies_are_stopped() -> None:
    """A patch that doubles a document again and again is a 413 before it fills the memory."""
    bomb = [{"op": "add", "path": "/a", "value": ["x" * 1000]}]
    bomb += [{"op": "copy", "from": "/a", "path": "/a/-"}] * 60
    with pytest.raises(ContentTooLarge):
        patched({}, *bomb)
    client = collection(Book("Emma", cover={"a": ["x" * 1000]}))
    document = [{"op": "copy", "from": "/cover/a", "path": "/cover/a/-"}] * 60
    assert client.patch("/books/1", json=document, content_type=JSON_PATCH).status == 413


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "copy", "from": "/cover", "path": "/cover/a"}] * 100,
        [{"op": "copy", "from": "/cover", "path": "/cover/a"}] * 1000,
        [
            {
                "op": "add",
                "path": "/cover/a" + "/a" * 40 * n,
                "value": json.loads('{"a":' * 40 + "{}" + "}" * 40),
            }
            for n in range(20)
        ],
    ],
)
def test_nesting_that_grows_step_by_step_is_stopped(operations: Any) -> None:
    """What comes of a JSON Patch is nested no deeper than content may be,
    however small its steps are.
    """
    client = collection(Book("Emma", cover={"a": {"a": 1}}))
    response = client.patch("/books/1", json=operations, content_type=JSON_PATCH)
    assert response.status == 422
    assert response.problem["errors"][0]["code"] == "depth"


def test_what_was_nested_deeper_may_be_patched() -> None:
    """What is stored may be deeper than content; a patch of something else is done."""
    deep: Any = {}
    for _ in range(80):
        deep = {"a": deep}
    client = collection(Book("Emma", cover=deep))
    operation = {"op": "replace", "path": "/title", "value": "Emma 2"}
    assert (
        client.patch("/books/1", json=[operation], content_type=JSON_PATCH).json["title"]
        == "Emma 2"
    )


def test_a_document_cannot_be_moved_into_itself() -> None:
    """A move into what is moved is a 422 (section 4.4)."""
    with pytest.raises(UnprocessableContent):
        patched({"a": {"b": {}}}, {"op": "move", "from": "/a", "path": "/a/b"})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "", "value": [1]},
        {"op": "add", "path": "", "value": 7},
    ],
)
def test_what_is_no_object_any_more_is_422(operation: dict[str, Any]) -> None:
    """A patch that makes something else of an item is refused."""
    response = collection(Book("Emma")).patch("/books/1", json=[operation], content_type=JSON_PATCH)
    assert response.status == 422


def test_true_is_another_value_than_one() -> None:
    """A patch from true to 1 is held against the field, not taken for no change."""
    client = collection(Book("Emma"))
    assert client.patch("/books/1", json={"on": 1}).status == 422
    assert client.patch("/books/1", json={"on": False}).json["on"] is False
    client = collection(Book("Emma", cover={"lent": True}))
    assert client.patch("/books/1", json={"cover": {"lent": 1}}).text.count('"lent":1') == 1


def test_another_format_is_415_and_the_formats_are_told() -> None:
    """PATCH takes its formats only, and Accept-Patch names them (RFC 5789, section 3.1)."""
    client = collection(Book("Emma"))
    response = client.patch("/books/1", content=b"<a/>", content_type="application/xml")
    assert response.status == 415
    accepted = client.options("/books/1").headers["Accept-Patch"]
    assert {each.strip() for each in accepted.split(",")} == {
        "application/json",
        JSON_PATCH,
        MERGE_PATCH,
    }


def test_a_merge_patch_changes_only_the_members_that_it_has() -> None:
    """Members that it repeats, or does not have, are not given to the action."""
    given: list[dict[str, Any]] = []

    def update(self: Any, item: Any, values: dict[str, Any]) -> Any:
        given.append(dict(values))
        return CRUDResource.update(self, item, values)

    book = Book("Emma", year=1815, tags=["a"], cover={"back": 1})
    client = collection(book, update=update)
    patches: list[tuple[Any, Any]] = [
        ({}, {}),
        ({"year": 1815, "tags": ["a"], "cover": {}}, {}),
        ({"year": 1816, "title": "Emma"}, {"year": 1816}),
        ({"cover": {"back": 1, "front": None}}, {}),
        ({"cover": {"back": 2}, "on": False}, {"cover": {"back": 2}, "on": False}),
        ({"year": None}, {"year": None}),
        ({"tags": [1]}, None),
        ({"titel": "E"}, None),
        ({"titel": None}, None),
    ]
    for patch, changed in patches:
        before = len(given)
        response = client.patch("/books/1", json=patch)
        assert response.status == (422 if changed is None else 200), patch
        assert given[before:] == ([] if changed is None else [changed]), patch
