"""Versions of an API at the same URLs, chosen by a header or by media types."""

from __future__ import annotations

from typing import Any

import pytest
from agents import FORMER, Agent
from marshmallow import Schema, fields

from restkit import App, Contribution, DeclarationError, NotFound, Operation, Resource, raises
from restkit.evolution.comparison import compare
from restkit.mcp import MCP
from restkit.openapi.document import build
from restkit.security import CORS
from restkit.service import Service
from restkit.testing import Client
from restkit.versioning import Versions

_TYPE = "application/vnd.shop.v{version}+json"
_V1, _V2, _V3 = (_TYPE.format(version=number) for number in (1, 2, 3))


class BookSchema(Schema):
    title = fields.Str(required=True)


class NewBookSchema(BookSchema):
    language = fields.Str(load_default="en")


class Books(Resource):
    """The books, which two versions share."""

    schema = BookSchema

    def get(self) -> list[dict[str, str]]:
        """List the books."""
        return [{"title": "Emma"}]

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add a book."""
        return body


class NewBooks(Books):
    """The books of the second version."""

    schema = NewBookSchema


class Book(Resource):
    """One book, the same in both."""

    schema = BookSchema

    @raises(NotFound)
    def get(self, number: int) -> dict[str, str]:
        """Read a book."""
        if number != 1:
            raise NotFound("There is no such book.")
        return {"title": "Emma"}


def _apps(**options: Any) -> tuple[App, App]:
    v1, v2 = App("Books", version="1.4", **options), App("Books", version="2.0", **options)
    v1.add("/books", Books)
    v2.add("/books", NewBooks, name="Books")
    for each in (v1, v2):
        each.add("/books/<int:number>", Book)
    return v1, v2


def _versions(**options: Any) -> Versions:
    v1, v2 = _apps()
    return Versions({"1": v1, "2": v2}, **options)


@pytest.mark.parametrize(
    ("default", "sent", "status", "version"),
    [
        (None, "1", 200, "1"),
        (None, "2", 200, "2"),
        (None, "", 400, None),
        (None, "3", 400, None),
        (None, "1, 2", 400, None),
        (None, "01", 400, None),
        ("1", "", 200, "1"),
        ("1", "2", 200, "2"),
        ("1", "3", 400, None),
    ],
)
def test_a_header(default: str | None, sent: str, status: int, version: str | None) -> None:
    """It chooses the App; without a default it is required, and an unknown one is a 400."""
    client = Client(_versions(header="Api-Version", default=default))
    response = client.get("/books/1", headers={"Api-Version": sent} if sent else {})
    assert response.status == status
    assert response.headers.get("Api-Version") == version
    assert response.headers.get_all("Vary") == ["Api-Version"]


def test_a_problem_says_the_versions() -> None:
    """The 400 says whether the header is missing or wrong, and which versions there are."""
    client = Client(_versions(header="Api-Version"))
    missing = client.get("/books").problem["detail"]
    assert missing == "The header Api-Version is required. Versions: 1, 2."
    wrong = client.get("/nothing", headers={"Api-Version": "9"}).problem["detail"]
    assert wrong == "The header Api-Version names no version of this API. Versions: 1, 2."


def test_options_and_head() -> None:
    """They are of a version as well; OPTIONS says the methods of that version."""
    client = Client(_versions(header="Api-Version"))
    headers = {"Api-Version": "1"}
    assert client.head("/books", headers=headers).status == 200
    assert client.options("/books", headers=headers).headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert client.options("/books").status == 400


def test_unknown_urls_vary_too() -> None:
    """A 404 and a 405 depend on the version as well, and so do problems of a method."""
    client = Client(_versions(header="Api-Version"))
    headers = {"Api-Version": "1"}
    found = [
        client.get("/nothing", headers=headers),
        client.delete("/books", headers=headers),
        client.get("/books/2", headers=headers),
        client.get("/books", headers={**headers, "Accept": "text/csv"}),
    ]
    assert [each.status for each in found] == [404, 405, 404, 406]
    assert {tuple(each.headers.get_all("Vary")) for each in found} == {("Api-Version",)}


@pytest.mark.parametrize(("version", "is_default"), [("1", True), ("2", False)])
def test_the_document_of_a_header(version: str, is_default: bool) -> None:
    """The parameter is required if it is enforced; its value and its default are there."""
    versions = _versions(header="Api-Version", default="1")
    document = build(versions.apps[version])
    operation = document["paths"]["/books"]["get"]
    (reference,) = operation["parameters"]
    parameter = document["components"]["parameters"][reference["$ref"].rpartition("/")[2]]
    assert parameter.get("required", False) is not is_default
    assert parameter["schema"]["enum"] == [version]
    assert parameter["schema"].get("default") == ("1" if is_default else None)
    other = "2" if version == "1" else "1"
    assert f"`{other}`" in parameter["description"]
    assert "400" in operation["responses"]
    assert {"Api-Version", "Vary"} <= operation["responses"]["200"]["headers"].keys()


def test_shared_classes_keep_their_names() -> None:
    """Each version has a document of its own, in which no name has an addition."""
    versions = _versions(header="Api-Version")
    documents = [build(each) for each in versions.apps.values()]
    ids = [
        [operation["operationId"] for item in each["paths"].values() for operation in item.values()]
        for each in documents
    ]
    assert ids == [["listBooks", "createBook", "getBook"]] * 2
    names = [{*each["components"]["schemas"]} - {"Problem"} for each in documents]
    assert {"Book"} <= names[0]
    assert {"Book", "NewBook"} <= names[1]


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/llms.txt"])
def test_documents_without_a_header(path: str) -> None:
    """A browser gets those of the newest version; a header chooses another, and is checked."""
    client = Client(_versions(header="Api-Version"))
    assert client.get(path).status == 200
    assert client.get(path, headers={"Api-Version": "9"}).status == 400
    first = client.get("/openapi.json", headers={"Api-Version": "1"}).json
    assert first["info"]["version"] == "1.4"
    assert client.get("/openapi.json").json["info"]["version"] == "2.0"


@pytest.mark.parametrize(
    ("default", "accept", "status", "content_type"),
    [
        (None, None, 200, _V2),
        (None, "*/*", 200, _V2),
        (None, _V1, 200, _V1),
        (None, f"{_V1};q=0.5, {_V2}", 200, _V2),
        (None, f"{_V2};q=0.5, {_V1};q=0.5", 200, _V2),
        (None, f"*/*, {_V1};q=0.1", 200, _V1),
        (None, f'{_V2};note="a, {_V1}";q=0.9, {_V1}', 200, _V1),
        (None, f"{_V1};q=0.2, {_V2};q=0.3" + ", text/html;q=0.1" * 20, 200, _V2),
        (None, f"{_V2};q=0, {_V1}", 200, _V1),
        (None, _V1.upper(), 200, _V1),
        (None, "application/json", 406, "application/problem+json"),
        (None, _V3, 406, "application/problem+json"),
        ("1", None, 200, "application/json"),
        ("1", "application/json", 200, "application/json"),
        ("1", _V1, 200, _V1),
        ("1", _V2, 200, _V2),
        ("1", _V3, 406, "application/problem+json"),
        ("1", f"{_V2};q=0.1, application/json;q=0.9", 200, "application/json"),
        ("1", f"application/json, {_V2}", 200, _V2),
        ("1", f"application/json;q=0.5, */*, {_V2};q=0.5", 200, _V2),
        (None, f"application/json, {_V2};q=0.5", 200, _V2),
    ],
)
def test_media_types(
    default: str | None, accept: str | None, status: int, content_type: str
) -> None:
    """The vendor's type chooses the App and is the type of the response; Vary is Accept."""
    client = Client(_versions(media_type=_TYPE, default=default))
    response = client.get("/books/1", headers={} if accept is None else {"Accept": accept})
    assert response.status == status
    assert response.headers["Content-Type"] == content_type
    assert response.headers.get_all("Vary") == ["Accept"]


