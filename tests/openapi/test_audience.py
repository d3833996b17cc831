"""The document of one caller: what it may use, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from restkit import App, Resource, access
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import SettingError
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


PAGES = [
    *("/openapi.json", "/openapi.yaml", "/openapi.md", "/docs", "/docs/oauth2-redirect"),
    *("/scalar", "/llms.txt", "/.well-known/api-catalog"),
]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("options", [{}, {"permission": role("staff")}])
def test_everybody_may_read_public_documents(path: str, options: dict[str, Any]) -> None:
    """With `docs_public`, neither the security nor the permission of the App holds for them."""
    opened = client_of(docs_public=True, **options)
    assert opened.get(path).status == 200
    assert client_of(**options).get(path).status == 401
    for other in ("/parts", "/parts/1", "/reports"):
        assert opened.get(other).status == 401
    security = opened.get("/openapi.json").json["paths"]["/parts"]["get"]["security"]
    assert security == [{"bearer": []}]


def test_files_of_public_pages() -> None:
    """The page finds its scripts and styles."""
    client = client_of(docs_public=True)
    names = set(re.findall(r'(?:src|href)="(/docs/[^"]+)"', client.get("/docs").text))
    assert len(names) > 3
    assert {client.get(name).status for name in names} == {200}


def test_public_documents_of_each_caller_are_an_error() -> None:
    """Nobody who reads a public document is known."""
    with pytest.raises(SettingError, match="docs_public shows the document to everybody"):
        client_of(docs_public=True, docs_by_caller=True)


def test_public_documents_of_mounted_apps() -> None:
    """Each App decides about its own document, as it does about its operations."""
    inner = App("Inner", security=HTTPBearer(USERS.get), docs_public=True)
    inner.get("/a")(lambda: {})
    outer = App("Outer", security=HTTPBearer(USERS.get))
    outer.mount("/inner", inner)
    client = Client(outer)
    assert client.get("/openapi.json").status == 401
    assert client.get("/inner/openapi.json").status == 200
    assert client.get("/inner/a").status == 401
