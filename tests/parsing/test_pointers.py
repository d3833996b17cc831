"""JSON Pointers and parameter names, as an answer may say them."""

from __future__ import annotations

import pytest

from restkit.parsing.pointers import plain_name
from restkit.parsing.pointers import pointer as pointer_of


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ((), ""),
        (("items", 2, "quantity"), "/items/2/quantity"),
        ((0,), "/0"),
        (("a.b", "$ref", "@id", "x-y", "a:b"), "/a.b/$ref/@id/x-y/a:b"),
        (("items", "a/b"), "/items"),
        (("items", "a~b", "below"), "/items"),
        (("a" * 65,), ""),
        (("a" * 64,), "/" + "a" * 64),
        (("a", "", "b"), "/a"),
        (("<script>",), ""),
        (("\u00e9",), "/\u00e9"),
        (("page[size]",), "/page[size]"),
        (("a\n",), ""),
        (("a", "b c"), "/a"),
    ],
)
def test_pointers(tokens: tuple[str | int, ...], expected: str) -> None:
    """A pointer is RFC 6901's, and ends above the first name that is not plain."""
    assert pointer_of(tokens) == expected


@pytest.mark.parametrize(
    ("name", "said"),
    [("limit", "limit"), ("page[size]", "page[size]"), ("<b>", ""), ("x" * 65, ""), ("a\n", "")],
)
def test_names(name: str, said: str) -> None:
    """A parameter's name is said where it is short and plain, and left out otherwise."""
    assert plain_name(name) == said
