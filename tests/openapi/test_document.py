"""The whole document: printed from the Operations of an App, valid, stable, and true."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import yaml
from marshmallow import Schema, fields, validate
from openapi_spec_validator import validate as validate_document

from restkit import (
    App,
    Conflict,
    DeclarationError,
    NotFound,
    Resource,
    operation,
    raises,
    returns,
    takes,
)
from restkit.app_loading import load_app
from restkit.contract import Header
from restkit.openapi import build, to_json, to_yaml
from restkit.openapi.shared_components import expanded
from restkit.schemas.uploads import Upload
from restkit.testing import Client


class BookSchema(Schema):
    """A book."""

    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    price = fields.Decimal()


class SearchSchema(Schema):
    tags = fields.List(fields.Str(), metadata={"description": "All of these."})
    ids = fields.List(fields.Int(), metadata={"explode": False})
    limit = fields.Int(load_default=10, validate=validate.Range(1, 100))
    old = fields.Bool(required=True, metadata={"deprecated": True})


class HeadersSchema(Schema):
    x_request_id = fields.UUID()
    authorization = fields.Str(metadata={"documented": False})
    x_parts = fields.List(fields.Str())


class CookiesSchema(Schema):
    session = fields.Str(required=True)


class CoverSchema(Schema):
    cover = Upload(required=True, media_types=["image/png", "image/jpeg"], max_size=1000)


class CaptionSchema(Schema):
    caption = fields.Str()
    sizes = fields.List(fields.Int(), metadata={"explode": False})


class SoldOut(Conflict):
    """The book is sold out."""

    type = "https://example.org/sold-out"


class Scheme:
    name = "token"

    def document(self) -> Mapping[str, object]:
        return {"type": "http", "scheme": "bearer"}

    def authenticate(self, request: Any, scopes: Sequence[str]) -> object:
        return None


class Books(Resource):
    """The shelf."""

    schema = BookSchema

    @takes(query=SearchSchema, headers=HeadersSchema, cookies=CookiesSchema)
    def get(self, query: Any, headers: Any, cookies: Any) -> list[Any]:
        """List the books.

        All of *them*.
        """
        return []

    @returns(
        BookSchema,
        201,
        description="Made.",
        headers={"X-Place": Header("X-Place", "Where.", required=True)},
    )
    @returns(None, 202)
    @raises(SoldOut)
    @raises(NotFound, description="There is no such author.")
    @operation(examples={"short": {"title": "It"}}, extensions={"x-cost": 3}, deprecated=True)
    def post(self, body: Any) -> Any:
        return body


class BookItem(Resource):
    schema = BookSchema
    conditional = "required"
    security = [(Scheme(), ["read"])]

    def get(self, id: int) -> Any: ...

    def patch(self, id: int, body: Any) -> Any: ...

    def delete(self, id: int) -> None: ...


class BookCover(Resource):
    tags = ["Covers"]

    @takes(form=CaptionSchema, files=CoverSchema)
    def put(self, id: int, form: Any, files: Any) -> None: ...


class BookLines(Resource):
    @returns(BookSchema, media_types=["application/x-ndjson"], many=True)
    def get(self) -> Any: ...

    @returns(media_types=["text/csv", "image/png"])
    @operation(operation_id="printLines")
    def post(self) -> Any: ...


def _app(**options: Any) -> App:
    app = App("Bookstore", version="2.0", **options)
    app.add("/books", Books)
    app.add("/books/<int:id>", BookItem)
    app.add("/books/<int:id>/cover", BookCover)
    app.add("/lines", BookLines)
    return app


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document of the App above."""
    return build(_app())


@pytest.mark.parametrize("version", [None, "3.0.4", "3.1.1", "3.2.0"])
def test_the_document_is_valid(version: str | None) -> None:
    """In each version of OpenAPI."""
    made = build(_app(), version=version)
    assert made["openapi"] == (version or "3.1.1")
    validate_document(made)


