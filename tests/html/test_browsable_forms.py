"""The forms of browsable pages: every verb without scripts, and nothing lost by them."""

from __future__ import annotations

import datetime as dt
import enum
import json
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed

from restkit import (
    App,
    Conflict,
    Problem,
    Resource,
    Response,
    Upload,
    problems,
    raises,
    returns,
    takes,
)
from restkit.crud import CRUDResource, MemoryStore
from restkit.html import MethodOverride
from restkit.testing import Client
from restkit.testing.response import TestResponse


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class LineSchema(Schema):
    title = fields.Str(required=True)
    count = fields.Int(load_default=1)


class AddressSchema(Schema):
    street = fields.Str(required=True)
    city = fields.Str()


class ThingSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True, validate=validate.Length(1, 20))
    note = fields.Str(allow_none=True, metadata={"control": "textarea"})
    count = fields.Int(allow_none=True)
    price = fields.Decimal(places=3, allow_none=True)
    at = fields.AwareDateTime(allow_none=True)
    done = fields.Bool()
    color = fields.Enum(Color, by_value=True, allow_none=True)
    tags = fields.List(fields.Str())
    address = fields.Nested(AddressSchema, allow_none=True)
    lines = fields.List(fields.Nested(LineSchema))
    matrix = fields.List(fields.List(fields.Int()))
    data = fields.Dict(allow_none=True)
    secret = fields.Str(load_only=True)


THING: dict[str, Any] = {
    "name": "One",
    "note": "a\r\nb",
    "count": 3,
    "price": "1.500",
    "at": "2026-01-02T03:04:05.123456+02:00",
    "done": True,
    "color": "blue",
    "tags": ["x", "y"],
    "address": {"street": "Main", "city": "Oslo"},
    "lines": [{"title": "l1", "count": 2}, {"title": "l2", "count": 1}],
    "matrix": [[1, 2], [3]],
    "data": {"deep": {"er": [1, None]}},
}


class Things:
    """An App with one thing, which keeps the bodies that it gets."""

    def __init__(self) -> None:
        self.bodies: list[object] = []
        self.app = App("Things", browsable="always")
        kept = self.bodies

        class Thing(Resource):
            schema = ThingSchema

            def get(self) -> dict[str, Any]:
                return {
                    **THING,
                    "id": 1,
                    "at": dt.datetime.fromisoformat(THING["at"]),
                    "price": Decimal("1.500"),
                    "color": Color.BLUE,
                }

            def put(self, body: dict[str, Any]) -> None:
                kept.append(json.loads(self.request.get_data()))

            def patch(self, body: dict[str, Any]) -> None:
                kept.append(json.loads(self.request.get_data()))

            @raises(Conflict)
            def post(self, body: dict[str, Any]) -> None:
                kept.append(json.loads(self.request.get_data()))
                raise Conflict(
                    "Taken.", errors=[{"pointer": "/lines/1/title", "detail": "It is taken."}]
                )

        self.app.add("/thing", Thing)
        self.client = Client(self.app)

    def send(self, url: str, form: Forms, **changes: str | list[str]) -> TestResponse:
        return self.client.post(url, data=form.pairs(**changes), headers=HTML)


class Forms(Parsed):
    """The form of a verb on a page."""

    def __init__(self, page: str, verb: str) -> None:
        start = page.index(f'aria-label="{verb}"')
        begin = page.rindex("<form", 0, start)
        super().__init__(page[begin : page.index("</form>", start)])

    def pairs(self, **changes: str | list[str]) -> list[tuple[str, str]]:
        """Return what a browser sends after the user has changed some fields."""
        sent = [
            each for each in self.submitted() if each[0] not in changes and each[0] != "_preview"
        ]
        for name, value in changes.items():
            texts = [value] if isinstance(value, str) else value
            sent += [(name, text) for text in texts]
        return sent


@pytest.fixture
def things() -> Things:
    return Things()


def page_of(things: Things) -> str:
    response = things.client.get("/thing", headers=HTML)
    assert response.status == 200
    return response.text


# nothing is lost


