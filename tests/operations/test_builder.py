"""Operations: what each stage adds to the record of a verb, what the document says of it,
and what is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    Conflict,
    ContractError,
    DeclarationError,
    NotFound,
    Operation,
    Request,
    Resource,
    Response,
    Schemas,
    Upload,
    operation,
    raises,
    returns,
    takes,
)
from restkit.schemas.bound import View
from restkit.testing import Client


class ThingSchema(Schema):
    id = fields.Int(dump_only=True)
    n = fields.Int(required=True)


class Scheme:
    name = "key"

    def document(self) -> Mapping[str, object]:
        return {"type": "http", "scheme": "basic"}

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        return "me"


def made(resource: type[Resource], pattern: str = "/x", **settings: Any) -> dict[str, Operation]:
    app = App("Operations", **settings)
    app.add(pattern, resource)
    return {each.method: each for each in app.operations()}


def of(function: Any, method: str = "get", pattern: str = "/x", **members: Any) -> Operation:
    """Return the Operation of a class with one verb."""
    settings = members.pop("settings", {})
    return made(type("Some", (Resource,), {method: function, **members}), pattern, **settings)[
        method.upper()
    ]


# statuses, stage by stage


def plain(self: Any) -> dict[str, int]:
    return {}


def nothing(self: Any) -> None: ...


def with_body(self: Any, body: Any) -> dict[str, int]:
    return {}


def with_id(self: Any, thing_id: int) -> dict[str, int]:
    return {}


@pytest.mark.parametrize(
    ("made_of", "statuses"),
    [
        ({"function": plain}, {200, 406, 422}),
        ({"function": plain, "settings": {"strict": False}}, {200, 406}),
        ({"function": nothing}, {204, 422}),
        ({"function": nothing, "settings": {"strict": False}}, {204}),
        ({"function": nothing, "method": "delete"}, {204, 422}),
        ({"function": with_id, "pattern": "/x/<int:thing_id>"}, {200, 404, 406, 422}),
        ({"function": plain, "security": (Scheme(),)}, {200, 400, 401, 403, 406, 422}),
        ({"function": plain, "conditional": True}, {200, 304, 406, 412, 422}),
        ({"function": plain, "conditional": "required"}, {200, 304, 406, 412, 422}),
        (
            {"function": nothing, "method": "delete", "conditional": "required"},
            {204, 412, 422, 428},
        ),
        (
            {"function": with_body, "method": "post", "schema": ThingSchema},
            {201, 400, 406, 413, 415, 422},
        ),
        (
            {"function": with_body, "method": "put", "schema": ThingSchema},
            {200, 400, 406, 413, 415, 422},
        ),
        (
            {"function": with_body, "method": "patch", "schema": ThingSchema},
            {200, 400, 406, 413, 415, 422},
        ),
        ({"function": plain, "method": "post", "schema": ThingSchema}, {201, 406, 422}),
        ({"function": plain, "method": "post"}, {200, 406, 422}),
        ({"function": raises(NotFound, Conflict)(plain)}, {200, 404, 406, 409, 422}),
        ({"function": returns(status=302)(plain)}, {302, 422}),
        ({"function": returns(ThingSchema)(returns(status=204)(plain))}, {200, 204, 406, 422}),
        ({"function": returns(media_types=["image/*"])(plain)}, {200, 406, 422}),
        ({"function": returns(media_types=["*/*"])(plain)}, {200, 422}),
    ],
)
def test_each_stage_adds_its_statuses(made_of: dict[str, Any], statuses: set[int]) -> None:
    """What a stage can answer stands in the record where that stage is there, and only there."""
    assert of(**made_of).statuses == statuses


def test_stages_are_named() -> None:
    """Each failure says which stage adds it."""
    put = of(
        raises(Conflict)(lambda self, thing_id, body: {}),
        "put",
        "/x/<thing_id>",
        schema=ThingSchema,
        conditional="required",
        security=(Scheme(),),
    )
    assert [(each.problem.status, each.stage) for each in put.failures] == [
        (404, "routing"),
        (406, "negotiation"),
        (400, "body"),
        (413, "body"),
        (415, "body"),
        (422, "validation"),
        (412, "preconditions"),
        (428, "preconditions"),
        (409, "method"),
        (401, "security"),
        (403, "security"),
        (400, "security"),
    ]


def test_headers_of_the_stages() -> None:
    """401 has a challenge, 415 says what is taken, conditional answers have their validators."""
    patch = of(with_body, "patch", schema=ThingSchema, security=(Scheme(),), conditional=True)
    headers = {
        each.problem.status: [header.name for header in each.headers] for each in patch.failures
    }
    assert headers[401] == ["WWW-Authenticate"]
    assert headers[415] == ["Accept-Patch"]
    assert [header.name for header in patch.outputs[0].headers] == ["ETag", "Last-Modified"]
    assert of(nothing, "delete", conditional=True).outputs[0].headers == ()


# outputs


@pytest.mark.parametrize(
    ("annotation", "status", "many"),
    [
        (dict, 200, False),
        (list, 200, True),
        (Iterator[dict[str, int]], 200, True),
        (list[dict[str, int]] | None, 200, True),
        (tuple[list[int], int], 200, True),
        (None, 204, None),
    ],
)
def test_return_annotations(annotation: Any, status: int, many: bool | None) -> None:
    """An annotation says one, many or nothing."""

    def get(self: Any) -> Any: ...

    get.__annotations__["return"] = annotation
    output = of(get, schema=ThingSchema).outputs[0]
    assert output.status == status
    assert (output.schema.many if output.schema is not None else None) == many


def test_a_response_is_anything() -> None:
    """A method annotated with Response may answer any media type, so nothing is negotiated."""

    def get(self: Any) -> Response: ...

    made_of = of(get)
    assert made_of.outputs[0].media_types == ("*/*",)
    assert 406 not in made_of.statuses


def test_delete_without_annotation_is_204_and_with_one_is_not() -> None:
    """DELETE answers nothing unless it says so."""
    assert of(lambda self: None, "delete").outputs[0].status == 204
    assert of(plain, "delete", schema=ThingSchema).outputs[0].status == 200


def test_outputs_without_content() -> None:
    """204, 205, 304 and redirects without a schema have no media types."""
    for status in (204, 205, 304, 302, 308):
        assert of(returns(status=status)(plain)).outputs[0].media_types == ()
    assert of(returns(ThingSchema, 300)(plain)).outputs[0].media_types == ("application/json",)


# inputs


def test_inputs_and_their_views() -> None:
    """POST and PUT write, PATCH patches; media types are JSON, merge-patch, or what is said."""
    views = {}
    for method in ("post", "put", "patch"):
        body = of(with_body, method, schema=ThingSchema).input("body")
        assert body is not None
        views[method] = (body.schema.view, body.media_types)
    assert views == {
        "post": (View.REQUEST, ("application/json",)),
        "put": (View.REQUEST, ("application/json",)),
        "patch": (View.PATCH, ("application/merge-patch+json", "application/json")),
    }
    own = of(
        takes(media_types=["application/x-ndjson"])(with_body), "post", schema=ThingSchema
    ).input("body")
    assert own is not None
    assert own.media_types == ("application/x-ndjson",)


def test_what_is_required() -> None:
    """A query is required where one of its fields is."""
    for required in (True, False):
        made_of = of(takes(query={"a": fields.Int(required=required)})(lambda self, query: {}))
        assert made_of.inputs[0].required is required


def test_forms_and_files() -> None:
    """A form has two media types, one with files multipart alone."""
    form = of(takes(form={"a": fields.Str()})(lambda self, form: {}), "post")
    assert form.inputs[0].media_types == (
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    )
    both = of(
        takes(form={"a": fields.Str()}, files={"b": Upload()})(lambda self, form, files: {}), "post"
    )
    assert [each.media_types for each in both.inputs] == [("multipart/form-data",)] * 2


def test_headers_have_their_names_on_the_wire() -> None:
    """A field x_request_id is the header X-Request-Id, unless it says its own name."""
    made_of = of(
        takes(headers={"x_request_id": fields.Str(), "b": fields.Str(data_key="ETag")})(
            lambda self, headers: {}
        )
    )
    assert set(made_of.inputs[0].schema.load_fields) == {"X-Request-Id", "ETag"}


# words


def test_docstrings() -> None:
    """The first line of a docstring is the summary, the rest the description."""

    def get(self: Any) -> dict[str, int]:
        """Read it.

        At *length*.

            indented
        """
        return {}

    made_of = of(get)
    assert made_of.summary == "Read it."
    assert made_of.description == "At *length*.\n\n    indented"
    said = of(operation(summary="S", description="D")(get))
    assert said.summary == "S"
    assert said.description == "D"
    assert of(plain).summary == ""
    assert of(plain).description == ""


def test_tags() -> None:
    """Tags are the verb's, else the class's, else the first fixed segment of the path."""
    assert of(operation(tags=["Verb"])(plain), tags=("Class",)).tags == ("Verb",)
    assert of(plain, tags=("Class", "Two")).tags == ("Class", "Two")
    assert of(plain, pattern="/order-items/all").tags == ("Order items",)
    assert of(with_id, pattern="/<int:thing_id>").tags == ("Some",)


def test_words_of_the_document() -> None:
    """Deprecated, examples, extensions,
    operation id and documented stand in the record as they were said.
    """

    def old(self: Any) -> dict[str, int]:
        return {}

    # what warnings.deprecated sets
    old.__deprecated__ = "Use the other."  # type: ignore[attr-defined]
    assert of(old).deprecated
    assert not of(operation(deprecated=False)(old)).deprecated
    assert not of(plain).deprecated
    said = of(
        operation(
            operation_id="readIt",
            examples={"one": {"n": 1}},
            extensions={"x-a": [1]},
            documented=False,
        )(plain)
    )
    assert said.operation_id == "readIt"
    assert said.examples == {"one": {"n": 1}}
    assert said.extensions == {"x-a": [1]}
    assert not said.documented
    assert not of(plain, documented=False).documented
    assert not of(plain, "options").documented
    assert of(operation(documented=True)(plain), documented=False).documented


def test_security_and_scopes() -> None:
    """Schemes stand in the record with the scopes that they want."""
    one, two = Scheme(), Scheme()
    assert of(plain, security=(one, (two, ["read"]))).security == (
        ((one, ()),),
        ((two, ("read",)),),
    )


# what is refused


@pytest.mark.parametrize(
    ("made_of", "words"),
    [
        (
            {"function": lambda self: {}, "pattern": "/x/<thing_id>"},
            "no parameter 'thing_id' for the variable",
        ),
        ({"function": lambda self, other: {}}, "the parameter 'other' has no source"),
        (
            {"function": lambda self, body: {}, "method": "post"},
            r"with schema in the class, or with @takes\(body",
        ),
        (
            {"function": lambda self, body: {}, "schema": ThingSchema},
            "the parameter 'body' has no source",
        ),
        ({"function": lambda self, query: {}}, r"@takes\(query=...\)"),
        (
            {"function": takes(query={"a": fields.Int()})(plain)},
            "no parameter 'query' for the declared query",
        ),
        (
            {
                "function": takes(query={"a": fields.Int()})(lambda self, query: {}),
                "pattern": "/x/<query>",
            },
            "'query' is both an input and a variable",
        ),
        (
            {
                "function": takes(body=ThingSchema, form={"a": fields.Int()})(
                    lambda self, body, form: {}
                ),
                "method": "post",
            },
            "both a body and a form",
        ),
        (
            {
                "function": takes(headers={"a": fields.Nested(ThingSchema)})(
                    lambda self, headers: {}
                )
            },
            "single value or a list",
        ),
        (
            {"function": takes(cookies={"a": fields.Dict()})(lambda self, cookies: {})},
            "single value or a list",
        ),
        ({"function": takes(query=5)(lambda self, query: {})}, "is not a schema"),  # type: ignore[arg-type]
        (
            {"function": takes(body={"a": int})(with_body), "method": "post"},
            "must be marshmallow fields",
        ),
        ({"function": returns(int)(plain)}, "is not a schema"),  # type: ignore[arg-type]
        ({"function": lambda self, thing_id, /: {}, "pattern": "/x/<thing_id>"}, "positional-only"),
    ],
)
def test_contradictions_are_start_up_errors(made_of: dict[str, Any], words: str) -> None:
    """What does not fit together is refused before the first request,
    in a sentence that says what to do.
    """
    members = {
        key: value for key, value in made_of.items() if key not in ("function", "method", "pattern")
    }
    resource = type(
        "Some", (Resource,), {made_of.get("method", "get"): made_of["function"], **members}
    )

    def start() -> None:
        app = App("Refused")
        app.add(made_of.get("pattern", "/x"), resource)
        app.freeze()

    with pytest.raises(DeclarationError, match=words):
        start()


def test_media_types_without_a_handler_are_refused() -> None:
    """A body of a media type that nothing reads is refused when it is added."""
    declared = takes(body=ThingSchema, media_types=["application/xml"])(lambda body: {})
    with pytest.raises(DeclarationError, match="takes application/xml, which no handler reads"):
        App("Media").post("/x")(declared)


def test_a_refused_resource_is_not_added() -> None:
    """What was refused leaves the App as it was."""
    app = App("Refused")
    with pytest.raises(DeclarationError):
        app.add("/x/<a>", type("Some", (Resource,), {"get": plain}))
    assert app.operations() == ()


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"form": {"cover": Upload()}}, "arrives in files= only"),
        ({"body": {"cover": fields.List(Upload())}}, "arrives in files= only"),
        ({"files": {"cover": fields.Str()}}, "is not an Upload"),
    ],
)
def test_uploads_stand_where_files_arrive(declared: dict[str, Any], words: str) -> None:
    """An Upload outside of files=, and another field in it, are refused:
    neither could ever be satisfied.
    """
    with pytest.raises(DeclarationError, match=words):
        App("Uploads").post("/x")(takes(**declared)(lambda **inputs: {}))


def test_one_line_says_the_schemas_of_list_item_create_and_update() -> None:
    """`Schemas` gives each verb its own; what is left out follows from the others."""

    class RowSchema(Schema):
        id = fields.Int()

    class ItemSchema(RowSchema):
        text = fields.Str()

    class NewSchema(Schema):
        text = fields.Str(required=True)

    class ChangeSchema(Schema):
        text = fields.Str()

    class Items(Resource):
        schema = Schemas(ItemSchema, list=RowSchema, create=NewSchema, update=ChangeSchema)

        def get(self) -> list[dict[str, Any]]:
            return [{"id": 1, "text": "a"}]

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return {"id": 2, **body}

        def patch(self, body: dict[str, Any]) -> dict[str, Any]:
            return {"id": 3, **body}

    class Short(Items):
        schema = Schemas(ItemSchema, create=NewSchema)

    app = App("Schemas")
    app.add("/items", Items)
    app.add("/short", Short)
    client = Client(app)
    assert client.get("/items").json == [{"id": 1}]
    assert client.post("/items", json={"text": "b"}).json == {"id": 2, "text": "b"}
    assert client.post("/items", json={"id": 1, "text": "b"}).status == 422
    assert client.post("/items", json={}).status == 422
    assert client.patch("/items", json={}).json == {"id": 3}
    assert client.get("/short").json == [{"id": 1, "text": "a"}]
    assert client.patch("/short", json={"text": "c"}).json == {"id": 3, "text": "c"}
    document = client.get("/openapi.json").json
    assert {"Row", "Item", "New", "ChangePatch"} <= document["components"]["schemas"].keys()
    names = [each.operation_id for each in app.operations() if each.path == "/items"]
    assert names == ["listItems", "createItem", "updateItems"]


def _nothing() -> None: ...


def _untyped():  # type: ignore[no-untyped-def]  # a method without an annotation is the case
    return None


def _mapping() -> dict[str, int]:
    return {"a": 1}


@pytest.mark.parametrize(
    ("function", "declared", "has_content"),
    [
        (_nothing, {"status": 200}, False),
        (_nothing, {"status": 201}, False),
        (_nothing, {"schema": None, "status": 201}, True),
        (_untyped, {"status": 201}, False),
        (_untyped, {"status": 202}, False),
        (_untyped, {"status": 200}, True),
        (_untyped, {"schema": None, "status": 202}, True),
        (_untyped, {"status": 201, "media_types": ["text/csv"]}, True),
        (_mapping, {"status": 201}, True),
    ],
)
def test_a_status_without_a_schema_may_be_one_without_content(
    function: Any, declared: dict[str, Any], has_content: bool
) -> None:
    """Without a schema, the return annotation decides whether there is content; None as a schema
    means content of any shape.
    """
    app = App("Content")
    app.post("/x")(returns(**declared)(function))
    document = Client(app).get("/openapi.json").json
    response = document["paths"]["/x"]["post"]["responses"][str(declared["status"])]
    assert ("content" in response) is has_content


def test_the_schema_of_a_class_is_content() -> None:
    """A status without a schema has content if the class has a schema, annotated or not."""

    class Items(Resource):
        schema = Schema.from_dict({"id": fields.Int()})

        @returns(status=201)
        def post(self):  # type: ignore[no-untyped-def]  # as above
            return {"id": 1}

    app = App("Content")
    app.add("/x", Items)
    assert Client(app).post("/x", json={}).json == {"id": 1}


def test_data_under_a_status_without_content_is_reported_and_still_sent() -> None:
    """The contract check names the mistake; in production the client gets the data."""
    app = App("Content")
    app.post("/x")(returns(status=201)(lambda: {"id": 1}))
    with pytest.raises(ContractError, match="declared without content"):
        Client(app).post("/x")
    assert Client(app, contract=False).post("/x").json == {"id": 1}
