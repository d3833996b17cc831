"""The end of the sentence about an undeclared response: what to write, and where."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from restkit.environ_keys import RAISED_BY, RESPONDED_BY
from restkit.testing.conformity import checker_of, conforms
from restkit.testing.declaration_hints import remedy


class Operated:
    """An Operation, as far as the hints look at it."""

    declared_at = "shop.Books.get"

    @staticmethod
    def function() -> None:
        """Stand for the verb."""


VERB = Operated.function.__qualname__


@pytest.mark.parametrize(
    ("status", "environ", "expected"),
    [
        (202, {}, "add @returns(..., status=202)"),
        (399, {}, "add @returns(..., status=399)"),
        (404, {}, "add @raises(NotFound)"),
        (400, {}, "add @raises(BadRequest)"),
        (499, {}, "add @raises(a Problem of 499)"),
        (404, {RAISED_BY: VERB}, "add @raises(NotFound)"),
        (404, {RAISED_BY: "Books.get"}, "add @raises(NotFound)"),
        (
            404,
            {RAISED_BY: "load_book"},
            "put @raises(NotFound) on load_book, which raised the problem",
        ),
        (303, {RAISED_BY: "load_book"}, "add @returns(..., status=303)"),
        (
            404,
            {RESPONDED_BY: "cache", RAISED_BY: "load_book"},
            "put @raises(NotFound) on the middleware cache, which made the response",
        ),
        (
            304,
            {RESPONDED_BY: "cache"},
            "put @returns(..., status=304) on the middleware cache, which made the response",
        ),
    ],
)
def test_what_to_write(status: int, environ: dict[str, str], expected: str) -> None:
    """On the verb, or on the function or middleware that made the response."""
    operation: Any = Operated
    assert remedy(operation, status, environ) == expected


@pytest.mark.parametrize(
    ("kind", "text", "fits"),
    [
        ("integer", "5", True),
        ("integer", "5.5", False),
        ("integer", "x", False),
        ("number", "5.5", True),
        ("number", "abc", False),
        ("boolean", "true", True),
        ("boolean", "false", True),
        ("boolean", "True", False),
        ("string", "anything", True),
        (None, "anything", True),
    ],
)
def test_texts_of_headers(kind: str | None, text: str, fits: bool) -> None:
    """A header has the type that it declares, if that is a simple one."""
    assert conforms({} if kind is None else {"type": kind}, text) is fits


DOCUMENT: dict[str, Any] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"$ref": "#/$defs/Item"}}},
    "required": ["items"],
    "$defs": {
        "Item": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "inner": {"$ref": "#/$defs/Item"}},
            "required": ["id"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({"items": []}, None),
        ({"items": [{"id": 1}], "more": 1}, None),
        ({}, ("", "'items' is a required property")),
        ({"items": [{"id": 1}, {}]}, ("/items/1", "'id' is a required property")),
        ({"items": [{"id": 1, "x": 2}]}, ("/items/0", "'x' is not declared")),
        (
            {"items": [{"id": 1, "inner": {"inner": {}}}]},
            ("/items/0/inner", "'id' is a required property"),
        ),
        ([], None),
        (5, None),
    ],
)
def test_members_are_checked_without_jsonschema(
    data: Any, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Required members and undeclared ones at any depth; the warning names the extra."""
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.warns(UserWarning, match=r"pip install 'restkit\[verify\]'"):
        check = checker_of(DOCUMENT)
    assert check(data) == fault


def test_values_are_checked_with_jsonschema() -> None:
    """The first fault in the order of the document, with its place."""
    check = checker_of(DOCUMENT)
    assert check({"items": [{"id": 1}]}) is None
    found = check({"items": [{"id": "b"}, {"id": "a"}]})
    assert found == ("/items/0/id", "'b' is not of type 'integer'")