def test_a_put_form_that_nobody_changes_sends_what_was_there(things: Things) -> None:
    """Lists, objects, lists of objects and of lists, line breaks, microseconds, decimals."""
    response = things.send("/thing", Forms(page_of(things), "PUT"))
    assert response.status == 200
    assert things.bodies == [THING]


def test_a_put_form_sends_the_changes_and_the_rest(things: Things) -> None:
    """One change of a list and of a number, and an empty field that may be null."""
    form = Forms(page_of(things), "PUT")
    things.send("/thing", form, **{"tags[]": ["x", "z", ""], "count": "7", "price": ""})
    assert things.bodies == [{**THING, "tags": ["x", "z"], "count": 7, "price": None}]


def test_a_patch_form_sends_what_was_changed_alone(things: Things) -> None:
    """Nothing if nothing was; else the members, converted."""
    form = Forms(page_of(things), "PATCH")
    things.send("/thing", form)
    things.send("/thing", form, count="4")
    things.send("/thing", form, **{"lines[1][title]": "new"})
    things.send("/thing", form, done="false", address="", color="")
    assert things.bodies[:3] == [
        {},
        {"count": 4},
        {"lines": [{"title": "l1", "count": 2}, {"title": "new", "count": 1}]},
    ]
    assert things.bodies[3] == {"done": False, "color": None}


def test_a_patch_form_sends_a_list_in_another_order(things: Things) -> None:
    """The order of a list counts, unless its items are chosen from some."""
    things.send("/thing", Forms(page_of(things), "PATCH"), **{"tags[]": ["y", "x", ""]})
    assert things.bodies == [{"tags": ["y", "x"]}]


def test_a_list_in_one_text_is_sent_as_a_list() -> None:
    """Its control has what its style joins; without a text the list is empty."""
    got: list[object] = []
    joined = fields.List(fields.Int(), metadata={"style": "pipeDelimited", "explode": False})
    app = App("Joined", browsable="always")

    @app.route("/it")
    class It(Resource):
        schema = Schema.from_dict({"sizes": joined})

        def get(self) -> dict[str, list[int]]:
            return {"sizes": [1, 2]}

        def put(self, body: dict[str, Any]) -> None:
            got.append(json.loads(self.request.get_data()))

    client = Client(app)
    form = Forms(client.get("/it", headers=HTML).text, "PUT")
    assert form.control("sizes")["value"] == "1|2"
    for text in ("3|4", "5", "x|6"):
        client.post("/it", data=form.pairs(sizes=text), headers=HTML)
    assert got == [{"sizes": [3, 4]}, {"sizes": [5]}]


@pytest.mark.parametrize("text", ["_shown", "_body", "_header.If-Match", "_csrf"])
def test_a_value_may_be_called_as_a_field_of_the_page(things: Things, text: str) -> None:
    things.send("/thing", Forms(page_of(things), "PUT"), name=text)
    assert things.bodies[0]["name"] == text


def test_a_form_with_errors_is_open(things: Things) -> None:
    """The others stay closed."""
    assert not Parsed(page_of(things)).all("details")[0].attributes.keys() & {"open"}
    response = things.send("/thing", Forms(page_of(things), "PUT"), count="x")
    opened = [part for part in response.text.split("<details")[1:] if part.startswith(" open")]
    assert len(opened) == 1
    assert 'aria-label="PUT"' in opened[0].partition("</details>")[0]


@pytest.mark.parametrize("name", ["_shown", "_preview", "_body", "_type"])
def test_content_with_a_field_of_the_form_is_sent_as_text(name: str) -> None:
    """The page could not tell the two apart."""
    app = App("Text", browsable="always")

    @app.route("/it")
    class It(Resource):
        @takes(body=Schema.from_dict({name: fields.Str(), "title": fields.Str()}))
        def put(self, body: dict[str, Any]) -> None:
            return None

        def get(self) -> dict[str, str]:
            return {}

    form = Forms(Client(app).get("/it", headers=HTML).text, "PUT")
    assert form.control("_body").tag == "textarea"
    assert "title" not in dict(form.pairs())


