"""Inputs: bodies, queries, headers, cookies, forms and files, as declared and refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import attrs
import pytest
from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from restkit import App, DeclarationError, Resource, Upload, returns, takes
from restkit.testing import Client


def echo(method: str = "post", **declared: Any) -> Client:
    """Return a client of an app that answers with what the declared inputs became, as text."""
    app = App("Echo")

    @takes(**declared)
    @returns(None)
    def respond(**inputs: Any) -> Any:
        return {name: repr(value) for name, value in inputs.items()}

    getattr(app, method)("/x")(respond)
    return Client(app)


class ItemSchema(Schema):
    name = fields.Str(required=True)
    quantity = fields.Int(required=True, validate=validate.Range(min=1))


class OrderSchema(Schema):
    items = fields.List(fields.Nested(ItemSchema), required=True)
    note = fields.Str()


def errors_of(response: Any) -> dict[str, str]:
    assert response.status == 422, response.text
    return {e.get("pointer", e.get("parameter")): e["code"] for e in response.json["errors"]}


def test_body_faults_have_pointers() -> None:
    """Each fault of a nested body has its RFC 6901 pointer, a sentence and a code;
    all are told at once.
    """
    response = echo(body=OrderSchema).post(
        "/x",
        json={
            "items": [{"name": "a", "quantity": 1}, {"quantity": 0, "no": 1}, {"name": 3}],
            "extra": 1,
        },
    )
    assert errors_of(response) == {
        "/items/1/name": "required",
        "/items/1/quantity": "range",
        "/items/1/no": "unknown",
        "/items/2/name": "invalid",
        "/items/2/quantity": "required",
        "/extra": "unknown",
    }


@pytest.mark.parametrize("value", ["5", 5.7, True, 2**63, None, [], {}])
def test_integers_in_json_are_integers(value: Any) -> None:
    """An integer field takes a JSON integer within 64 bits and nothing that marshmallow would
    convert.
    """
    response = echo(body={"n": fields.Int()}).post("/x", json={"n": value})
    assert response.status in (400, 422)


def test_a_float_that_is_an_integer_is_one() -> None:
    """5.0 is an integer in JSON Schema, so it is taken."""
    assert echo(body={"n": fields.Int()}).post("/x", json={"n": 5.0}).json["body"] == "{'n': 5}"


@pytest.mark.parametrize(
    ("made", "value"),
    [
        (fields.Bool(), "true"),
        (fields.Bool(), 1),
        (fields.Float(), "1.5"),
        (fields.Float(), True),
        (fields.Date(), "20200101"),
        (fields.DateTime(), "2020-01-01T00:00:00"),
        (fields.NaiveDateTime(), "2020-01-01T00:00:00Z"),
        (fields.Time(), "10"),
        (fields.UUID(), "{12345678-1234-1234-1234-123456789abc}"),
        (fields.Decimal(), "1E5"),
        (fields.Constant("a"), "b"),
        (fields.List(fields.Int()), {"a": 1}),
    ],
)
def test_wire_forms_are_enforced(made: fields.Field[Any], value: Any) -> None:
    """What a document would not allow is refused, though marshmallow alone would take it."""
    assert errors_of(echo(body={"v": made}).post("/x", json={"v": value}))


def test_content_type_is_checked() -> None:
    """A wrong or missing Content-Type is a 415 that lists what is taken;
    parameters and case do not matter.
    """
    client = echo(body={"n": fields.Int()})
    for content_type in (
        "text/plain",
        "application/xml",
        "application/json-seq",
        "nonsense",
        "application/json;charset=latin-1",
    ):
        response = client.post("/x", content=b'{"n":1}', content_type=content_type)
        assert response.status == 415, content_type
        assert response.headers["Accept"] == "application/json", content_type
    assert (
        client.post("/x", content=b'{"n":1}', content_type="Application/JSON; charset=UTF-8").status
        == 200
    )
    assert (
        client.post(
            "/x",
            content=b'{"n":1}',
            headers={"Content-Encoding": "gzip"},
            content_type="application/json",
        ).status
        == 415
    )


def test_json_patch_is_not_promised() -> None:
    """A plain resource refuses to declare JSON Patch, which it could not apply."""
    with pytest.raises(DeclarationError, match="merge-patch"):
        echo("patch", body={"n": fields.Int()}, media_types=["application/json-patch+json"])


def test_no_content_is_told() -> None:
    """A body that was left out is a 400 that says so."""
    response = echo(body={"n": fields.Int()}).post("/x")
    assert response.status == 400
    assert response.json["detail"] == "The request has no content; send application/json."


def test_patch_takes_merge_patch() -> None:
    """PATCH takes JSON and merge-patch, hands over just what was sent, and says Accept-Patch."""
    app = App("Patch")

    @app.route("/x")
    class X(Resource):
        schema = OrderSchema

        @returns(None)
        def patch(self, body: dict[str, Any]) -> Any:
            return body

    client = Client(app)
    for content_type in ("application/merge-patch+json", "application/json"):
        assert client.patch("/x", content=b'{"note":"n"}', content_type=content_type).json == {
            "note": "n"
        }
    refused = client.patch("/x", content=b"x", content_type="text/plain")
    expected = "application/merge-patch+json, application/json"
    assert refused.status == 415
    assert refused.headers["Accept-Patch"] == expected
    assert client.options("/x").headers["Accept-Patch"] == expected


def test_query_lists_and_scalars() -> None:
    """Lists are repeated, or comma-separated where explode is false; scalars stand once."""
    client = echo(
        "get",
        query={
            "ids": fields.List(fields.Int()),
            "tags": fields.List(fields.Str(), metadata={"explode": False}),
            "n": fields.Int(load_default=5),
            "b": fields.Bool(),
        },
    )
    response = client.get("/x?ids=1&ids=2&tags=a,b&b=true")
    assert response.json["query"] == "{'ids': [1, 2], 'tags': ['a', 'b'], 'n': 5, 'b': True}"
    assert errors_of(client.get("/x?n=1&n=2")) == {"n": "repeated"}
    assert errors_of(client.get("/x?n=1_0&b=yes&ids=1&ids=x&other=1")) == {
        "n": "invalid",
        "b": "invalid",
        "ids": "invalid",
        "other": "unknown",
    }
    assert client.get("/x?tags=").json["query"] == "{'tags': [], 'n': 5}"


@pytest.mark.parametrize(
    "query", ["x", "x=1", "=", "&x&", "%00=1", "x=%ff", "a" * 10_000, "&".join("abcdefghij" * 200)]
)
def test_undeclared_queries_are_refused(query: str) -> None:
    """A verb that declares no query takes none; what was sent is not echoed at length."""
    app = App("None")
    app.get("/x")(lambda: {})
    response = Client(app).get(f"/x?{query}")
    assert response.status == 422
    assert len(response.body) < 20_000


def test_faults_of_several_inputs_are_told_together() -> None:
    """Query, header, cookie and body faults come in one answer, each with where it is."""
    client = echo(
        query={"n": fields.Int(required=True)},
        headers={"x_trace": fields.UUID(required=True)},
        cookies={"session": fields.Str(required=True)},
        body={"title": fields.Str(required=True)},
    )
    response = client.post("/x", json={})
    assert {
        (e.get("in"), e.get("parameter"), e.get("pointer")) for e in response.json["errors"]
    } == {
        ("query", "n", None),
        ("header", "X-Trace", None),
        ("cookie", "session", None),
        (None, None, "/title"),
    }


def test_headers_and_cookies_arrive() -> None:
    """Header and cookie schemas read what they name and leave the rest alone."""
    client = echo(
        "get", headers={"x_ids": fields.List(fields.Int())}, cookies={"theme": fields.Str()}
    )
    response = client.get(
        "/x", headers={"X-Ids": "1, 2", "X-Other": "z"}, cookies={"theme": "dark", "other": "1"}
    )
    assert response.json == {"headers": "{'x_ids': [1, 2]}", "cookies": "{'theme': 'dark'}"}


def test_forms() -> None:
    """A form is urlencoded or multipart; unknown and repeated fields are refused."""
    client = echo(form={"name": fields.Str(required=True), "n": fields.Int()})
    assert client.post("/x", data={"name": "a", "n": "1"}).json["form"] == "{'name': 'a', 'n': 1}"
    assert errors_of(client.post("/x", data={"n": "x", "no": "1"})) == {
        "/name": "required",
        "/n": "invalid",
        "/no": "unknown",
    }
    assert client.post("/x", json={"name": "a"}).status == 415


def test_files() -> None:
    """Files arrive as FileStorage; media type, size, unknown and missing parts are checked."""
    app = App("Files")

    @app.post("/x")
    @takes(
        form={"title": fields.Str(required=True)},
        files={"cover": Upload(required=True, media_types=["image/png"], max_size=1000)},
    )
    @returns(None)
    def upload(form: dict[str, Any], files: dict[str, Any]) -> Any:
        return {
            "title": form["title"],
            "name": files["cover"].filename,
            "size": len(files["cover"].read()),
        }

    client = Client(app)
    good = client.post(
        "/x", data={"title": "t"}, files={"cover": ("a.png", b"x" * 10, "image/png")}
    )
    assert good.json == {"title": "t", "name": "a.png", "size": 10}
    bad = client.post("/x", data={"title": "t"}, files={"cover": ("a.gif", b"x", "image/gif")})
    assert errors_of(bad) == {"/cover": "media_type"}
    large = client.post(
        "/x", data={"title": "t"}, files={"cover": ("a.png", b"x" * 1001, "image/png")}
    )
    assert errors_of(large) == {"/cover": "too_large"}
    assert errors_of(
        client.post("/x", data={"title": "t", "cover": "text"}, files={"no": b"x"})
    ) == {
        "/cover": "required",
        "/no": "unknown",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"--b\r\n",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx',
        b"--b--",
        b"\0" * 100,
    ],
)
def test_malformed_multipart(content: bytes) -> None:
    """A malformed multipart body is a 4xx problem."""
    client = echo(form={"a": fields.Str(required=True)})
    response = client.post("/x", content=content, content_type="multipart/form-data; boundary=b")
    assert response.status in (400, 422)
    assert client.post("/x", content=content, content_type="multipart/form-data").status in (
        400,
        422,
    )


def test_large_content_is_refused() -> None:
    """A body over the limit is a 413 before it is read; so is one that is sent in chunks."""
    app = App("Small", max_body_size=100, max_upload_size=200)
    app.post("/x")(takes(body={"a": fields.Str()})(lambda body: {}))
    app.post("/form")(takes(form={"a": fields.Str()})(lambda form: {}))
    client = Client(app)
    assert client.post("/x", json={"a": "x" * 100}).status == 413
    assert client.post("/x", json={"a": "x" * 20}).status == 200
    assert client.post("/form", data={"a": "x" * 100}).status == 413
    assert client.post("/form", files={"b": b"x" * 300}).status == 413
    chunked = client.post(
        "/x", content=iter([b'{"a":"', b"x" * 100, b'"}']), content_type="application/json"
    )
    assert chunked.status == 413
    chunked = client.post(
        "/x", content=iter([b'{"a":"', b"x", b'"}']), content_type="application/json"
    )
    assert chunked.status == 200


@dataclass
class Item:
    name: str
    quantity: int


@dataclass
class Order:
    items: list[Item]
    note: str | None = None


@attrs.define
class AttrsOrder:
    items: list[Item]
    _note: str = ""


class NoteSchema(Schema):
    items = fields.List(fields.Nested(ItemSchema), required=True)
    _note = fields.Str(data_key="note")


def test_bodies_arrive_as_the_annotated_class() -> None:
    """Dataclasses and attrs classes are built from the validated mapping, nested ones too."""
    app = App("Shapes")

    @app.post("/d")
    @takes(body=OrderSchema)
    @returns(None)
    def dataclassy(body: Order) -> Any:
        return {"order": repr(body)}

    @app.post("/a")
    @takes(body=NoteSchema)
    @returns(None)
    def attrsy(body: AttrsOrder) -> Any:
        return {"order": repr(body)}

    @app.post("/many")
    @takes(body=ItemSchema)
    @returns(None)
    def many(body: list[Item]) -> Any:
        return {"items": repr(body)}

    client = Client(app)
    item = {"name": "a", "quantity": 1}
    assert (
        client.post("/d", json={"items": [item]}).json["order"]
        == "Order(items=[Item(name='a', quantity=1)], note=None)"
    )
    assert "note='n'" in client.post("/a", json={"items": [item], "note": "n"}).json["order"]
    assert client.post("/many", json=[item, item]).json["items"].count("Item(") == 2
    assert errors_of(client.post("/many", json=[item, {"name": "b"}])) == {
        "/1/quantity": "required"
    }


@dataclass
class Narrow:
    items: list[Item]


@dataclass
class Wide:
    items: list[Item]
    note: str
    more: int = 0


@dataclass
class Wider:
    items: list[Item]
    more: int
    note: str = ""


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (Narrow, "'note', which Narrow does not have"),
        (Wide, "may leave 'note' out"),
        (Wider, "needs 'more'"),
    ],
)
def test_classes_that_do_not_fit_are_refused(shape: type, words: str) -> None:
    """A class that does not fit its schema is a start-up error that says which attribute."""

    def post(body: Any) -> None: ...

    post.__annotations__["body"] = shape
    with pytest.raises(DeclarationError, match=words):
        App("Fit").post("/x")(takes(body=OrderSchema)(post))


def test_post_load_makes_its_own() -> None:
    """A schema's own post_load decides what arrives; no class is put over it."""

    class Made(Schema):
        n = fields.Int()

        @post_load
        def make(self, data: dict[str, Any], **kwargs: Any) -> tuple[str, int]:
            return ("made", data["n"])

    assert echo(body=Made).post("/x", json={"n": 1}).json["body"] == "('made', 1)"


