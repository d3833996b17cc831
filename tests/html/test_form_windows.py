"""Which rows of a long list an invalid form shows, and which it keeps in hidden inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, SeeOther, returns, takes
from restkit.html import HTMLResource, Templates
from restkit.openapi import build
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]
MOST = 25


class InnerSchema(Schema):
    word = fields.Str()


class RowSchema(Schema):
    n = fields.Int(required=True)
    inner = fields.Nested(InnerSchema)
    tags = fields.List(fields.Str())


class ListsSchema(Schema):
    numbers = fields.List(fields.Int())
    rows = fields.List(fields.Nested(RowSchema))
    name = fields.Str(validate=validate.Length(max=3))
    password = fields.Str()


def client_of(templates: MakeTemplates) -> Client:
    app = App("Lists")
    app.install(templates({"form.html": "{{ form }}"}))

    @app.route("/form")
    class Lists(HTMLResource):
        template = "form.html"

        def get(self) -> None:
            return None

        @takes(form=ListsSchema)
        def post(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Lists)

    return Client(app)


def sent(client: Client, pairs: list[tuple[str, str]]) -> Parsed:
    return Parsed(client.post("/form", data=pairs, headers=HTML).text)


def visible(page: Parsed, begin: str) -> list[str]:
    """Return the values of the inputs that are shown."""
    return [
        str(each["value"])
        for each in page.all("input")
        if str(each.attributes.get("name")).startswith(begin) and each["type"] != "hidden"
    ]


@pytest.mark.parametrize(
    ("total", "wrong", "first", "last"),
    [
        (25, 24, 0, 24),
        (26, 0, 0, 24),
        (26, 24, 0, 24),
        (26, 25, 1, 25),
        (300, 100, 90, 114),
        (300, 290, 275, 299),
        (300, 299, 275, 299),
        (300, 285, 275, 299),
        (300, 284, 274, 298),
    ],
)
def test_the_window_is_around_the_first_wrong_item(
    templates: MakeTemplates, total: int, wrong: int, first: int, last: int
) -> None:
    client = client_of(templates)
    values = [str(at) for at in range(total)]
    values[wrong] = "x"
    shown = visible(sent(client, [("numbers", each) for each in values]), "numbers")
    assert (shown[0], shown[-2], shown[-1]) == (values[first], values[last], "")
    assert len(shown) == min(total, MOST) + 1


def test_every_row_is_kept_with_its_objects_and_lists(templates: MakeTemplates) -> None:
    client = client_of(templates)
    pairs = []
    for at in range(150):
        pairs += [
            (f"rows[{at}][n]", str(at) if at != 120 else "x"),
            (f"rows[{at}][inner][word]", f"w{at}"),
            (f"rows[{at}][tags][]", f"t{at}"),
        ]
    page = sent(client, pairs)
    names = [(name, value) for name, value in page.submitted() if value]
    assert sorted(names) == sorted(pairs)
    numbers = [each for each in visible(page, "rows[") if each.isdecimal() or each == "x"]
    assert numbers[0] == "110"
    assert numbers[-1] == "134"


def test_rows_with_few_values_show_fewer(templates: MakeTemplates) -> None:
    """A page is not much larger than the request: 5 rows at least."""
    client = client_of(templates)
    page = sent(client, [(f"rows[{at}][n]", "x") for at in range(100)])
    shown = [each for each in visible(page, "rows[") if each == "x"]
    assert 5 <= len(shown) < 25
    few = sent(client, [(f"rows[{at}][n]", "x") for at in range(5)])
    assert len([each for each in visible(few, "rows[") if each == "x"]) == 5


def test_a_password_is_not_kept(templates: MakeTemplates) -> None:
    page = sent(client_of(templates), [("name", "long"), ("password", "secret")])
    assert page.control("name")["value"] == "long"
    assert "value" not in page.control("password") or not page.control("password")["value"]


@pytest.mark.parametrize(
    ("pairs", "asked", "blank"),
    [
        ([("numbers", "1")], "numbers", 1),
        ([("numbers", "1"), ("numbers", ""), ("numbers", "")], "numbers", 3),
        ([("numbers", "")] * 40, "numbers", 20),
    ],
)
def test_another_row_is_empty(
    templates: MakeTemplates, pairs: list[tuple[str, str]], asked: str, blank: int
) -> None:
    """Those that nobody filled in stay, up to twenty."""
    page = sent(client_of(templates), [*pairs, ("_add", asked)])
    assert visible(page, "numbers").count("") == blank


def test_another_item_of_a_row_after_an_empty_row(templates: MakeTemplates) -> None:
    """Rows are numbered anew."""
    pairs = [("rows[0][n]", ""), ("rows[4][n]", "4"), ("rows[7][n]", "7"), ("rows[7][tags][]", "t")]
    page = sent(client_of(templates), [*pairs, ("_add", "rows[7][tags]")])
    tags = [
        (each["name"], each["value"])
        for each in page.all("input")
        if "[tags]" in str(each.attributes.get("name"))
    ]
    assert tags[:3] == [
        ("rows[0][tags][]", ""),
        ("rows[1][tags][]", "t"),
        ("rows[1][tags][]", ""),
    ]
    assert page.control("rows[0][n]")["value"] == "4"
    assert page.control("rows[1][n]")["value"] == "7"


@pytest.mark.parametrize(
    ("declared", "has_page"),
    [
        (returns(status=303), False),
        (returns(ListsSchema, status=201), False),
        (returns(ListsSchema), True),
    ],
)
def test_the_page_with_another_row_is_documented_once(
    templates: MakeTemplates, declared: Any, has_page: bool
) -> None:
    """It is the 200 of the method, if that is a page, and a 200 of its own else."""
    app = App("Lists")
    app.install(templates({"form.html": "{{ form }}"}))

    @app.route("/form")
    class Lists(HTMLResource):
        template = "form.html"

        def get(self) -> None:
            return None

        @takes(form=ListsSchema)
        @declared
        def post(self, form: dict[str, Any]) -> Any:
            return form

    responses = build(app)["paths"]["/form"]["post"]["responses"]
    about_rows = "The page of the form with another row"
    assert "text/html" in responses["200"]["content"]
    assert responses["200"]["description"].startswith(about_rows) is not has_page