def test_a_field_that_must_not_be_empty_says_so(things: Things) -> None:
    """A PATCH form with an emptied required text is refused, and not passed over."""
    response = things.send("/thing", Forms(page_of(things), "PATCH"), name="")
    assert response.status == 422
    assert "Shorter than minimum length" in response.text or "Length" in response.text
    assert things.bodies == []


def test_read_only_members_are_not_offered(things: Things) -> None:
    """`dump_only` members have no control; secrets are empty."""
    form = Forms(page_of(things), "PUT")
    names = [name for name, _ in form.submitted()]
    assert "id" not in names
    assert form.control("secret")["value"] == ""


def test_files_and_forms_go_on_as_they_are() -> None:
    """An operation that takes a form gets that form, files included."""
    got: list[Any] = []
    app = App("Files", browsable="always")

    @app.route("/cover")
    class Cover(Resource):
        def get(self) -> dict[str, int]:
            return {"size": 1}

        @takes(form={"title": fields.Str(required=True)}, files={"cover": Upload(required=True)})
        def put(self, form: dict[str, Any], files: dict[str, Any]) -> None:
            got.append((form["title"], files["cover"].read()))

        @takes(form={"title": fields.Str(required=True)})
        def post(self, form: dict[str, Any]) -> None:
            got.append(form["title"])

    client = Client(app)
    page = client.get("/cover", headers=HTML).text
    assert 'enctype="multipart/form-data"' in page
    sent = {"_method": "PUT", "title": "T"}
    files = {"cover": ("c.png", b"\x89PNG", "image/png")}
    assert client.post("/cover", data=sent, files=files, headers=HTML).status == 200
    assert client.post("/cover", data={"title": "P"}, headers=HTML).status == 200
    assert got == [("T", b"\x89PNG"), "P"]
    invalid = client.post("/cover", data=sent, headers=HTML)
    assert invalid.status in (415, 422)


def test_content_without_fields_is_sent_as_text() -> None:
    """A list, or raw content, has a text area and a media type."""
    got: list[Any] = []
    app = App("Text", browsable="always")

    @app.route("/lists")
    class Lists(Resource):
        @takes(body=Schema.from_dict({"a": fields.Int()})(many=True))
        def post(self, body: list[dict[str, Any]]) -> None:
            got.append(body)

        @takes(body=bytes, media_types=("text/csv", "text/plain"))
        def put(self, body: bytes) -> None:
            got.append(body)

        def get(self) -> dict[str, str]:
            return {}

    client = Client(app)
    page = client.get("/lists", headers=HTML).text
    post, put = Forms(page, "POST"), Forms(page, "PUT")
    assert client.post("/lists", data=post.pairs(_body='[{"a": 1}]'), headers=HTML).status == 200
    client.post("/lists", data=put.pairs(_body="a\r\nb", _type="text/plain"), headers=HTML)
    assert got == [[{"a": 1}], b"a\nb"]
    invalid = client.post("/lists", data=post.pairs(_body="[{"), headers=HTML)
    assert invalid.status == 400
    assert Forms(invalid.text, "POST").control("_body").text.strip() == "[{"


# errors


def test_errors_are_at_their_fields(things: Things) -> None:
    """By pointer, into rows too, with what was typed; aria says so."""
    form = Forms(page_of(things), "PUT")
    response = things.send("/thing", form, count="x", **{"lines[0][count]": "many"})
    assert response.status == 422
    again = Forms(response.text, "PUT")
    for name in ("count", "lines[0][count]"):
        control = again.control(name)
        assert control["aria-invalid"] == "true"
        assert control["aria-describedby"] in {each.attributes.get("id") for each in again.all("p")}
    assert again.control("count")["value"] == "x"
    assert again.control("name")["value"] == "One"
    assert "aria-invalid" not in again.control("name")
    corrected = things.client.post(
        "/thing", data=again.pairs(count="5", **{"lines[0][count]": "9"}), headers=HTML
    )
    assert corrected.status == 200
    assert things.bodies == [
        {**THING, "count": 5, "lines": [{"title": "l1", "count": 9}, THING["lines"][1]]}
    ]


