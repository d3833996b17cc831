"""Parameters whose class comes from the request, and middleware of contributions."""

from __future__ import annotations

from dataclasses import dataclass

import marshmallow as ma
import pytest

from restkit import (
    App,
    Contribution,
    DeclarationError,
    Forbidden,
    Header,
    Operation,
    Request,
    Resource,
    Response,
    raises,
    takes,
)
from restkit.middleware import Proceed
from restkit.testing import Client


@dataclass
class Tenant:
    name: str

    @classmethod
    @raises(Forbidden)
    def from_request(cls, request: Request) -> Tenant:
        name = request.headers.get("X-Tenant", "")
        if not name:
            raise Forbidden("There is no tenant.")
        return cls(name)


@dataclass
class Note:
    title: str

    @classmethod
    def from_request(cls, request: Request) -> Note:
        raise AssertionError(request)


class Titled(ma.Schema):
    title = ma.fields.Str(required=True)


class Pages(ma.Schema):
    page = ma.fields.Int()


def notes() -> App:
    app = App("Notes")

    @app.route("/notes/<int:note_id>")
    class Notes(Resource):
        def get(self, note_id: int, tenant: Tenant) -> dict[str, object]:
            return {"id": note_id, "tenant": tenant.name}

        @takes(body=Titled, query=Pages)
        def post(
            self, note_id: int, body: dict[str, str], query: dict[str, int], whose: Tenant
        ) -> dict[str, object]:
            return {"id": note_id, "title": body["title"], "whose": whose.name, **query}

    @app.get("/mine")
    def mine(tenant: Tenant) -> dict[str, str]:
        return {"tenant": tenant.name}

    return app


def test_a_parameter_gets_the_instance_of_its_class() -> None:
    client = Client(notes())
    headers = {"X-Tenant": "north"}

    assert client.get("/notes/3", headers=headers).json == {"id": 3, "tenant": "north"}
    assert client.get("/mine", headers=headers).json == {"tenant": "north"}
    posted = client.post("/notes/3?page=2", json={"title": "a"}, headers=headers)
    assert posted.json == {"id": 3, "title": "a", "whose": "north", "page": 2}


def test_its_problems_are_declared() -> None:
    client = Client(notes())

    responses = client.get("/openapi.json").json["paths"]["/mine"]["get"]["responses"]

    assert "403" in responses
    assert client.get("/mine").status == 403


def test_inputs_are_validated_first() -> None:
    assert Client(notes()).post("/notes/3", json={}).status == 422


def test_the_record_names_the_class() -> None:
    operations = {each.operation_id: each for each in notes().operations()}

    assert dict(operations["mine"].injected) == {"tenant": Tenant}


def test_an_input_is_what_the_request_has() -> None:
    app = App("Notes")

    @app.post("/notes")
    @takes(body=Titled)
    def create(body: Note) -> dict[str, str]:
        return {"title": body.title}

    assert Client(app).post("/notes", json={"title": "a"}).json == {"title": "a"}


def test_a_plain_method_is_refused() -> None:
    class Wrong:
        def from_request(self, request: Request) -> None: ...

    app = App("Notes")

    def get(wrong: Wrong) -> dict[str, str]:
        raise AssertionError(wrong)

    get.__annotations__["wrong"] = Wrong
    with pytest.raises(DeclarationError, match="must be a classmethod of the request"):
        app.get("/notes")(get)


class Stamped:
    """An extension that puts middleware around the operations with a tenant."""

    def __init__(self, name: str) -> None:
        self.name = name

    def install(self, app: App) -> None:
        """Add nothing."""

    def contribute(self, operation: Operation) -> Contribution:
        """Surround operations with a tenant."""
        if Tenant not in operation.injected.values():
            return Contribution()
        return Contribution(
            middleware=(self._stamp,), headers=(Header(f"X-{self.name}", "The stamp."),)
        )

    def _stamp(self, request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.headers[f"X-{self.name}"] = request.operation.operation_id
        return response


def test_a_contribution_surrounds_only_its_operations() -> None:
    app = notes()

    @app.get("/free")
    def free() -> dict[str, str]:
        return {}

    app.install(Stamped("Inner"))
    outer = App("Outer")
    outer.install(Stamped("Outer"))
    outer.mount("/api", app)
    client = Client(outer)

    stamped = client.get("/api/mine")
    assert stamped.status == 403, "errors pass through the middleware too"
    assert stamped.headers["X-Inner"] == stamped.headers["X-Outer"] == "mine"
    assert client.head("/api/mine", headers={"X-Tenant": "a"}).headers["X-Inner"] == "mine"
    assert "X-Inner" not in client.get("/api/free").headers
    assert "X-Inner" not in client.post("/api/mine").headers
    responses = client.get("/openapi.json").json["paths"]["/api/mine"]["get"]["responses"]
    assert {"X-Inner", "X-Outer"} <= set(responses["200"]["headers"])


def test_the_middleware_of_a_contribution_takes_two_arguments() -> None:
    class Wrong(Stamped):
        def contribute(self, operation: Operation) -> Contribution:
            return Contribution(middleware=(lambda request: None,))

    app = notes()
    app.install(Wrong("A"))
    with pytest.raises(DeclarationError, match="The middleware of a Contribution"):
        app.operations()


def test_the_request_is_a_parameter() -> None:
    """Also with the type of its caller, in functions and in methods."""
    app = App("Parameters")

    @app.get("/<name>")
    def path(name: str, request: Request) -> dict[str, str]:
        return {"name": name, "path": request.path}

    @app.route("/methods")
    class Methods(Resource):
        def put(self, request: Request[str]) -> dict[str, bool]:
            return {"same": request is self.request}

    client = Client(app)
    assert client.get("/ada").json == {"name": "ada", "path": "/ada"}
    assert client.put("/methods").json == {"same": True}
