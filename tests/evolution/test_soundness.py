"""Drawn pairs of schemas: if the check says that one accepts all values of the other, it does."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from restkit.evolution.documents import Document
from restkit.evolution.reading import Direction
from restkit.evolution.shapes import Source
from restkit.evolution.subsumption import Subsumption

JSON = dict[str, Any]
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
NUMBERS = [0.25, *range(-1, 8), *(each + 0.5 for each in range(-1, 8))]
SCALARS: list[Any] = [None, True, False, *NUMBERS, "", "a", "b", "ab", "ba", "abab"]
LISTS: list[Any] = [
    [],
    *([each] for each in (None, 1, 4, "a", "ab")),
    *map(list, itertools.product((1, 2, "a"), repeat=2)),
    [1, 2, 3],
]
MEMBERS = (None, 1, 5, "a", "abab", [1])
OBJECTS: list[Any] = [
    {},
    *({name: each} for name in ("a", "b") for each in MEMBERS),
    *({"a": one, "b": other} for one in MEMBERS for other in MEMBERS),
]
VALUES = [*SCALARS, *LISTS, *OBJECTS]

_IGNORED = ("warning", "member")
small = st.integers(0, 5)


def keywords(**strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[JSON]:
    """Draw some of the keywords."""
    return st.fixed_dictionaries({}, optional=strategies)


def typed(kind: str, drawn: st.SearchStrategy[JSON]) -> st.SearchStrategy[JSON]:
    """Draw a schema of one type."""
    return drawn.map(lambda found: {"type": kind, **found})


numbers = keywords(
    minimum=small, maximum=small, exclusiveMinimum=small, multipleOf=st.sampled_from([1, 2, 3, 0.5])
)
strings = keywords(
    minLength=st.integers(0, 2),
    maxLength=st.integers(0, 4),
    pattern=st.sampled_from(["^a", "b$", "^.*$"]),
)
scalars = st.one_of(
    typed("number", numbers),
    typed("integer", numbers),
    typed("string", strings),
    st.sampled_from(["null", "boolean"]).map(lambda kind: {"type": kind}),
    st.lists(st.sampled_from(SCALARS), min_size=1, max_size=4).map(lambda found: {"enum": found}),
    st.sampled_from(SCALARS).map(lambda value: {"const": value}),
    st.booleans(),
    st.just({}),
)


def compounds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw arrays, objects and combinations."""
    names = st.sampled_from(["a", "b"])
    members = st.dictionaries(names, inner, max_size=2)
    required = st.lists(names, unique=True, max_size=2)
    closed = st.fixed_dictionaries({"properties": members, "required": required}).map(
        lambda found: {"type": "object", "additionalProperties": False, **found}
    )
    maps = typed("object", keywords(additionalProperties=inner, minProperties=st.integers(0, 2)))
    arrays = typed(
        "array",
        keywords(
            items=inner,
            prefixItems=st.lists(inner, min_size=1, max_size=2),
            minItems=st.integers(0, 2),
            maxItems=st.integers(0, 3),
            uniqueItems=st.booleans(),
        ),
    )
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        closed,
        maps,
        arrays,
        several.map(lambda found: {"anyOf": found}),
        several.map(lambda found: {"allOf": found}),
        inner.map(lambda found: {"not": found}),
        st.tuples(inner, numbers).map(lambda pair: {"anyOf": [pair[0]], **pair[1]}),
    )


schemas = st.recursive(scalars, compounds, max_leaves=6)


def accepted(schema: Any) -> list[bool]:
    """Return which of the values jsonschema accepts."""
    validator = Draft202012Validator(schema)
    return [validator.is_valid(each) for each in VALUES]


def is_clean(
    narrow: Any, wide: Any, direction: Direction, *, mild: tuple[str, ...] = ("compatible",)
) -> bool:
    """Return whether the check finds nothing, nor anything that it cannot compare."""
    document = Document({})
    found = Subsumption(direction).compare((Source(narrow, document),), (Source(wide, document),))
    # That members of an open object are ignored is a warning, although they are accepted.
    return all(each.level in mild or (each.level, each.kind) == _IGNORED for each in found)


def wrongly_accepted(narrow: Any, wide: Any) -> list[Any]:
    """Return values that the wide schema refuses, although the check says that it accepts all."""
    if not is_clean(narrow, wide, "request"):
        return []
    pairs = zip(VALUES, accepted(narrow), accepted(wide), strict=True)
    return [value for value, is_in, is_out in pairs if is_in and not is_out]


@settings(max_examples=600, deadline=None, suppress_health_check=SLOW)
@given(schemas, schemas)
def test_what_is_said_to_be_accepted_is_accepted(narrow: Any, wide: Any) -> None:
    """Every value of the narrow schema is one of the wide schema."""
    assert wrongly_accepted(narrow, wide) == []


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(schemas, schemas)
def test_unions_accept_their_parts(first: Any, second: Any) -> None:
    """A schema is within a union with it, and a conjunction is within both of its parts.

    With `not` that is not always decided.
    """
    undecided = ("compatible", "warning")
    assert is_clean(first, {"anyOf": [second, first]}, "request", mild=undecided)
    assert is_clean({"allOf": [first, second]}, first, "request", mild=undecided)
    assert is_clean(first, first, "response")
    assert is_clean({"anyOf": [first]}, {"allOf": [first]}, "request")


def has_reason(narrow: Any, wide: Any) -> bool:
    """Return whether a schema that is said to be refused has a value that is refused.

    The values end at a length and a number, beyond which some schemas differ.
    """
    document = Document({})
    found = Subsumption("request").compare((Source(narrow, document),), (Source(wide, document),))
    kinds = {each.kind for each in found if each.level == "breaking"}
    if not kinds or not kinds.isdisjoint(("maximum", "maxLength", "type", "pattern", "enum")):
        return True
    before, after = accepted(narrow), accepted(wide)
    is_seen = any(one and not other for one, other in zip(before, after, strict=True))
    return is_seen or not any(before)


@settings(max_examples=300, deadline=None, suppress_health_check=SLOW)
@given(st.one_of(scalars, scalars.map(lambda found: {"allOf": [found]})), scalars)
def test_breaking_scalars_have_a_witness(narrow: Any, wide: Any) -> None:
    """What is said to be refused is refused."""
    assert has_reason(narrow, wide)