@pytest.mark.parametrize(
    ("default", "content_type", "accept", "status", "language"),
    [
        (None, _V1, None, 201, None),
        (None, _V2, None, 201, "en"),
        (None, _V3, None, 415, None),
        (None, "application/json", None, 415, None),
        (None, _V1, _V2, 415, None),
        ("1", "application/json", None, 201, None),
        ("1", f"{_V2}; charset=utf-8", None, 201, "en"),
        ("1", "application/json", _V2, 415, None),
    ],
)
def test_media_types_of_content(
    default: str | None, content_type: str, accept: str | None, status: int, language: str | None
) -> None:
    """The type of the content chooses the App if Accept does not; another type is a 415."""
    client = Client(_versions(media_type=_TYPE, default=default))
    headers = {"Content-Type": content_type, **({"Accept": accept} if accept else {})}
    response = client.post("/books", content=b'{"title": "Emma"}', headers=headers)
    assert response.status == status
    assert response.json.get("language") == language


def test_the_document_of_media_types() -> None:
    """The vendor's types are the content, beside JSON in the default version."""
    versions = _versions(media_type=_TYPE, default="1")
    found = {}
    for name, app in versions.apps.items():
        paths = build(app)["paths"]
        sent = [*paths["/books"]["post"]["requestBody"]["content"]]
        received = [*paths["/books/{number}"]["get"]["responses"]["200"]["content"]]
        found[name] = (sent, received)
    assert found == {
        "1": (["application/json", _V1], ["application/json", _V1]),
        "2": ([_V2], [_V2]),
    }


def test_parts_of_an_app_apply() -> None:
    """Extensions that a version has are around the choice: ids, CORS, probes."""
    v1, v2 = _apps(cors=CORS(["https://a.example"]))
    for each in (v1, v2):
        each.install(Service())
    with Versions({"1": v1, "2": v2}, header="Api-Version") as versions:
        client = Client(versions)
        assert client.get("/readyz").status == 200
        response = client.get("/books", headers={"Origin": "https://a.example"})
        assert response.status == 400
        assert response.headers["X-Request-Id"]
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        preflight = client.options(
            "/books",
            headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"},
        )
        assert preflight.status == 204
        assert "api-version" in preflight.headers["Access-Control-Allow-Headers"].lower()