def test_errors_of_the_method_are_at_their_fields(things: Things) -> None:
    """A 409 with pointers as well."""
    form = Forms(page_of(things), "PUT")
    pairs = [each for each in form.pairs() if each[0] not in ("_method", "_shown")]
    response = things.client.post("/thing", data=pairs, headers=HTML)
    assert response.status == 409
    assert Forms(response.text, "POST").control("lines[1][title]")["aria-invalid"] == "true"
    assert "It is taken." in response.text


def test_add_another_shows_another_row(things: Things) -> None:
    """The button sends nothing to the App; what was typed stays."""
    form = Forms(page_of(things), "PUT")
    response = things.send("/thing", form, name="Typed", _add="lines")
    assert response.status == 200
    again = Forms(response.text, "PUT")
    assert again.control("lines[3][title]")["value"] == ""
    assert again.control("name")["value"] == "Typed"
    assert things.bodies == []
    things.client.post("/thing", data=again.pairs(**{"lines[2][title]": "l3"}), headers=HTML)
    assert len(things.bodies) == 1
    assert isinstance(things.bodies[0], dict)
    assert things.bodies[0]["lines"][2] == {"title": "l3"}


def test_a_preview_shows_the_request_and_sends_nothing(things: Things) -> None:
    """As curl, Python and HTTP, with the form as it was."""
    form = Forms(page_of(things), "PATCH")
    response = things.send("/thing", form, count="4", _preview="1")
    assert response.status == 200
    assert things.bodies == []
    curl = next(each.text for each in Parsed(response.text).all("pre") if "curl" in each.text)
    assert "curl -X PATCH http://localhost/thing" in curl
    assert "--data-binary '{\"count\": 4}'" in curl
    assert "Content-Type: application/merge-patch+json" in curl
    assert Forms(response.text, "PATCH").control("count")["value"] == "4"


# entity tags


class ItemSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    pages = fields.Int(allow_none=True)


class Item:
    def __init__(self, title: str, pages: int | None = None, id: int = 0) -> None:
        self.title, self.pages, self.id = title, pages, id


@pytest.fixture
def shelf() -> Client:
    app = App("Shelf", browsable="always")

    class Items(CRUDResource[Item]):
        store = MemoryStore(Item)
        schema = ItemSchema

    app.add("/items", Items)
    client = Client(app)
    assert client.post("/items", json={"title": "A", "pages": 1}).status == 201
    return client


def test_a_form_creates_an_item_and_links_to_it(shelf: Client) -> None:
    """The page of a 201 has its Location, and an empty form for the next one."""
    form = Forms(shelf.get("/items", headers=HTML).text, "POST")
    response = shelf.post("/items", data=form.pairs(title="B", pages=""), headers=HTML)
    assert response.status == 201
    assert response.headers["Location"] == "/items/2"
    assert "/items/2" in [each["href"] for each in Parsed(response.text).all("a")]
    assert Forms(response.text, "POST").control("title")["value"] == ""
    assert shelf.get("/items/2").json == {"id": 2, "title": "B", "pages": None}


@pytest.mark.parametrize("verb", ["PUT", "PATCH"])
def test_two_versions_are_shown_and_nothing_is_overwritten(shelf: Client, verb: str) -> None:
    """A 412 compares them; the form keeps the own change and takes the other's."""
    form = Forms(shelf.get("/items/1", headers=HTML).text, verb)
    assert shelf.patch("/items/1", json={"pages": 2}).status == 200
    response = shelf.post("/items/1", data=form.pairs(title="Mine"), headers=HTML)
    assert response.status == 412
    assert shelf.get("/items/1").json["title"] == "A"
    assert "TitleMineA" in [each.text for each in Parsed(response.text).all("tr")]
    again = Forms(response.text, verb)
    assert again.control("title")["value"] == "Mine"
    assert again.control("pages")["value"] == "2"
    done = shelf.post("/items/1", data=again.pairs(), headers=HTML)
    assert done.status == 200
    assert shelf.get("/items/1").json == {"id": 1, "title": "Mine", "pages": 2}


