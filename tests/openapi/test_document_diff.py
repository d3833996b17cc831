"""What changed between two documents."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from restkit.openapi import diff

OLD: dict[str, Any] = {
    "openapi": "3.1.1",
    "info": {"title": "T", "version": "1"},
    "paths": {
        "/books": {
            "get": {
                "operationId": "listBooks",
                "summary": "List.",
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "OK"}},
            }
        }
    },
    "components": {
        "schemas": {
            "Book": {"type": "object", "properties": {"title": {"type": "string"}, "a": {}}}
        }
    },
}


def _changed() -> dict[str, Any]:
    return copy.deepcopy(OLD)


def test_equal_documents_have_no_difference() -> None:
    """The list is empty."""
    assert diff(OLD, _changed()) == []


def test_operations_come_and_go() -> None:
    """Added and removed operations are named by method and path."""
    new = _changed()
    new["paths"]["/authors"] = {"get": new["paths"].pop("/books")["get"]}
    assert diff(OLD, new) == ["removed operation GET /books", "added operation GET /authors"]


def test_the_parts_of_an_operation_are_named() -> None:
    """Parameters, responses and other members are told one by one."""
    new = _changed()
    operation = new["paths"]["/books"]["get"]
    operation["summary"] = "List all."
    operation["parameters"][0]["schema"]["minimum"] = 1
    operation["parameters"].append({"name": "sort", "in": "query", "schema": {}})
    operation["responses"]["404"] = {"description": "Not Found"}
    operation["responses"]["200"] = {"description": "Good"}
    assert diff(OLD, new) == [
        "added GET /books: parameter sort in query",
        "changed GET /books: parameter limit in query",
        "added GET /books: response 404",
        "changed GET /books: response 200",
        "changed GET /books: summary",
    ]


def test_the_properties_of_a_schema_are_named() -> None:
    """What came has a plus, what went a minus."""
    new = _changed()
    new["components"]["schemas"]["Book"]["properties"] = {"title": {}, "year": {}}
    new["components"]["schemas"]["Author"] = {}
    assert diff(OLD, new) == ["added schema Author", "changed schema Book: +year, -a, title"]


def test_other_members_are_named() -> None:
    """The rest of the document is told by its top-level names."""
    new = _changed()
    new["info"]["version"] = "2"
    new["tags"] = []
    assert diff(OLD, new) == ["changed info", "added tags"]


def test_many_changes_are_cut() -> None:
    """There are at most 20 lines, and the last one says how many more there are."""
    new = _changed()
    new["components"]["schemas"] |= {f"S{number}": {} for number in range(30)}
    lines = diff(OLD, new)
    assert len(lines) == 20
    assert lines[-1] == "... and 11 more changes"


def test_another_order_of_parameters_is_a_change() -> None:
    """It is the only line where the parameters are the same."""
    old, new = _changed(), _changed()
    offset = {"name": "offset", "in": "query"}
    old["paths"]["/books"]["get"]["parameters"].append(offset)
    new["paths"]["/books"]["get"]["parameters"].insert(0, offset)
    assert diff(old, new) == ["changed GET /books: order of parameters"]
    assert diff(_changed(), new) == ["added GET /books: parameter offset in query"]


def test_what_no_line_tells_is_a_change_of_the_document() -> None:
    """Words of a path belong to none of its operations."""
    new = _changed()
    new["paths"]["/books"]["summary"] = "The shelf."
    assert diff(OLD, new) == ["changed: the document"]


def test_of_many_changes_the_first_are_told() -> None:
    """At most 20 lines, the last of which says how many more there are."""
    new = _changed()
    new["paths"] = {f"/{number}": OLD["paths"]["/books"] for number in range(20)}
    lines = diff(OLD, new)
    assert len(lines) == 20
    assert lines[-1] == "... and 2 more changes"
    del new["paths"]["/1"]
    lines = diff(OLD, new)
    assert len(lines) == 20
    assert "more changes" not in lines[-1]


ONE: dict[str, Any] = {"name": "a", "in": "query"}
TWO: dict[str, Any] = {"name": "b", "in": "header"}


def with_operation(**members: Any) -> dict[str, Any]:
    return {"paths": {"/x": {"parameters": [], "get": members}}}


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({}, {"a": 1}, ["added a"]),
        ({"a": 1}, {}, ["removed a"]),
        ({"a": 1, "b": 1}, {"a": 2, "b": 1}, ["changed a"]),
        ({"a": None}, {"a": 1}, ["changed a"]),
        ({"paths": {"/x": {"summary": "a"}}}, {"paths": {"/x": {}}}, ["changed: the document"]),
        (
            {"paths": {"/x": {"x-query": {}, "trace": {}}}},
            {"paths": {"/x": {"query": {}}}},
            [
                *("removed operation TRACE /x", "removed operation X-QUERY /x"),
                "added operation QUERY /x",
            ],
        ),
        (
            with_operation(parameters=[ONE, TWO]),
            with_operation(parameters=[TWO, ONE]),
            ["changed GET /x: order of parameters"],
        ),
        (
            with_operation(parameters=[ONE, TWO]),
            with_operation(parameters=[TWO]),
            ["removed GET /x: parameter a in query"],
        ),
        (
            with_operation(parameters=[ONE]),
            with_operation(parameters=[{**ONE, "required": True}, TWO]),
            ["added GET /x: parameter b in header", "changed GET /x: parameter a in query"],
        ),
        (
            with_operation(responses={"200": {}, "404": {}}),
            with_operation(responses={"200": {"description": "a"}}),
            ["removed GET /x: response 404", "changed GET /x: response 200"],
        ),
        (
            with_operation(summary="a", tags=[]),
            with_operation(summary="b", deprecated=True, tags=[]),
            ["changed GET /x: summary, deprecated"],
        ),
        (
            {"components": {"schemas": {"A": {}, "B": {}}}},
            {"components": {"schemas": {"B": {"type": "object"}, "C": {}}, "headers": {"H": {}}}},
            ["removed schema A", "added schema C", "changed schema B", "added header H"],
        ),
        (
            {"components": {"schemas": {"A": {"properties": {"a": 1, "b": 1, "c": 1}}}}},
            {"components": {"schemas": {"A": {"properties": {"a": 1, "b": 2, "d": 1}}}}},
            ["changed schema A: +d, -c, b"],
        ),
        (
            {"components": {"schemas": {"A": True}}},
            {"components": {"schemas": {"A": {"properties": {"a": 1}}}}},
            ["changed schema A: +a"],
        ),
    ],
)
def test_each_kind_of_change(old: dict[str, Any], new: dict[str, Any], lines: list[str]) -> None:
    """It is one line, that says what and where."""
    assert diff(old, new) == lines


@pytest.mark.parametrize(
    ("count", "last"),
    [(19, "added a18"), (20, "added a19"), (21, "... and 2 more changes")],
)
def test_there_are_twenty_lines_at_most(count: int, last: str) -> None:
    """The last one says how many there are more."""
    lines = diff({}, {f"a{number}": 1 for number in range(count)})
    assert len(lines) == min(count, 20)
    assert lines[-1] == last
