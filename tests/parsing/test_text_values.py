"""Texts of queries, headers, cookies and forms: lists, objects, JSON parts and unknown names."""

from __future__ import annotations

import json
import random
from contextlib import closing
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode
from wsgiref.util import setup_testing_defaults

import pytest
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    ValidationError,
    fields,
    validate,
    validates_schema,
)
from webargs.fields import DelimitedList, DelimitedTuple

from restkit import App, Settings, Upload, returns, takes
from restkit.parsing.text_values import plain_pairs
from restkit.testing import Client


def served(method: str = "get", settings: Settings | None = None, **declared: Any) -> App:
    """Return an App that responds with the values that its one operation takes."""
    app = App("T", settings=settings or Settings())

    @takes(**declared)
    @returns(None)
    def respond(**inputs: Any) -> Any:
        return {name: value for name, value in inputs.items() if name != "files"}

    getattr(app, method)("/x")(respond)
    return app


def operation_of(app: App) -> dict[str, Any]:
    (found,) = Client(app).get("/openapi.json").json["paths"]["/x"].values()
    return dict(found)


def codes(response: Any) -> dict[str, str]:
    assert response.status == 422, response.text
    return {e.get("pointer", e.get("parameter")): e["code"] for e in response.json["errors"]}


class OpenSchema(Schema):
    class Meta:
        unknown = INCLUDE

    limit = fields.Int()


def test_a_query_includes_unknown_parameters() -> None:
    """With INCLUDE an unknown parameter is handed over: its text, or a list if it is repeated."""
    client = Client(served(query=OpenSchema))
    found = client.get("/x?limit=1&meta_x=2&tag=a&tag=b").json["query"]
    assert found == {"limit": 1, "meta_x": "2", "tag": ["a", "b"]}
    assert codes(client.get("/x?limit=a&other=%00")) == {"other": "nul", "limit": "invalid"}


def test_cookies_include_unknown_ones() -> None:
    """With INCLUDE every cookie is handed over."""
    found = Client(served(cookies=OpenSchema)).get("/x", cookies={"limit": "1", "theme": "dark"})
    assert found.json["cookies"] == {"limit": 1, "theme": "dark"}


def test_headers_include_unknown_ones() -> None:
    """With INCLUDE every header is handed over under its own name."""
    found = Client(served(headers=OpenSchema)).get("/x", headers={"Limit": "1", "X-Trace": "7"})
    assert found.json["headers"]["Limit" if "Limit" in found.json["headers"] else "limit"] == 1
    assert found.json["headers"]["X-Trace"] == "7"


@pytest.mark.parametrize("multipart", [False, True])
def test_forms_include_unknown_fields(multipart: bool) -> None:
    """With INCLUDE an unknown field of a form is handed over."""
    client = Client(served("post", form=OpenSchema))
    files: dict[str, Any] = {"files": {}} if multipart else {}
    found = client.post("/x", data={"limit": 1, "note": "a"}, **files)
    assert found.json["form"] == {"limit": 1, "note": "a"}


def test_an_instance_may_include() -> None:
    """An instance made with unknown=INCLUDE, a mapping's Meta and EXCLUDE mean what they say."""

    class PlainSchema(Schema):
        limit = fields.Int()

    taken = Client(served(query=PlainSchema(unknown=INCLUDE))).get("/x?limit=1&a=2")
    assert taken.json["query"] == {"limit": 1, "a": "2"}
    dropped = Client(served(query=PlainSchema(unknown=EXCLUDE))).get("/x?limit=1&a=2")
    assert dropped.json["query"] == {"limit": 1}
    assert Client(served(query=PlainSchema(unknown=RAISE))).get("/x?a=2").status == 422


class SourceSchema(Schema):
    source = fields.Str(required=True)
    shots = fields.Int(allow_none=True)
    tags = fields.List(fields.Str())


class FileSchema(Schema):
    file = Upload(required=True)


