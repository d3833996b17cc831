"""Browsable pages offer what the caller may send: without masked fields, and for no limit."""

from __future__ import annotations

from dataclasses import dataclass

from parsed_pages import HTML

from restkit import App, Resource
from restkit.crud import CRUDResource, MemoryStore
from restkit.limits import Rate, principal
from restkit.security import NOBODY, HTTPBearer, Mask, role
from restkit.testing import Client


@dataclass
class User:
    id: str
    roles: tuple[str, ...] = ()


@dataclass
class Part:
    title: str
    cost: int = 0
    owner: str = "warehouse"
    id: int = 0


USERS = {"t-ann": User("ann", ("staff",)), "t-bob": User("bob")}


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **HTML}


def test_forms_have_no_masked_fields() -> None:
    class Parts(CRUDResource[Part]):
        store = MemoryStore(Part, items=[Part("Bolt", 3)])
        filters = ("title", "cost__gte")
        masks = {"cost": role("staff"), "owner": Mask(write=NOBODY)}

    app = App("Parts", browsable="always", security=HTTPBearer(USERS.get))
    app.add("/parts", Parts)
    client = Client(app)
    for url in ("/parts", "/parts/1"):
        staff = client.get(url, headers=_headers("t-ann")).text
        other = client.get(url, headers=_headers("t-bob")).text
        assert "cost" in staff
        assert "title" in other
        assert "cost" not in other
        # Nobody may write it, so it is no input.
        assert 'name="owner"' not in staff + other


def test_offered_verbs_count_for_no_limit() -> None:
    app = App(
        "Parts",
        browsable="always",
        security=HTTPBearer(USERS.get),
        limits=[Rate(5, per="hour", key=principal)],
    )

    @app.route("/parts")
    class Parts(Resource):
        def get(self) -> list[str]:
            return []

        def post(self) -> None: ...

        def put(self) -> None: ...

        def delete(self) -> None: ...

    client = Client(app)
    for remaining in (4, 3, 2, 1, 0):
        page = client.get("/parts", headers=_headers("t-bob"))
        assert page.status == 200
        assert f";r={remaining};" in page.headers["RateLimit"]
        assert page.text.count("<form") >= 3
    assert client.get("/parts", headers=_headers("t-bob")).status == 429
