"""The quick matcher finds what Werkzeug's matcher finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from restkit.routing.converters import CONVERTERS
from restkit.routing.matcher import Matcher
from restkit.routing.whole_paths import find_whole_paths

SEGMENTS = [
    "a",
    "b",
    "",
    "1",
    "22",
    "x-y",
    "99999999999999999999",
    "0",
    "é",
    "12345678-1234-1234-1234-123456789abc",
]
SEGMENTS += ["v1", "a.json", "1.5", "a-b"]
SIMPLE = [
    "a",
    "b",
    "x-y",
    "<{}>",
    "<int:{}>",
    "<uuid:{}>",
    "<any(a,b):{}>",
    "<string(length=2):{}>",
    "<float:{}>",
]
PIECES = [*SIMPLE, "v<int:{}>", "<{}>.json", "<path:{}>", "<int(max=5):{}>", "<{0}a>-<{0}b>"]


def matchers(patterns: list[str], *, strict_slashes: bool = True) -> tuple[Matcher, Map]:
    rules = [Rule(pattern, endpoint=pattern) for pattern in patterns]
    known = Map(
        rules, converters=CONVERTERS, redirect_defaults=False, strict_slashes=strict_slashes
    )
    known.update()
    matcher = Matcher()
    for rule in rules:
        matcher.add(rule, rule.endpoint)
    find_whole_paths(matcher.root)
    return matcher, known


def by_werkzeug(rules: Map, path: str) -> Any:
    try:
        return rules.bind("localhost").match(path)
    except RequestRedirect:
        return "redirect"
    except (HTTPException, ValueError):
        return None


def draws(
    seed: int, pieces: list[str], *, strict_slashes: bool = True
) -> Iterator[tuple[str, Matcher, Any]]:
    """Yield paths, the matcher of the patterns that were drawn, and what Werkzeug finds."""
    draw = random.Random(seed)
    for _ in range(20):
        patterns = {
            "/"
            + "/".join(draw.choice(pieces).format(f"v{n}") for n in range(draw.randint(1, 4)))
            + draw.choice(["", "", "/"])
            for _ in range(draw.randint(1, 8))
        }
        matcher, rules = matchers(
            sorted(patterns, key=lambda _: draw.random()), strict_slashes=strict_slashes
        )
        for _ in range(60):
            path = "/" + "/".join(draw.choice(SEGMENTS) for _ in range(draw.randint(1, 5)))
            if not path.startswith("//"):
                yield path, matcher, by_werkzeug(rules, path)


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_werkzeug(seed: int) -> None:
    """Over drawn patterns and paths, what is found, its values,
    and what is surely absent are Werkzeug's.
    """
    matches = 0
    for path, matcher, expected in draws(seed, SIMPLE):
        found = matcher.find(path)
        matches += bool(found)
        if found is False:
            assert expected is None, path
        elif found is not None:
            assert found == expected, path
        else:
            assert expected in (None, "redirect"), path
    assert matches > 5


@pytest.mark.parametrize("strict_slashes", [True, False], ids=["redirect", "ignore"])
@pytest.mark.parametrize("seed", range(40))
def test_it_agrees_with_werkzeug_beside_other_patterns(seed: int, *, strict_slashes: bool) -> None:
    """Beside patterns of another kind, what is found or surely absent still is Werkzeug's,
    by both slash policies.
    """
    decided = 0
    for path, matcher, expected in draws(seed, PIECES, strict_slashes=strict_slashes):
        if not strict_slashes and path.endswith("/"):
            continue
        found = matcher.find(path)
        if found is False:
            assert expected is None, path
        elif found is not None:
            assert found == expected, path
        decided += found is not None
    assert decided > 20


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (["/files/<string:name>", "/files/<name>.json"], "/files/a.json", "/files/<name>.json"),
        (["/x/<int:i>", "/x/v<int:i>", "/x/<s>"], "/x/v1", "/x/v<int:i>"),
        (["/<string:s>/<string:t>", "/<path:p>/edit"], "/a/edit", "/<path:p>/edit"),
        (["/a/<x>/c", "/a/b/<path:p>", "/a/b/d"], "/a/b/c", "/a/b/<path:p>"),
    ],
)
def test_a_weaker_pattern_does_not_win(patterns: list[str], path: str, expected: str) -> None:
    """Where Werkzeug prefers a pattern of another kind, the tree decides nothing."""
    matcher, rules = matchers(patterns)
    assert by_werkzeug(rules, path)[0] == expected
    assert matcher.find(path) is None


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (["/<int:i>/x", "/<s>/a"], "/5/a", ("/<s>/a", {"s": "5"})),
        (["/<int:i>/x", "/<s>/a", "/<s>/a/"], "/5/a", ("/<s>/a", {"s": "5"})),
        (["/<int:i>/x", "/<s>/<int:j>"], "/5/6", ("/<s>/<int:j>", {"s": "5", "j": 6})),
        (["/a/<int:i>/x", "/<s>/<t>/b"], "/a/5/b", ("/<s>/<t>/b", {"s": "a", "t": "5"})),
        (["/<int:i>/x/y", "/<s>/<t>"], "/5/x", ("/<s>/<t>", {"s": "5", "t": "x"})),
        (["/<int:i>/x", "/<s>/a/"], "/5/a", None),
        (["/<int:i>/x", "/<s>/<int:j>"], f"/5/{2**63}", None),
        (["/<int:i>/x", "/<s>/<int:j>"], "/5/y", False),
        (["/<int:i>/x", "/<s>/<path:p>"], "/5/y", None),
    ],
)
def test_every_way_behind_a_fork_is_tried(
    patterns: list[str], path: str, expected: tuple[str, dict[str, object]] | bool | None
) -> None:
    """If the first way leads nowhere, the others are tried, with their own variables."""
    matcher, rules = matchers(patterns)
    assert matcher.find(path) == expected
    if expected:
        assert by_werkzeug(rules, path) == expected


def test_other_patterns_leave_the_rest_to_the_tree() -> None:
    """A pattern of another kind takes from the tree only what stands below its fixed text."""
    matcher, _ = matchers(["/docs/<path:p>", "/books/<int:n>"])
    assert matcher.find("/books/5") == ("/books/<int:n>", {"n": 5})
    assert matcher.find("/books/x") is False
    assert matcher.find("/other") is False
    assert matcher.find("/docs/x") is None
    assert matcher.find("/docs") is None


@pytest.mark.parametrize("pattern", ["/<path:p>", "/a-<int:n>", "/<a>.<b>"])
def test_other_patterns_are_left_to_werkzeug(pattern: str) -> None:
    """Beside a segment of another kind fixed text is found, and nothing is surely absent."""
    matcher, _ = matchers([pattern, "/fixed"])
    assert matcher.find("/fixed") == ("/fixed", {})
    assert matcher.find("/other") is None


@pytest.mark.parametrize("seed", range(20))
def test_a_path_is_added_as_its_rule(seed: int) -> None:
    """A path without variables is found in the same way with and without Werkzeug's rule."""
    drawn = random.Random(seed)
    parts = [*SEGMENTS, ">", "|", "a|b", "{", "$"]
    paths = ["/" + "/".join(drawn.choices(parts, k=drawn.randint(1, 4))) for _ in range(12)]
    paths = [path for path in paths if "//" not in path]
    with_rules, _ = matchers(paths)
    without: Matcher[str] = Matcher()
    for path in paths:
        without.add_path(path, path)
    asked = [*paths, *(f"{path}/" for path in paths), *(path.rstrip("/") for path in paths)]
    assert {path: without.find(path) for path in asked} == {
        path: with_rules.find(path) for path in asked
    }
    assert len(paths) > 3
