"""What is set on a schema for one use reaches no other use of it."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields

from restkit import App, takes
from restkit.testing import Client


class InnerSchema(Schema):
    a = fields.Str()


class OuterSchema(Schema):
    nested = fields.Nested(InnerSchema)
    listed = fields.List(fields.Nested(InnerSchema))
    pair = fields.Tuple((fields.Nested(InnerSchema), fields.Int()))
    mapped = fields.Dict(keys=fields.Str(), values=fields.Nested(InnerSchema))


BODIES: dict[str, Any] = {
    "nested": {"nested": {"a": "x", "b": 1}},
    "listed": {"listed": [{"a": "x", "b": 1}]},
    "pair": {"pair": [{"a": "x", "b": 1}, 1]},
    "mapped": {"mapped": {"k": {"a": "x", "b": 1}}},
}


def service(schema: Schema, *, strict: bool) -> Client:
    app = App("Strict", strict=strict)

    @app.post("/")
    @takes(body=schema)
    def send(body: dict[str, Any]) -> dict[str, Any]:
        return body

    return Client(app, contract=False)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_one_schema_in_a_strict_and_a_lenient_app(body: dict[str, Any], used: bool) -> None:
    """Both are right, in whatever order, and the schema itself is as before."""
    schema = OuterSchema()
    if used:  # marshmallow keeps the nested schemas of a field
        schema.load(_known(body))
    lenient, strict = service(schema, strict=False), service(schema, strict=True)
    assert lenient.post("/", json=body).status == 200
    assert strict.post("/", json=body).status == 422
    assert lenient.post("/", json=body).json == _known(body)
    with pytest.raises(ValidationError):
        schema.load(body)


def _known(value: Any) -> Any:
    """Return a body without what its schema does not have."""
    if isinstance(value, dict):
        return {name: _known(each) for name, each in value.items() if name != "b"}
    return [_known(each) for each in value] if isinstance(value, list) else value