def test_an_object_of_a_form_is_json() -> None:
    """An object beside a file is a part of JSON, with the values and the errors of JSON."""
    app = served("post", form={"meta": fields.Nested(SourceSchema)}, files=FileSchema)
    content = operation_of(app)["requestBody"]["content"]["multipart/form-data"]
    assert content["encoding"] == {"meta": {"contentType": "application/json"}}
    reference = content["schema"]["properties"]["meta"]["$ref"]
    client = Client(app)
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    meta = schemas[reference.rpartition("/")[2]]
    assert meta["properties"]["shots"]["type"] == ["integer", "null"]
    file = {"file": ("a", b"x", "text/plain")}
    sent = '{"source": "camera", "shots": null, "tags": ["a"]}'
    found = client.post("/x", data={"meta": sent}, files=file)
    assert found.json["form"]["meta"] == {"source": "camera", "shots": None, "tags": ["a"]}
    wrong = client.post("/x", data={"meta": '{"shots": "3", "more": 1}'}, files=file)
    assert codes(wrong) == {
        "/meta/source": "required",
        "/meta/shots": "invalid",
        "/meta/more": "unknown",
    }
    assert codes(client.post("/x", data={"meta": "{"}, files=file)) == {"/meta": "json"}
    assert codes(client.post("/x", data={"meta": '{"source":1,"source":"a"}'}, files=file)) == {
        "/meta": "json"
    }


def test_a_json_part_may_have_a_file_name() -> None:
    """A browser sends a Blob of JSON with a file name; it is the same part."""
    app = served("post", form={"meta": fields.Nested(SourceSchema)}, files=FileSchema)
    files = {
        "file": ("a", b"x", "text/plain"),
        "meta": ("blob", b'{"source": "camera"}', "application/json"),
    }
    assert Client(app).post("/x", files=files).json["form"]["meta"] == {"source": "camera"}


@pytest.mark.parametrize(
    ("field", "texts", "value"),
    [
        (fields.Dict(), '{"a": 1}', {"a": 1}),
        (fields.Dict(values=fields.Int()), '{"a": 1}', {"a": 1}),
        (
            fields.List(fields.Nested(SourceSchema)),
            ['{"source": "a"}', '{"source": "b"}'],
            [{"source": "a"}, {"source": "b"}],
        ),
        (fields.Nested(SourceSchema, many=True), ['{"source": "a"}'], [{"source": "a"}]),
        (fields.List(fields.Dict()), ['{"a": []}'], [{"a": []}]),
        (fields.Pluck(SourceSchema, "source"), "a", {"source": "a"}),
    ],
)
@pytest.mark.parametrize("multipart", [False, True])
def test_objects_in_forms(
    field: fields.Field[Any], texts: Any, value: Any, multipart: bool
) -> None:
    """Objects, mappings and lists of them are JSON in both kinds of form."""
    client = Client(served("post", form={"a": field}))
    files: dict[str, Any] = {"files": {}} if multipart else {}
    assert client.post("/x", data={"a": texts}, **files).json["form"] == {"a": value}


class SearchSchema(Schema):
    sort = DelimitedList(fields.Str())
    years = DelimitedList(fields.Int(), delimiter="|")
    words = DelimitedList(fields.Str(), delimiter=" ")
    odd = DelimitedList(fields.Int(), delimiter=";")
    pair = DelimitedTuple((fields.Int(), fields.Str()))


def test_lists_that_split_their_own_text() -> None:
    """The DelimitedList of webargs gets its one text, and the document has its style."""
    app = served(query=SearchSchema)
    found = Client(app).get("/x?sort=a,b&years=1|2&words=a%20b&odd=1;2&pair=1,x").json["query"]
    assert found["sort"] == ["a", "b"]
    assert found["years"] == [1, 2]
    assert found["words"] == ["a", "b"]
    assert found["odd"] == [1, 2]
    assert found["pair"] == [1, "x"]
    said = {each["name"]: each for each in operation_of(app)["parameters"]}
    styles = {name: (each.get("style"), each.get("explode")) for name, each in said.items()}
    assert styles == {
        "sort": ("form", False),
        "years": ("pipeDelimited", False),
        "words": ("spaceDelimited", False),
        "odd": (None, None),
        "pair": ("form", False),
    }
    assert said["odd"]["schema"]["type"] == "string"
    assert said["years"]["schema"]["items"]["type"] == "integer"
    assert codes(Client(app).get("/x?years=1|a")) == {"years": "invalid"}


