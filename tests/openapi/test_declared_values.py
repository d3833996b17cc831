"""Values that are no JSON, in declarations: written, or refused at mount."""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import yaml
from marshmallow import EXCLUDE, INCLUDE, Schema, fields, validate

from restkit import App, Conflict, Header, Resource, operation, raises, returns, takes
from restkit.errors import ContractError, DeclarationError
from restkit.testing import Client


class LazyText:
    """A text that is looked up late, as Babel's LazyProxy."""

    def __init__(self, text: str) -> None:
        self.__dict__["text"] = text

    def __str__(self) -> str:
        text: str = self.text
        return text

    def __getattr__(self, name: str) -> Any:
        return getattr(self.text, name)


class Colour(enum.Enum):
    red = "r"
    green = "g"


class Shade(str, enum.Enum):  # noqa: UP042  # members of StrEnum are written otherwise
    dark = "d"
    light = "l"


def _app(**members: fields.Field[Any]) -> App:
    def get(self: Any) -> list[Any]:
        return []

    def post(self: Any, body: dict[str, Any]) -> Any:
        return body

    schema = type("ThingSchema", (Schema,), dict(members))
    app = App("Values")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "get": get, "post": post}))
    return app


def _property(field: fields.Field[Any]) -> dict[str, Any]:
    """Return a field's schema in the served document, the same as JSON and YAML."""
    client = Client(_app(x=field))
    made = client.get("/openapi.json")
    assert made.status == 200
    assert yaml.safe_load(client.get("/openapi.yaml").text) == json.loads(made.text)
    found: dict[str, Any] = made.json["components"]["schemas"]["Thing"]["properties"]["x"]
    return found


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (dt.date(2020, 1, 2), "2020-01-02"),
        (dt.datetime(2020, 1, 2, 3, tzinfo=dt.UTC), "2020-01-02T03:00:00+00:00"),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.red, "r"),
        ({"b": {2, 1}, 1: (1, None)}, {"b": [1, 2], "1": [1, None]}),
        (LazyText("Titel"), "Titel"),
    ],
)
def test_values_in_metadata_are_written(value: Any, written: Any) -> None:
    """In an example, in several, and in an extension."""
    assert _property(fields.Raw(metadata={"example": value}))["examples"] == [written]
    assert _property(fields.Raw(metadata={"examples": [value]}))["examples"] == [written]
    assert _property(fields.Raw(metadata={"x-value": value}))["x-value"] == written


@pytest.mark.parametrize(
    ("field", "value", "written"),
    [
        (fields.Date, dt.date(2020, 1, 2), "2020-01-02"),
        (fields.TimeDelta, dt.timedelta(seconds=3), 3.0),
        (lambda **more: fields.Enum(Colour, **more), Colour.red, "red"),
        (lambda **more: fields.List(fields.Date(), **more), [dt.date(2020, 1, 2)], ["2020-01-02"]),
    ],
)
def test_an_example_is_written_as_its_field_writes_it(field: Any, value: Any, written: Any) -> None:
    """A member of an enumeration by its name, a duration as a number."""
    assert _property(field(metadata={"example": value}))["examples"] == [written]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN")])
def test_an_example_that_is_no_number_of_json_is_left_out(value: Any) -> None:
    """The document has no NaN."""
    assert "examples" not in _property(fields.Raw(metadata={"example": value}))
    assert _property(fields.Raw(metadata={"x-limit": [value]}))["x-limit"] == [None]


@pytest.mark.parametrize("value", [b"x", object(), iter([1]), {(1, 2): 3}, [{1: object()}]])
@pytest.mark.parametrize("key", ["example", "x-value", "default", "enum"])
def test_what_cannot_be_written_is_refused_at_mount(value: Any, key: str) -> None:
    """One sentence names the field, where the document would be a 500."""
    with pytest.raises(DeclarationError, match=r"ThingSchema.x: metadata\['.*'\] cannot be"):
        _app(x=fields.Raw(metadata={key: value}))


@pytest.mark.parametrize(
    "field",
    [
        fields.Constant({1, 2}),
        fields.Constant(float("nan")),
        fields.Raw(dump_default={1}),
        fields.Int(dump_default="many"),
    ],
)
def test_what_a_response_could_not_say_is_refused_at_mount(field: fields.Field[Any]) -> None:
    """A constant or default that cannot be serialized is no 500 later."""
    with pytest.raises(DeclarationError, match=r"ThingSchema.x.* cannot be written as JSON"):
        _app(x=field)