def test_start_and_stop() -> None:
    """The Apps start in order and stop in reverse; a failure stops those that had started."""
    v1, v2 = _apps()
    seen: list[str] = []
    for name, app in (("1", v1), ("2", v2)):
        app.on_start(lambda name=name: seen.append(f"start {name}"))
        app.on_stop(lambda name=name: seen.append(f"stop {name}"))
    with Versions({"1": v1, "2": v2}, header="Api-Version"):
        pass
    assert seen == ["start 1", "start 2", "stop 2", "stop 1"]


def test_agents_call_one_version() -> None:
    """The header of the version is not an argument: each call has it."""
    v1, v2 = _apps()
    v2.install(MCP(["getBook"]))
    versions = Versions({"1": v1, "2": v2}, header="Api-Version")
    agent = Agent(v2, FORMER, **{"Api-Version": "2"})
    assert agent.tools()["getBook"]["inputSchema"]["properties"].keys() == {"number"}
    assert agent.call("getBook", number=1)["structuredContent"] == {"title": "Emma"}
    assert versions.default is None


@pytest.mark.parametrize("options", [{"header": "Api-Version"}, {"media_type": _TYPE}])
def test_agents_that_name_no_version(options: dict[str, Any]) -> None:
    """They get the tools of the newest one: they send JSON, and no headers of the program."""
    v1, v2 = _apps()
    v2.install(MCP(["getBook"]))
    versions = Versions({"1": v1, "2": v2}, **options)
    message = {"name": "getBook", "arguments": {"number": 1}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": message}
    found = Client(versions).post("/mcp", json=call)
    assert found.status == 200
    assert found.json["result"]["structuredContent"] == {"title": "Emma"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "either header=... or media_type="),
        ({"header": "X-V", "media_type": _TYPE}, "either header=... or media_type="),
        ({"header": "Accept"}, "a header of its own"),
        ({"header": "a b"}, "a header of its own"),
        ({"header": "Content-Length"}, "a header of its own"),
        ({"header": "Vary"}, "a header of its own"),
        ({"header": "accept-language"}, "a header of its own"),
        ({"header": "X-V", "default": "3"}, "not one of the versions: 1, 2"),
        ({"media_type": "application/json"}, "a media type of JSON with {version}"),
        ({"media_type": "application/vnd.{version}"}, "a media type of JSON with {version}"),
        ({"media_type": "application/{version} x+json"}, "is not a media type"),
    ],
)
def test_options_that_cannot_be_meant(options: dict[str, Any], sentence: str) -> None:
    """They are refused when the versions are made."""
    with pytest.raises(DeclarationError, match=sentence.replace("...", r"\.\.\.")):
        _versions(**options)


def test_apps_that_cannot_be_versions() -> None:
    """No Apps, other objects, other names, and an App twice are refused."""
    v1, v2 = _apps()
    with pytest.raises(DeclarationError, match="expects the Apps by version"):
        Versions({}, header="X-V")
    with pytest.raises(DeclarationError, match="must be an App"):
        Versions({"1": object()}, header="X-V")  # type: ignore[dict-item]  # refused
    with pytest.raises(DeclarationError, match="A version is named with"):
        Versions({"1,2": v1}, header="X-V")
    with pytest.raises(DeclarationError, match="two versions of one media type"):
        Versions({"a": v1, "A": v2}, media_type=_TYPE)
    with pytest.raises(DeclarationError, match="are both 'Same' of version"):
        Versions({"1": App("Same"), "2": App("Same")}, header="X-V")
    Versions({"1": v1}, header="X-V")
    with pytest.raises(DeclarationError, match="is a version already"):
        Versions({"1": v1, "2": v2}, header="X-V")


def test_media_types_are_contributions() -> None:
    """An extension of yours may replace media types in the same way."""

    class Vendor:
        def install(self, app: App, /) -> None:
            """Add nothing."""

        def contribute(self, operation: Operation, /) -> Contribution:
            return Contribution(media_types={"application/json": ("application/vnd.x+json",)})

    app = App("X", extensions=[Vendor()])
    app.add("/books", Books)
    client = Client(app)
    assert client.get("/books").headers["Content-Type"] == "application/vnd.x+json"
    assert client.get("/books", headers={"Accept": "application/json"}).status == 406


@pytest.mark.parametrize(
    "options",
    [
        {"header": "Api-Version"},
        {"header": "Api-Version", "default": "1"},
        {"media_type": _TYPE},
        {"media_type": _TYPE, "default": "1"},
    ],
)
def test_versions_are_compared(options: dict[str, Any]) -> None:
    """What chooses the version is no change; what the new version changed is one."""
    old, new = map(build, _versions(**options).apps.values())
    assert compare(old, old) == []
    changes = [(each.level, each.message) for each in compare(old, new)]
    assert [level for level, _ in changes if level == "breaking"] == []
    assert any("language" in message for _, message in changes)
    back = compare(new, old)
    assert any(each.level == "breaking" and "language" in each.message for each in back)
