"""The choices of a control, as texts of a form."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import Parsed

Shown = Callable[..., Parsed]


class Color(enum.Enum):
    RED = "red"
    DARK_BLUE = "blue"


def choices(page: Parsed) -> list[tuple[str | None, str]]:
    return [(each["value"], each.text) for each in page.all("option") if each["value"]]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (fields.Int(validate=validate.OneOf([1, 2], labels=["One"])), [("1", "One"), ("2", "2")]),
        (fields.Int(validate=validate.OneOf([1, "x"])), [("1", "1"), ("x", "x")]),
        (
            fields.Date(validate=validate.OneOf([date(2024, 1, 2), "x"])),
            [("2024-01-02", "2024-01-02"), ("x", "x")],
        ),
        (fields.Str(validate=validate.OneOf([None, "a"]), allow_none=True), [("a", "a")]),
        (fields.Raw(validate=validate.OneOf([[1, "é"], Color.RED])), [('[1, "é"]', "[1, 'é']")]),
        (fields.Enum(Color), [("RED", "Red"), ("DARK_BLUE", "Dark blue")]),
        (
            fields.Enum(Color, by_value=True, attribute="other"),
            [("red", "Red"), ("blue", "Dark blue")],
        ),
        (fields.Enum(Color, validate=validate.OneOf([Color.RED])), [("RED", "Red")]),
    ],
)
def test_choices_are_written_by_the_field(
    shown: Shown, field: fields.Field[Any], expected: list[tuple[str, str]]
) -> None:
    assert choices(shown(Schema.from_dict({"it": field})))[: len(expected)] == expected


class Chosen(Schema):
    it = fields.Str(metadata={"control": "select"})


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (["a", 1], [("a", "a"), ("1", "1")]),
        ([("a", "A"), ["b", 2]], [("a", "A"), ("b", "2")]),
        ({"a": "A", 1: "One"}, [("a", "A"), ("1", "One")]),
        ([(Color.RED, "Red"), (True, "Yes")], [("red", "Red"), ("true", "Yes")]),
        ((each for each in "ab"), [("a", "a"), ("b", "b")]),
    ],
)
def test_a_template_gives_choices(
    shown: Shown, declared: object, expected: list[tuple[str, str]]
) -> None:
    source = "{{ form.it(choices=declared, control='select') }}"
    page = shown(Chosen, {"it": expected[-1][0]}, source, declared=declared)
    assert choices(page) == expected
    selected = [each["value"] for each in page.all("option") if "selected" in each]
    assert selected == [expected[-1][0]]
