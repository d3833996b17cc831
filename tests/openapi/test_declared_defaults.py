"""Defaults that contradict their field are refused at mount."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from restkit import App, DeclarationError, Resource
from restkit.testing import Client


class Colour(enum.Enum):
    red = "r"


class InnerSchema(Schema):
    name = fields.Str(required=True)


def _app(field: fields.Field[Any], seen: list[Any] | None = None) -> App:
    def post(self: Any, body: dict[str, Any]) -> None:
        if seen is not None:
            seen.append(body["x"])

    members = {"schema": type("ThingSchema", (Schema,), {"x": field}), "post": post}
    app = App("Defaults")
    app.add("/a", type("Things", (Resource,), members))
    return app


@pytest.mark.parametrize(
    "field",
    [
        fields.Int(load_default="x"),
        fields.Int(load_default="5"),
        fields.Int(load_default=2**64),
        fields.Str(load_default=5),
        fields.Date(load_default="2020-01-01"),
        fields.UUID(load_default="00000000-0000-0000-0000-000000000001"),
        fields.Boolean(load_default="false"),
        fields.Enum(Colour, load_default="red"),
        fields.Int(load_default=5, validate=validate.Range(max=3)),
        fields.Str(load_default="b", validate=validate.OneOf(["a"])),
        fields.Str(load_default="", validate=validate.Length(min=1)),
        fields.List(fields.Int(), load_default=["x"]),
        fields.List(fields.Int(), load_default=[], validate=validate.Length(min=1)),
        fields.Nested(InnerSchema, load_default={}),
        fields.Int(metadata={"default": "many"}),
        fields.Int(metadata={"default": 5}, validate=validate.Range(max=3)),
    ],
)
def test_a_default_that_contradicts_its_field_is_refused(field: fields.Field[Any]) -> None:
    """One sentence names the schema, the field and the default."""
    with pytest.raises(
        DeclarationError, match=r"ThingSchema\.x: .*default.* contradicts the field"
    ):
        _app(field)


def test_a_default_of_a_nested_schema_is_checked() -> None:
    """The sentence names the nested schema."""
    nested = type("PartSchema", (Schema,), {"y": fields.Int(load_default="x")})
    with pytest.raises(DeclarationError, match=r"PartSchema\.y: load_default 'x' contradicts"):
        _app(fields.Nested(nested))


@pytest.mark.parametrize(
    ("field", "default"),
    [
        (fields.Int, 5),
        (fields.Float, 0),
        (fields.Decimal, Decimal("1.5")),
        (fields.Str, "a"),
        (fields.Boolean, False),
        (fields.Date, dt.date(2020, 1, 1)),
        (fields.DateTime, dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        (fields.TimeDelta, dt.timedelta(seconds=1)),
        (fields.UUID, uuid.UUID(int=1)),
        (lambda **more: fields.Enum(Colour, **more), Colour.red),
        (lambda **more: fields.List(fields.Int(), **more), [1, 2]),
        (lambda **more: fields.Nested(InnerSchema, **more), {"name": "a"}),
        (fields.Raw, {"a": [1]}),
        (lambda **more: fields.Int(allow_none=False, **more), None),
        (fields.Int, ...),
    ],
)
def test_a_default_that_fits_is_used(field: Any, default: Any) -> None:
    """Values as the field loads them, None for nothing, and sentinels are handed over."""
    seen: list[Any] = []
    app = _app(field(load_default=default), seen)
    assert Client(app).post("/a", json={}).status == 204
    assert Client(app).get("/openapi.json").status == 200
    assert seen == [default]


def test_a_default_that_is_made_for_each_request_is_not_called_at_mount() -> None:
    """What it makes is not known before."""
    calls: list[int] = []
    app = _app(fields.Int(load_default=lambda: calls.append(1)))
    assert calls == []
    assert Client(app).post("/a", json={}).status == 204
    assert calls == [1]


def _refuse(value: object) -> None:
    raise ValidationError("Not this one.")


def _fail(value: object) -> None:
    raise RuntimeError("It needs a request.")


class NeedsRequest(fields.Int):
    def _deserialize(self, *args: Any, **options: Any) -> Any:
        raise RuntimeError("It needs a request.")


def test_a_default_that_a_validator_refuses_says_so() -> None:
    """The message has the text of the validator, and where the default stands."""
    with pytest.raises(DeclarationError, match=r"Schema\.x: load_default 5 .*Not this one"):
        _app(fields.Int(load_default=5, validate=_refuse))


def test_a_default_is_validated_as_it_is() -> None:
    """It is what the method gets; a request would have given what the field makes of it."""

    def check(value: object) -> None:
        if type(value) is not int:
            raise ValidationError("It is no int.")

    with pytest.raises(DeclarationError, match=r"x: load_default 5\.0 .*It is no int"):
        _app(fields.Int(load_default=5.0, validate=check))


@pytest.mark.parametrize(
    "field",
    [
        fields.Int(load_default=5, validate=_fail),
        NeedsRequest(load_default=5),
        NeedsRequest(metadata={"default": 5}),
        fields.Float(metadata={"default": float("nan")}),
    ],
)
def test_a_default_that_cannot_be_checked_at_mount_is_kept(field: fields.Field[Any]) -> None:
    """A field or a validator that needs a request says nothing of the default."""
    assert Client(_app(field)).get("/openapi.json").status == 200


def test_a_default_that_is_not_a_number_is_not_in_the_document() -> None:
    """JSON has no NaN."""
    schemas = Client(_app(fields.Float(metadata={"default": float("nan")}))).get("/openapi.json")
    assert "default" not in schemas.json["components"]["schemas"]["Thing"]["properties"]["x"]


class Touchy(fields.Int):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        raise RuntimeError("needs a request")


def _fails(value: object) -> None:
    raise RuntimeError("needs a request")


class OddDate(fields.Date):
    """A field whose text it does not take itself."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return value


@pytest.mark.parametrize(
    "field",
    [
        Touchy(load_default=5),
        fields.Int(load_default=5, validate=[_fails, validate.Range(max=3)]),
        fields.Int(load_default=5, validate=[validate.Range(max=5), _fails]),
    ],
)
def test_a_default_that_only_a_request_can_judge_is_taken(field: fields.Field[Any]) -> None:
    assert _app(field)


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (OddDate(load_default=dt.date(2024, 1, 2)), "the field loads to str"),
        (fields.Int(load_default=5, validate=validate.Range(max=3)), "Must be less than"),
    ],
)
def test_the_reason_is_said(field: fields.Field[Any], reason: str) -> None:
    with pytest.raises(DeclarationError, match=reason):
        _app(field)
