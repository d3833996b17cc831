"""Faults: every shape of message that marshmallow and users' validators produce, made flat."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate, validates, validates_schema

from restkit.schemas.bound import Invalid, View, bind


class ItemSchema(Schema):
    name = fields.Str(required=True, validate=validate.Length(min=2))
    quantity = fields.Int(data_key="qty", validate=validate.Range(min=1))


def faults(declared: Any, data: Any, **options: Any) -> set[tuple[Any, ...]]:
    """Return paths and codes of what is wrong with data."""
    with pytest.raises(Invalid) as caught:
        bind(declared, View.REQUEST, declared_at="here", **options).load(data)
    return {(*path, code) for path, _, code in caught.value.faults}


SHAPES: list[tuple[dict[str, fields.Field[Any]], Any, set[tuple[Any, ...]]]] = [
    ({"a": fields.Int(required=True)}, {}, {("a", "required")}),
    ({"a": fields.Int()}, {"a": None}, {("a", "null")}),
    ({"a": fields.Int()}, {"b": 1}, {("b", "unknown")}),
    ({"a": fields.Int()}, [], {("type",)}),
    ({"a": fields.Int()}, None, {("type",)}),
    (
        {"a": fields.Nested(ItemSchema)},
        {"a": {"qty": 0}},
        {("a", "name", "required"), ("a", "qty", "range")},
    ),
    ({"a": fields.Nested(ItemSchema)}, {"a": 5}, {("a", "type")}),
    (
        {"a": fields.Nested(ItemSchema, many=True)},
        {"a": [{"name": "x"}, 5, {"name": "xx", "no": 1}]},
        {("a", 0, "name", "length"), ("a", 1, "type"), ("a", 2, "no", "unknown")},
    ),
    ({"a": fields.Nested(ItemSchema, many=True)}, {"a": {}}, {("a", "type")}),
    (
        {"a": fields.List(fields.Nested(ItemSchema), validate=validate.Length(max=1))},
        {"a": [{"name": "xx"}, {"name": "xx"}]},
        {("a", "length")},
    ),
    (
        {"a": fields.List(fields.List(fields.Int()))},
        {"a": [[1], [2, "x"], 3]},
        {("a", 1, 1, "invalid"), ("a", 2, "invalid")},
    ),
    ({"a": fields.Dict(values=fields.Int())}, {"a": {"k": "x"}}, {("a", "k", "invalid")}),
    ({"a": fields.Dict(values=fields.Int())}, {"a": 5}, {("a", "invalid")}),
    (
        {
            "a": fields.Dict(
                keys=fields.Str(validate=validate.Length(max=2)),
                values=fields.Int(validate=validate.Range(1)),
            )
        },
        {"a": {"long": 0, "key": 1, "ok": 1}},
        {("a", "long", "length"), ("a", "long", "range"), ("a", "key", "length")},
    ),
    (
        {"a": fields.Dict(values=fields.Int(validate=validate.Range(max=3)))},
        {"a": {"key": 9, "value": 9, "_schema": 9}},
        {("a", "key", "range"), ("a", "value", "range"), ("a", "_schema", "range")},
    ),
    (
        {"a": fields.Dict(values=fields.Dict(values=fields.Nested(ItemSchema)))},
        {"a": {"value": {"key": {"qty": 1}}}},
        {("a", "value", "key", "name", "required")},
    ),
    (
        {"a": fields.Tuple((fields.Int(), fields.Str()))},
        {"a": ["x", 1]},
        {("a", 0, "invalid"), ("a", 1, "invalid")},
    ),
    ({"a": fields.Tuple((fields.Int(),))}, {"a": [1, 2]}, {("a", "invalid")}),
    ({"a": fields.Pluck(ItemSchema, "quantity")}, {"a": "x"}, {("a", "invalid")}),
    (
        {"a": fields.Pluck(ItemSchema, "quantity", many=True)},
        {"a": [1, 0, "x"]},
        {("a", 1, "range"), ("a", 2, "invalid")},
    ),
    ({"a": fields.Pluck(ItemSchema, "name", many=True)}, {"a": "x"}, {("a", "type")}),
]


@pytest.mark.parametrize(("declared", "data", "expected"), SHAPES)
def test_messages_of_every_field_are_flattened(
    declared: Any, data: Any, expected: set[tuple[Any, ...]]
) -> None:
    """Each fault has the path of the value in the input, and the code of what it breaks."""
    assert faults(declared, data) == expected


def test_many_has_indices_first() -> None:
    """Of a list, the index comes first; a value that is no list is told at the top."""
    assert faults(ItemSchema, [{"name": "xx"}, {}], many=True) == {(1, "name", "required")}
    assert faults(ItemSchema, {}, many=True) == {("type",)}
    assert faults(ItemSchema, [5], many=True) == {(0, "type")}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ("text", {("a", "text")}),
        (["one", "two"], {("a", "one"), ("a", "two")}),
        ({"b": ["deep"], "c": "flat"}, {("a", "b", "deep"), ("a", "c", "flat")}),
        ({0: ["first"], 7: {"x": ["y"]}}, {("a", 0, "first"), ("a", 7, "x", "y")}),
        ([{"b": "mixed"}, "text"], {("a", "b", "mixed"), ("a", "text")}),
        ([["nested"]], {("a", "nested")}),
        ({"_schema": ["inner"]}, {("a", "inner")}),
        ({"value": {"key": ["odd"]}}, {("a", "value", "key", "odd")}),
        ([5, None], {("a", "5"), ("a", "None")}),
    ],
)
@pytest.mark.parametrize(
    "field",
    [
        fields.Raw,
        lambda **options: fields.List(fields.Int(), **options),
        lambda **options: fields.Tuple((fields.Int(),), **options),
        lambda **options: fields.Nested(ItemSchema, **options),
    ],
)
def test_validators_may_raise_any_shape(
    field: Any, messages: Any, expected: set[tuple[Any, ...]]
) -> None:
    """A validator's texts, lists, mappings and mixtures are all told where they point."""

    def refuse(value: Any) -> None:
        raise ValidationError(messages)

    value = {"name": "xx"} if isinstance(field(), fields.Nested) else [1]
    with pytest.raises(Invalid) as caught:
        bind({"a": field(validate=refuse)}, View.REQUEST, declared_at="here").load({"a": value})
    assert {(*path, detail) for path, detail, _ in caught.value.faults} == expected


