"""Forms of schemas in pages: controls, values, errors, attributes, templates of one's own."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import App, Conflict, DeclarationError, SeeOther, Unauthorized, Upload, raises, takes
from restkit.html import HTMLResource, MethodOverride, Session, Sessions, Templates
from restkit.openapi import build
from restkit.testing import Client

MakeTemplates = Callable[..., Templates]


class Color(enum.Enum):
    RED = "red"
    DARK_BLUE = "blue"


class ContactSchema(Schema):
    email = fields.Email(
        required=True,
        metadata={
            "label": "Your address",
            "description": "We answer there.",
            "autocomplete": "email",
        },
    )
    text = fields.Str(
        required=True, validate=validate.Length(2, 20), metadata={"control": "textarea"}
    )
    year = fields.Int(validate=validate.Range(1450, 2100, max_inclusive=False))
    urgent = fields.Bool()
    topics = fields.List(fields.Str(validate=validate.OneOf(["a", "b"], labels=["Art", "Books"])))


def contact(templates: MakeTemplates, source: str = "{{ form }}", **more: str) -> Client:
    """Return a client of a page with a form."""
    app = App("Contact")
    app.install(templates({"contact.html": source, "done.html": "done {{ n }}", **more}))

    @app.route("/contact")
    class Contact(HTMLResource):
        template = "contact.html"

        def get(self) -> None:
            return None

        @takes(form=ContactSchema)
        @raises(Conflict, Unauthorized)
        def post(self, form: dict[str, Any]) -> SeeOther:
            if form["email"] == "taken@example.com":
                raise Conflict(errors=[{"pointer": "/email", "detail": "Taken.", "code": "unique"}])
            if form["email"] == "who@example.com":
                raise Unauthorized("Who are you?")
            return SeeOther(Contact)

    return Client(app)


def test_a_form_has_a_control_for_each_field(templates: MakeTemplates) -> None:
    response = contact(templates).get("/contact", headers=HTML)
    assert response.status == 200
    page = Parsed(response.text)
    email, text, year = (page.control(name) for name in ("email", "text", "year"))
    assert email.attributes == {
        "id": "field-email",
        "name": "email",
        "type": "email",
        "autocomplete": "email",
        "required": None,
        "aria-describedby": "field-email-help",
        "value": "",
    }
    assert text.tag == "textarea"
    assert (text["minlength"], text["maxlength"]) == ("2", "20")
    assert (year["type"], year["min"], year["max"], year["step"]) == ("number", "1450", "2099", "1")
    assert "required" not in year
    assert page.control("urgent")["type"] == "checkbox"
    assert [each["value"] for each in page.all("input") if each["name"] == "topics[]"] == [
        "",
        "a",
        "b",
    ]
    labels = {each["for"]: each.text for each in page.all("label")}
    assert labels["field-email"] == "Your address"
    assert labels["field-topics-1"] == "Books"
    assert page.all("form")[0].attributes == {"method": "post"}
    assert "We answer there." in response.text
    assert "autofocus" not in response.text


def test_an_invalid_form_is_the_page_again(templates: MakeTemplates) -> None:
    client = contact(templates)
    sent = {"email": "no", "text": "\r\nHello", "year": "1300", "urgent": "on", "topics": "b"}
    response = client.post("/contact", data=sent, headers=HTML)
    assert response.status == 422
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Accept" in response.headers["Vary"]
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]
    page = Parsed(response.text)
    email = page.control("email")
    assert email["value"] == "no"
    assert email["aria-invalid"] == "true"
    assert email["aria-describedby"] == "field-email-help field-email-error"
    assert page.control("text").text.replace("\r\n", "\n") == "\n\nHello"
    assert "checked" in page.control("urgent")
    assert "checked" in page.control("topics")
    links = [each["href"] for each in page.all("a")]
    assert links == ["#field-email", "#field-year"]
    ids = [each["id"] for each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))
    assert {"field-email-error", "field-year-error"} < set(ids)
    assert "Not a valid email address." in response.text


def test_other_clients_get_problem_details(templates: MakeTemplates) -> None:
    client = contact(templates)
    response = client.post("/contact", data={"email": "no", "text": "Hello"})
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.problem["errors"][0]["pointer"] == "/email"
    good = {"email": "a@example.com", "text": "Hello"}
    assert client.post("/contact", data=good, headers=HTML).headers["Location"] == "/contact"


def test_a_problem_of_the_method_is_shown_too(templates: MakeTemplates) -> None:
    client = contact(templates)
    taken = {"email": "taken@example.com", "text": "Hello"}
    response = client.post("/contact", data=taken, headers=HTML)
    assert response.status == 409
    page = Parsed(response.text)
    assert page.control("email")["value"] == "taken@example.com"
    assert page.all("a")[0]["href"] == "#field-email"
    response = client.post("/contact", data={**taken, "email": "who@example.com"}, headers=HTML)
    assert response.status == 401
    assert "<li>Who are you?</li>" in response.text


def test_the_document_has_the_page_of_an_invalid_form(templates: MakeTemplates) -> None:
    document = contact(templates).get("/openapi.json").json
    response = document["paths"]["/contact"]["post"]["responses"]["422"]
    while "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        response = document["components"]["responses"][name]
    content = response["content"]
    assert set(content) == {"application/problem+json", "text/html"}


def test_a_form_is_sent_without_the_query_of_its_page(templates: MakeTemplates) -> None:
    """Unless its verb takes a query: a browser sends a form to the URL of the page."""
    app = App("Login")
    app.install(templates({"form.html": "{{ form }}"}))
    wanted = {"next": fields.Str(load_default="")}

    class Login(HTMLResource):
        template = "form.html"

        @takes(query=wanted)
        def get(self, query: dict[str, str]) -> None: ...

        @takes(form={"name": fields.Str()})
        def post(self, form: dict[str, str]) -> SeeOther:
            return SeeOther("/")

    class Search(Login):
        @takes(query=wanted, form={"name": fields.Str()})
        def post(self, query: dict[str, str], form: dict[str, str]) -> SeeOther:
            return SeeOther("/")

    app.add("/login", Login)
    app.add("/search", Search)
    client = Client(app)
    for path, action in (("/login", "?"), ("/search", None)):
        (shown,) = Parsed(client.get(f"{path}?next=/a", headers=HTML).text).all("form")
        assert shown.attributes.get("action") == action
        (shown,) = Parsed(client.get(path, headers=HTML).text).all("form")
        assert "action" not in shown


def test_the_parts_of_a_field(templates: MakeTemplates) -> None:
    source = (
        "{{ form.email.label }}|{{ form.email.help }}|{{ form.email.value }}|"
        "{{ form.email.error }}|{{ form['year'].control }}|"
        "{{ form.email(class_='wide', data_x='<', placeholder='a', label='L').control }}|"
        "<p{{ form.year.attributes }}>|{{ form.summary }}|{{ form.hidden }}|"
        "{{ form(class_='f', submit='Go') }}|{{ form|length }}"
    )
    response = contact(templates, source).post(
        "/contact", data={"email": "<no>", "text": "Hello"}, headers=HTML
    )
    parts = response.text.split("|")
    assert parts[:4] == [
        "Your address",
        "We answer there.",
        "&lt;no&gt;",
        "Not a valid email address.",
    ]
    assert parts[4].startswith('<input id="field-year" name="year" type="number"')
    assert 'class="wide" data-x="&lt;"' in parts[5]
    assert parts[6].startswith('<p id="field-year"')
    assert '<form method="post" class="f">' in parts[9]
    assert ">Go</button>" in parts[9]
    assert parts[10] == "5"


def test_an_unknown_field_is_an_error(templates: MakeTemplates) -> None:
    client = contact(templates, "{{ form.emial }}")
    with pytest.raises(Exception, match="emial"):
        client.get("/contact", headers=HTML)


def test_templates_of_your_own(templates: MakeTemplates) -> None:
    client = contact(
        templates,
        "{{ form.email.control }}{{ form.year.control }}{{ form.text.control }}",
        **{
            "forms/types/Email.html": "mail {{ field.name }} ",
            "forms/controls/input.html": "input {{ field.name }} ",
        },
    )
    text = client.get("/contact", headers=HTML).text
    assert text.startswith("mail email input year <textarea")


class EverySchema(Schema):
    text = fields.Str(required=True, validate=validate.Length(min=0))
    note = fields.Str(allow_none=True, metadata={"control": "textarea"})
    mail = fields.Email()
    link = fields.Url()
    count = fields.Int(allow_none=True)
    ratio = fields.Float()
    price = fields.Decimal(places=2)
    day = fields.Date()
    at = fields.Time()
    local = fields.NaiveDateTime()
    moment = fields.AwareDateTime()
    done = fields.Bool()
    dark = fields.Bool(load_default=True)
    maybe = fields.Bool(allow_none=True)
    color = fields.Enum(Color, by_value=True)
    named = fields.Enum(Color, metadata={"control": "radio"})
    size = fields.Int(validate=validate.OneOf([1, 2]))
    tags = fields.List(fields.Str())
    sizes = fields.List(fields.Int(validate=validate.OneOf([1, 2, 3])))
    colors = fields.List(fields.Enum(Color), metadata={"control": "select"})
    uuid = fields.UUID()
    data = fields.Dict()
    nested = fields.Nested(Schema.from_dict({"a": fields.Int()}))
    key = fields.Str(metadata={"control": "hidden"})
    joined = fields.List(fields.Int(), metadata={"style": "pipeDelimited", "explode": False})


VALUES: list[dict[str, Any]] = [
    {
        "text": " <b>\"'& b",
        "note": "\n\na\n",
        "mail": "a@example.com",
        "link": "https://example.com/?a=1&b=2",
        "count": -5,
        "ratio": 1.5e-7,
        "price": Decimal("12.50"),
        "day": date(2024, 2, 29),
        "at": time(10, 30, 15),
        "local": datetime(2024, 2, 29, 10, 30),
        "moment": datetime(2024, 2, 29, 10, 30, 1, 500000, UTC),
        "done": True,
        "dark": False,
        "maybe": False,
        "color": Color.RED,
        "named": Color.DARK_BLUE,
        "size": 2,
        "tags": ["a", "<b>"],
        "sizes": [1, 3],
        "colors": [Color.RED, Color.DARK_BLUE],
        "uuid": None,
        "data": {"a": [1, "\u20ac"]},
        "nested": {"a": 1},
        "key": "<k>",
        "joined": [1, 2],
    },
    {"text": "", "note": None, "count": None, "maybe": None, "done": False, "dark": True},
]


@pytest.mark.parametrize("values", VALUES)
def test_a_form_of_every_kind_round_trips(templates: MakeTemplates, values: dict[str, Any]) -> None:
    """What a browser sends of a rendered form are the values that it was rendered with."""
    given = {name: value for name, value in values.items() if name != "uuid"}
    loaded: list[dict[str, Any]] = []
    app = App("Every")
    app.install(templates({"every.html": "{{ form }}"}))

    @app.route("/every")
    class Every(HTMLResource):
        template = "every.html"

        def get(self) -> dict[str, object]:
            return {"form": self.form(given)}

        @takes(form=EverySchema)
        def post(self, form: dict[str, Any]) -> SeeOther:
            loaded.append(form)
            return SeeOther(Every)

    client = Client(app)
    sent = Parsed(client.get("/every", headers=HTML).text).submitted()
    response = client.post("/every", data=sent, headers=HTML)
    assert response.status == 303, response.text
    (found,) = loaded
    empty = {"tags": [], "sizes": [], "colors": [], "joined": []}
    missing = dict.fromkeys(found.keys() - given.keys() - empty.keys())
    assert {**empty, **given, **{n: found[n] for n in missing}} == {**empty, **found}
    again = client.post("/every", data=[*sent, ("size", "9")], headers=HTML)
    assert again.status == 422


def test_a_multipart_form_asks_for_the_file_again(templates: MakeTemplates) -> None:
    app = App("Covers")
    app.install(templates({"cover.html": "{{ form }}"}))

    @app.post("/cover", template="cover.html")
    @takes(
        form={"title": fields.Str(required=True, validate=validate.Length(min=2))},
        files={"cover": Upload(required=True, media_types=("image/png",))},
    )
    def post(form: dict[str, Any], files: dict[str, Any]) -> dict[str, Any]:
        return {}

    client = Client(app)
    file = {"cover": ("a.png", b"png", "image/png")}
    response = client.post("/cover", data={"title": "a"}, files=file, headers=HTML)
    assert response.status == 422
    page = Parsed(response.text)
    assert page.all("form")[0]["enctype"] == "multipart/form-data"
    cover = page.control("cover")
    assert (cover["type"], cover["accept"]) == ("file", "image/png")
    assert "value" not in cover
    assert "Choose the file again." in response.text


def test_a_password_is_never_written(templates: MakeTemplates) -> None:
    app = App("Login")
    app.install(templates({"login.html": "{{ form }}"}))

    @app.post("/login", template="login.html")
    @takes(
        form={
            "name": fields.Email(),
            "password": fields.Str(),
            "pin": fields.Str(metadata={"control": "password"}),
        }
    )
    def post(form: dict[str, Any]) -> dict[str, Any]:
        return {}

    sent = {"name": "no", "password": "secret-1", "pin": "secret-2"}
    response = Client(app).post("/login", data=sent, headers=HTML)
    assert response.status == 422
    assert "secret" not in response.text
    page = Parsed(response.text)
    assert page.control("password")["type"] == page.control("pin")["type"] == "password"


def test_another_row_of_a_list(templates: MakeTemplates) -> None:
    app = App("Rows")
    app.install(templates({"rows.html": "{{ form }}"}))
    calls: list[object] = []

    @app.post("/rows", template="rows.html")
    @takes(form={"tags": fields.List(fields.Str(), required=True)})
    def post(form: dict[str, Any]) -> dict[str, Any]:
        calls.append(form)
        return {}

    client = Client(app)
    for filled, expected in ((["a"], ["a", ""]), (["a", ""], ["a", "", ""])):
        sent = [*(("tags", each) for each in filled), ("_add", "tags")]
        response = client.post("/rows", data=sent, headers=HTML)
        inputs = [each["value"] for each in Parsed(response.text).all("input")]
        assert inputs == expected
        assert "form-errors" not in response.text
    assert calls == []


PAYLOADS = [
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "</textarea><script>alert(1)</script>",
    "</option></select><script>alert(1)</script>",
    "</title><svg onload=alert(1)>",
    '" onfocus="alert(1)" autofocus="',
    "' onmouseover='alert(1)",
    "x onclick=alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "<!--<script>",
    "--><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&quot; onfocus=&quot;alert(1)",
    "<svg><style><img src=x onerror=alert(1)></style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "\u2028<script>alert(1)</script>",
    "`\"'<>&\\\n\t",
    "]]><script>alert(1)</script>",
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_values_labels_and_errors_are_texts(templates: MakeTemplates, payload: str) -> None:
    """A payload is a text wherever it stands, and adds no element and no attribute."""

    def refuse(value: str) -> None:
        if value != "fine":
            raise validate.ValidationError(f"Not {value}")

    def schema(text: str) -> dict[str, Any]:
        return {
            "a": fields.Str(validate=refuse, metadata={"label": text, "description": text}),
            "b": fields.Str(validate=refuse, metadata={"control": "textarea", "placeholder": text}),
            "c": fields.Str(
                validate=refuse, metadata={"choices": lambda: [(text, text), ("y", "z")]}
            ),
            "d": fields.List(fields.Str(), validate=refuse, metadata={"choices": [(text, text)]}),
            "e": fields.List(fields.Str(), validate=refuse),
            "f": fields.Str(validate=refuse, metadata={"control": "hidden"}),
            "g": fields.Str(
                validate=refuse, metadata={"control": "radio", "choices": {text: text}}
            ),
        }

    def page(text: str) -> Parsed:
        app = App("Payloads")
        app.install(templates({"page.html": "{{ form(title=extra, data_x=extra) }}"}))

        @app.route("/page")
        class Page(HTMLResource):
            template = "page.html"

            def context(self) -> dict[str, object]:
                return {"extra": text}

            @takes(form=schema(text))
            def post(self, form: dict[str, Any]) -> SeeOther:
                return SeeOther(Page)

        sent = dict.fromkeys("abcdefg", text)
        response = Client(app).post("/page", data=sent, headers=HTML)
        assert response.status == 422
        return Parsed(response.text)

    attacked, plain = page(payload), page("x")
    assert [each.tag for each in attacked.elements] == [each.tag for each in plain.elements]
    for one, other in zip(attacked.elements, plain.elements, strict=True):
        assert one.attributes.keys() == other.attributes.keys()
    assert attacked.control("a")["value"] == payload
    assert attacked.control("b").text == f"\n{payload}"
    assert attacked.control("d")["value"] == payload
    assert attacked.all("form")[0]["title"] == payload


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("[a-z]+$", "[a-z]+"),
        (r"^\d{3}$", r"[\p{Nd}]{3}"),
        (r"[\w.-]+$", r"[\p{L}\p{N}_.\-]+"),
        (r"[^/]+$", r"[^\/\u0000]+"),
        (r"\bword\b$", None),
        (r"[a!!b]$", None),
        (r"(?a)\w+$", r"\w+"),
    ],
)
def test_patterns_that_mean_the_same(
    templates: MakeTemplates, pattern: str, expected: str | None
) -> None:
    app = App("Patterns")
    app.install(templates({"page.html": "{{ form.it.control }}"}))

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> None: ...

        @takes(form={"it": fields.Str(validate=validate.Regexp(pattern))})
        def post(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Page)

    control = Parsed(Client(app).get("/page").text).control("it")
    assert control.attributes.get("pattern") == expected


def test_a_control_that_there_is_not(templates: MakeTemplates) -> None:
    app = App("Controls")
    app.install(templates({"page.html": "{{ form }}"}))

    @app.post("/page", template="page.html")
    @takes(form={"it": fields.Str(metadata={"control": "slider"})})
    def post(form: dict[str, Any]) -> dict[str, Any]:
        return {}

    with pytest.raises(DeclarationError, match="has control='slider'"):
        app.freeze()


def test_form_needs_a_verb_that_takes_one(templates: MakeTemplates) -> None:
    app = App("None")
    app.install(templates({"page.html": "{{ form }}"}))

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> dict[str, object]:
            return {"form": self.form()}

    with pytest.raises(DeclarationError, match=r"Page.form\(\) needs a verb"):
        Client(app).get("/page", headers=HTML)
    assert build(app)["paths"]["/page"]


class PartSchema(Schema):
    street = fields.Str(required=True, validate=validate.Length(min=1))
    floor = fields.Int(allow_none=True)
    lift = fields.Bool(load_default=True)
    color = fields.Enum(Color, by_value=True)
    tags = fields.List(fields.Str())


class NodeSchema(Schema):
    name = fields.Str()
    below = fields.Nested(lambda: NodeSchema(), allow_none=True)


class PlaceSchema(Schema):
    home = fields.Nested(PartSchema, required=True, metadata={"label": "Home"})
    rows = fields.List(fields.Nested(PartSchema))
    many = fields.Nested(PartSchema, many=True)
    deep = fields.Nested({"part": fields.Nested(PartSchema)})
    node = fields.Nested(NodeSchema, allow_none=True)
    empty = fields.Nested(PartSchema, allow_none=True)
    json = fields.Nested(PartSchema, metadata={"control": "textarea"}, allow_none=True)


PART = {"street": "<a>", "floor": None, "lift": False, "color": Color.RED, "tags": ["x"]}


def places(templates: MakeTemplates, given: object, loaded: list[Any]) -> Client:
    """Return a client of a page whose form has objects."""
    app = App("Places")
    app.install(templates({"place.html": "{{ form }}|{{ form.home.street.value }}"}))

    @app.route("/place")
    class Place(HTMLResource):
        template = "place.html"

        def get(self) -> dict[str, object]:
            return {"form": self.form(given)}

        @takes(form=PlaceSchema)
        def post(self, form: dict[str, Any]) -> SeeOther:
            loaded.append(form)
            return SeeOther(Place)

    return Client(app)


def test_objects_round_trip(templates: MakeTemplates) -> None:
    loaded: list[Any] = []
    other = {**PART, "street": "b", "floor": 3, "tags": []}
    given = {
        "home": PART,
        "rows": [other, PART],
        "many": [other],
        "deep": {"part": other},
        "node": {"name": "a", "below": None},
        "json": None,
        "empty": None,
    }
    client = places(templates, given, loaded)
    response = client.get("/place", headers=HTML)
    assert response.text.endswith("|&lt;a&gt;")
    answer = client.post("/place", data=Parsed(response.text).submitted(), headers=HTML)
    assert answer.status == 303, answer.text
    assert loaded == [given]


def test_errors_of_members_are_at_their_controls(templates: MakeTemplates) -> None:
    loaded: list[Any] = []
    client = places(templates, None, loaded)
    sent = [
        ("home[street]", ""),
        ("rows[0][street]", ""),
        ("rows[4][street]", "<b>"),
        ("rows[4][floor]", "x"),
        ("deep[part][street]", "a"),
        ("deep[part][color]", "green"),
    ]
    response = client.post("/place", data=sent, headers=HTML)
    assert response.status == 422
    page = Parsed(response.text)
    links = [str(each["href"]).removeprefix("#") for each in page.all("a")]
    assert links == ["field-home-street-", "field-rows-0--floor-", "field-deep-part--color-"]
    ids = [each["id"] for each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))
    assert set(links) < set(ids)
    assert page.control("rows[0][street]")["value"] == "<b>"
    assert page.control("rows[1][street]")["value"] == ""
    assert "required" in page.control("rows[0][street]")
    assert "required" not in page.control("rows[1][street]")
    assert loaded == []


def test_another_row_of_objects(templates: MakeTemplates) -> None:
    client = places(templates, None, [])
    for sent, rows in (
        ([("rows[0][street]", "a")], 2),
        ([("rows[0][street]", "a"), ("rows[1][street]", "")], 3),
    ):
        response = client.post("/place", data=[*sent, ("_add", "rows")], headers=HTML)
        assert response.status == 200
        names = {each.attributes.get("name") for each in Parsed(response.text).elements}
        assert {f"rows[{at}][street]" for at in range(rows)} <= names
        assert f"rows[{rows}][street]" not in names
        assert "form-errors" not in response.text


def test_a_list_has_no_control_of_one_text(templates: MakeTemplates) -> None:
    app = App("Lists")
    app.install(templates({"page.html": "{{ form }}"}))

    @app.post("/page", template="page.html")
    @takes(form={"tags": fields.List(fields.Str(), metadata={"control": "textarea"})})
    def post(form: dict[str, Any]) -> dict[str, Any]:
        return {}

    with pytest.raises(DeclarationError, match="tags is a list, which the control 'textarea'"):
        Client(app).post("/page", data={"tags": "a"}, headers=HTML)


def test_a_form_of_a_mounted_app_and_of_a_function_with_a_body(templates: MakeTemplates) -> None:
    """The form belongs to the URL, also where two functions respond there and a body is a form."""
    inner = App("Inner")
    inner.install(templates({"page.html": "{{ form }}"}))
    types = ["application/json", "application/x-www-form-urlencoded"]

    @inner.get("/page", template="page.html")
    def show() -> dict[str, Any]:
        return {}

    @inner.post("/page", template="page.html")
    @takes(body={"errors": fields.Int(required=True)}, media_types=types)
    def send(body: dict[str, Any]) -> dict[str, Any]:
        return {}

    outer = App("Outer")
    outer.mount("/inner", inner)
    client = Client(outer)
    assert Parsed(client.get("/inner/page", headers=HTML).text).control("errors")["value"] == ""
    response = client.post("/inner/page", data={"errors": "x"}, headers=HTML)
    assert response.status == 422
    assert Parsed(response.text).control("errors")["value"] == "x"


def test_a_patch_sends_what_an_unchecked_box_means(templates: MakeTemplates) -> None:
    app = App("Patch")
    app.install(templates({"page.html": "{{ form }}"}))
    app.install(MethodOverride())

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self) -> dict[str, object]:
            return {"form": self.form({"done": False, "n": 3})}

        @takes(form={"done": fields.Bool(), "n": fields.Int(required=True)})
        def patch(self, form: dict[str, Any]) -> SeeOther:
            return SeeOther(Page)

    page = Parsed(Client(app).get("/page", headers=HTML).text)
    assert page.submitted() == [("_method", "PATCH"), ("done", "false"), ("n", "3")]
    assert "required" not in page.control("n")


def test_the_token_of_a_session_is_in_the_form(templates: MakeTemplates) -> None:
    app = App("Session")
    app.install(templates({"page.html": "{{ form }}"}))
    app.install(Sessions(keys=["k" * 32]))

    @app.route("/page")
    class Page(HTMLResource):
        template = "page.html"

        def get(self, session: Session) -> dict[str, object]:
            return {}

        @takes(form={"n": fields.Int(required=True)})
        def post(self, form: dict[str, Any], session: Session) -> SeeOther:
            return SeeOther(Page)

    client = Client(app)
    token = Parsed(client.get("/page", headers=HTML).text).control("csrf_token")["value"]
    sent = {"n": "1", "csrf_token": token}
    assert client.post("/page", data={**sent, "n": "x"}, headers=HTML).status == 422
    assert client.post("/page", data=sent, headers=HTML).status == 303
    assert len(str(token)) >= 20
