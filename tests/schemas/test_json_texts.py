"""Texts and values of declarations: enumerations, lazy texts, numbers and containers."""

from __future__ import annotations

import enum
import math
from decimal import Decimal
from typing import Any

import pytest

from restkit.schemas.json_values import is_plain, is_text, json_value, member_name, text_value
from restkit.schemas.schema_values import schema_value


class Word(enum.Enum):
    TITLE = "A title"
    NUMBER = 5


class Translated:
    """A text that is written by its own ``str``."""

    def __str__(self) -> str:
        return "übersetzt"


class Failing:
    def __getattr__(self, name: str) -> Any:
        if name == "casefold":
            raise RuntimeError("There is no request.")
        raise AttributeError(name)

    def __str__(self) -> str:
        return "later"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (Word.TITLE, "A title"),
        (Translated(), "übersetzt"),
        (Failing(), "later"),
    ],
)
def test_what_stands_for_a_text(value: object, text: str) -> None:
    """Members of enumerations are their values; objects with a str of their own are that."""
    assert text_value(value) == text


@pytest.mark.parametrize("value", [5, None, object(), ["a"], {"a": 1}, Word.NUMBER, b"a", str, 1.5])
def test_what_is_no_text_is_refused(value: object) -> None:
    """The message shows the value or its class."""
    with pytest.raises(ValueError, match="is not a text"):
        text_value(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a", True), (Failing(), True), (Translated(), False), (str, False), (5, False)],
)
def test_a_lazy_text_has_the_methods_of_a_string(value: object, expected: bool) -> None:
    """One that fails without a request is taken for one."""
    assert is_text(value) is expected


class Number(int):
    pass


class Fraction(float):
    pass


_DEEP: list[Any] = []
for _ in range(100):
    _DEEP = [_DEEP]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, "b", True, None, 1.5]}, True),
        (1.5, True),
        (math.inf, False),
        (math.nan, False),
        ([math.nan], False),
        (Fraction(1.5), False),
        (Number(1), False),
        ({1: "a"}, False),
        ({"a": {2: 1}}, False),
        ((1,), False),
        (Decimal(1), False),
        (_DEEP, False),
    ],
)
def test_plain_values_consist_of_the_types_of_json(value: object, expected: bool) -> None:
    """Subclasses, other keys than strings and endless numbers need a conversion."""
    assert is_plain(value) is expected


@pytest.mark.parametrize(
    ("name", "written"), [("a", "a"), (1, "1"), (True, "true"), (None, "null"), (1.5, "1.5")]
)
def test_names_of_members_are_texts(name: object, written: str) -> None:
    """Numbers are written as JSON."""
    assert member_name(name) == written


@pytest.mark.parametrize("name", [(1, 2), frozenset({1}), object()])
def test_containers_name_no_member(name: object) -> None:
    """A list or an object is no name."""
    with pytest.raises(ValueError, match="is not"):
        member_name(name)


def test_a_set_is_written_in_one_order() -> None:
    """Numbers by their value, then the others by type and text."""
    assert json_value({3, 20, 1}) == [1, 3, 20]
    assert json_value({"b", "a", "C"}) == ["C", "a", "b"]
    assert json_value({2, "a", None, 10}) == [None, 2, 10, "a"]


@pytest.mark.parametrize("value", ["object", 5, None, ["object"], object()])
def test_a_json_schema_is_a_mapping_or_a_boolean(value: object) -> None:
    """The message names the class of anything else."""
    with pytest.raises(
        ValueError, match=f"instance of {type(value).__name__} is not a JSON Schema"
    ):
        schema_value(value)


def test_a_boolean_is_a_json_schema() -> None:
    """At the top and within."""
    assert schema_value(True) is True
    assert schema_value({"not": False}) == {"not": False}


def test_a_json_schema_that_contains_itself_is_refused() -> None:
    """So is one that is nested too deeply."""
    schema: dict[str, Any] = {"type": "object"}
    schema["properties"] = {"a": schema}
    with pytest.raises(ValueError, match="contains itself or is nested more than"):
        schema_value(schema)


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ({"minimum": 3, "exclusiveMinimum": True}, {"exclusiveMinimum": 3}),
        ({"maximum": 3, "exclusiveMaximum": True}, {"exclusiveMaximum": 3}),
        ({"exclusiveMinimum": 3}, {"exclusiveMinimum": 3}),
    ],
)
def test_exclusive_bounds_of_3_0_become_numbers(declared: Any, written: Any) -> None:
    """OpenAPI 3.0 has booleans, JSON Schema 2020-12 has numbers."""
    found = schema_value(declared)
    assert isinstance(found, dict)
    assert {name: found[name] for name in written} == written