def test_schema_level_validators() -> None:
    """A schema's own validators may blame the whole, one field, or several."""

    class PeriodSchema(Schema):
        start = fields.Int()
        end = fields.Int(data_key="until")

        @validates("start")
        def positive(self, value: int, data_key: str) -> None:
            if value < 0:
                raise ValidationError("negative")

        @validates_schema
        def ordered(self, data: dict[str, int], **options: Any) -> None:
            if data["start"] == data["end"]:
                raise ValidationError("empty")
            if data["start"] > data["end"]:
                raise ValidationError("reversed", "until")
            if data["start"] == 1:
                raise ValidationError({"start": ["one"], "until": [{"x": "two"}]})

    bound = bind({"p": fields.Nested(PeriodSchema)}, View.REQUEST, declared_at="here")
    cases = {
        (5, 5): {("p", "empty")},
        (5, 4): {("p", "until", "reversed")},
        (1, 4): {("p", "start", "one"), ("p", "until", "x", "two")},
        (-1, 4): {("p", "start", "negative")},
    }
    for (start, end), expected in cases.items():
        with pytest.raises(Invalid) as caught:
            bound.load({"p": {"start": start, "until": end}})
        assert {(*path, detail) for path, detail, _ in caught.value.faults} == expected


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        (fields.Str(validate=validate.Length(max=1)), "xx", "length"),
        (fields.Str(validate=validate.Length(equal=1)), "xx", "length"),
        (fields.Int(validate=validate.Range(0, 5)), 6, "range"),
        (fields.Str(validate=validate.OneOf(["a"])), "b", "oneof"),
        (fields.Str(validate=validate.NoneOf(["a"])), "a", "noneof"),
        (fields.Str(validate=validate.Regexp("a")), "b", "regexp"),
        (fields.Str(validate=validate.Equal("a")), "b", "equal"),
        (fields.List(fields.Int(), validate=validate.ContainsOnly([1])), [2], "containsonly"),
        (fields.List(fields.Int(), validate=validate.ContainsNoneOf([2])), [2], "containsnoneof"),
        (
            fields.Str(validate=validate.And(validate.Length(max=1), validate.Regexp("b"))),
            "xx",
            "invalid",
        ),
        (fields.Str(validate=validate.Length(max=1, error="Only {max}!")), "xx", "length"),
        (fields.Email(), "x", "invalid"),
        (fields.Url(), "x", "invalid"),
        (fields.UUID(), "x", "invalid_uuid"),
        (fields.IPv4(), "x", "invalid_ip"),
    ],
)
def test_codes(field: fields.Field[Any], value: Any, code: str) -> None:
    """A code is the field's error key, or the name of the validator that refused."""
    assert faults({"a": field}, {"a": value}) == {("a", code)}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"message": "own words", "code": "mine"}, ("own words", "mine")),
        ({"detail": "own words", "code": 5}, ("own words", "invalid")),
        ({"text": "own words"}, ("own words", "invalid")),
        ({"message": 5, "title": "a title"}, ("a title", "invalid")),
    ],
)
def test_an_object_with_a_text_is_one_message(
    message: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Its ``code`` is the code of the fault, unless it is no string."""

    def refuse(value: Any) -> None:
        raise ValidationError([message])

    with pytest.raises(Invalid) as caught:
        bind({"a": fields.Int(validate=refuse)}, View.REQUEST, declared_at="here").load({"a": 1})
    assert [(path, *rest) for path, *rest in caught.value.faults] == [(("a",), *expected)]


def test_an_object_whose_text_is_a_member_is_messages_of_members() -> None:
    """``title`` is a member of the nested schema here, and the word for a text elsewhere."""

    class TitledSchema(Schema):
        title = fields.Str()

    def refuse(value: Any) -> None:
        raise ValidationError([{"title": "too dull"}])

    bound = bind(
        {"a": fields.Nested(TitledSchema, validate=refuse)}, View.REQUEST, declared_at="here"
    )
    with pytest.raises(Invalid) as caught:
        bound.load({"a": {"title": "x"}})
    assert caught.value.faults[0][:2] == (("a", "title"), "too dull")


def test_many_unknown_names_are_told_in_their_order() -> None:
    """Marshmallow reports them in the order of a set; known members come first."""
    bound = bind({"a": fields.Int(required=True)}, View.REQUEST, declared_at="here")
    names = [f"n{number}" for number in range(9, 0, -1)]
    with pytest.raises(Invalid) as caught:
        bound.load(dict.fromkeys(names, 1))
    assert [path[0] for path, *_ in caught.value.faults] == ["a", *sorted(names)]
