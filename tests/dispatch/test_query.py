"""QUERY (RFC 10008): a safe and idempotent method with content,
in every part that knows methods.
"""

from __future__ import annotations

import http.client
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from openapi_spec_validator import validate as validate_document
from servers import free_port, serve_process

from restkit import App, NotFound, Request, Resource, raises, returns, takes
from restkit.limits import Idempotency, MemoryStorage
from restkit.openapi import build
from restkit.testing import Client


class SearchSchema(Schema):
    word = fields.Str(required=True, validate=validate.Length(1, 20))


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)


SHELF = [{"id": 1, "title": "Emma"}, {"id": 2, "title": "Persuasion"}]


class Books(Resource):
    """The shelf."""

    schema = BookSchema

    def get(self) -> list[dict[str, Any]]:
        """List the books."""
        return SHELF

    @takes(body=SearchSchema)
    @raises(NotFound)
    def query(self, body: dict[str, str]) -> list[dict[str, Any]]:
        """Search the books."""
        found = [book for book in SHELF if body["word"] in str(book["title"])]
        if not found:
            raise NotFound("No book has the word.")
        return found


def client_of(**settings: Any) -> Client:
    app = App("Books", **settings)
    app.add("/books", Books)
    return Client(app)


def test_a_query_takes_content_as_a_post_does() -> None:
    """QUERY reads and validates a body and responds with 200."""
    client = client_of()
    response = client.query("/books", json={"word": "Emma"})
    assert response.status == 200
    assert response.json == [SHELF[0]]
    assert client.query("/books", json={"word": "Ulysses"}).status == 404


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"json": {"word": ""}}, 422),
        ({"json": {"other": "a"}}, 422),
        ({"content": "{", "content_type": "application/json"}, 400),
        ({}, 400),
        ({"content": "a", "content_type": "text/plain"}, 415),
        ({"content": b"{}"}, 415),
        ({"json": {"word": "a" * 200}}, 413),
        ({"json": {"word": "a"}, "headers": {"Accept": "text/html"}}, 406),
        ({"json": {"word": "a"}, "query": "page=1"}, 422),
    ],
)
def test_a_query_is_refused_as_a_post_is(options: dict[str, Any], status: int) -> None:
    """Malformed, unknown, large and invalid content have the statuses that a POST has."""
    response = client_of(max_body_size=100).request("QUERY", "/books", **options)
    assert response.status == status


def test_other_methods_announce_the_media_types_of_a_query() -> None:
    """GET, HEAD and OPTIONS carry Accept-Query, and Allow names the method."""
    client = client_of()
    for response in (client.get("/books"), client.head("/books"), client.options("/books")):
        assert response.headers["Accept-Query"] == "application/json"
    allow = "GET, HEAD, OPTIONS, QUERY"
    assert client.options("/books").headers["Allow"] == allow
    assert client.delete("/books").headers["Allow"] == allow
    app = App("Without")
    app.get("/x")(lambda: {})
    assert "Accept-Query" not in Client(app).get("/x").headers
    assert Client(app).query("/x", json={}).status == 405


def test_a_function_may_be_the_query_of_a_url() -> None:
    """`app.query` mounts a function, and several functions share a URL."""
    app = App("Functions")

    @app.query("/words")
    @takes(body=SearchSchema)
    def search_words(body: dict[str, str]) -> dict[str, str]:
        return body

    app.get("/words")(lambda: {})
    client = Client(app)
    assert client.query("/words", json={"word": "a"}).json == {"word": "a"}
    assert client.get("/words").headers["Accept-Query"] == "application/json"
    operation = next(each for each in app.operations() if each.method == "QUERY")
    assert operation.operation_id == "searchWords"


def test_a_query_is_conditional_as_a_get_is() -> None:
    """A QUERY that states an entity tag sends it, and responds with 304 or 412."""

    class Words(Resource):
        conditional = True

        @takes(body=SearchSchema)
        def query(self, body: dict[str, str]) -> dict[str, str]:
            self.entity_tag = "v1"
            return body

    app = App("Words")
    app.add("/words", Words)
    client = Client(app)
    first = client.query("/words", json={"word": "a"})
    assert first.headers["ETag"] == '"v1"'
    same = client.query("/words", json={"word": "a"}, headers={"If-None-Match": '"v1"'})
    assert same.status == 304
    assert same.headers["ETag"] == '"v1"'
    failed = client.query("/words", json={"word": "a"}, headers={"If-Match": '"v2"'})
    assert failed.status == 412