@pytest.mark.parametrize(
    ("validator", "taken"),
    [
        (validate.OneOf(list(Shade)), ["d", "l"]),
        (validate.OneOf([1, "a", None]), ["a"]),
        (validate.OneOf(("a", "b"), labels=[LazyText("A"), LazyText("B")]), ["a", "b"]),
        (validate.OneOf({"b", "a"}), ["a", "b"]),
        (validate.OneOf("ab"), ["", "a", "b", "ab"]),
    ],
)
def test_choices_are_what_the_validator_takes(validator: Any, taken: list[str]) -> None:
    """Each value of the enum is taken, and nothing else is."""
    assert _property(fields.Str(validate=validator))["enum"] == taken
    client = Client(_app(x=fields.Str(validate=validator)))
    for value in ("a", "b", "ab", "1", "d", "Shade.dark"):
        assert client.post("/a", json={"x": value}).status == (201 if value in taken else 422)


@pytest.mark.parametrize("default", [[], {}, [{"a": []}], {"a": {1}}])
def test_a_mutable_default_belongs_to_one_request(default: Any) -> None:
    """What one request changes of it, the next one does not see."""
    seen: list[str] = []

    def post(self: Any, body: dict[str, Any]) -> None:
        seen.append(repr(body["x"]))
        body["x"].clear()

    schema = type("ThingSchema", (Schema,), {"x": fields.Raw(load_default=default)})
    app = App("Defaults")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "post": post}))
    assert [Client(app).post("/a", json={}).status for _ in range(2)] == [204, 204]
    assert seen == [repr(default)] * 2


def test_defaults_fit_their_schemas() -> None:
    """A response schema is widened by its default; a request schema is not."""
    app = _app(
        x=fields.Str(dump_default=None),
        y=fields.Int(load_default=1, dump_default=-1, validate=validate.Range(1, 9)),
    )
    schemas = Client(app).get("/openapi.json").json["components"]["schemas"]
    assert schemas["Thing"]["properties"]["x"]["type"] == ["string", "null"]
    assert schemas["ThingInput"]["properties"]["x"]["type"] == "string"
    assert schemas["ThingInput"]["properties"]["y"]["default"] == 1
    assert {"enum": [-1]} in schemas["Thing"]["properties"]["y"]["anyOf"]


@pytest.mark.parametrize(
    "declared",
    [
        {"oneOf": [{"type": "string"}, {"type": "integer"}]},
        {"allOf": [{"type": "string"}, {"minLength": 1}]},
        {"type": "string", "enum": ["a"]},
        {"not": {"type": "null"}},
        {"const": "a"},
    ],
)
def test_null_stands_beside_every_keyword(declared: dict[str, Any]) -> None:
    """A nullable field of a user's own schema takes and answers null, and the check agrees."""
    kind: Any = type("Mixed", (fields.Field,), {"json_schema": declared})
    assert Client(_app(x=kind(allow_none=True))).post("/a", json={"x": None}).json == {"x": None}


@pytest.mark.parametrize(
    "message",
    [{"message": "City required", "code": 400}, {"en": "City", "de": "Stadt"}, ["City", "needed"]],
)
def test_messages_that_are_objects_or_lists_keep_the_pointer(message: Any) -> None:
    """The pointer names the member that lacks, not a member of the message."""
    app = _app(x=fields.Str(required=True, error_messages={"required": message}))
    errors = Client(app).post("/a", json={}).json["errors"]
    assert {each["pointer"] for each in errors} == {"/x"}
    assert {each["code"] for each in errors} == {"required"}


@pytest.mark.parametrize("argument", ["servers", "contact", "license", "tags"])
def test_arguments_of_an_app_that_cannot_be_written_are_refused(argument: str) -> None:
    """They are no 500 of the document, and lazy texts are taken."""
    values: dict[str, Any] = {"servers": [{"url": object()}]}
    with pytest.raises(DeclarationError, match=f"{argument} cannot be written into the document"):
        App("X", **{argument: values.get(argument, {"name": object()})})
    url = {"url": LazyText("https://a.example")}
    assert Client(App("X", servers=[url])).get("/openapi.json").json["servers"] == [
        {"url": "https://a.example"}
    ]


class _Key:
    """A security scheme with a value of the test in its document."""

    name = "key"

    def __init__(self, value: object) -> None:
        self.value = value

    def document(self) -> dict[str, object]:
        """Return the Security Scheme Object."""
        return {"type": "apiKey", "in": "header", "name": "K", "x-value": self.value}

    def authenticate(self, request: object, scopes: object) -> str:
        """Let everybody in."""
        return "all"


