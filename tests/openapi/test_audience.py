"""The document of one caller: what it may use, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from restkit import App, Resource, access
from restkit.crud import CRUDResource, MemoryStore
from restkit.security import HTTPBearer, role
from restkit.testing import Client


@dataclass
class User:
    name: str
    roles: tuple[str, ...] = ()


USERS = {"staff": User("staff", ("staff",)), "clerk": User("clerk")}
STAFF, CLERK = {"Authorization": "Bearer staff"}, {"Authorization": "Bearer clerk"}


@dataclass
class Part:
    title: str
    cost: int
    id: int = 0


def needs_a_name(caller: Any) -> bool:
    return bool(caller.surname)


def client_of(**options: Any) -> Client:
    app = App("Parts", security=HTTPBearer(USERS.get), **options)

    class Parts(CRUDResource[Part]):
        store = MemoryStore(Part)
        filters = ("cost", "title")
        masks = {"cost": role("staff")}

    class Reports(Resource):
        def get(self) -> dict[str, int]:
            return {}

        @access(permission=role("staff"))
        def delete(self) -> None:
            """Delete the reports."""

    app.add("/parts", Parts)
    app.add("/reports", Reports)
    app.get("/health", public=True)(lambda: {"ok": True})
    app.get("/odd", permission=needs_a_name)(lambda: {"ok": True})
    return Client(app)


def paths(document: Any) -> set[str]:
    return {f"{verb} {path}" for path, item in document["paths"].items() for verb in item}


def test_each_caller_has_a_document() -> None:
    """Operations and fields of others are missing; caches may not share the document."""
    client = client_of(docs_by_caller=True)
    response = client.get("/openapi.json", headers=CLERK)
    found = paths(response.json)
    assert {"get /parts", "patch /parts/{id}", "get /reports", "get /health"} <= found
    assert not {"delete /reports", "post /parts", "get /odd"} & found
    assert "cost" not in response.text
    assert "x-field-masks" not in response.text
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in response.headers["Vary"]
    whole = client.get("/openapi.json", headers=STAFF)
    assert {"delete /reports", "post /parts"} <= paths(whole.json)
    assert whole.headers["ETag"] != response.headers["ETag"]
    assert "cost" in client.get("/openapi.yaml", headers=STAFF).text
    assert "cost" not in client.get("/openapi.yaml", headers=CLERK).text


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
def test_the_document_is_whole_by_default(path: str) -> None:
    """Without the setting, all callers have the same document."""
    client = client_of()
    assert client.get(path, headers=CLERK).content == client.get(path, headers=STAFF).content
