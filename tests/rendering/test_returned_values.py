"""What is said about a value that its schema cannot serialize."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields, post_dump

from restkit import App, DeclarationError, returns
from restkit.testing import Client


class NumberSchema(Schema):
    number = fields.Int()
    other = fields.Int()


class HookedSchema(Schema):
    number = fields.Int()

    @post_dump
    def fail(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        raise LookupError("in the hook")


def returning(value: Any, schema: Any) -> Client:
    app = App("Values")

    @app.get("/x")
    @returns(schema)
    def get():  # type: ignore[no-untyped-def]
        return value() if callable(value) else value

    return Client(app)


def many() -> Iterator[dict[str, object]]:
    yield {"number": 1}
    yield {"number": "x"}


@pytest.mark.parametrize(
    ("value", "schema", "place"),
    [
        ({"number": 1, "other": "x"}, NumberSchema, "the field 'other', ValueError"),
        ([{"number": 1}, {"number": "x"}], NumberSchema(many=True), "'number' of item 1, Value"),
    ],
)
def test_the_field_that_fails_is_noted(value: Any, schema: Any, place: str) -> None:
    with pytest.raises(ValueError, match="x") as found:
        returning(value, schema).get("/x")
    (note,) = found.value.__notes__
    assert place in note
    assert "returned a value that NumberSchema cannot serialize" in note


@pytest.mark.parametrize(
    ("value", "schema", "raised"),
    [
        (many, NumberSchema(many=True), ValueError),  # an iterator is exhausted
        ({"number": 1}, HookedSchema, LookupError),  # no field fails
    ],
)
def test_without_a_field_nothing_is_noted(value: Any, schema: Any, raised: type[Exception]) -> None:
    with pytest.raises(raised) as found:
        returning(value, schema).get("/x")
    assert not getattr(found.value, "__notes__", [])


def test_one_value_for_a_schema_of_many_is_a_mistake() -> None:
    with pytest.raises(DeclarationError, match="returned a int, but its schema is declared for"):
        returning(7, NumberSchema(many=True)).get("/x")