def _guarded(value: object) -> App:
    app = App("X", security=[_Key(value)])

    @app.route("/a")
    def get() -> str:
        return "a"

    return app


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.50"), "1.50"),
        (dt.date(2020, 1, 2), "2020-01-02"),
        ({"b", "a"}, ["a", "b"]),
        (LazyText("Titel"), "Titel"),
    ],
)
def test_the_document_of_a_security_scheme_is_written_as_json(value: Any, written: Any) -> None:
    """Values of Python are written as they are in metadata."""
    found = Client(_guarded(value)).get("/openapi.json").json["components"]["securitySchemes"]
    assert found["key"]["x-value"] == written


@pytest.mark.parametrize("value", [object(), b"x", float("nan")])
def test_the_document_of_a_security_scheme_that_is_not_json_is_refused(value: Any) -> None:
    """The App is refused with the class of the scheme, before anybody reads the document."""
    with pytest.raises(DeclarationError, match=r"_Key\.document\(\) of the security scheme 'key'"):
        _guarded(value).operations()


def _with_header(header: Header) -> App:
    app = App("X")

    @app.route("/a")
    @operation(response_headers={"X-A": header})
    def get() -> str:
        return "a"

    return app


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "number", "minimum": Decimal("1.5")}, {"type": "number", "minimum": 1.5}),
        ({"type": "number", "maximum": Decimal(9)}, {"type": "number", "maximum": 9}),
        ({"enum": {"b", "a"}}, {"enum": ["a", "b"]}),
        ({"default": dt.date(2020, 1, 2)}, {"default": "2020-01-02"}),
        ({"description": LazyText("Titel")}, {"description": "Titel"}),
        ({"items": {"multipleOf": Decimal("0.25")}}, {"items": {"multipleOf": 0.25}}),
    ],
)
def test_the_schema_of_a_header_is_written_as_json(schema: Any, written: Any) -> None:
    """A Decimal is a number where JSON Schema has a number; the document is valid."""
    app = _with_header(Header("X-A", LazyText("Words"), schema))  # type: ignore[arg-type]  # a lazy text
    response = Client(app).get("/openapi.json").json["paths"]["/a"]["get"]["responses"]["200"]
    assert response["headers"]["X-A"] == {"description": "Words", "schema": written}


@pytest.mark.parametrize(
    "header",
    [
        Header("X-A", "", {"minimum": dt.date(2020, 1, 2)}),
        Header("X-A", "", {"minimum": float("nan")}),
        Header("X-A", "", {"items": {"maximum": "5"}}),
        Header("X-A", "", {"properties": 5}),
        Header("X-A", "", {"default": object()}),
        Header("X-A", 5, {}),  # type: ignore[arg-type]  # what is refused
    ],
)
@pytest.mark.parametrize("place", ["verb", "middleware", "problem"])
def test_a_header_that_cannot_be_written_is_refused(header: Header, place: str) -> None:
    """One sentence names the header, whichever part of the App declares it."""
    with pytest.raises(DeclarationError, match=r"'X-A'.*( cannot be written|must be a string)"):
        _DECLARED_BY[place](header)


def _on_middleware(header: Header) -> None:
    app = App("X")
    app.middleware(operation(response_headers={"X-A": header})(_middleware))
    app.add("/a", type("A", (Resource,), {"get": _get}))
    app.operations()


def _on_problem(header: Header) -> None:
    verb = raises(Conflict, headers={"X-A": header})(_get)
    App("X").add("/a", type("A", (Resource,), {"get": verb}))


_DECLARED_BY: dict[str, Callable[[Header], object]] = {
    "verb": _with_header,
    "middleware": _on_middleware,
    "problem": _on_problem,
}


def _get(self: object) -> str:
    return "a"


def _middleware(request: Any, call_next: Any) -> Any:
    return call_next(request)


@pytest.mark.parametrize("keyword", ["minimum", "exclusiveMaximum", "multipleOf"])
def test_a_number_of_metadata_is_a_number(keyword: str) -> None:
    """A Decimal is written as a number, and what is no number is refused."""
    written = _app(x=fields.Float(metadata={keyword: Decimal("0.5")}))
    schemas = Client(written).get("/openapi.json").json["components"]["schemas"]
    assert schemas["Thing"]["properties"]["x"][keyword] == 0.5
    with pytest.raises(DeclarationError, match=r"\.x: metadata"):
        _app(x=fields.Float(metadata={keyword: "many"}))


