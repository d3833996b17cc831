"""Whether values are what a schema says:
the members of bodies at any depth, where jsonschema is missing too.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit.schemas.bound import View, bind
from restkit.testing.conformity import make_checker


class LeafSchema(Schema):
    """Is nested in itself."""

    name = fields.Str(required=True)
    below = fields.List(fields.Nested(lambda: LeafSchema()))
    free = fields.Dict()


CASES = [
    ({"name": "a", "below": [{"name": "b", "below": []}], "free": {"any": 1}}, None),
    (
        {"name": "a", "below": [{"name": "b", "below": [{}]}]},
        ("/below/0/below/0", "'name' is a required property"),
    ),
    ({}, ("", "'name' is a required property")),
]


@pytest.mark.parametrize(("data", "fault"), CASES)
def test_with_jsonschema(data: Any, fault: tuple[str, str] | None) -> None:
    """The first fault is told by its JSON Pointer."""
    check = make_checker(bind(LeafSchema, View.RESPONSE, declared_at="test"))
    assert check(data) == fault


@pytest.mark.parametrize(
    ("data", "fault"), [*CASES, ({"name": "a", "x": 1}, ("", "'x' is not declared"))]
)
def test_without_jsonschema(
    data: Any, fault: tuple[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without jsonschema members are checked, with a warning that says what to install."""
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.warns(UserWarning, match=r"pip install 'restkit\[verify\]'"):
        check = make_checker(bind(LeafSchema, View.RESPONSE, declared_at="test"))
    assert check(data) == fault


def test_lists() -> None:
    """A schema for many takes a list."""
    check = make_checker(bind(LeafSchema, View.RESPONSE, declared_at="test", many=True))
    assert check([{"name": "a"}]) is None
    assert check([{"name": "a"}, {"name": 1}]) == ("/1/name", "1 is not of type 'string'")
    assert check({"name": "a"}) == ("", "{'name': 'a'} is not of type 'array'")


class TimesSchema(Schema):
    made = fields.DateTime(data_key="madeAt")
    times = fields.List(fields.AwareDateTime())
    within = fields.Nested(lambda: TimesSchema())
    all = fields.Nested(lambda: TimesSchema(), many=True)
    text = fields.Str(metadata={"format": "date-time"})
    free = fields.Dict(values=fields.DateTime())


@pytest.mark.parametrize(
    ("data", "place", "kind"),
    [
        ({"madeAt": "2020-01-01T00:00:00"}, "/madeAt", "DateTime"),
        ({"times": ["2020-01-01T00:00:00"]}, "/times/0", "AwareDateTime"),
        ({"within": {"madeAt": "x"}}, "/within/madeAt", "DateTime"),
        ({"all": [{}, {"madeAt": "x"}]}, "/all/1/madeAt", "DateTime"),
        ({"all": [{"within": {"times": ["x"]}}]}, "/all/0/within/times/0", "AwareDateTime"),
        ({"text": "x"}, "/text", ""),
        ({"free": {"a": "x"}}, "/free/a", ""),
    ],
)
def test_a_datetime_without_an_offset_has_advice(data: Any, place: str, kind: str) -> None:
    """The class of the field that wrote it is named; other texts of that format have none."""
    found = make_checker(bind(TimesSchema, View.RESPONSE, declared_at="test"))(data)
    assert found is not None
    pointer, message = found
    assert pointer == place
    assert ("Return an aware datetime" in message) is bool(kind)
    assert f"the field is a {kind}, whose" in message or not kind