def test_lists_that_split_their_own_text_elsewhere() -> None:
    """A DelimitedList is one text in headers, cookies, forms and JSON too."""
    taken = {"sort": DelimitedList(fields.Int())}
    assert Client(served(headers=taken)).get("/x", headers={"Sort": "1,2"}).json["headers"] == {
        "sort": [1, 2]
    }
    assert Client(served(cookies=taken)).get("/x", cookies={"sort": "1,2"}).json["cookies"] == {
        "sort": [1, 2]
    }
    assert Client(served("post", form=taken)).post("/x", data={"sort": "1,2"}).json["form"] == {
        "sort": [1, 2]
    }
    app = served("post", body=taken)
    assert Client(app).post("/x", json={"sort": "1,2"}).json["body"] == {"sort": [1, 2]}
    content = operation_of(app)["requestBody"]["content"]["application/json"]
    assert content["schema"]["properties"]["sort"]["type"] == "string"


@pytest.mark.parametrize(
    ("style", "text"), [("form", "1,2"), ("spaceDelimited", "1%202"), ("pipeDelimited", "1|2")]
)
def test_delimited_styles(style: str, text: str) -> None:
    """A list's metadata chooses one of OpenAPI's delimited styles."""
    metadata = {"style": style, "explode": False}
    app = served(query={"a": fields.List(fields.Int(), metadata=metadata)})
    assert Client(app).get(f"/x?a={text}").json["query"] == {"a": [1, 2]}
    assert operation_of(app)["parameters"][0]["style"] == style
    assert operation_of(app)["parameters"][0]["explode"] is False
    assert codes(Client(app).get("/x?a=1;2")) == {"a": "invalid"}


class RangeSchema(Schema):
    low = fields.Int(required=True)
    high = fields.Int()


def test_objects_in_a_query() -> None:
    """A flat object in a query is OpenAPI's deepObject, strict as other input is."""
    app = served(query={"year": fields.Nested(RangeSchema), "limit": fields.Int()})
    client = Client(app)
    found = client.get("/x?year[low]=1900&year[high]=2000&limit=3")
    assert found.json["query"] == {"year": {"low": 1900, "high": 2000}, "limit": 3}
    said = operation_of(app)["parameters"][0]
    assert (said["style"], said["explode"]) == ("deepObject", True)
    assert codes(client.get("/x?year[high]=1")) == {"year[low]": "required"}
    assert codes(client.get("/x?year[low]=1&year[more]=1")) == {"year[more]": "unknown"}
    assert codes(client.get("/x?year[low]=1&year[low]=2")) == {"year[low]": "repeated"}
    assert codes(client.get("/x?year=1")) == {"year": "type"}
    assert codes(client.get("/x?other[low]=1")) == {"other[low]": "unknown"}
    assert client.get("/x?limit=1").json["query"] == {"limit": 1}


def test_mappings_in_a_query() -> None:
    """A mapping of single values is a deepObject too."""
    app = served(query={"filter": fields.Dict(values=fields.Int())})
    found = Client(app).get("/x?filter[a]=1&filter[b]=2").json["query"]
    assert found == {"filter": {"a": 1, "b": 2}}


@pytest.mark.parametrize("location", ["query", "headers", "cookies"])
@pytest.mark.parametrize(
    "field",
    [
        fields.Int(allow_none=True),
        fields.Str(load_default=None),
        fields.Str(allow_none=True, validate=validate.OneOf(["a", None])),
        fields.Date(allow_none=True),
        fields.List(fields.Int(allow_none=True), allow_none=True),
    ],
)
def test_texts_have_no_null(location: str, field: fields.Field[Any]) -> None:
    """A parameter that may be None is never documented as null, which has no text."""
    schema = operation_of(served(**{location: {"a": field}}))["parameters"][0]["schema"]
    assert "null" not in str(schema)
    assert "None" not in str(schema)
    assert schema["type"] in ("integer", "string", "array")