def test_lazy_texts_are_looked_up_for_each_document() -> None:
    """Each request reads them anew, in another language each time."""
    language = ["en"]

    class Now(LazyText):
        def __str__(self) -> str:
            return f"{language[0]} text"

    app = _app(x=fields.Str(metadata={"description": Now("")}))
    client = Client(app)
    for kind, member in (("json", '"description":"{} text"'), ("yaml", "description: {} text")):
        tags = set()
        for name in ("de", "fr", "de"):
            language[0] = name
            response = client.get(f"/openapi.{kind}")
            assert member.format(name) in response.text
            tags.add(response.headers["ETag"])
        assert len(tags) == 2


@pytest.mark.parametrize("url", ["/openapi.json", "/openapi.yaml"])
def test_a_document_with_lazy_texts_varies_with_the_language(url: str) -> None:
    """Its 200 and its 304 have Vary; a document of plain strings has none."""
    client = Client(_app(x=fields.Str(metadata={"description": LazyText("Titel")})))
    first = client.get(url)
    assert first.headers["Vary"] == "Accept-Language, Cookie"
    again = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304
    assert again.headers["Vary"] == "Accept-Language, Cookie"
    plain = Client(_app(x=fields.Str(metadata={"description": "Title"}))).get(url)
    assert "Vary" not in plain.headers


def test_an_app_without_lazy_texts_prints_its_document_once() -> None:
    """A change of a declaration after the first document is not seen: it was kept."""
    field = fields.Str(metadata={"description": "first"})
    client = Client(_app(x=field))
    first = client.get("/openapi.json").text
    field.metadata["description"] = "second"
    assert client.get("/openapi.json").text == first


def test_a_datetime_without_an_offset_names_the_remedy() -> None:
    """Fields of aware datetimes say what is missing, other mistakes do not; own messages stay."""
    own = fields.DateTime(error_messages={"invalid": "Own words."})
    app = _app(a=fields.DateTime(), b=fields.AwareDateTime(), c=own, d=fields.NaiveDateTime())
    client = Client(app)
    remedy = "Not a valid datetime. Include a UTC offset, such as Z or +02:00."
    errors = client.post("/a", json=dict.fromkeys("abcd", "2020-01-02T03:04:05")).json["errors"]
    assert [(each["pointer"], each["detail"]) for each in errors] == [
        ("/a", remedy),
        ("/b", remedy),
        ("/c", "Own words."),
    ]
    assert {each["code"] for each in errors} == {"invalid"}
    errors = client.post("/a", json={"a": "2020-01-02", "d": "2020-01-02T03:04:05Z"}).json["errors"]
    assert {each["detail"] for each in errors} == {"Not a valid datetime."}


def test_a_response_with_a_naive_datetime_says_what_to_do() -> None:
    """The ContractError names the field type and both remedies."""

    class EventSchema(Schema):
        at = fields.AwareDateTime()
        times = fields.List(fields.DateTime())

    for value in ({"at": dt.datetime(2020, 1, 2)}, {"times": [dt.datetime(2020, 1, 2)]}):

        def get(self: Any, value=value) -> Any:  # type: ignore[no-untyped-def]  # carries a value
            return value

        app = App("X")
        app.add("/a", type("Events", (Resource,), {"schema": EventSchema, "get": get}))
        with pytest.raises(ContractError, match=r"an aware datetime.*NaiveDateTime"):
            Client(app).get("/a")


def test_a_default_of_a_response_that_is_a_set_has_one_order() -> None:
    """A list field writes a set in order, nested ones too; other fields are refused."""
    members = {f"n{number}" for number in range(20)}

    class PartSchema(Schema):
        names = fields.List(fields.Str(), dump_default=members)

    class ThingSchema(PartSchema):
        part = fields.Nested(PartSchema)
        parts = fields.List(fields.Nested(PartSchema()))

    def get(self: Any) -> Any:
        return {"part": {}, "parts": [{}]}

    for compiled in (True, False):
        app = App("X", compile_schemas=compiled)
        app.add("/a", type("Things", (Resource,), {"schema": ThingSchema, "get": get}))
        found = Client(app).get("/a").json
        assert found["names"] == sorted(members)
        assert found["part"]["names"] == sorted(members)
        assert found["parts"][0]["names"] == sorted(members)
    with pytest.raises(DeclarationError, match=r"ThingSchema\.x: dump_default"):
        _app(x=fields.Raw(dump_default={1, 2}))


