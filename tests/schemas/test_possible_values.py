"""Fields that no value can pass are refused when a resource is mounted."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields
from marshmallow.validate import And, ContainsOnly, Length, OneOf, Range

from restkit import App, DeclarationError, Resource, returns, takes
from restkit.testing import Client


def _app(field: fields.Field[Any]) -> App:
    class Sent(Schema):
        value = field

    class Values(Resource):
        @takes(body=Sent)
        def post(self, body: dict[str, Any]) -> None: ...

    app = App("Values")
    app.add("/values", Values)
    return app


_NO_CHOICES = "validate.OneOf has no choices"


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (fields.Str(validate=OneOf([])), _NO_CHOICES),
        (fields.Str(validate=And(Length(1), OneOf(set()))), _NO_CHOICES),
        (fields.List(fields.Int(validate=OneOf(()))), _NO_CHOICES),
        (fields.Dict(keys=fields.Str(validate=OneOf([]))), _NO_CHOICES),
        (fields.Tuple((fields.Str(validate=OneOf([])),)), _NO_CHOICES),
        (fields.Int(validate=Range(3, 2)), "the bounds of validate.Range exclude each other: 3"),
        (fields.Int(validate=[Range(3), Range(max=2)]), "bounds of validate.Range exclude"),
        (fields.Float(validate=Range(3, 3, min_inclusive=False)), "validate.Range exclude each"),
        (fields.Float(validate=Range(3, 3, max_inclusive=False)), "validate.Range exclude each"),
        (fields.Str(validate=Length(3, 2)), "validate.Length exclude each other: 3 and 2"),
        (fields.Str(validate=Length(max=-1)), "validate.Length exclude each other: 0 and -1"),
        (fields.Str(validate=[Length(equal=3), Length(max=2)]), "each other: 3 and 2"),
        (fields.Str(validate=[Length(equal=3), Length(4)]), "each other: 4 and 3"),
    ],
)
def test_impossible_fields_are_refused(field: fields.Field[Any], reason: str) -> None:
    """The message names the schema's field, what excludes every value, and what to do."""
    with pytest.raises(DeclarationError) as raised:
        _app(field)
    message = str(raised.value)
    assert message.startswith("Sent.value: no value can be valid, because ")
    assert reason in message
    assert message.endswith(". Correct it, or declare the field dump_only.")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.Int(validate=Range(3, 3)), 3),
        (fields.Float(validate=Range(3, 4, min_inclusive=False, max_inclusive=False)), 3.5),
        (fields.Int(validate=[Range(3), Range(max=3)]), 3),
        (fields.Str(validate=Length(2, 2)), "ab"),
        (fields.Str(validate=Length(max=0)), ""),
        (fields.Str(validate=[Length(equal=3), Length(3, 3)]), "abc"),
        (fields.Str(validate=OneOf("abc")), "b"),
        (fields.List(fields.Str(), validate=ContainsOnly([])), []),
    ],
)
def test_narrow_fields_are_accepted(field: fields.Field[Any], value: object) -> None:
    """Bounds that leave one value are no mistake."""
    assert Client(_app(field)).post("/values", json={"value": value}).status == 204


def test_responses_are_not_checked() -> None:
    """Marshmallow does not validate what it writes."""

    class Sent(Schema):
        value = fields.Str(validate=OneOf([]))

    class Values(Resource):
        @returns(Sent)
        def get(self) -> dict[str, str]:
            return {"value": "any"}

    app = App("Values")
    app.add("/values", Values)
    assert Client(app).get("/values").json == {"value": "any"}