def test_the_document_is_the_same_each_time() -> None:
    """Bytes and text are stable."""
    assert to_json(build(_app())) == to_json(build(_app()))
    assert to_yaml(build(_app())) == to_yaml(build(_app()))


def test_the_app_says_what_it_is() -> None:
    """Info, servers and tags come from the App;
    tags that are used are declared, the App's own first.
    """
    made = build(
        _app(
            description="Sells books.",
            contact={"name": "We", "url": "https://example.org"},
            license={"name": "MIT", "identifier": "MIT"},
            servers=["https://example.org/api", {"url": "/", "description": "Here."}],
            tags={"Covers": "Pictures.", "Unused": "Nothing."},
        )
    )
    assert made["info"] == {
        "title": "Bookstore",
        "version": "2.0",
        "description": "Sells books.",
        "contact": {"name": "We", "url": "https://example.org"},
        "license": {"name": "MIT", "identifier": "MIT"},
    }
    assert made["servers"] == [
        {"url": "https://example.org/api"},
        {"url": "/", "description": "Here."},
    ]
    assert [tag["name"] for tag in made["tags"]] == ["Covers", "Books", "Lines"]
    assert made["tags"][0]["description"] == "Pictures."


def test_an_app_that_says_nothing_of_itself_is_described_all_the_same() -> None:
    """The description is true of every App; a contact and a license are not made up."""
    assert build(App("Shop"))["info"] == {
        "title": "Shop",
        "version": App("Shop").version,
        "description": "The operations of Shop.",
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"name": "MIT", "identifier": "MIT"},
            {"name": "MIT", "url": "https://spdx.org/licenses/MIT.html"},
        ),
        (
            {"name": "MIT", "identifier": "MIT", "url": "https://example.org"},
            {"name": "MIT", "url": "https://example.org"},
        ),
        ({"name": "Either", "identifier": "MIT OR Apache-2.0"}, {"name": "Either"}),
        ({"name": "Own", "identifier": "LicenseRef-Own"}, {"name": "Own"}),
    ],
)
def test_3_0_has_the_page_of_a_license_for_its_identifier(
    given: dict[str, str], expected: dict[str, str]
) -> None:
    """A License Object of OpenAPI 3.0 knows no SPDX identifier;
    where SPDX has a page for it, that is its URL.
    """
    assert build(_app(license=given), version="3.0.4")["info"]["license"] == expected


def test_the_server_is_where_the_app_answers() -> None:
    """Without servers of its own there is one: the root that is given, or the host's."""
    assert build(_app())["servers"] == [{"url": "/"}]
    assert build(_app(), server_root="/shop")["servers"] == [{"url": "/shop"}]


def test_words_come_from_the_docstring(document: dict[str, Any]) -> None:
    """The first sentence is the summary, the rest the description;
    without one the operationId is put in words, and nothing is said twice.
    """
    get = document["paths"]["/books"]["get"]
    assert get["operationId"] == "listBooks"
    assert get["summary"] == "List the books."
    assert get["description"] == "All of *them*."
    delete = document["paths"]["/books/{id}"]["delete"]
    assert delete["summary"] == "Delete book."
    assert "description" not in delete


def test_fields_are_parameters(document: dict[str, Any]) -> None:
    """Each field of a query, header or cookie schema is one parameter, on its wire name."""
    parameters = {each["name"]: each for each in document["paths"]["/books"]["get"]["parameters"]}
    assert parameters["tags"]["description"] == "All of these."
    assert parameters["tags"]["style"] == "form"
    assert parameters["tags"]["explode"] is True
    assert parameters["ids"]["explode"] is False
    assert "required" not in parameters["limit"]
    assert parameters["limit"]["schema"]["default"] == 10
    assert parameters["old"]["required"] is True
    assert parameters["old"]["deprecated"] is True
    assert parameters["X-Request-Id"]["in"] == "header"
    assert parameters["X-Parts"]["style"] == "simple"
    assert parameters["X-Parts"]["explode"] is False
    assert parameters["session"]["in"] == "cookie"
    assert "Authorization" not in parameters


