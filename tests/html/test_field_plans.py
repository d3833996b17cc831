"""Which control a field has, which fields are required, and what the controls contain at first."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, DeclarationError, SeeOther, takes
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

Shown = Callable[..., Parsed]


class PlainSchema(Schema):
    a = fields.Int(required=True)
    b = fields.Str(load_default="x")


class MappedSchema(Schema):
    mapped = fields.Dict()


class ListedSchema(Schema):
    rows = fields.List(fields.List(fields.Int()))


class PairSchema(Schema):
    pair = fields.Tuple((fields.Int(), fields.Int()))


class StyledSchema(Schema):
    ids = fields.List(fields.Int(), metadata={"style": "pipeDelimited", "explode": False})


class OpaqueDateTime(fields.DateTime):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return "noon"


def names(page: Parsed) -> list[str | None]:
    return [each["name"] for each in page.elements if "name" in each and each.tag != "meta"]


@pytest.mark.parametrize("schema", [MappedSchema, ListedSchema, PairSchema, StyledSchema])
def test_an_object_with_a_member_of_its_own_form_is_one_text(
    shown: Shown, schema: type[Schema]
) -> None:
    page = shown(Schema.from_dict({"it": fields.Nested(schema)}))
    assert page.control("it").tag == "textarea"
    assert names(page) == ["it"]


def test_an_object_has_a_control_for_each_member(shown: Shown) -> None:
    page = shown(Schema.from_dict({"it": fields.Nested(PlainSchema)}), {"it": {"a": 5}})
    assert names(page) == ["it[a]", "it[b]"]
    assert page.control("it[a]")["value"] == "5"
    assert page.control("it[b]")["value"] == ""
    assert len(page.all("fieldset")) == 1


@pytest.mark.parametrize(("required", "text"), [(True, "x"), (False, "")])
def test_the_defaults_of_members_stand_in_a_required_object(
    shown: Shown, required: bool, text: str
) -> None:
    page = shown(Schema.from_dict({"it": fields.Nested(PlainSchema, required=required)}))
    assert page.control("it[b]")["value"] == text


@pytest.mark.parametrize(
    ("field", "required"),
    [
        (fields.Bool(), False),
        (fields.Bool(required=True), False),  # a box that is not checked is false
        (fields.Bool(validate=validate.Equal(True)), True),
        (fields.Bool(validate=[validate.OneOf([True, False]), validate.Equal(True)]), True),
        (fields.Bool(validate=validate.Equal(False)), False),
        (fields.Int(required=True), True),
        (fields.Int(), False),
        (fields.Int(required=True, metadata={"control": "hidden"}), False),
    ],
)
def test_what_a_browser_demands(shown: Shown, field: fields.Field[Any], required: bool) -> None:
    page = shown(Schema.from_dict({"it": field}))
    assert ("required" in page.control("it")) is required


@pytest.mark.parametrize(
    ("name", "field", "tag", "kind"),
    [
        ("password", fields.Str(), "input", "password"),
        ("new_password", fields.Str(), "input", "password"),
        ("password_again", fields.Str(), "input", "password"),
        ("passwords", fields.Str(), "input", "text"),
        ("password", fields.Int(), "input", "number"),
        ("code", fields.Str(metadata={"format": "password"}), "input", "password"),
        ("code", fields.Int(metadata={"format": "password"}), "input", "number"),
        ("it", fields.Constant("c"), "input", "hidden"),
        ("it", fields.Dict(), "textarea", None),
        ("it", fields.Pluck(PlainSchema, "b"), "input", "text"),
        ("it", fields.Str(metadata={"control": "color"}), "input", "color"),
    ],
)
def test_the_control_of_a_field(
    shown: Shown, name: str, field: fields.Field[Any], tag: str, kind: str | None
) -> None:
    control = shown(Schema.from_dict({name: field})).control(name)
    assert (control.tag, control.attributes.get("type")) == (tag, kind)


@pytest.mark.parametrize("asked", ["radio", "radios"])
def test_radio_buttons(shown: Shown, asked: str) -> None:
    field = fields.Str(validate=validate.OneOf(["a", "b"]), metadata={"control": asked})
    page = shown(Schema.from_dict({"it": field}), {"it": "b"})
    found = [(each["value"], "checked" in each) for each in page.all("input")]
    assert found[-2:] == [("a", False), ("b", True)]


def test_attributes_of_ones_own_win(shown: Shown) -> None:
    own = {"attributes": {"maxlength": 7, "data-x": "1"}}
    field = fields.Str(validate=validate.Length(max=9), metadata=own)
    control = shown(Schema.from_dict({"it": field})).control("it")
    assert (control["maxlength"], control["data-x"]) == ("7", "1")


@pytest.mark.parametrize("asked", ["input", "textarea", "password", "checkbox", "color"])
def test_a_list_needs_a_control_of_several_values(shown: Shown, asked: str) -> None:
    schema = Schema.from_dict({"it": fields.List(fields.Int(), metadata={"control": asked})})
    with pytest.raises(DeclarationError, match=f"it is a list, which the control '{asked}'"):
        shown(schema)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (fields.Constant("c"), "other", "c"),
        (OpaqueDateTime(), "noon", "noon"),
        (fields.Int(load_default=7), None, "7"),
        (fields.Int(load_default=lambda: 8), None, "8"),
        (fields.Int(load_default=None, allow_none=True), None, ""),
        (fields.Int(attribute="other", load_default=7), None, "7"),
        (fields.TimeDelta(load_default=timedelta(seconds=90)), None, "90.0"),
        (
            fields.List(fields.Int(), metadata={"style": "pipeDelimited", "explode": False}),
            [1, 2],
            "1|2",
        ),
    ],
)
def test_the_first_value_of_a_control(
    shown: Shown, field: fields.Field[Any], value: object, text: str
) -> None:
    values = None if value is None else {"it": value}
    assert shown(Schema.from_dict({"it": field}), values).control("it")["value"] == text


def test_what_an_object_lacks_has_its_default(shown: Shown) -> None:
    schema = Schema.from_dict({"a": fields.Int(load_default=7), "b": fields.Int()})
    page = shown(schema, {"b": 2})
    assert [page.control(name)["value"] for name in "ab"] == ["7", "2"]


Mood = enum.Enum("Mood", {"NONE": "", "GOOD": "good"})


@pytest.mark.parametrize(
    "field",
    [
        fields.Str(required=True),
        fields.Str(required=True, allow_none=True),
        fields.Str(required=True, validate=validate.Length(0, 9)),
        fields.Str(required=True, validate=validate.Length(2, 9)),
        fields.Str(required=True, metadata={"control": "textarea"}),
        fields.Str(required=True, metadata={"control": "password"}),
        fields.Str(required=True, validate=validate.OneOf(["", "a"])),
        fields.Str(required=True, validate=validate.OneOf(["a"])),
        fields.Enum(Mood, required=True, by_value=True),
        fields.Bool(required=True, allow_none=True),
        fields.Int(required=True),
        fields.Int(required=True, allow_none=True),
        fields.Dict(required=True),
        fields.Dict(required=True, allow_none=True),
        fields.List(fields.Int(), required=True, metadata={"explode": False}),
        fields.Field(required=True),
    ],
)
def test_a_control_is_required_if_an_empty_text_is_an_error(
    templates: Callable[..., Templates], field: fields.Field[Any]
) -> None:
    """The browser demands what the server demands."""
    app = App("Needed")
    app.install(templates({"form.html": "{{ form }}"}))

    @app.route("/form")
    class Needed(HTMLResource):
        template = "form.html"

        def get(self) -> None:
            return None

        @takes(form={"it": field})
        def post(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Needed)

    client = Client(app)
    page = Parsed(client.get("/form", headers=HTML).text)
    response = client.post("/form", data={"it": ""}, headers=HTML)
    is_required = "required" in page.control("it").attributes
    assert is_required is (response.status == 422)
    assert is_required is ("Missing data for required field." in response.text)


def test_a_list_in_one_text_is_no_number(shown: Shown) -> None:
    """A browser keeps only a number in the input of one."""
    field = fields.List(fields.Int(validate=validate.Range(1, 9)), metadata={"explode": False})
    control = shown(Schema.from_dict({"it": field}), {"it": [1, 2]}).control("it")
    assert control["type"] == "text"
    assert control["value"] == "1,2"
    assert "max" not in control.attributes
