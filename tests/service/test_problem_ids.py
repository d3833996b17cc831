"""The id of a request in its problem."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    PROBLEM_DETAILS,
    App,
    Conflict,
    ErrorFormat,
    NotFound,
    Problem,
    Proceed,
    Request,
    Response,
    raises,
)
from restkit.openapi import build
from restkit.service import Service
from restkit.testing import Client

NAME = "X-Request-Id"


class Taken(Problem):
    """Somebody else has it."""

    status = 409
    type = "/problems/taken"
    members = {"request_id": fields.Str(), "by": fields.Str(required=True)}


def shop(*extensions: Any, **options: Any) -> App:
    app = App("Shop", extensions=extensions, **options)

    @app.get("/missing")
    @raises(NotFound)
    def missing() -> str:
        raise NotFound('no "request_id": here')

    @app.get("/nested")
    @raises(Conflict)
    def nested() -> str:
        raise Conflict(other={"request_id": "theirs"})

    @app.get("/own")
    @raises(Taken)
    def own() -> str:
        raise Taken(request_id="mine", by="ada")

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError

    return app


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/missing", 404),
        ("GET", "/nested", 409),
        ("GET", "/nothing", 404),
        ("DELETE", "/missing", 405),
        ("GET", "/missing?x=1", 422),
        ("GET", "/broken", 500),
    ],
)
def test_each_problem_has_the_id_of_its_request(method: str, path: str, status: int) -> None:
    """Raised by the program, by routing or by validation; also a second time."""
    client = Client(shop(Service()), raise_errors=False)
    client.request(method, path, headers={NAME: "order-6"})
    response = client.request(method, path, headers={NAME: "order-7"})
    assert response.status == status
    assert response.json["request_id"] == response.headers[NAME] == "order-7"
    assert response.headers["Content-Length"] == str(len(response.data))
    head = client.request("HEAD", path, headers={NAME: "order-7"})
    assert head.data == b""


def test_a_member_of_the_program_stays() -> None:
    response = Client(shop(Service())).get("/own", headers={NAME: "order-7"})
    assert response.json["request_id"] == "mine"


def test_middleware_changes_nothing_of_it() -> None:
    """Whether it reads the problem, or makes one of its own."""
    app = shop(Service())
    seen: list[bytes] = []

    @app.middleware
    def watch(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        seen.append(response.get_data())
        response.headers["Content-Language"] = "en"
        response.status_code = response.status_code
        return response

    response = Client(app).get("/missing", headers={NAME: "order-7"})
    assert response.json["request_id"] == "order-7"
    assert response.headers["Content-Length"] == str(len(response.data))
    assert b"order-7" not in seen[0]


class Failed(Schema):
    message = fields.Str(required=True)


def test_a_format_of_the_program_stays_as_it_is() -> None:
    """Its function has the id as `request.id`."""

    def render(problem: Problem, request: Request) -> dict[str, str]:
        return {"message": f"{problem.title} {request.id}"}

    app = shop(Service(), errors=[ErrorFormat("application/json", Failed, render), PROBLEM_DETAILS])
    client = Client(app)
    response = client.get("/missing", headers={NAME: "order-7"})
    assert response.json == {"message": "Not Found order-7"}
    accept = {NAME: "order-7", "Accept": "application/problem+json"}
    assert client.get("/missing", headers=accept).json["request_id"] == "order-7"


def test_without_a_service_there_is_none() -> None:
    assert "request_id" not in Client(shop()).get("/missing").json
    problem = build(shop())["components"]["schemas"]["Problem"]
    assert "request_id" not in problem["properties"]


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1"])
def test_the_document_has_the_member(version: str) -> None:
    problem = build(shop(Service()), version=version)["components"]["schemas"]["Problem"]
    assert problem["properties"]["request_id"]["type"] == "string"
    assert problem["properties"]["request_id"]["description"]
    assert "request_id" not in problem["required"]


@pytest.mark.parametrize("content", [b"{}", b"{ }", b'{"a":{}}'])
def test_a_problem_without_members_gets_one(content: bytes) -> None:
    """A program may have written it itself."""
    app = App("Own", extensions=[Service()], contract="off")
    kind = "application/problem+json"
    app.get("/")(lambda: Response(content, status=409, content_type=kind))
    response = Client(app, contract=False).get("/", headers={NAME: "order-7"})
    assert response.json["request_id"] == "order-7"
