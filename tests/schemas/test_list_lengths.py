"""Lists that are too long are found before their items are read."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields, pre_load, validate

from restkit.schemas.list_lengths import ListLengths

TWO = validate.Length(max=2)
MESSAGE = ["Longer than maximum length 2."]


class OwnLength(validate.Length):
    """A validator of a program's own, which may accept what its base rejects."""


class LineSchema(Schema):
    tags = fields.List(fields.Str(), validate=TWO, data_key="words")


class PlainSchema(Schema):
    tags = fields.List(fields.Str())
    name = fields.Str(validate=TWO)


class HookedSchema(Schema):
    tags = fields.List(fields.Str(), validate=TWO)

    @pre_load
    def before(self, data: Any, **_: Any) -> Any:
        return data


def lengths(**members: fields.Field[Any]) -> ListLengths:
    return ListLengths(Schema.from_dict(members)())


def line(count: int) -> dict[str, Any]:
    return {"words": ["a"] * count}


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        (fields.List(fields.Int(), validate=TWO), [1, 2], None),
        (fields.List(fields.Int(), validate=TWO), [1, 2, 3], MESSAGE),
        (fields.List(fields.Int(), validate=TWO), "abc", None),
        (fields.List(fields.Int(), validate=TWO), None, None),
        (fields.List(fields.Int(), validate=[validate.Length(1), TWO]), [1, 2, 3], MESSAGE),
        (fields.Nested(LineSchema, many=True, validate=TWO), [line(1)] * 3, MESSAGE),
        (
            fields.Nested(LineSchema, many=True, validate=TWO),
            [line(1), line(3)],
            {1: {"words": MESSAGE}},
        ),
        (fields.Nested(LineSchema), line(3), {"words": MESSAGE}),
        (fields.Nested(LineSchema), line(2), None),
        (fields.Nested(LineSchema), None, None),
        (fields.Nested(LineSchema), [line(3)], {0: {"words": MESSAGE}}),
        (
            fields.List(fields.Nested(LineSchema)),
            [line(3), line(2), line(4)],
            {0: {"words": MESSAGE}, 2: {"words": MESSAGE}},
        ),
        (fields.List(fields.Nested(LineSchema)), [], None),
        (fields.List(fields.Nested(LineSchema)), ["a"], None),
    ],
)
def test_lists_that_are_too_long(field: fields.Field[Any], value: object, found: object) -> None:
    known = lengths(a=fields.Int(), it=field)
    assert known.is_needed
    assert known.check({"a": 1, "it": value}) == (None if found is None else {"it": found})


@pytest.mark.parametrize("data", [None, [], "it", 5, {}])
def test_what_has_no_lists_fits(data: object) -> None:
    assert lengths(it=fields.List(fields.Int(), validate=TWO)).check(data) is None


@pytest.mark.parametrize(
    "field",
    [
        fields.List(fields.Int()),
        fields.List(fields.Int(), validate=validate.Length(min=1)),
        fields.List(fields.Int(), validate=OwnLength(max=2)),
        fields.List(fields.Int(), validate=lambda value: None),
        fields.List(fields.Str(validate=TWO)),
        fields.Str(validate=TWO),
        fields.Nested(LineSchema, validate=TWO, exclude=["tags"]),
        fields.Nested(PlainSchema),
        fields.Nested(HookedSchema),
        fields.List(fields.Int(), validate=TWO, dump_only=True),
    ],
)
def test_schemas_without_such_lists(field: fields.Field[Any]) -> None:
    """A hook before loading may make another structure of the data."""
    assert not lengths(it=field).is_needed


def test_all_lists_are_named_at_once() -> None:
    field = fields.List(fields.Int(), validate=TWO)
    known = lengths(a=field, b=fields.Nested(LineSchema), c=fields.List(fields.Int(), validate=TWO))
    found = known.check({"a": [1] * 3, "b": line(3), "c": [1] * 3})
    assert found == {"a": MESSAGE, "b": {"words": MESSAGE}, "c": MESSAGE}


@pytest.mark.parametrize(("depth", "is_needed"), [(8, True), (9, False)])
def test_schemas_are_searched_eight_levels_deep(depth: int, is_needed: bool) -> None:
    """The check itself stays below the depth of any schema."""
    inner: Any = LineSchema
    for _ in range(depth - 1):
        inner = Schema.from_dict({"it": fields.Nested(inner)})
    known = lengths(it=fields.Nested(inner))
    assert known.is_needed is is_needed


def test_a_schema_inside_itself_ends() -> None:
    class TreeSchema(Schema):
        parts = fields.List(fields.Nested(lambda: TreeSchema()), validate=TWO)

    known = ListLengths(TreeSchema())
    assert known.check({"parts": [{"parts": [{}, {}, {}]}]}) == {"parts": {0: {"parts": MESSAGE}}}