def test_a_form_sent_twice_changes_once(shelf: Client) -> None:
    """The second one has the old entity tag."""
    form = Forms(shelf.get("/items/1", headers=HTML).text, "PATCH")
    statuses = [
        shelf.post("/items/1", data=form.pairs(pages="9"), headers=HTML).status for _ in range(2)
    ]
    assert statuses == [200, 412]


def test_delete_is_a_form_too(shelf: Client) -> None:
    """It has the entity tag, and the page of a 204 is a 200."""
    form = Forms(shelf.get("/items/1", headers=HTML).text, "DELETE")
    assert shelf.patch("/items/1", json={"pages": 2}).status == 200
    assert shelf.post("/items/1", data=form.pairs(), headers=HTML).status == 412
    form = Forms(shelf.get("/items/1", headers=HTML).text, "DELETE")
    response = shelf.post("/items/1", data=form.pairs(), headers=HTML)
    assert response.status == 200
    assert "204" in Parsed(response.text).all("h2")[0].text
    assert shelf.get("/items/1").status == 404


# the site's own forms


def _of_the_site(*extensions: Any) -> Client:
    """Return an App with JSON to read, and a form of its own to change it."""
    app = App("Site", browsable="always")
    for each in extensions:
        app.install(each)

    @app.route("/profile")
    class Profile(Resource):
        def get(self) -> dict[str, str]:
            return {}

        @takes(form={"title": fields.Str(required=True)}, files={"file": Upload(required=False)})
        @returns(media_types=["text/html"])
        def put(self, form: dict[str, str], files: dict[str, Any]) -> str:
            size = len(files["file"].read()) if files else 0
            return f"<p>saved {form['title']} {size}"

    return Client(app)


def test_the_form_of_a_page_of_the_site_goes_through() -> None:
    """Its operation has no browsable page, and gets the content as it came; once it is its own."""
    client = _of_the_site(MethodOverride())
    form = {"_method": "PUT", "title": "a"}
    for accept in (HTML, {"Accept": "*/*"}):
        for size in (1, 3_000_000):
            files = {"file": ("a.txt", b"x" * size)}
            sent = client.post("/profile", data=form, files=files, headers=accept)
            assert (sent.status, sent.text) == (200, f"<p>saved a {size}")
    assert client.post("/profile", data={"title": "a"}, headers=HTML).status == 405


def test_without_method_override_a_form_of_the_site_is_a_post() -> None:
    """Pages install nothing: for all clients alike."""
    client = _of_the_site()
    for accept in (HTML, {"Accept": "*/*"}):
        sent = client.post("/profile", data={"_method": "PUT", "title": "a"}, headers=accept)
        assert sent.status == 405


# who may send a form


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "http://localhost"}, 201),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({}, 403),
    ],
)
def test_only_pages_of_this_server_send_forms(headers: dict[str, str], status: int) -> None:
    """Another site can send a form to an API without sessions, but not as JSON."""
    app = App("Shelf", browsable="always")

    class Items(CRUDResource[Item]):
        store = MemoryStore(Item)
        schema = ItemSchema

    app.add("/items", Items)
    client = Client(app, same_origin=False)
    response = client.post("/items", data={"title": "A"}, headers={**HTML, **headers})
    assert response.status == status
    assert len(client.get("/items").json["items"]) == (1 if status == 201 else 0)


@pytest.mark.parametrize("path", ["/items", "/_browsable/sign-in"])
def test_content_of_another_site_is_not_read(path: str, shelf: Client) -> None:
    """Whatever its length says, which is not even checked."""
    headers = {**HTML, "Origin": "https://evil.example", "Content-Length": "9999999"}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    assert shelf.post(path, content=b"title=A", headers=headers).status == 403


def test_a_form_has_an_upload_only_if_an_operation_takes_forms(shelf: Client) -> None:
    """A multipart form for JSON is as large as JSON may be."""
    files = {"file": ("a.txt", b"x" * 3_000_000)}
    assert shelf.post("/items", data={}, files=files, headers=HTML).status == 413


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "post", "TRACE", "FOO", ""])
def test_a_form_names_put_patch_or_delete_alone(shelf: Client, method: str) -> None:
    """Any other verb is a 400."""
    response = shelf.post("/items/1", data={"_method": method}, headers=HTML)
    assert response.status == 400


