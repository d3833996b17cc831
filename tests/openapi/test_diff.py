"""What changed between two documents."""

from __future__ import annotations

import copy
from typing import Any

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
