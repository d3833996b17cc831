"""The quick matcher finds what Werkzeug's matcher finds."""

from __future__ import annotations

import random
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect, Rule

from restkit.matching import Matcher
from restkit.routing import CONVERTERS

SEGMENTS = ["a", "b", "", "1", "22", "x-y", "99999999999999999999", "0", "é", "12345678-1234-1234-1234-123456789abc"]
PIECES = ["a", "b", "x-y", "<{}>", "<int:{}>", "<uuid:{}>", "<any(a,b):{}>", "<string(length=2):{}>", "<float:{}>"]


def matchers(patterns: list[str]) -> tuple[Matcher, Map]:
    rules = [Rule(pattern, endpoint=pattern) for pattern in patterns]
    known = Map(rules, converters=CONVERTERS, redirect_defaults=False)
    known.update()
    matcher = Matcher()
    for rule in rules:
        matcher.add(rule, rule.endpoint)
    return matcher, known


def by_werkzeug(rules: Map, path: str) -> Any:
    try:
        return rules.bind("localhost").match(path)
    except RequestRedirect:
        return "redirect"
    except (HTTPException, ValueError):
        return None


@pytest.mark.parametrize("seed", range(20))
def test_it_agrees_with_werkzeug(seed: int) -> None:
    """Over drawn patterns and paths, what is found, its values, and what is surely absent are Werkzeug's."""
    draw = random.Random(seed)
    for _ in range(20):
        patterns = {
            "/"
            + "/".join(draw.choice(PIECES).format(f"v{n}") for n in range(draw.randint(1, 4)))
            + draw.choice(["", "", "/"])
            for _ in range(draw.randint(1, 8))
        }
        matcher, rules = matchers(sorted(patterns, key=lambda _: draw.random()))
        assert matcher.complete
        for _ in range(60):
            path = "/" + "/".join(draw.choice(SEGMENTS) for _ in range(draw.randint(1, 5)))
            if path.startswith("//"):
                continue
            expected = by_werkzeug(rules, path)
            found = matcher.find(path)
            if found is not None:
                assert found == expected, (patterns, path)
            elif matcher.is_absent(path):
                assert expected is None, (patterns, path)
            else:
                assert expected in (None, "redirect"), (patterns, path)


@pytest.mark.parametrize("pattern", ["/<path:p>", "/a-<int:n>", "/<a>.<b>", "/x/<path:p>/y"])
def test_other_patterns_are_left_to_werkzeug(pattern: str) -> None:
    """A segment of another kind makes the matcher incomplete, and nothing is surely absent."""
    matcher, _ = matchers([pattern, "/fixed"])
    assert not matcher.complete
    assert matcher.find("/fixed") == ("/fixed", {})
    assert not matcher.is_absent("/other")
