"""`HTMLResource` and functions with a template: the context, Accept, and the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import marshmallow as ma
import pytest

from restkit import (
    App,
    DeclarationError,
    NotFound,
    Resource,
    Response,
    SeeOther,
    provide,
    raises,
    returns,
)
from restkit.html import HTMLResource, Templates
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@dataclass
class Book:
    title: str
    id: int = 1


class BookSchema(ma.Schema):
    id = ma.fields.Int()
    title = ma.fields.Str()


def test_a_program_of_five_lines_has_a_page(tmp_path: object) -> None:
    app = App("Hello")

    @app.route("/", template="hello.html")
    def hello() -> dict[str, str]:
        return {"name": "World"}

    assert Client(app).get("/").text == "<h1>Hello, World!</h1>"


def test_one_url_has_json_and_a_page(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"book.html": "<h1>{{ item.title }}</h1>"}))

    @app.route("/books/<int:book_id>")
    class BookPage(HTMLResource):
        schema, template = BookSchema, "book.html"

        @raises(NotFound)
        def get(self, book_id: int) -> Book:
            if book_id > 1:
                raise NotFound(f"There is no book {book_id}.")
            return Book("Emma & <b>")

    client = Client(app)
    page = client.get("/books/1", headers={"Accept": BROWSER})
    data = client.get("/books/1")

    assert page.text == "<h1>Emma &amp; &lt;b&gt;</h1>"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert data.json == {"id": 1, "title": "Emma & <b>"}
    assert page.headers["Vary"] == data.headers["Vary"] == "Accept"
    assert client.get("/books/1", headers={"Accept": "image/png"}).status == 406
    assert client.head("/books/1", headers={"Accept": BROWSER}).body == b""
    content = client.get("/openapi.json").json["paths"]["/books/{book_id}"]["get"]["responses"]
    assert list(content["200"]["content"]) == ["application/json", "text/html"]
    assert content["200"]["content"]["text/html"] == {"schema": {"type": "string"}}


def test_the_context_is_a_mapping_an_item_or_items(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"page.html": "{{ items|map(attribute='title')|join(',') }}{{ shop }}"}))

    class Page(HTMLResource):
        template = "page.html"

        def context(self) -> Mapping[str, object]:
            return {"shop": "!", "items": []}

    @app.route("/list")
    class OfList(Page):
        def get(self) -> list[Book]:
            return [Book("Emma"), Book("Persuasion")]

    @app.route("/iterator")
    class OfIterator(Page):
        def get(self) -> Iterator[Book]:
            yield Book("Emma")

    @app.route("/mapping")
    class OfMapping(Page):
        def get(self) -> dict[str, object]:
            return {"shop": "?"}

    @app.route("/nothing")
    class OfNothing(Page):
        def get(self) -> None:
            return None

    client = Client(app)
    assert client.get("/list").text == "Emma,Persuasion!"
    assert client.get("/iterator").text == "Emma!"
    assert client.get("/mapping").text == "?"
    assert client.get("/nothing").text == "!"


def test_a_mapping_with_a_schema_is_the_context_and_the_item(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"page.html": "{{ title }}={{ item.title }}"}))

    @app.route("/book")
    class Page(HTMLResource):
        schema, template = BookSchema, "page.html"

        def get(self) -> dict[str, str]:
            return {"title": "Emma"}

    assert Client(app).get("/book", headers={"Accept": "text/html"}).text == "Emma=Emma"


@pytest.mark.parametrize(
    ("schema", "types"),
    [(None, ["text/html"]), (BookSchema, ["application/json", "text/html"])],
)
def test_the_first_of_several_responses_has_the_page(
    schema: type[ma.Schema] | None, types: list[str], templates: MakeTemplates
) -> None:
    """The others keep their content, and without a schema the first one has no JSON."""
    app = App("Shop")
    app.install(templates({"page.html": ""}))

    @app.route("/book")
    class Page(HTMLResource):
        template = "page.html"

        @returns(schema, status=200)
        @returns(BookSchema, status=202)
        def get(self) -> dict[str, str]:
            return {}

    outputs = app.operations()[0].outputs
    found = [(each.status, [*each.media_types]) for each in outputs]
    first = [(200, [each]) for each in types]
    assert found == [*first, (202, ["application/json"])]


def test_a_verb_declares_another_template(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"a.html": "a", "b.html": "b{{ n }}", "c.html": "c"}))

    @app.route("/page")
    class Page(HTMLResource):
        template = "a.html"

        def get(self) -> None: ...

        @returns(template="b.html")
        @returns(status=202, template="c.html")
        def post(self) -> dict[str, int] | tuple[dict[str, int], int]:
            if self.request.args:
                return {}, 202
            return {"n": 1}

        def put(self) -> SeeOther:
            return SeeOther(Page)

        def delete(self) -> None: ...

        def patch(self) -> Response:
            return Response("plain", content_type="text/plain")

    client = Client(app)
    assert client.get("/page").text == "a"
    assert client.post("/page").text == "b1"
    accepted = client.post("/page", headers={"Accept": "text/html"})
    assert accepted.status == 200
    assert client.put("/page").status == 303
    assert client.delete("/page").status == 204
    assert client.patch("/page").text == "plain"


def test_a_status_has_its_template_and_headers(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"a.html": "a{{ n }}", "b.html": "b{{ n }}"}))

    @app.get("/page")
    @returns(template="a.html")
    @returns(status=202, template="b.html")
    def page() -> object:
        return {"n": 2}, 202, {"X-Own": "yes", "Referrer-Policy": "no-referrer"}

    response = Client(app).get("/page")

    assert (response.status, response.text) == (202, "b2")
    assert response.headers["X-Own"] == "yes"
    assert response.headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def test_a_block_is_a_fragment_of_the_page(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(
        templates(
            {
                "base.html": "<main>{% block rows %}none{% endblock %}"
                "{% block end %}.{% endblock %}",
                "list.html": "{% extends 'base.html' %}{% block rows %}{{ super() }}|"
                "{% for each in items %}{{ each }}{% endfor %}{% endblock %}",
            }
        )
    )

    @app.get("/whole", template="list.html")
    def whole() -> list[str]:
        return ["<a>"]

    @app.get("/rows", template="list.html", block="rows")
    def rows() -> list[str]:
        return ["<a>"]

    @app.get("/end", template="list.html", block="end")
    def end() -> dict[str, str]:
        return {}

    client = Client(app)
    assert client.get("/whole").text == "<main>none|&lt;a&gt;."
    assert client.get("/rows").text == "none|&lt;a&gt;"
    assert client.get("/end").text == "."


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.html.jinja", "text/html; charset=utf-8"),
        ("mail.txt", "text/plain; charset=utf-8"),
        ("feed.xml.j2", "application/xml"),
        ("logo.svg", "image/svg+xml"),
    ],
)
def test_the_name_of_the_template_says_the_media_type(
    templates: MakeTemplates, name: str, media_type: str
) -> None:
    app = App("Shop")
    app.install(templates({name: "{{ text }}"}))

    @app.get("/", template=name)
    def get() -> dict[str, str]:
        return {"text": "<&>"}

    response = Client(app).get("/")
    assert response.headers["Content-Type"] == media_type
    assert response.text == ("<&>" if name.endswith(".txt") else "&lt;&amp;&gt;")


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({}, "there is no template 'page.html' in "),
        ({"page.html": "{% extends 'base.html' %}"}, "there is no template 'base.html' in "),
        ({"page.html": "{% include 'rows.html' %}"}, "there is no template 'rows.html' in "),
        ({"page.html": "a\n{% if %}"}, "page.html cannot be compiled, line 2: "),
        ({"page.html": "{{ a|nothing }}"}, "page.html cannot be compiled, line 1: "),
    ],
)
def test_a_template_that_fails_is_found_at_start_up(
    templates: MakeTemplates, sources: dict[str, str], message: str
) -> None:
    app = App("Shop")
    app.install(templates(sources))

    @app.get("/", template="page.html")
    def page() -> dict[str, str]:
        return {}

    with pytest.raises(DeclarationError, match="page: .*" + message):
        app.freeze()


def test_a_missing_block_is_found_at_start_up(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"page.html": "{% block a %}{% endblock %}"}))
    app.get("/", template="page.html", block="b")(lambda: {})

    with pytest.raises(DeclarationError, match=r"the template 'page\.html' has no block 'b'"):
        app.freeze()


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (lambda app: app.get("/", template=""), "template of get"),
        (lambda app: app.get("/", template=3), "template of get"),
        (lambda app: app.get("/", block="rows"), "has block='rows', but no template"),
        (lambda app: app.add("/", HTMLResource, template="a.html"), "in an HTMLResource class"),
    ],
)
def test_declarations_that_cannot_be_meant_are_refused(declare: object, message: str) -> None:
    app = App("Shop")
    with pytest.raises(DeclarationError, match=message):
        declare(app)(lambda: {})  # type: ignore[operator]


def test_a_template_belongs_to_an_html_resource() -> None:
    app = App("Shop")

    class Page(Resource):
        template = "page.html"

        def get(self) -> dict[str, str]:
            return {}

    with pytest.raises(DeclarationError, match="HTMLResource"):
        app.add("/", Page)


def test_an_undefined_name_is_an_error(templates: MakeTemplates) -> None:
    app = App("Shop")
    app.install(templates({"page.html": "{{ nam }}"}))

    @app.get("/", template="page.html")
    def page() -> dict[str, str]:
        return {"name": "a"}

    response = Client(app, raise_errors=False).get("/")
    assert response.status == 500
    assert "nam" not in response.text


def test_a_page_that_fails_undoes_what_was_provided(templates: MakeTemplates) -> None:
    ended: list[str] = []

    def transaction() -> Iterator[str]:
        try:
            yield "a"
        except Exception:
            ended.append("rolled back")
            raise
        ended.append("committed")

    app = App("Shop")
    app.install(templates({"page.html": "{{ 1 // divisor }}"}))

    @app.route("/<int:divisor>")
    class Page(HTMLResource):
        template = "page.html"
        unit = provide(transaction)

        def get(self, divisor: int) -> dict[str, object]:
            return {"divisor": divisor, "unit": self.unit}

    client = Client(app, raise_errors=False)
    assert client.get("/1").text == "1"
    assert client.get("/0").status == 500
    assert ended == ["committed", "rolled back"]
