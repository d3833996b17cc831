"""Where the errors of a problem stand in the form: at a field, at an item, or above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, fields
from parsed_pages import HTML

from restkit import App, Conflict, SeeOther, raises, takes
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]


class PartSchema(Schema):
    n = fields.Int()
    tags = fields.List(fields.Str())


class WholeSchema(Schema):
    name = fields.Str()
    slashed = fields.Str(data_key="a/b~c")
    tags = fields.List(fields.Str())
    part = fields.Nested(PartSchema)
    parts = fields.List(fields.Nested(PartSchema))


SHOWN = """form: {{ form.errors|join(';') }}
{% for each in form %}{{ each.path }}: {{ each.error }}
{% for part in each.parts %}{{ part.path }}: {{ part.error }}
{% endfor %}{% for group in each.groups %}{% for part in group %}{{ part.path }}: {{ part.error }}
{% endfor %}{% endfor %}{% endfor %}more: {{ form.more_errors }}"""


def errors_of(templates: MakeTemplates, problem: Conflict) -> dict[str, str]:
    """Return the texts of errors by the places at which the page shows them."""
    app = App("Errors")
    app.install(templates({"form.html": SHOWN}))

    @app.route("/form")
    class Form(HTMLResource):
        template = "form.html"

        def get(self) -> None:
            return None

        @takes(form=WholeSchema)
        @raises(Conflict)
        def post(self, form: dict[str, Any]) -> SeeOther:
            raise problem

    sent = [("name", "x"), ("tags", "a"), ("tags", "b"), ("parts[0][n]", "1"), ("parts[1][n]", "2")]
    page = Client(app, contract=False).post("/form", data=sent, headers=HTML)
    assert page.status == 409
    lines = [line.partition(": ") for line in page.text.split("\n") if line]
    return {name: text for name, _, text in lines if text}


@pytest.mark.parametrize(
    ("pointer", "place", "text"),
    [
        ("/name", "name", "No."),
        ("/a~1b~0c", "a/b~c", "No."),
        ("/tags", "tags", "No."),
        ("/tags/0", "tags", "Item 1: No."),
        ("/tags/12", "tags", "Item 13: No."),
        ("/tags/999999", "tags", "Item 1000000: No."),
        ("/tags/1000000", "tags", "No."),
        ("/tags/x", "tags", "No."),
        ("/part/n", "part[n]", "No."),
        ("/part/tags/1", "part[tags]", "Item 2: No."),
        ("/part/other", "part", "No."),
        ("/parts/1/n", "parts[1][n]", "No."),
        ("/parts/0", "parts", "Item 1: No."),
        ("/parts/5/n", "parts", "Item 6: No."),
        ("/name" + "/a" * 50, "name", "No."),
        ("/other", "form", "other: No."),
        ("/other/deep", "form", "other: No."),
        ("/" + "o" * 200, "form", "o" * 100 + ": No."),
        ("", "form", "No."),
    ],
)
def test_an_error_stands_where_its_pointer_leads(
    templates: MakeTemplates, pointer: str, place: str, text: str
) -> None:
    errors = [{"pointer": pointer, "detail": "No.", "code": "no"}]
    assert errors_of(templates, Conflict(errors=errors)) == {place: text, "more": "0"}


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"parameter": "limit", "in": "query", "detail": "No.", "code": "no"}, "limit: No."),
        ({"detail": "No.", "code": "no"}, "No."),
    ],
)
def test_an_error_of_another_part_stands_above_the_form(
    templates: MakeTemplates, item: Any, text: str
) -> None:
    assert errors_of(templates, Conflict(errors=[item])) == {"form": text, "more": "0"}


def test_a_problem_without_errors_says_its_detail(templates: MakeTemplates) -> None:
    assert errors_of(templates, Conflict("Taken.")) == {"form": "Taken.", "more": "0"}
    assert errors_of(templates, Conflict()) == {"form": "Conflict", "more": "0"}


def test_many_errors_above_the_form_are_counted(templates: MakeTemplates) -> None:
    items = [{"pointer": f"/x{at}", "detail": "No.", "code": "no"} for at in range(60)]
    found = errors_of(templates, Conflict(errors=items))  # type: ignore[arg-type]
    shown = found["form"].split(";")
    assert shown[0] == "x0: No."
    assert len(shown) + int(found["more"]) == 60
    assert int(found["more"]) > 0