def test_clients_that_want_json_send_no_forms(shelf: Client) -> None:
    """A form is a 415 and `_method` means nothing, unless HTML is asked for."""
    assert shelf.post("/items", data={"title": "B"}).status == 415
    assert shelf.post("/items/1", data={"_method": "DELETE"}).status == 405
    json_sent = shelf.post("/items", json={"title": "B"}, headers=HTML)
    assert json_sent.status == 201
    assert json_sent.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"a" * 3_000_000, "application/x-www-form-urlencoded", 413),
        (b"&".join([b"a=b"] * 2000), "application/x-www-form-urlencoded", 422),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 400),
        (b"title=%FF", "application/x-www-form-urlencoded", 422),
    ],
)
def test_bad_forms_are_problems(
    shelf: Client, content: bytes, content_type: str, status: int
) -> None:
    """Too large, too many fields, malformed, not UTF-8."""
    headers = {**HTML, "Content-Type": content_type}
    assert shelf.post("/items", content=content, headers=headers).status == status


@pytest.mark.parametrize("shown", ["", "[", "[1]", "7", '{"title": 3, "id": 9}', "{" * 10_000])
def test_what_a_form_was_filled_with_is_not_trusted(shelf: Client, shown: str) -> None:
    """The hidden field comes from the client: whatever it is, the API validates the result."""
    sent = {"_method": "PUT", "title": "X", "pages": "1", "_shown": shown}
    assert shelf.post("/items/1", data=sent, headers=HTML).status == 200
    assert shelf.get("/items/1").json == {"id": 1, "title": "X", "pages": 1}


def test_values_of_forms_are_escaped(things: Things) -> None:
    """In controls, in the hidden field, in the samples."""
    text = '"><script>alert(1)</script>'
    response = things.send("/thing", Forms(page_of(things), "PUT"), name=text, count=text)
    assert response.status == 422
    assert not Parsed(response.text).all("script")
    assert Forms(response.text, "PUT").control("name")["value"] == text


PROBLEMS = {
    each.status: each
    for each in vars(problems).values()
    if isinstance(each, type) and issubclass(each, Problem) and each is not Problem
}


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 409, 410, 412, 413, 415, 422, 428, 429, 503]
)
def test_a_form_is_shown_again_if_another_try_may_succeed(status: int) -> None:
    """It has the values that were sent; after a 404 or a 410 there is nothing to correct."""
    app = App("Orders", browsable="always")

    @app.route("/orders")
    class Orders(Resource):
        @takes(body={"name": fields.Str(required=True)})
        @returns({"name": fields.Str()}, status=201)
        @raises(*PROBLEMS.values())
        def post(self, body: dict[str, str]) -> dict[str, str]:
            raise PROBLEMS[status]("No.")

    client = Client(app, contract=False)
    form = Forms(client.get("/orders", headers=HTML).text, "POST")
    response = client.post("/orders", data=form.pairs(name="Typed"), headers=HTML)
    assert response.status == status
    again = Forms(response.text, "POST")
    assert again.control("name")["value"] == ("" if status in (404, 410) else "Typed")


_FOLLOWED = [(200, False), (299, False), (300, True), (303, True), (399, True), (400, False)]


@pytest.mark.parametrize(("status", "is_followed"), _FOLLOWED)
def test_a_redirect_of_a_form_is_followed_by_the_browser(status: int, is_followed: bool) -> None:
    """Location alone is no redirect: a 201 has one, and so may a 200."""
    app = App("Orders", browsable="always")

    @app.route("/orders")
    class Orders(Resource):
        @takes(body={"name": fields.Str(required=True)})
        @returns({"name": fields.Str()})
        def post(self, body: dict[str, str]) -> Response:
            return Response(b"{}", status, {"Location": "/x", "Content-Type": "application/json"})

    client = Client(app, contract=False)
    form = Forms(client.get("/orders", headers=HTML).text, "POST")
    response = client.post("/orders", data=form.pairs(name="Typed"), headers=HTML)
    assert response.status == status
    assert (b"<html" not in response.body) is is_followed