def test_a_users_own_instance_is_not_changed() -> None:
    """The strictness that restkit adds does not reach a schema instance that the user keeps."""

    class Mine(Schema):
        n = fields.Int()
        items = fields.List(fields.Nested(ItemSchema))

    mine = Mine(unknown=EXCLUDE)
    client = echo(body=mine)
    assert client.post("/x", json={"n": "5"}).status == 422
    assert client.post("/x", json={"n": 5, "other": 1}).json["body"] == "{'n': 5}"
    assert mine.load({"n": "5"}) == {"n": 5}


def test_recursive_schemas_are_strict_at_every_level() -> None:
    """A schema that nests itself enforces the wire forms however deep the data goes."""

    class Node(Schema):
        n = fields.Int(required=True)
        below = fields.List(fields.Nested(lambda: Node()))

    client = echo(body=Node)
    deep: dict[str, Any] = {"n": "5"}
    for _ in range(6):
        deep = {"n": 1, "below": [deep]}
    assert errors_of(client.post("/x", json=deep)) == {"/below/0" * 6 + "/n": "invalid"}


def test_one_content_only() -> None:
    """A verb takes a body or a form, not both; a nested parameter is refused."""
    with pytest.raises(DeclarationError, match="both a body and a form"):
        echo(body={"a": fields.Int()}, form={"a": fields.Int()})
    with pytest.raises(DeclarationError, match="single value or a list"):
        echo(headers={"a": fields.Nested(ItemSchema)})


@dataclass
class Paging:
    limit: int = 20
    tags: list[str] = field(default_factory=list)


def test_queries_arrive_as_the_annotated_class() -> None:
    """A query may be handed over as a dataclass as well."""
    app = App("Query")

    @app.get("/x")
    @takes(query={"limit": fields.Int(), "tags": fields.List(fields.Str())})
    @returns(None)
    def get(query: Paging) -> Any:
        return {"query": repr(query)}

    assert Client(app).get("/x?tags=a").json["query"] == "Paging(limit=20, tags=['a'])"


class TextSchema(Schema):
    text = fields.Str()


@pytest.mark.parametrize(
    ("text", "code"), [(b"\xff", "encoding"), (b"a\xc3", "encoding"), (b"nul\x00", "nul")]
)
def test_a_part_that_is_no_text(text: bytes, code: str) -> None:
    """A part of a form that is not UTF-8, or has a NUL character, is a 422 with a code."""
    head = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    content = head + text + b"\r\n--b--\r\n"
    response = echo(form=TextSchema).post(
        "/x", content=content, content_type="multipart/form-data; boundary=b"
    )
    assert response.status == 422
    assert response.problem["errors"][0]["code"] == code