@pytest.mark.parametrize("included", ["form", "files"])
def test_a_form_is_open_if_a_part_of_it_is(included: str) -> None:
    """What the document allows is taken: an open part of a form opens the other."""
    form: type[Schema] = Schema.from_dict({"a": fields.Str()})
    files: type[Schema] = Schema.from_dict({"file": Upload()})
    taken = {"form": form(), "files": files()}
    taken[included] = type(taken[included])(unknown=EXCLUDE)
    app = served("post", **taken)
    content = operation_of(app)["requestBody"]["content"]["multipart/form-data"]
    assert "additionalProperties" not in content["schema"]
    extra = {"other": ("a", b"x", "text/plain")}
    response = Client(app).post("/x", data={"a": "b", "more": "c"}, files=extra)
    assert response.status == 200


def test_a_form_without_strictness() -> None:
    """With strict=False unknown fields and files pass, as the document allows."""
    app = served("post", Settings(strict=False), form={"a": fields.Str()}, files=FileSchema)
    files = {"file": ("a", b"x", "text/plain"), "other": ("b", b"y", "text/plain")}
    response = Client(app).post("/x", data={"a": "b", "more": "c"}, files=files)
    assert response.json["form"] == {"a": "b"}


def test_a_file_that_nobody_chose_is_missing() -> None:
    """A browser sends an empty part for a file that was not chosen; a required one is a 422."""
    content = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
    )
    kind = "multipart/form-data; boundary=b"
    required = Client(served("post", files=FileSchema))
    assert codes(required.post("/x", content=content, content_type=kind)) == {"/file": "required"}
    optional = Client(served("post", files={"file": Upload()}))
    assert optional.post("/x", content=content, content_type=kind).status == 200
    many = Client(served("post", files={"file": fields.List(Upload(), required=True)}))
    assert codes(many.post("/x", content=content, content_type=kind)) == {"/file": "required"}
    chosen = content.replace(b'filename=""', b'filename="a.txt"')
    assert required.post("/x", content=chosen, content_type=kind).status == 200


def test_every_repetition_of_an_included_parameter_is_handed_over() -> None:
    """An unknown parameter that is given three times is one list of three texts."""
    found = Client(served(query=OpenSchema)).get("/x?tag=a&tag=b&tag=c").json["query"]
    assert found == {"tag": ["a", "b", "c"]}


class WholeSchema(Schema):
    limit = fields.Int()
    order = fields.Str()

    @validates_schema(skip_on_field_errors=False)
    def refuse(self, data: dict[str, Any], **_: Any) -> None:
        raise ValidationError("They do not fit together.")


def test_an_error_of_the_whole_schema_stands_beside_those_of_parameters() -> None:
    """One response has the error of the whole query and that of a repeated parameter."""
    response = Client(served(query=WholeSchema)).get("/x?limit=1&limit=2")
    assert response.status == 422
    details = [each["detail"] for each in response.json["errors"]]
    assert sorted(details) == ["Given more than once.", "They do not fit together."]


def test_a_parameter_is_reported_once() -> None:
    """A value that is unreadable has no second error of its field's validation."""
    client = Client(served(query={"limit": fields.Int(required=True)}))
    assert [each["code"] for each in client.get("/x?limit=%00").json["errors"]] == ["nul"]
    repeated = client.get("/x?limit=a&limit=b").json["errors"]
    assert [each["code"] for each in repeated] == ["repeated"]


class FilterSchema(Schema):
    name = fields.Str()


def test_an_unknown_name_with_a_nul_character_is_only_unknown() -> None:
    """A NUL in a parameter that no schema has is no second error, in strict Apps and others."""
    declared = {"filter": fields.Nested(FilterSchema)}
    strict = Client(served(query=declared))
    assert codes(strict.get("/x?other=%00")) == {"other": "unknown"}
    assert len(strict.get("/x?other=%00").json["errors"]) == 1
    assert strict.get("/x?filter[name]=%00").status == 422
    lenient = Client(served(settings=Settings(strict=False), query=declared))
    assert lenient.get("/x?other=%00").json["query"] == {}
    assert lenient.get("/x?filter[name]=%00").status == 422