def test_a_path_parameter_has_the_schema_of_its_converter(document: dict[str, Any]) -> None:
    """It is always required."""
    parameter = expanded(document)["paths"]["/books/{id}"]["get"]["parameters"][0]
    assert parameter["name"] == "id"
    assert parameter["in"] == "path"
    assert parameter["required"] is True
    assert parameter["schema"]["type"] == "integer"


def test_a_body_has_its_media_types_and_examples(document: dict[str, Any]) -> None:
    """Each media type has the schema of what is taken."""
    body = document["paths"]["/books"]["post"]["requestBody"]
    assert body == {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/BookInput"},
                "examples": {"short": {"value": {"title": "It"}}},
            }
        },
    }
    patch = document["paths"]["/books/{id}"]["patch"]["requestBody"]["content"]
    assert list(patch) == ["application/merge-patch+json", "application/json"]
    assert patch["application/json"]["schema"] == {"$ref": "#/components/schemas/BookPatch"}


def test_a_form_and_its_files_are_one_object(document: dict[str, Any]) -> None:
    """Files are binary, and their media types stand in the encoding."""
    media = document["paths"]["/books/{id}/cover"]["put"]["requestBody"]["content"][
        "multipart/form-data"
    ]
    assert list(media["schema"]["properties"]) == ["caption", "sizes", "cover"]
    assert media["schema"]["required"] == ["cover"]
    assert media["schema"]["additionalProperties"] is False
    assert media["encoding"] == {
        "sizes": {"style": "form", "explode": False},
        "cover": {"contentType": "image/png, image/jpeg"},
    }


def test_answers_have_their_content_and_headers(document: dict[str, Any]) -> None:
    """Each status has its description, headers and schema."""
    responses = document["paths"]["/books"]["post"]["responses"]
    made = responses["201"]
    assert made["description"] == "Made."
    assert made["headers"]["X-Place"] == {
        "description": "Where.",
        "required": True,
        "schema": {"type": "string"},
    }
    assert made["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Book"}}
    }
    assert responses["202"]["description"] == "Accepted"
    listed = document["paths"]["/books"]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    assert listed == {"type": "array", "items": {"$ref": "#/components/schemas/Book"}}
    assert "content" not in document["paths"]["/books/{id}"]["delete"]["responses"]["204"]


def test_lines_are_described_by_one_item(document: dict[str, Any]) -> None:
    """JSON Lines are no array; 3.2 has a keyword of its own for them."""
    reference = {"$ref": "#/components/schemas/Book"}
    content = document["paths"]["/lines"]["get"]["responses"]["200"]["content"]
    assert content["application/x-ndjson"] == {"schema": reference}
    newer = build(_app(), version="3.2.0")["paths"]["/lines"]["get"]["responses"]["200"]["content"]
    assert newer["application/x-ndjson"] == {"itemSchema": reference}


def test_content_without_a_schema_has_that_of_its_media_type(document: dict[str, Any]) -> None:
    """Text is a string, other bytes are binary."""
    content = document["paths"]["/lines"]["post"]["responses"]["200"]["content"]
    assert content["text/csv"]["schema"] == {"type": "string"}
    assert content["image/png"]["schema"] == {"type": "string", "format": "binary"}