def test_the_instance_decides_and_not_the_first_of_its_class() -> None:
    """A lenient instance and a strict one, of one class, are documented as they work."""

    class BookSchema(Schema):
        title = fields.Str()
        pages = fields.Int(required=True)

    uses = {
        "plain": BookSchema,
        "lenient": BookSchema(unknown=EXCLUDE),
        "open": BookSchema(unknown=INCLUDE),
        "partial": BookSchema(partial=True),
        "some": BookSchema(partial=("pages",)),
        "only": BookSchema(only=("pages",)),
        "less": BookSchema(exclude=("pages",)),
    }
    for order in (list(uses), list(reversed(uses))):
        app = App("X")
        for name in order:

            @takes(body=uses[name])
            def post(self: Any, body: dict[str, Any]) -> Any:
                return {}

            app.add(f"/{name}", type(name.title(), (Resource,), {"post": post}))
        client = Client(app)
        document = client.get("/openapi.json").json
        for name in order:
            content = document["paths"][f"/{name}"]["post"]["requestBody"]["content"]
            schema = content["application/json"]["schema"]
            if "$ref" in schema:
                schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            closed = schema.get("additionalProperties") is False
            sent = {"title": "a", "pages": 1}
            sent = {key: value for key, value in sent.items() if key in schema["properties"]}
            more = client.post(f"/{name}", json={**sent, "colour": "red"})
            assert (more.status == 422) is closed
            assert (client.post(f"/{name}", json={}).status == 422) is bool(schema.get("required"))
            assert client.post(f"/{name}", json=sent).status == 200


def test_the_pattern_without_nul_has_a_readable_example() -> None:
    """Pages show a word of the permitted length, and examples of the user's own stay."""
    assert _property(fields.Str())["examples"] == ["string"]
    assert _property(fields.Str(validate=validate.Length(max=3)))["examples"] == ["str"]
    assert _property(fields.Str(validate=validate.Length(min=8)))["examples"] == ["stringst"]
    assert _property(fields.Str(metadata={"examples": ["Emma"]}))["examples"] == ["Emma"]
    assert "examples" not in _property(fields.Str(load_default="x"))
    assert "examples" not in _property(fields.Str(validate=validate.OneOf(["a"])))


NO_TEXTS = [5, {1, 2}, b"a", {"a": 1}, ("a",), dt.date(2020, 1, 1), "\ud800"]


@pytest.mark.parametrize("value", NO_TEXTS, ids=repr)
@pytest.mark.parametrize("argument", ["description", "tags", "contact", "license"])
def test_words_of_apps_that_are_no_texts(value: Any, argument: str) -> None:
    """They are rejected at once."""
    words: dict[str, Any] = {argument: value if argument == "description" else {"name": value}}
    with pytest.raises(DeclarationError, match="cannot be written into the document"):
        App("A", **words)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("minLength", -1),
        ("maxItems", 1.5),
        ("deprecated", "yes"),
        ("format", 5),
        ("pattern", ["a"]),
        ("enum", "abc"),
        ("type", 5),
        ("allOf", {"a": 1}),
        ("oneOf", [5]),
        ("items", 5),
        ("properties", [1]),
        ("properties", {"a": 1}),
        ("externalDocs", "https://a.example"),
    ],
)
def test_a_keyword_of_another_kind(keyword: str, value: Any) -> None:
    """A keyword whose value JSON Schema does not allow would make the whole document invalid."""
    field = fields.Raw(metadata={keyword: value})
    with pytest.raises(DeclarationError, match=f"{keyword} must be "):
        _app(x=field)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("minimum", 0.5), ("multipleOf", 2), ("uniqueItems", True), ("items", {}), ("enum", {"a"})],
)
def test_a_keyword_of_the_right_kind(keyword: str, value: Any) -> None:
    """It is written as it is, and a set as a list."""
    expected = list(value) if isinstance(value, set) else value
    assert _property(fields.Raw(metadata={keyword: value}))[keyword] == expected


@pytest.mark.parametrize("value", NO_TEXTS[:-1], ids=repr)
@pytest.mark.parametrize("decorator", [raises, returns])
def test_descriptions_of_responses_that_are_no_texts(decorator: Any, value: Any) -> None:
    """They are rejected at start-up, also for an operation without schemas."""
    declared = (Conflict,) if decorator is raises else ()
    app = App("A")
    with pytest.raises(DeclarationError, match="is not a text"):
        app.get("/")(decorator(*declared, description=value)(lambda: {}))
