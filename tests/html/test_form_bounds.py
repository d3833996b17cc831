"""Long lists in forms: how large a page is, what is shown and kept, and another row of a list."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, SeeOther, provide, takes
from restkit.html import HTMLResource, Session, Sessions, Templates
from restkit.openapi import build
from restkit.testing import Client, TestResponse

MakeTemplates = Callable[..., Templates]
Pairs = list[tuple[str, str]]


class RowSchema(Schema):
    title = fields.Str(required=True, validate=validate.Length(2))
    count = fields.Int(required=True)
    done = fields.Bool()
    tags = fields.List(fields.Int())


class ListsSchema(Schema):
    tags = fields.List(fields.Int())
    words = fields.List(fields.Str(validate=validate.Length(2)))
    picks = fields.List(fields.Str(validate=validate.OneOf(["a", "b"])))
    rows = fields.List(fields.Nested(RowSchema))
    data = fields.List(fields.Dict())
    objects = fields.Dict()
    secret = fields.List(fields.Nested({"password": fields.Str(), "n": fields.Int()}))


def lists(templates: MakeTemplates, called: list[Any]) -> Client:
    """Return a client of a form of every kind of list."""
    app = App("Lists")
    app.install(templates({"lists.html": "{{ form }}"}))

    @app.route("/lists")
    class Lists(HTMLResource):
        template = "lists.html"

        def get(self) -> None:
            return None

        @takes(form=ListsSchema)
        def post(self, form: dict[str, Any]) -> SeeOther:
            called.append(form)
            return SeeOther(Lists)

    return Client(app)


KINDS: dict[str, Callable[[int], Pairs]] = {
    "wrong items": lambda n: [("tags", "x")] * n,
    "items in brackets": lambda n: [("tags[]", "x")] * n,
    "texts": lambda n: [("words", "x")] * n,
    "choices": lambda n: [("picks", "x")] * n,
    "wrong rows": lambda n: [(f"rows[{at}][count]", "x") for at in range(n)],
    "rows without a member": lambda n: [(f"rows[{at}][done]", "x") for at in range(n)],
    "rows with unknown members": lambda n: [(f"rows[{at}][x]", "x") for at in range(n)],
    "unknown members of a row": lambda n: [(f"rows[0][x{at}]", "x") for at in range(n)],
    "lists in rows": lambda n: [(f"rows[{at}][tags][]", "x") for at in range(n)],
    "one long list in a row": lambda n: [("rows[0][tags][]", "x")] * n,
    "unknown fields": lambda n: [(f"x{at}", "x") for at in range(n)],
    "one unknown field": lambda n: [("x", "x")] * n,
    "deep names": lambda n: [(f"rows[{at}]" + "[a]" * 9, "x") for at in range(n)],
    "JSON": lambda n: [("data", "{")] * n,
    "quotes": lambda n: [("tags", '"')] * n,
    "another row": lambda n: [*[("tags", "x")] * (n - 1), ("_add", "tags")],
    "another row, all empty": lambda n: [*[("tags", "")] * (n - 1), ("_add", "tags")],
    "another row in a row": lambda n: [
        *((f"rows[{at}][count]", "x") for at in range(n - 1)),
        ("_add", "rows[0][tags]"),
    ],
}


def post(client: Client, sent: Pairs) -> TestResponse:
    return client.post("/lists", data=sent, headers=HTML)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_is_not_much_larger_than_what_was_sent(
    templates: MakeTemplates, kind: str
) -> None:
    """A page is at most some rows, twice the empty form, and 7 times what was sent."""
    client = lists(templates, [])
    empty = len(client.get("/lists", headers=HTML).content)
    sizes = []
    for count in (20, 100, 300, 990):
        sent = KINDS[kind](count)
        response = post(client, sent)
        assert response.status == (200 if kind.startswith("another") else 422)
        sizes.append(len(response.content))
        assert sizes[-1] < 23_000 + 2 * empty + 7 * len(urlencode(sent))
    for fewer, most, at in ((100, 300, 1), (300, 990, 2)):
        more = len(urlencode(KINDS[kind](most))) - len(urlencode(KINDS[kind](fewer)))
        growth = sizes[at + 1] - sizes[at]
        assert growth <= 7 * more, "each further item costs at most a hidden input"


@pytest.mark.parametrize("kind", ["wrong items", "texts", "quotes", "JSON", "another row"])
def test_a_list_of_a_hundred_short_items_is_a_small_page(
    templates: MakeTemplates, kind: str
) -> None:
    """A fifth of the items is shown with their errors, and hidden inputs keep the others."""
    client = lists(templates, [])
    empty = len(client.get("/lists", headers=HTML).content)
    sent = KINDS[kind](100)
    assert len(post(client, sent).content) - empty < 13 * len(urlencode(sent))


@pytest.mark.parametrize("width", [1, 4, 10, 40])
def test_a_page_of_wrong_rows_is_bounded(templates: MakeTemplates, width: int) -> None:
    """However many fields a row has: at most 80 kB and six times what was sent."""
    row = {f"f{at}": fields.Int(required=True) for at in range(width)}
    schema = type("RowsSchema", (Schema,), {"rows": fields.List(fields.Nested(row))})
    app = App("Rows")
    app.install(templates({"rows.html": "{{ form }}"}))

    @app.route("/rows")
    class Rows(HTMLResource):
        template = "rows.html"

        def get(self) -> None: ...

        @takes(form=schema)
        def post(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Rows)

    for count in (40, 400, 990):
        sent = [(f"rows[{at // width}][f{at % width}]", "x") for at in range(count)]
        response = Client(app).post("/rows", data=sent, headers=HTML)
        assert response.status == 422
        assert len(response.content) < 80_000 + 6 * len(urlencode(sent))
        assert len(Parsed(response.text).submitted()) >= count, "no value is lost"


def calls_of(action: Callable[[], object]) -> int:
    """Return the number of calls of an action, which no other process changes."""
    count = 0

    def profile(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("kind", KINDS)
def test_the_work_does_not_grow_with_what_is_not_shown(templates: MakeTemplates, kind: str) -> None:
    """Ten times as many items are at most ten times as much work."""
    client = lists(templates, [])
    made = []
    for count in (100, 990):
        sent = KINDS[kind](count)
        post(client, sent)
        made.append(calls_of(partial(post, client, sent)))
    assert made[1] < 10 * made[0]


def values_of(page: Parsed, name: str) -> list[str | None]:
    return [each["value"] for each in page.all("input") if each.attributes.get("name") == name]


def shown(page: Parsed, name: str) -> list[str | None]:
    return [
        each["value"]
        for each in page.all("input")
        if each.attributes.get("name") == name and each.attributes.get("type") != "hidden"
    ]


@pytest.mark.parametrize("count", [1, 24, 25, 26, 450])
def test_no_value_is_lost(templates: MakeTemplates, count: int) -> None:
    """What a browser sends of the page again is what was sent, in the same order."""
    client = lists(templates, [])
    tags = [*map(str, range(count - 1)), "x"]
    page = Parsed(post(client, [("tags", each) for each in tags]).text)
    assert values_of(page, "tags[]") == [*tags, ""]
    assert len(shown(page, "tags[]")) == min(count, 25) + 1
    assert "x" in shown(page, "tags[]"), "the item with the error is shown"
    again = [pair for pair in page.submitted() if pair[0] == "tags[]" and pair[1]]
    assert again == [("tags[]", each) for each in tags]


@pytest.mark.parametrize("count", [1, 20, 25, 26, 300])
def test_no_row_is_lost(templates: MakeTemplates, count: int) -> None:
    called: list[Any] = []
    client = lists(templates, called)
    sent = [
        pair
        for at in range(count)
        for pair in (
            (f"rows[{at}][tags][]", ""),
            (f"rows[{at}][title]", f"row {at}"),
            (f"rows[{at}][count]", str(at)),
        )
    ]
    sent[-1] = (sent[-1][0], "x")
    response = post(client, sent)
    assert response.status == 422
    page = Parsed(response.text)
    for name, value in (pair for pair in sent if pair[1]):
        assert values_of(page, name) == [value], name
    assert page.control(sent[-1][0])["type"] == "number", "the row with the error is shown"
    text = f"of {count} are shown. The others are kept."
    assert (text in response.text) is (count > 25)
    mended = [pair for pair in page.submitted() if pair[0] != sent[-1][0]]
    assert post(client, [*mended, (sent[-1][0], "7")]).status == 303
    assert [row["title"] for row in called[0]["rows"]] == [f"row {at}" for at in range(count)]


def test_errors_are_bounded(templates: MakeTemplates) -> None:
    """A field has ten sentences, and the summary twenty fields; both say that there are more."""
    client = lists(templates, [])
    response = post(client, [("tags", "x")] * 200)
    assert response.text.count("Not a valid integer.") == 20
    assert "There are at least 91 more errors." in response.text
    page = Parsed(response.text)
    wrong = [each for each in page.all("input") if each.attributes.get("aria-invalid")]
    assert len(wrong) == 25, "each wrong item that is shown says so"
    rows = post(client, [(f"rows[{at}][count]", "x") for at in range(60)])
    (summary,) = Parsed(rows.text).all("ul")
    assert summary.text.count("Missing data") <= 20
    assert "more errors." in summary.text


def test_only_wrong_items_are_marked(templates: MakeTemplates) -> None:
    response = post(lists(templates, []), [("tags", "1"), ("tags", "x"), ("tags", "3")])
    items = [each for each in Parsed(response.text).all("input") if each["name"] == "tags[]"]
    assert [each.attributes.get("aria-invalid") for each in items] == [None, "true", None, None]
    assert items[1]["aria-describedby"] == "field-tags-error"


def test_a_password_is_not_kept(templates: MakeTemplates) -> None:
    sent = [
        pair
        for at in range(130)
        for pair in ((f"secret[{at}][password]", "hunter2"), (f"secret[{at}][n]", "x"))
    ]
    response = post(lists(templates, []), sent)
    assert response.status == 422
    assert "hunter2" not in response.text
    assert 'name="secret[129][n]" value="x"' in response.text


# another row


def test_another_row_validates_and_stores_nothing(templates: MakeTemplates) -> None:
    """The page is 200 with what was sent, without errors; provided values are rolled back."""
    ended: list[str] = []

    def begin() -> Any:
        try:
            yield object()
            ended.append("committed")
        except BaseException:
            ended.append("rolled back")
            raise

    app = App("Rows")
    app.install(Sessions(["key " + "a" * 28]))
    app.install(templates({"rows.html": "{{ form }}{{ note }}"}))

    @app.route("/rows")
    class Rows(HTMLResource):
        template = "rows.html"
        unit = provide(begin)

        def context(self) -> dict[str, Any]:
            return {"note": "note"}

        def get(self) -> None:
            return None

        @takes(form=ListsSchema)
        def post(self, form: dict[str, Any], session: Session) -> SeeOther:
            session["form"] = self.unit
            return SeeOther(Rows)

    client = Client(app)
    sent = [("tags", "x"), ("words", "y"), ("_add", "tags")]
    response = client.post("/rows", data=sent, headers=HTML)
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert "note" in response.text
    assert "form-error" not in response.text
    page = Parsed(response.text)
    assert shown(page, "tags[]") == ["x", ""]
    assert shown(page, "words[]") == ["y", ""]
    assert ended == []
    again = client.post("/rows", data=[*page.submitted(), ("_add", "tags")], headers=HTML)
    assert shown(Parsed(again.text), "tags[]") == ["x", "", ""]
    data = client.post("/rows", data=sent, headers={"Accept": "application/json"})
    assert data.status == 422
    assert "another row" in data.problem["detail"]
    foreign = client.post("/rows", data=sent, headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert foreign.status == 403


def test_another_row_of_a_list_in_a_row(templates: MakeTemplates) -> None:
    """Rows that nobody filled in are left out, and the others get new numbers."""
    client = lists(templates, [])
    sent = [
        ("rows[0][title]", "one"),
        ("rows[1][title]", ""),
        ("rows[2][title]", "three"),
        ("rows[2][tags][]", "1"),
        ("rows[2][tags][]", ""),
        ("_add", "rows[2][tags]"),
    ]
    page = Parsed(post(client, sent).text)
    assert page.control("rows[1][title]")["value"] == "three"
    assert shown(page, "rows[1][tags][]") == ["1", "", ""]
    assert shown(page, "rows[0][tags][]") == [""]


def test_another_row_is_in_the_document(templates: MakeTemplates) -> None:
    document = build(lists(templates, [])._app)
    responses = document["paths"]["/lists"]["post"]["responses"]
    assert list(responses["200"]["content"]) == ["text/html"]
    assert "_add" in responses["200"]["description"]
    assert "406" not in responses


def test_a_form_without_a_list_or_a_page_has_no_other_row(templates: MakeTemplates) -> None:
    app = App("None")
    app.install(templates({"none.html": "{{ form }}"}))

    @app.post("/plain", template="none.html")
    @takes(form={"a": fields.Str()})
    def plain(form: dict[str, Any]) -> dict[str, Any]:
        return {}

    @app.post("/data")
    @takes(form={"a": fields.List(fields.Str())})
    def data(form: dict[str, Any]) -> dict[str, Any]:
        return {}

    client = Client(app)
    for path in ("/plain", "/data"):
        response = client.post(path, data={"_add": "a"}, headers=HTML)
        assert response.status == 422
        assert "another row" in unescape(response.text)


def test_what_is_shown_of_a_long_list_is_said(templates: MakeTemplates) -> None:
    client = lists(templates, [])
    sent = [("words", f"w{at}") for at in range(449)] + [("words", "x")]
    text = unescape(post(client, sent).text)
    page = Parsed(text)
    assert len(values_of(page, "words[]")) == 451
    begin = int(str(shown(page, "words[]")[0]).removeprefix("w")) + 1
    assert begin > 100
    assert f"Items {begin} to 450 of 450 are shown. The others are kept." in text


def test_a_page_without_a_form_has_none(templates: MakeTemplates) -> None:
    app = App("Plain")
    app.install(templates({"page.html": "{{ form is defined }}"}))

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> None:
            return None

        @takes(body=RowSchema)
        def post(self, body: dict[str, Any]) -> None:
            return None

    assert Client(app).get("/page").text == "False"