def test_the_number_of_parameters_is_limited() -> None:
    """A query has at most 1,000 pairs; with one more the error says so."""
    client = Client(served(query=OpenSchema))
    most = "&".join(["tag=a"] * 1000)
    assert len(client.get(f"/x?{most}").json["query"]["tag"]) == 1000
    response = client.get(f"/x?{most}&tag=a")
    assert response.status == 422
    assert response.json["errors"][0]["code"] == "too_many"
    assert "1000" in response.json["errors"][0]["detail"]


def test_text_that_is_not_utf_8_is_a_400() -> None:
    """A body that is declared as text is decoded strictly."""
    client = Client(served("post", body=str))
    response = client.post("/x", content=b"ab\xff", content_type="text/plain")
    assert response.status == 400
    assert response.problem["detail"] == "The body is not UTF-8 at byte 2."
    assert client.post("/x", content="é".encode(), content_type="text/plain").json == {"body": "é"}


def test_plain_queries_are_split_as_others() -> None:
    """A query is plain only if nothing in it needs to be unquoted or quoted again."""
    draw = random.Random(8)
    parts = ["a", "limit", "=", "=", "&", "1", "x_y", "%20", "+", "", ".", "~", "-", "*", "é", "\n"]
    plain = 0
    for _ in range(20_000):
        text = "".join(draw.choices(parts, k=draw.randint(0, 7)))
        pairs = plain_pairs(text)
        if pairs is not None:
            plain += 1
            assert pairs == parse_qsl(text, keep_blank_values=True)
            assert urlencode(pairs) == text
    assert plain > 500
    assert plain_pairs("&".join(["a=1"] * 101)) is None


def test_queries_are_read_as_parse_qsl_reads_them() -> None:
    """Values and escapes of any kind are those of `parse_qsl`, or the query is refused for one."""
    app = served(query={"a": fields.Str(), "b+c": fields.Str(), "tag": fields.List(fields.Str())})
    draw = random.Random(4)
    names = ["a=", "tag=", "b%2Bc=", "b+c=", "a", "=", ""]
    parts = [
        "1",
        "",
        "%C3%A9",
        "%c3",
        "%",
        "%2",
        "+",
        " ",
        "\\",
        "\\x41",
        "%5Cx41",
        "%00",
        "\0",
        "=",
        ";",
    ]
    parts += ["%EF%BF%BD", "\t", "é", "%4g", "N", "%20", "%26"]
    read = 0
    for _ in range(2_000):
        pairs = [
            draw.choice(names) + "".join(draw.choices(parts, k=2))
            for _ in range(draw.randint(1, 3))
        ]
        text = "&".join(pairs)
        given, response = _expected(text), _get(app, text)
        if given is None:
            assert response[0].startswith("422"), text
        else:
            read += 1
            assert response == ("200 OK", {"query": given}), text
    assert read > 150


def _expected(text: str) -> dict[str, Any] | None:
    """Return the values of a query, None if it must be refused."""
    try:
        decoded = text.encode("latin-1").decode() if not text.isascii() else text
        pairs = parse_qsl(decoded, keep_blank_values=True, errors="strict")
    except UnicodeError:
        return None
    values: dict[str, Any] = {}
    for name, value in pairs:
        is_taken = name in values and name != "tag"
        if is_taken or name not in ("a", "b+c", "tag") or "\0" in value:
            return None
        if name == "tag":
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def _get(app: App, query: str) -> tuple[str, Any]:
    """Return the status and the JSON of a request with a raw query, as a server hands it over."""
    environ: dict[str, Any] = {"SCRIPT_NAME": "", "PATH_INFO": "/x", "QUERY_STRING": query}
    setup_testing_defaults(environ)
    statuses: list[str] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        statuses.append(status)

    with closing(cast("Any", app(environ, start))) as body:
        return statuses[0], json.loads(b"".join(body))


def test_far_too_many_names_are_refused() -> None:
    """Names that are plain are counted as others are."""
    app = App("T")

    @app.get("/")
    @takes(query={"a": fields.List(fields.Int())})
    @returns(None)
    def respond(query: Any) -> Any:
        return len(query["a"])

    client = Client(app)
    assert client.get("/?" + "&".join(["a=1"] * 1000)).json == 1000
    assert client.get("/?" + "&".join(["a=1"] * 1001)).status == 422
