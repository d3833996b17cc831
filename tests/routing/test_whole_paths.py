"""Patterns that are alone behind fixed text, which one expression matches as a whole."""

from __future__ import annotations

import re
from typing import Any

import pytest
from werkzeug.routing import BaseConverter

from restkit import App
from restkit.testing import Client

UUID = "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77"


class Colon(BaseConverter):
    """A converter that takes every segment with a colon."""

    regex = "(.+):(.+)"


def found(path: str, *patterns: str) -> Any:
    """Return the number of the pattern of a path and its values, or the status without one."""
    app = App("T")
    app.converters["colon"] = Colon
    for number, pattern in enumerate(patterns):
        names = re.findall(r"(\w+)>", pattern)
        scope: dict[str, Any] = {}
        exec(f"def show({', '.join(names)}): return [{number}, {', '.join(names)}]", scope)
        app.get(pattern)(scope["show"])
    client = Client(app)
    first, second = client.get(path), client.get(path)
    assert first.data == second.data  # the expression is compiled for the first path
    return second.json if second.status == 200 else second.status


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/items/42/parts/{UUID}", [0, 42, UUID]),
        (f"/items/042/parts/{UUID}", 404),
        (f"/items/9223372036854775808/parts/{UUID}", 404),
        (f"/items/9223372036854775807/parts/{UUID}", [0, 9223372036854775807, UUID]),
        (f"/items/42/parts/{UUID.upper()}", 404),
        (f"/items/42/parts/{UUID}/", 404),
        (f"/items//parts/{UUID}", 404),
        (f"/items/42/parts/{UUID}%0A", 404),
        ("/items/42/parts", 404),
        ("/items/42", 404),
    ],
)
def test_one_way_of_several_segments(path: str, expected: Any) -> None:
    """The values are those that each converter makes; another path has no pattern."""
    assert found(path, "/items/<int:item>/parts/<uuid:part>", "/") == expected


def test_values_are_decoded() -> None:
    """A text is decoded as in other patterns, and dot segments match nothing."""
    patterns = ("/a/<name>", "/b/<name>", "/b/<name>/c")
    for prefix, number in (("a", 0), ("b", 1)):
        assert found(f"/{prefix}/%C3%A9%20(x)", *patterns) == [number, "é (x)"]
        assert found(f"/{prefix}/..", *patterns) == 404


def test_fixed_text_of_other_patterns_goes_first() -> None:
    """A pattern is not alone if another one may match the same path."""
    patterns = ("/a/<name>", "/a/new", "/b/<x>/<y>", "/b/<x>", "/c/<path:rest>", "/c/<x>/d")
    assert found("/a/new", *patterns) == [1]
    assert found("/a/old", *patterns) == [0, "old"]
    assert found("/b/1/2", *patterns) == [2, "1", "2"]
    assert found("/b/1", *patterns) == [3, "1"]
    assert found("/c/1/d", *patterns) == [5, "1"]
    assert found("/c/1/e", *patterns) == [4, "1/e"]


def test_converters_with_groups_of_their_own() -> None:
    """A converter of the program is asked for its segment alone."""
    assert found("/a/b:c/7", "/a/<colon:pair>/<int:number>") == [0, "b:c", 7]
    assert found("/a/b:c/d:e", "/a/<colon:pair>/<colon:other>") == [0, "b:c", "d:e"]
    assert found("/a/b/c:d", "/a/<colon:pair>") == 404


def test_a_slash_at_the_end() -> None:
    """A pattern with a slash at its end redirects to it, as it does if it is not alone."""
    assert found("/a/7/", "/a/<int:number>/") == [0, 7]
    assert found("/a/7", "/a/<int:number>/") == 308
