"""Permissions by what a request does: reading, writing, and methods and actions by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from restkit import App, DeclarationError, Resource, access
from restkit.crud import CRUDResource, MemoryStore, collection_action, item_action
from restkit.security import HTTPBearer, Mask, role, scope
from restkit.testing import Client

CALLERS: dict[str, dict[str, Any]] = {
    "reader": {"id": "reader", "scopes": ["read"], "roles": []},
    "writer": {"id": "writer", "scopes": ["read", "write"], "roles": []},
    "staff": {"id": "staff", "scopes": ["read", "write"], "roles": ["staff"]},
}
tokens = HTTPBearer(CALLERS.get)
BOTH = {"read": scope("read"), "write": scope("write")}
READ, WRITE, STAFF = "the scope read", "the scope write", "the role staff"


def rules(app: App) -> dict[str, str]:
    """Return the permission of each operation of an App, by its method and path."""
    return {
        f"{each.method} {each.path}": each.permission.description
        for each in app.operations()
        if each.permission is not None
    }


@dataclass
class Note:
    text: str = ""
    owner: str = ""
    removed: bool = False
    id: int = 0


class Page(Resource):
    """A page with every verb."""

    def get(self) -> dict[str, str]:
        return {"method": "GET"}

    def head(self) -> None:
        """Say nothing."""

    def post(self) -> dict[str, str]:
        return {"method": "POST"}

    def delete(self) -> None:
        """Delete the page."""


def page(base: type[Resource] = Page, **members: object) -> type[Resource]:
    return type("Page", (base,), {"__module__": __name__, **members})


def mounted(resource: type[Resource], url: str = "/page", **options: Any) -> App:
    app = App("Pages", security=tokens, **options)
    app.add(url, resource)
    return app


def collection(
    base: type[CRUDResource[Note]] = CRUDResource, **members: object
) -> type[CRUDResource[Note]]:
    usual: dict[str, object] = {
        "model": Note,
        "store": MemoryStore(Note, items=[Note("a", "writer"), Note("b", "staff")]),
        "filters": ("text",),
        "groups": ("text",),
        "aggregates": ("count",),
        "bulk": True,
        "by_filter": ("PATCH", "DELETE"),
        "soft_delete": "removed",
    }
    return type("Notes", (base,), {"__module__": __name__, **usual, **members})


def test_the_verbs_of_a_class() -> None:
    """Reading covers HEAD, writing what is not safe, and a name is nearer than both."""
    app = mounted(page(permission={**BOTH, "delete": role("staff")}))
    assert rules(app) == {
        "GET /page": READ,
        "HEAD /page": READ,
        "POST /page": WRITE,
        "DELETE /page": STAFF,
    }


def test_the_name_of_get_covers_a_written_head() -> None:
    app = mounted(page(permission={"get": role("staff")}))
    assert rules(app) == {"GET /page": STAFF, "HEAD /page": STAFF}
    other = mounted(page(permission={"get": role("staff"), "head": scope("read")}))
    assert rules(other) == {"GET /page": STAFF, "HEAD /page": READ}


def test_callers_are_let_through_as_declared() -> None:
    client = Client(mounted(page(permission={**BOTH, "delete": role("staff")})))
    found = {
        (name, method): client.request(
            method, "/page", headers={"Authorization": f"Bearer {name}"}
        ).status
        for name in CALLERS
        for method in ("GET", "POST", "DELETE")
    }
    assert [found["reader", each] for each in ("GET", "POST", "DELETE")] == [200, 403, 403]
    assert [found["writer", each] for each in ("GET", "POST", "DELETE")] == [200, 200, 403]
    assert [found["staff", each] for each in ("GET", "POST", "DELETE")] == [200, 200, 204]
    assert client.post("/page").status == 401


@pytest.mark.parametrize("level", ["app", "mount", "add"])
def test_levels_around_a_class(level: str) -> None:
    """Reading and writing stand on the App, a mount and `add`."""
    inner = App("Inner")
    inner.add("/page", Page, permission=BOTH if level == "add" else None)
    outer = App("Outer", security=tokens, permission=BOTH if level == "app" else None)
    outer.mount("/in", inner, permission=BOTH if level == "mount" else None)
    expected = {"GET": READ, "HEAD": READ, "POST": WRITE, "DELETE": WRITE}
    assert rules(outer) == {f"{method} /in/page": rule for method, rule in expected.items()}


def test_a_level_that_declares_one_of_both_leaves_the_other() -> None:
    found = rules(mounted(page(permission={"write": role("staff")}), permission=BOTH))
    assert found == {
        "GET /page": READ,
        "HEAD /page": READ,
        "POST /page": STAFF,
        "DELETE /page": STAFF,
    }


def test_the_documents_of_an_app_are_read() -> None:
    app = App("Pages", security=tokens, permission={"read": role("staff"), "write": scope("write")})
    client = Client(app)
    assert client.get("/openapi.json", headers={"Authorization": "Bearer writer"}).status == 403
    assert client.get("/openapi.json", headers={"Authorization": "Bearer staff"}).status == 200


def test_a_name_is_nearer_than_add_and_add_nearer_than_the_class() -> None:
    resource = page(permission={"write": scope("write"), "delete": role("staff")})
    app = App("Pages", security=tokens)
    app.add("/page", resource, permission=scope("admin"))
    found = rules(app)
    assert found["POST /page"] == "the scope admin"
    assert found["DELETE /page"] == STAFF


# inheritance


def test_bases_are_merged() -> None:
    base = page(permission={**BOTH, "delete": scope("admin")})
    found = rules(mounted(page(base, permission={"write": role("staff")})))
    assert found == {
        "GET /page": READ,
        "HEAD /page": READ,
        "POST /page": STAFF,
        "DELETE /page": "the scope admin",
    }
    found = rules(mounted(page(base, permission={"delete": role("staff")})))
    assert found["DELETE /page"] == STAFF
    assert found["POST /page"] == WRITE


def test_one_permission_for_everything_hides_those_of_bases() -> None:
    base = page(permission={**BOTH, "delete": scope("admin")})
    assert set(rules(mounted(page(base, permission=role("staff")))).values()) == {STAFF}
    assert rules(mounted(page(base, public=True))) == {}


def test_the_nearer_of_a_decorator_and_a_name_wins() -> None:
    @access(permission=role("staff"))
    def delete(self: object) -> None:
        """Delete the page."""

    named = page(permission={"delete": scope("admin")})
    assert rules(mounted(page(named, delete=delete)))["DELETE /page"] == STAFF
    decorated = page(delete=delete)
    below = page(decorated, permission={"delete": scope("admin")})
    assert rules(mounted(below))["DELETE /page"] == "the scope admin"
    by_kind = page(decorated, permission=BOTH)
    assert rules(mounted(by_kind))["DELETE /page"] == STAFF


def test_an_overriding_method_keeps_the_permission_of_its_name() -> None:
    named = page(permission={"delete": role("staff")})
    below = page(named, delete=lambda self: None)
    assert rules(mounted(below)) == {"DELETE /page": STAFF}


# collections

READING = {"GET /notes", "GET /notes/{id}", "GET /notes/totals"}
CHANGING = {
    "POST /notes",
    "PATCH /notes",
    "DELETE /notes",
    "PUT /notes/{id}",
    "PATCH /notes/{id}",
    "DELETE /notes/{id}",
    "POST /notes/{id}/restore",
    "POST /notes/bulk",
}


def test_reading_and_writing_of_a_collection() -> None:
    """Every operation of a collection reads or writes, those over many items too."""
    app = mounted(collection(permission=BOTH), "/notes")
    assert rules(app) == dict.fromkeys(READING, READ) | dict.fromkeys(CHANGING, WRITE)


def test_the_actions_of_a_collection_by_name() -> None:
    named = {**BOTH, "delete": role("staff"), "list": scope("list"), "restore": scope("admin")}
    found = rules(mounted(collection(permission=named), "/notes"))
    assert found["GET /notes"] == "the scope list"
    assert found["GET /notes/totals"] == "the scope list"
    assert found["GET /notes/{id}"] == READ
    assert found["DELETE /notes/{id}"] == STAFF
    assert found["DELETE /notes"] == STAFF
    assert found["PATCH /notes"] == WRITE
    assert found["POST /notes/{id}/restore"] == "the scope admin"
    assert sorted(found["POST /notes/bulk"].split(" and ")) == [STAFF, WRITE]


def test_totals_by_name() -> None:
    named = {"list": scope("list"), "totals": role("staff")}
    found = rules(mounted(collection(permission=named), "/notes"))
    assert found == {"GET /notes": "the scope list", "GET /notes/totals": STAFF}


def test_an_upsert_needs_the_permission_of_both_actions() -> None:
    declared = collection(
        permission={**BOTH, "create": role("staff")},
        store=MemoryStore(Note, key="text"),
        upsert=True,
        soft_delete=None,
    )
    found = rules(mounted(declared, "/notes"))
    assert sorted(found["PUT /notes/{text}"].split(" and ")) == [STAFF, WRITE]


def test_the_same_operations_as_with_decorators() -> None:
    """A mapping and `access` on each action say the same."""
    rule = scope("write")
    names = ("create", "replace", "update", "delete")
    decorated = {name: access(permission=rule)(getattr(CRUDResource, name)) for name in names}
    by_name = mounted(collection(permission=dict.fromkeys(names, rule)), "/notes")
    by_decorator = mounted(collection(**decorated), "/notes")
    assert rules(by_name) == rules(by_decorator)
    assert Client(by_name).get("/openapi.json", headers={"Authorization": "Bearer staff"}).json == (
        Client(by_decorator).get("/openapi.json", headers={"Authorization": "Bearer staff"}).json
    )


class Actions(CRUDResource[Note]):
    """Notes with actions of their own."""

    model = Note
    store = MemoryStore(Note)

    @item_action("POST")
    def close(self, item: Note) -> Note:
        """Close a note."""
        return item

    @collection_action("GET")
    def newest(self) -> list[Note]:
        """Return the newest notes."""
        return []


def test_actions_of_ones_own() -> None:
    found = rules(mounted(collection(Actions, permission=BOTH), "/notes"))
    assert found["POST /notes/{id}/close"] == WRITE
    assert found["GET /notes/newest"] == READ
    named = collection(Actions, permission={**BOTH, "close": role("staff")})
    assert rules(mounted(named, "/notes"))["POST /notes/{id}/close"] == STAFF


def test_a_rule_of_items_is_asked_before_each_change() -> None:
    def owns(caller: Mapping[str, object], note: Note) -> bool:
        return note.owner == caller["id"]

    client = Client(mounted(collection(permission={"write": owns}), "/notes"))
    writer = {"Authorization": "Bearer writer"}
    assert client.get("/notes", headers=writer).status == 200
    assert client.patch("/notes/1", json={"text": "x"}, headers=writer).status == 200
    assert client.patch("/notes/2", json={"text": "x"}, headers=writer).status == 403
    assert client.delete("/notes/2", headers=writer).status == 403
    bulk = {"delete": [2]}
    assert client.post("/notes/bulk", json=bulk, headers=writer).status in (403, 409)
    assert client.get("/notes/2", headers=writer).json["text"] == "b"


def test_callers_with_fewer_fields_have_the_same_permissions() -> None:
    """The operations of callers from whom a field is hidden keep what the class declares."""

    @access(permission=scope("write"))
    def create(self: Any, item: Note) -> Note:
        return item

    base = collection(create=create)
    declared = collection(
        base,
        permission={**BOTH, "create": role("staff")},
        masks={"owner": Mask(read=role("staff"))},
    )
    client = Client(mounted(declared, "/notes"))
    writer = {"Authorization": "Bearer writer"}
    assert "owner" not in client.get("/notes/1", headers=writer).json
    assert client.post("/notes", json={"text": "x"}, headers=writer).status == 403
    assert client.patch("/notes/1", json={"text": "x"}, headers=writer).status == 200


# mistakes


@pytest.mark.parametrize(
    ("permission", "says"),
    [
        (
            {"put": scope("x")},
            r"Page.permission has 'put', which is no method .* It may have read, write, get",
        ),
        ({"gte": scope("x")}, "has 'gte', which is no method of the class. Did you mean get?"),
        ({"POST": scope("x")}, "has 'POST', which is no method of the class. Did you mean post?"),
        ({"wirte": scope("x")}, "has 'wirte', .* Did you mean write?"),
        ({"create": scope("x")}, "has 'create', .* Did you mean post?"),
        ({"read": "read"}, r"Page.permission\['read'\] must be a rule, such as scope"),
        ({"post": None}, r"Page.permission\['post'\] must be a rule, such as scope"),
        ({"read": BOTH}, r"\['read'\] must be one rule, such as scope\('write'\). A mapping"),
        ({1: scope("x")}, "has 1, which is no method of the class"),
        ({}, r"Page.permission is empty. Write {'read': scope\('read'\)"),
    ],
)
def test_mistakes_of_a_class(permission: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        mounted(page(permission=permission))


@pytest.mark.parametrize(
    ("permission", "says"),
    [
        ({"craete": scope("x")}, "has 'craete', .* Did you mean create?"),
        ({"post": scope("x")}, "has 'post', .* Did you mean create?"),
        ({"bulk": scope("x")}, "has 'bulk', .* It may have read, write, list, totals, create"),
        ({"scope": scope("x")}, "has 'scope', which is no method of the class"),
        ({"create": 5}, r"Notes.permission\['create'\] must be a rule"),
    ],
)
def test_mistakes_of_a_collection(permission: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        mounted(collection(permission=permission), "/notes")


def test_both_kinds_of_declaration_in_one_class() -> None:
    decorated = access(permission=scope("x"))(lambda self: None)
    declared = page(permission={"delete": role("staff")}, delete=decorated)
    says = "Page.permission has 'delete', but the method delete has @access as well"
    with pytest.raises(DeclarationError, match=says):
        mounted(declared)


def test_a_name_of_a_public_method() -> None:
    public = page(delete=access(public=True)(lambda self: None))
    with pytest.raises(DeclarationError, match="'delete', but the method delete has @access"):
        mounted(page(public, permission={"delete": role("staff")}))


def test_a_mapping_beside_public() -> None:
    with pytest.raises(DeclarationError, match="has both public = True and permission"):
        mounted(page(permission=BOTH, public=True))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: App("Pages", permission={"read": scope("x")}),
            r"App\('Pages'\) says who may read, but not who may write. Add 'write'",
        ),
        (
            lambda: App("Pages", permission={**BOTH, "delete": scope("x")}),
            r"App\('Pages'\) has 'delete', but may have 'read' and 'write' only",
        ),
        (
            lambda: App("Pages", permission={"write": lambda caller, item: True}),
            r"App\('Pages'\)\['write'\] looks at objects, .* Write it into the class",
        ),
        (
            lambda: App("Pages", permission={}),
            r"permission of App\('Pages'\) is empty",
        ),
        (
            lambda: App("Pages", security=tokens).add("/", Page, permission={"get": scope("x")}),
            r"add\('/'\) has 'get', but may have 'read' and 'write' only",
        ),
        (
            lambda: access(permission=BOTH),  # type: ignore[arg-type]  # the mistake
            "permission of @access must be one rule",
        ),
    ],
)
def test_mistakes_at_other_levels(make: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        make()


def test_writing_alone_on_an_app_leaves_reading_to_every_caller() -> None:
    app = mounted(Page, permission={"write": scope("write")})
    assert rules(app) == {"POST /page": WRITE, "DELETE /page": WRITE}