def test_a_query_needs_no_idempotency_key_and_no_location() -> None:
    """A QUERY is safe: a class's rule for keys leaves it alone."""

    class Words(Resource):
        idempotency = Idempotency(MemoryStorage(), required=True, caller=lambda request: "a")

        @takes(body=SearchSchema)
        def query(self, body: dict[str, str]) -> dict[str, str]:
            return body

    app = App("Words")
    app.add("/words", Words)
    response = Client(app).query("/words", json={"word": "a"})
    assert response.status == 200
    assert "Location" not in response.headers


def test_middleware_sees_the_operation_of_a_query() -> None:
    """A middleware knows the method, and may read the content."""
    seen: list[object] = []
    app = App("Seen")

    @app.middleware
    def look(request: Request, proceed: Any) -> Any:
        seen.append((request.method, request.operation.method, request.json))
        return proceed(request)

    app.add("/books", Books)
    assert Client(app).query("/books", json={"word": "Emma"}).status == 200
    assert seen == [("QUERY", "QUERY", {"word": "Emma"})]


@pytest.mark.parametrize(
    ("version", "member"), [("3.0.4", "x-query"), ("3.1.1", "x-query"), ("3.2.0", "query")]
)
def test_the_document_has_the_query(version: Any, member: str) -> None:
    """OpenAPI 3.2 has a member for QUERY; before, an extension says the same and says why."""
    app = App("Books", openapi_version=version)
    app.add("/books", Books)
    document = build(app)
    item = document["paths"]["/books"]
    assert item[member]["operationId"] == "queryBooks"
    assert "requestBody" in item[member]
    assert {"200", "400", "404", "413", "415", "422"} <= set(item[member]["responses"])
    assert ("RFC 10008" in item[member].get("description", "")) == (member == "x-query")
    assert set(item) == {"get", member}
    if not version.startswith("3.2"):
        validate_document(json.loads(json.dumps(document)))


def test_the_pages_of_the_document_stay_whole() -> None:
    """The plain page lists the QUERY, and Swagger UI's page is served."""
    client = client_of()
    assert client.get("/docs").status == 200
    assert client.get("/openapi.json").status == 200
    assert client.get("/openapi.yaml").status == 200


def test_two_queries_of_one_url_collide_and_patterns_share_it() -> None:
    """QUERY is routed as every other method: over all patterns that match."""
    app = App("Shared")

    class Item(Resource):
        @returns(BookSchema)
        def get(self, id: int) -> dict[str, Any]:
            return SHELF[0]

    class Other(Resource):
        @takes(body=SearchSchema)
        def query(self, id: str, body: dict[str, str]) -> dict[str, str]:
            return {"id": id}

    app.add("/books/<int:id>", Item)
    app.add("/books/<id>", Other)
    client = Client(app)
    assert client.query("/books/1", json={"word": "a"}).json == {"id": "1"}
    options = client.options("/books/1")
    assert options.headers["Allow"] == "GET, HEAD, OPTIONS, QUERY"
    assert options.headers["Accept-Query"] == "application/json"


PROGRAM = """
from marshmallow import Schema, fields
from restkit import App, takes

app = App("Words")


@app.query("/words")
@takes(body=Schema.from_dict({"word": fields.Str(required=True)}))
def search(body):
    return body


@app.get("/words")
def words():
    return []
"""


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "waitress", "--listen=127.0.0.1:{port}", "service:app"),
        ("-m", "gunicorn", "--bind=127.0.0.1:{port}", "service:app"),
        ("-m", "restkit", "run", "service:app", "--port={port}"),
    ],
    ids=lambda command: command[1],
)
def test_a_query_over_a_socket(tmp_path: Path, command: tuple[str, ...]) -> None:
    """QUERY passes real servers: one connection carries several, with content and without."""
    (tmp_path / "service.py").write_text(PROGRAM, "utf-8")
    port = free_port()
    line = [sys.executable, *(part.format(port=port) for part in command)]
    path = {"PYTHONPATH": f"{Path(__file__).parents[2]}:{tmp_path}"}
    with serve_process(line, port=port, cwd=tmp_path, environment=path):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        sent = {"Content-Type": "application/json"}
        connection.request("QUERY", "/words", body=json.dumps({"word": "a"}), headers=sent)
        response = connection.getresponse()
        assert response.status == 200
        assert json.loads(response.read()) == {"word": "a"}
        connection.request("QUERY", "/words", body="{}", headers=sent)
        response = connection.getresponse()
        assert response.status == 422
        response.read()
        connection.request("GET", "/words")
        response = connection.getresponse()
        assert response.headers["Accept-Query"] == "application/json"
        response.read()
        connection.close()