def _resolved(document: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in response:
        return response
    found: dict[str, Any] = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found


def test_problems_of_one_status_are_merged(document: dict[str, Any]) -> None:
    """Each says when it is answered; a class of the user's own by its docstring."""
    responses = document["paths"]["/books"]["post"]["responses"]
    assert _resolved(document, responses["404"])["description"] == "There is no such author."
    assert _resolved(document, responses["409"])["description"] == "The book is sold out."


def test_a_problem_has_its_status(document: dict[str, Any]) -> None:
    """The schema is that of RFC 9457 with the one status, and the type of a class of its own."""
    responses = document["paths"]["/books"]["post"]["responses"]
    content = _resolved(document, responses["409"])["content"]
    assert content == {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/SoldOutProblem"}}
    }
    assert document["components"]["schemas"]["SoldOutProblem"] == {
        "$ref": "#/components/schemas/Problem",
        "title": "Conflict",
        "description": "The book is sold out.",
        "properties": {
            "type": {"const": "https://example.org/sold-out"},
            "title": {"const": "Conflict"},
            "status": {"const": 409},
        },
    }


def test_every_problem_that_restkit_writes_is_of_the_problem_schema(
    document: dict[str, Any],
) -> None:
    """The component describes what problems.py writes."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(document["components"]["schemas"]["Problem"])
    errors: list[Any] = [
        {"pointer": "/a", "detail": "no", "code": "x"},
        {"parameter": "p", "location": "header", "detail": "no"},
    ]
    for problem in (
        Conflict("x"),
        NotFound(instance="/a"),
        SoldOut("x", errors=errors * 60, extra=1),
    ):
        validator.validate(json.loads(problem.to_bytes()))


def test_what_several_operations_answer_alike_is_shared(document: dict[str, Any]) -> None:
    """Most 422 are one component; every component is used, and every operation has a 4xx."""
    text = json.dumps(document)
    for kind, components in document["components"].items():
        if kind != "securitySchemes":
            for name in components:
                assert f'"#/components/{kind}/{name}"' in text, name
    assert "UnprocessableContent" in document["components"]["responses"]
    for item in expanded(document)["paths"].values():
        for each in item.values():
            assert any(status.startswith("4") for status in each["responses"])


def test_preconditions_are_parameters(document: dict[str, Any]) -> None:
    """A conditional resource takes If-None-Match for reading;
    a required If-Match is a parameter for writing.
    """
    item = expanded(document)["paths"]["/books/{id}"]
    reading = {each["name"]: each for each in item["get"]["parameters"]}
    writing = {each["name"]: each for each in item["patch"]["parameters"]}
    assert "required" not in reading["If-None-Match"]
    assert writing["If-Match"]["required"] is True
    assert "304" in item["get"]["responses"]
    assert "428" in item["patch"]["responses"]


def test_security_is_declared_where_it_is_wanted(document: dict[str, Any]) -> None:
    """The scheme documents itself; everything else is open to everybody, and says so."""
    assert document["paths"]["/books/{id}"]["get"]["security"] == [{"token": ["read"]}]
    assert document["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer"}
    }
    assert document["security"] == []


def test_extensions_and_deprecation_stand_in_the_operation(document: dict[str, Any]) -> None:
    """x-... members are taken over."""
    post = document["paths"]["/books"]["post"]
    assert post["x-cost"] == 3
    assert post["deprecated"] is True
    assert "deprecated" not in document["paths"]["/books"]["get"]


def test_what_is_derived_or_hidden_is_not_documented() -> None:
    """HEAD and OPTIONS are not, nor is what says documented = False."""

    class Hidden(Resource):
        documented = False

        def get(self) -> Any: ...

    app = _app()
    app.add("/hidden", Hidden)
    made = build(app)
    assert "/hidden" not in made["paths"]
    assert set(made["paths"]["/books"]) == {"get", "post"}


def test_mounted_apps_are_in_the_document_of_the_app_above() -> None:
    """Their paths have the prefix there."""
    whole = App("Whole")
    whole.mount("/v1", _app())
    assert next(iter(build(whole)["paths"])) == "/v1/books"


def test_a_relaxed_app_has_open_schemas() -> None:
    """The document follows the setting."""
    schemas = build(_app(strict=False))["components"]["schemas"]
    assert "additionalProperties" not in schemas["BookInput"]


def test_the_yaml_is_the_same_document(document: dict[str, Any]) -> None:
    """It has no aliases, and reads back as what it was."""
    text = to_yaml(document)
    assert yaml.safe_load(text) == document
    assert "&id" not in text
    assert text.startswith("openapi: '3.1.1'\ninfo:\n  title: Bookstore\n")


_WORDS = (
    "yes NO on off null ~ 1 1.0 1e3 1E+3 0x1F 0o17 017 1_000 12:30:45 .inf -.5 +1 "
    "2024-01-02 = << #a &a *a !a %a @a"
)
_LINES = [
    "a\nb",
    "a\n",
    "\na",
    " a\nb ",
    "a\n\n b",
    "a\tb",
    "\ttab",
    "a\r\nb",
    "é\u2028x",
    "\x85",
    "\ufeffa",
    "a \nb",
]


@pytest.mark.parametrize(
    "value", [*_WORDS.split(), *_LINES, "", "- a", "a: b", "a #b", "`a", "😀", "'", '"', "\\"]
)
def test_a_string_stays_a_string_in_yaml(value: str) -> None:
    """Whatever YAML 1.1 or 1.2 would make of it."""
    text = to_yaml({"it": value, value: "key"})
    assert yaml.safe_load(text) == {"it": value, value: "key"}
    plain = text.partition("\n")[0].removeprefix("it: ")
    assert not plain[:1].isdigit()


def test_json_is_indented_and_ends_with_a_newline() -> None:
    """Not ASCII only."""
    assert to_json({"a": "é"}) == '{\n  "a": "é"\n}\n'.encode()


def test_members_of_the_root_and_hooks() -> None:
    """What `document=` and hooks say stands in the document, in the served one too."""
    app = App(
        "Members",
        document={
            "termsOfService": "https://example.com/terms",
            "externalDocs": {"url": "https://example.com"},
            "webhooks": {"paid": {"post": {"responses": {"204": {"description": "Taken."}}}}},
            "x-logo": {"since": date(2026, 1, 2)},
        },
    )

    @app.get("/x")
    def read() -> dict[str, object]:
        return {}

    @app.document_hook
    def change(document: dict[str, Any]) -> None:
        document["info"]["x-audience"] = "public"

    @app.document_hook
    def replace(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "x-hooks": 2}

    document = build(app)
    assert document["info"]["termsOfService"] == "https://example.com/terms"
    assert document["info"]["x-audience"] == "public"
    assert document["externalDocs"] == {"url": "https://example.com"}
    assert list(document["webhooks"]) == ["paid"]
    assert document["x-logo"] == {"since": "2026-01-02"}
    assert document["x-hooks"] == 2
    assert Client(app).get("/openapi.json").json == document
    assert "webhooks" not in build(app, version="3.0.4")
    assert build(app)["x-logo"] is not build(app)["x-logo"]


@pytest.mark.parametrize(
    "given", ["x", 5, [], {"info": {}}, {"paths": {}}, {"logo": 1}, {1: 2}, {"x-a": object()}]
)
def test_members_that_cannot_be_given(given: Any) -> None:
    """The rest of the root is made of operations, and a member is a JSON value."""
    with pytest.raises(DeclarationError, match=r"document of App\('Members'\)"):
        App("Members", document=given)


def test_a_hook_that_returns_something_else() -> None:
    """A hook returns the document, or nothing."""
    app = App("Hooks")
    app.document_hook(lambda document: "text")  # type: ignore[arg-type,return-value]
    with pytest.raises(DeclarationError, match="it must return the document"):
        build(app)


def test_examples_are_example_objects_or_values() -> None:
    """A mapping is an Example Object if it has a word about the value and no other members."""
    given: dict[str, object] = {
        "words": {"summary": "A word", "value": {"title": "Emma"}},
        "external": {"externalValue": "https://shop.example/emma.json"},
        "described": {"description": "None", "dataValue": None},
        "value": {"value": 1},
        "more": {"summary": "A word", "title": "Emma"},
        "nothing": {},
    }

    @takes(body=BookSchema)
    @operation(examples=given)
    def post(body: Any) -> None: ...

    app = App("Examples")
    app.post("/books")(post)
    content = build(app)["paths"]["/books"]["post"]["requestBody"]["content"]
    found = content["application/json"]["examples"]
    for name in ("words", "external", "described"):
        assert found[name] == given[name]
    for name in ("value", "more", "nothing"):
        assert found[name] == {"value": given[name]}


_ITSELF: list[Any] = []
_ITSELF.append(_ITSELF)


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        (object(), "/info/x-a~1b/1"),
        (float("nan"), "/info/x-a~1b/1"),
        (float("-inf"), "/info/x-a~1b/1"),
        ({"a"}, "/info/x-a~1b/1"),
        (b"x", "/info/x-a~1b/1"),
        ("\ud800", "/info/x-a~1b/1"),
        ({"m~": {1: 2}}, "/info/x-a~1b/1/m~0"),
        ({"m": [0, {None: 2}]}, "/info/x-a~1b/1/m/1"),
    ],
)
@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_a_hook_that_leaves_a_value_that_is_not_json(
    value: object, pointer: str, version: str
) -> None:
    """The error names the hook and the JSON pointer of the value."""
    app = App("Hooks")

    @app.document_hook
    def add_members(document: dict[str, Any]) -> None:
        document["info"]["x-a/b"] = [0, value]

    with pytest.raises(DeclarationError, match=r"add_members left a value.* not JSON") as caught:
        build(app, version=version)
    assert f"the JSON pointer {pointer!r}" in str(caught.value)


def test_a_hook_that_leaves_a_value_that_contains_itself() -> None:
    """It is one DeclarationError, as is every value that is not JSON."""
    app = App("Hooks")

    @app.document_hook
    def add_loop(document: dict[str, Any]) -> None:
        document["x-loop"] = _ITSELF

    with pytest.raises(DeclarationError, match="contains itself"):
        build(app)


def test_values_of_hooks_are_written_as_in_metadata() -> None:
    """Dates and Decimals become strings, tuples become lists, in JSON and YAML alike."""
    app = App("Hooks")
    written = {"day": "2026-01-02", "price": "1.50", "pair": [1, 2]}

    @app.document_hook
    def add(document: dict[str, Any]) -> None:
        document["x-a"] = {"day": date(2026, 1, 2), "price": Decimal("1.50"), "pair": (1, 2)}

    client = Client(app)
    assert client.get("/openapi.json").json["x-a"] == written
    assert yaml.safe_load(client.get("/openapi.yaml").text)["x-a"] == written


class _Search(Resource):
    schema = BookSchema

    def query(self, body: dict[str, Any]) -> str:
        """Search."""
        return ""


def test_the_document_of_a_query_resource_is_valid_in_3_2() -> None:
    """QUERY is a member of the Path Item Object since 3.2; 3.1 has an extension for it."""
    app = App("Search")
    app.add("/search", _Search)
    newer = build(app, version="3.2.0")
    assert "query" in newer["paths"]["/search"]
    validate_document(newer)
    older = build(app, version="3.1.1")
    assert set(older["paths"]["/search"]) == {"x-query"}
    validate_document(older)


@pytest.mark.parametrize(
    "target", ["examples.hello:app", "examples.todo:app", "examples.bookstore", "examples.notes"]
)
def test_the_documents_of_the_examples_are_valid_in_3_2(target: str) -> None:
    """They are checked with the JSON Schema of OpenAPI 3.2."""
    document = build(load_app(target), version="3.2.0")
    assert document["openapi"] == "3.2.0"
    validate_document(document)
