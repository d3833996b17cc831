"""A field of a form in a template and in Python: its parts, attributes, errors and texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, SeeOther, provide, raises, takes
from restkit.html import HTMLResource, Templates
from restkit.problems import Conflict
from restkit.testing import Client

Shown = Callable[..., Parsed]


class PartSchema(Schema):
    a = fields.Int(required=True)
    b = fields.Str()


class WholeSchema(Schema):
    it = fields.Str(metadata={"label": "It", "description": "What it is."})
    part = fields.Nested(PartSchema)
    items_of = fields.List(fields.Int())


def made(
    templates: Callable[..., Templates],
    values: object = None,
    schema: type[Schema] = WholeSchema,
) -> Any:
    """Return a form as a method has it."""
    app, found = App("Made"), []
    app.install(templates({"form.html": "page"}))

    @app.route("/form")
    class Made(HTMLResource):
        template = "form.html"

        def get(self) -> None:
            form = self.form(values)
            first = form[next(iter(schema().fields))]
            found.extend([form, str(form), str(first), first.__html__()])

        @takes(form=schema)
        def post(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Made)

    assert Client(app).get("/form").status == 200
    return found


def test_a_form_and_a_field_are_texts(templates: Callable[..., Templates]) -> None:
    form, whole, field, markup = made(templates, {"it": "<x>"})
    assert Parsed(whole).control("it")["value"] == "<x>"
    assert Parsed(whole).all("form")
    assert field == markup
    assert Parsed(field).control("it")["value"] == "<x>"
    assert not Parsed(field).all("form")
    assert repr(form["it"]) == "<FormField it>"


def test_parts_are_found_by_name(templates: Callable[..., Templates]) -> None:
    form = made(templates, {"part": {"a": 1, "b": "x"}})[0]
    assert form["part"]["b"].value == "x"
    assert form["part"]["a"].id == "field-part-a-"
    with pytest.raises(KeyError, match="c"):
        form["part"]["c"]
    assert form["items_of"].shown_items == ""
    assert form["it"].value == ""


class ChosenSchema(Schema):
    one = fields.Str(required=True, validate=validate.OneOf(["a", "b", "c"], ["A", "B", "C"]))
    with_none = fields.Str(validate=validate.OneOf(["", "b"]))
    several = fields.List(fields.Str(validate=validate.OneOf(["a", "b"])))
    text = fields.Str()
    texts = fields.List(fields.Str())


def test_choices(templates: Callable[..., Templates]) -> None:
    """Each choice has its text, whether it is chosen, and an id of its own."""
    form = made(templates, {"one": "b", "several": ["b"], "texts": ["x", "y"]}, ChosenSchema)[0]
    assert [(each.value, each.label, each.selected, each.id) for each in form["one"].choices] == [
        ("a", "A", False, "field-one"),
        ("b", "B", True, "field-one-1"),
        ("c", "C", False, "field-one-2"),
    ]
    chosen = {
        name: [each.selected for each in form[name].choices] for name in ChosenSchema().fields
    }
    assert chosen == {
        "one": [False, True, False],
        "with_none": [False, False],
        "several": [False, True],
        "text": [],
        "texts": [],
    }


@pytest.mark.parametrize(
    ("name", "has_blank"), [("one", True), ("with_none", False), ("several", False)]
)
def test_a_select_of_one_value_has_a_choice_that_is_none(
    templates: Callable[..., Templates], name: str, *, has_blank: bool
) -> None:
    assert made(templates, None, ChosenSchema)[0][name].has_blank is has_blank


def test_errors_of_ones_own_are_bounded(templates: Callable[..., Templates]) -> None:
    field = made(templates)[0]["items_of"]
    field.add_error("No.")
    field.add_error("Bad.", 2)
    assert field.error == "No. Item 3: Bad."
    for _ in range(200):
        field.add_error("More.")
    count = field.more_errors
    assert count > 0
    assert len(field.errors) + count == 202
    assert field.error.endswith(f" There are at least {count} more errors.")


def test_a_field_with_other_attributes_leaves_the_field_as_it_was(shown: Shown) -> None:
    source = (
        "{{ form.it(label='L', help='H', control='textarea', id='own', class_='wide', data_x=1) }}"
        "|{{ form.it }}"
    )
    page = shown(WholeSchema, {"it": "v"}, source)
    changed, same = [each for each in page.elements if each.attributes.get("name") == "it"]
    assert (changed.tag, same.tag) == ("textarea", "input")
    assert (changed["id"], changed["class"], changed["data-x"]) == ("own", "wide", "1")
    assert same["id"] == "field-it"
    labels = {each["for"]: each.text.strip() for each in page.all("label")}
    assert labels == {"own": "L", "field-it": "It"}


@pytest.mark.parametrize("name", ["on click", "a=b", "", "a>b", "é\x00"])
def test_a_name_that_is_no_attribute_is_refused(shown: Shown, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an attribute"):
        shown(WholeSchema, None, "{{ form.it(**more) }}", more={name: "1"})


@pytest.mark.parametrize(
    ("truthy", "on"),
    [(None, "true"), ({"yes", "ja", 1}, "ja"), ({"true", "a"}, "true"), ({1}, "true")],
)
def test_the_value_of_a_checked_box(shown: Shown, truthy: Any, on: str) -> None:
    options = {} if truthy is None else {"truthy": truthy, "falsy": {"no", 0}}
    page = shown(Schema.from_dict({"it": fields.Bool(**options)}), {"it": True})
    assert page.control("it")["value"] == on
    assert "checked" in page.control("it")


@pytest.mark.parametrize("fails", [False, True])
def test_the_page_of_an_invalid_form_closes_what_its_context_provides(
    templates: Callable[..., Templates], fails: bool
) -> None:
    app = App("Provided")
    source = "{{ form }}{{ nothing }}" if fails else "{{ form }}"
    app.install(
        templates(
            {"form.html": "{% if request.method == 'GET' %}.{% else %}" + source + "{% endif %}"}
        )
    )
    ends: list[str] = []

    def begin() -> Any:
        try:
            yield "unit"
        except BaseException:
            ends.append("rolled back")
            raise
        ends.append("closed")

    @app.route("/form")
    class Provided(HTMLResource):
        template = "form.html"
        unit = provide(begin)

        def context(self) -> dict[str, object]:
            return {"unit": self.unit}

        def get(self) -> None:
            return None

        @takes(form=PartSchema)
        @raises(Conflict)
        def post(self, form: dict[str, Any]) -> SeeOther:
            raise AssertionError("the form is invalid")

    client = Client(app, raise_errors=False) if fails else Client(app)
    response = client.post("/form", data={"a": "x"}, headers=HTML)
    assert response.status == (500 if fails else 422)
    assert ends == ["rolled back" if fails else "closed"]
