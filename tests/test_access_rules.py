"""Permissions: which callers may make a request, declared at every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import fields

from restkit import (
    App,
    Conflict,
    DeclarationError,
    NotFound,
    Request,
    Resource,
    access,
    anonymous,
    raises,
    takes,
)
from restkit.crud import CRUDResource, MemoryStore, item_action
from restkit.limits import CallerDeadline, Deadline, Rate
from restkit.permissions import Rule
from restkit.security import HTTPBearer, role, scope
from restkit.testing import Client

CALLERS: dict[str, dict[str, Any]] = {
    "reader": {"scopes": ["read"], "roles": []},
    "writer": {"scopes": ["read", "write"], "roles": ["editor"]},
    "admin": {"scopes": "read write admin", "role": "admin"},
}
tokens = HTTPBearer(CALLERS.get)


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def statuses(app: App, method: str = "GET", url: str = "/") -> dict[str, int]:
    """Return the status of each caller's request, and of one without credentials."""
    client = Client(app)
    found = {name: client.request(method, url, headers=bearer(name)).status for name in CALLERS}
    return found | {"nobody": client.request(method, url).status}


def guarded(permission: Any, **options: Any) -> App:
    app = App("Notes", security=tokens)
    app.get("/", permission=permission, **options)(lambda: {})
    return app


def is_admin(caller: dict[str, Any]) -> bool:
    return caller.get("role") == "admin"


def is_by_get(caller: object, request: Request) -> bool:
    return request.method == "GET"


class Own:
    """A permission with the two members of the protocol."""

    description = "what Own allows"

    def allows(self, caller: object, request: Request) -> bool:
        return caller == CALLERS["reader"]


@pytest.mark.parametrize(
    ("permission", "allowed", "description"),
    [
        (scope("write"), "writer admin", "the scope write"),
        (scope("read", "write"), "writer admin", "the scopes read and write"),
        (role("editor"), "writer", "the role editor"),
        (role("editor", "admin"), "writer admin", "the roles editor or admin"),
        (scope("write") & role("admin"), "admin", "the scope write and the role admin"),
        (role("admin") | role("editor"), "writer admin", "the role admin or the role editor"),
        (~role("editor"), "reader admin", "not the role editor"),
        (~(role("editor") | role("admin")), "reader", "not (the role editor or the role admin)"),
        (
            scope("read") & (role("admin") | ~scope("write")),
            "reader admin",
            "the scope read and (the role admin or not the scope write)",
        ),
        (is_admin, "admin", "is admin"),
        (role("editor") | is_admin, "writer admin", "the role editor or is admin"),
        (is_admin & ~role("editor"), "admin", "is admin and not the role editor"),
        (
            is_by_get | is_admin & role("x"),
            "reader writer admin",
            "is by get or (is admin and the r",
        ),
        (is_by_get, "reader writer admin", "is by get"),
        (lambda caller, word="admin": caller.get("role") == word, "admin", "lambda"),
        (lambda caller, request=None: request is not None, "reader writer admin", "lambda"),
        (lambda caller: None, "", "lambda"),
        (Own(), "reader", "what Own allows"),
        (scope("x", of=lambda caller: ["x"]), "reader writer admin", "the scope x"),
        (scope("x", of=lambda caller: "w x y"), "reader writer admin", "the scope x"),
        (role("x", of=lambda caller: ["xy"]), "", "the role x"),
        (scope("rea"), "", "the scope rea"),
    ],
)
def test_rules(permission: Any, allowed: str, description: str) -> None:
    app = guarded(permission)
    expected = {name: 200 if name in allowed.split() else 403 for name in CALLERS}
    assert statuses(app) == expected | {"nobody": 401}
    (operation,) = app.operations()
    assert operation.permission is not None
    assert operation.permission.description.startswith(description)
    document = Client(app).get("/openapi.json", headers=bearer("admin")).json
    forbidden = document["paths"]["/"]["get"]["responses"]["403"]
    if "$ref" in forbidden:
        forbidden = document["components"]["responses"][forbidden["$ref"].rpartition("/")[2]]
    assert f"The caller lacks the permission: {description}" in forbidden["description"]


def test_the_403_names_the_permission() -> None:
    response = Client(guarded(scope("write"))).get("/", headers=bearer("reader"))
    assert response.json["detail"] == "This needs the permission: the scope write."
    assert response.json["type"] == "about:blank"


def test_nothing_is_read_before_the_permission_is_known() -> None:
    app = App("Notes", security=tokens)

    @app.post("/", permission=role("admin"))
    @takes(body={"text": fields.Str(required=True)})
    def add(body: dict[str, str]) -> dict[str, str]:
        return body

    client = Client(app)
    assert client.post("/", json={}, headers=bearer("admin")).status == 422
    assert client.post("/", content=b"{", headers=bearer("reader")).status == 403
    assert client.post("/", content=b"x" * 10, headers=bearer("reader")).status == 403


@dataclass
class User:
    scopes: frozenset[str]
    roles: tuple[str, ...] = ()


@pytest.mark.parametrize(
    ("caller", "expected"),
    [(User(frozenset({"write"})), 200), (User(frozenset()), 403), ({"scope": "write"}, 200)],
)
def test_callers_of_other_kinds(caller: object, expected: int) -> None:
    app = App("Notes", security=HTTPBearer(lambda token: caller))
    app.get("/", permission=scope("write"))(lambda: {})
    assert Client(app).get("/", headers=bearer("x")).status == expected


def test_a_caller_without_roles_is_told() -> None:
    app = App("Notes", security=HTTPBearer(lambda token: object()))
    app.get("/", permission=role("admin"))(lambda: {})
    says = r"role\(\) reads the roles of the caller, but object has none. Write role\(\.\.\., of="
    with pytest.raises(DeclarationError, match=says):
        Client(app).get("/", headers=bearer("x"))


def test_a_client_without_credentials_learns_how_to_authenticate() -> None:
    app = App("Notes", security=tokens | anonymous)
    app.get("/write", permission=scope("write"))(lambda: {})
    app.get("/open", permission=lambda caller: caller is None or "write" in caller["scopes"])(
        lambda: {}
    )
    assert statuses(app, url="/write") == {
        "reader": 403,
        "writer": 200,
        "admin": 200,
        "nobody": 401,
    }
    assert statuses(app, url="/open") == {"reader": 403, "writer": 200, "admin": 200, "nobody": 200}
    refused = Client(app).get("/write")
    assert refused.headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_a_rule_may_raise_what_it_declares() -> None:
    @raises(NotFound)
    def sees(caller: dict[str, Any]) -> bool:
        if "roles" not in caller:
            raise NotFound
        return True

    assert statuses(guarded(role("editor") | sees))["admin"] == 404
    assert 404 in guarded(~~(role("x") & sees)).operations()[0].statuses


# where it stands


def levels(
    app: Any = None, mount: Any = None, cls: Any = None, verb: Any = None, route: Any = None
) -> App:
    """Return an App with a resource in a mounted App, with a permission at some levels."""

    class Notes(Resource):
        if cls is not None:
            permission = cls

        def get(self) -> dict[str, str]:
            return {}

        if verb is not None:
            get = access(permission=verb)(get)

    inner = App("Inner")
    inner.add("/", Notes, permission=route)
    outer = App("Outer", security=tokens, permission=app)
    outer.mount("/inner", inner, permission=mount)
    return outer


NEAREST = ["app", "mount", "cls", "route", "verb"]


@pytest.mark.parametrize("level", NEAREST)
def test_every_level(level: str) -> None:
    app = levels(**{level: role("admin")})
    assert statuses(app, url="/inner/") == {
        "reader": 403,
        "writer": 403,
        "admin": 200,
        "nobody": 401,
    }


@pytest.mark.parametrize(
    ("near", "far"), [(n, f) for i, f in enumerate(NEAREST) for n in NEAREST[i + 1 :]]
)
def test_the_nearest_wins(near: str, far: str) -> None:
    app = levels(**{near: role("editor"), far: role("admin")})
    assert statuses(app, url="/inner/") == {
        "reader": 403,
        "writer": 200,
        "admin": 403,
        "nobody": 401,
    }


def test_a_base_class_and_what_is_public() -> None:
    class Base(Resource):
        permission = role("admin")

        def get(self) -> dict[str, str]:
            return {}

    class Below(Base): ...

    class Open(Base):
        public = True

    class Other(Base):
        permission = staticmethod(lambda caller: True)

    app = App("Notes", security=tokens, permission=role("nobody"))
    app.add("/below", Below)
    app.add("/open", Open)
    app.add("/other", Other)
    app.get("/public", public=True)(lambda: {})
    assert statuses(app, url="/below")["admin"] == 200
    assert statuses(app, url="/below")["writer"] == 403
    assert set(statuses(app, url="/open").values()) == {200}
    assert statuses(app, url="/other") == {
        "reader": 200,
        "writer": 200,
        "admin": 200,
        "nobody": 401,
    }
    assert set(statuses(app, url="/public").values()) == {200}
    assert statuses(app, url="/openapi.json")["admin"] == 403


def test_verbs_of_one_class() -> None:
    class Notes(Resource):
        permission = scope("read")

        def get(self) -> dict[str, str]:
            return {}

        @access(permission=scope("write"))
        def delete(self) -> None: ...

        @access(public=True)
        def post(self) -> None: ...

    app = App("Notes", security=tokens)
    app.add("/", Notes)
    assert statuses(app)["reader"] == 200
    assert statuses(app, "HEAD")["reader"] == 200
    assert statuses(app, "DELETE") == {"reader": 403, "writer": 204, "admin": 204, "nobody": 401}
    assert statuses(app, "POST")["nobody"] == 204


# collections


@dataclass
class Note:
    text: str = ""
    id: int = 0


def collection(**members: Any) -> App:
    class Notes(CRUDResource[Note]):
        model = Note
        store = MemoryStore(Note)
        filters = ("text",)
        bulk = True
        locals().update(members)

    app = App("Notes", security=tokens)
    app.add("/notes", Notes)
    return app


def test_a_class_guards_every_endpoint() -> None:
    app = collection(permission=role("editor"))
    assert len(app.operations()) > 5
    for operation in app.operations():
        assert operation.permission is not None, operation.operation_id
        assert operation.permission.description.startswith("the role editor")


def test_bulk_requests_need_the_permissions_of_all_actions() -> None:
    @access(permission=role("editor"))
    def create(self: Any, item: Note) -> Note:
        return item

    says = r"has bulk = True and @access\(permission=...\) on some of the actions that it calls"
    with pytest.raises(DeclarationError, match=says):
        collection(create=create)
    app = collection(create=create, permission=scope("read"))
    found = {
        (each.method, each.path): each.permission.description
        for each in app.operations()
        if each.permission is not None
    }
    assert found["POST", "/notes"] == "the role editor"
    assert found["GET", "/notes"] == "the scope read"
    assert found["GET", "/notes/{id}"] == "the scope read"
    assert sorted(found["POST", "/notes/bulk"].split(" and ")) == [
        "the role editor",
        "the scope read",
    ]


# mistakes


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: guarded("admin"), "permission of .* must be a rule, such as scope"),
        (lambda: guarded(True), "must be a rule, such as scope"),
        (lambda: guarded(User), "must be a rule, such as scope"),
        (lambda: guarded(lambda: True), "cannot be called as a function of"),
        (lambda: guarded(lambda a, b, c: True), "cannot be called as a function of"),
        (lambda: guarded(role("x"), public=True), "has both public = True and permission"),
        (lambda: access(permission=role("x"), public=True), "both public=True and permission"),
        (lambda: access(security=tokens, public=True), "both public=True and security"),
        (
            lambda: access(),
            "@access has no arguments. Pass security=..., permission=..., limits=...",
        ),
        (lambda: access(permission=5), "permission of @access must be a rule"),
        (lambda: scope(), r"scope\(\) has no names. Write scope\('admin'\), for example"),
        (lambda: role("x", of=5), "of of role"),
        (lambda: role("x") & "y", "The right side of & must be a rule"),
        (lambda: "y" | role("x"), r"The left side of \| must be a rule"),
    ],
)
def test_mistakes_are_told(make: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        make()


def test_a_permission_without_security_is_told() -> None:
    app = App("Notes")
    app.get("/", permission=role("x"))(lambda: {})
    says = "has a permission, but no security scheme, so that nobody authenticates"
    with pytest.raises(DeclarationError, match=says):
        app.freeze()


def test_a_permission_below_public_is_told() -> None:
    class Notes(Resource):
        public = True

        @access(permission=role("x"))
        def get(self) -> dict[str, str]:
            return {}

    with pytest.raises(DeclarationError, match="Notes has a permission, but is public"):
        App("Notes", security=tokens).add("/", Notes)
    inner = App("Inner")
    inner.get("/", permission=role("x"))(lambda: {})
    outer = App("Outer", security=tokens)
    outer.mount("/inner", inner, public=True)
    with pytest.raises(DeclarationError, match="has a permission, but is public"):
        outer.freeze()


def test_a_class_with_both_is_told() -> None:
    class Notes(Resource):
        public = True
        permission = role("x")

        def get(self) -> dict[str, str]:
            return {}

    with pytest.raises(DeclarationError, match="Notes has both public = True and permission"):
        App("Notes", security=tokens).add("/", Notes)


def test_a_misspelt_permission_is_told() -> None:
    class Notes(Resource):
        permision = role("x")

        def get(self) -> dict[str, str]:
            return {}

    with pytest.raises(DeclarationError, match="Did you mean permission"):
        App("Notes", security=tokens).add("/", Notes)


def test_other_failures_of_a_rule_are_errors() -> None:
    def fails(caller: object) -> bool:
        raise Conflict

    app = guarded(raises(Conflict)(fails))
    assert statuses(app)["admin"] == 409


def test_every_endpoint_of_a_collection_has_a_permission() -> None:
    @item_action("POST")
    def close(self: Any, item: Note) -> Note:
        return item

    @item_action("POST")
    @access(permission=role("boss"))
    def burn(self: Any, item: Note) -> Note:
        return item

    @access(permission=scope("write"))
    def delete(self: Any, item: Note) -> None: ...

    app = collection(
        permission=scope("read"),
        delete=delete,
        close=close,
        burn=burn,
        by_filter=("PATCH", "DELETE"),
        groups=("text",),
    )
    found = {
        f"{each.method} {each.path}": each.permission.description
        for each in app.operations()
        if each.permission is not None
    }
    assert len(found) == len(app.operations()) == 12
    assert found.pop("POST /notes/{id}/burn") == "the role boss"
    assert found.pop("DELETE /notes") == found.pop("DELETE /notes/{id}") == "the scope write"
    assert found.pop("POST /notes/bulk") == "the scope read and the scope write"
    assert set(found.values()) == {"the scope read"}


def test_limits_of_a_collection_hold_for_every_endpoint() -> None:
    of_class, of_action = Rate(100, per="minute"), Rate(1, per="minute")

    @access(limits=[of_action])
    def delete(self: Any, item: Note) -> None: ...

    app = collection(limits=[of_class], delete=delete, by_filter=("DELETE",), groups=("text",))
    found = {f"{each.method} {each.path}": set(each.limits) for each in app.operations()}
    both = {of_class, of_action}
    for limited in ("DELETE /notes", "DELETE /notes/{id}", "POST /notes/bulk"):
        assert found.pop(limited) == both, limited
    assert len(found) > 5
    assert all(each == {of_class} for each in found.values())
    with pytest.raises(DeclarationError, match="limits must be a list of limits"):
        collection(limits=[1])
    with pytest.raises(DeclarationError, match=r"is an extension: extensions=\[CallerDeadline"):
        collection(limits=[CallerDeadline()])
    with pytest.raises(DeclarationError, match=r"Deadline is a limit. Declare limits=\[Deadline"):
        App("Notes", extensions=[Deadline(5)])


@pytest.mark.parametrize("result", ["yes", 1, [0], object(), (each for each in ())])
def test_only_true_lets_somebody_in(result: object) -> None:
    app = App("Notes", security=tokens)
    app.get("/", permission=lambda caller: result)(lambda: {})
    with pytest.raises(DeclarationError, match=r"returned .*\. It must return True or"):
        Client(app).get("/", headers=bearer("admin"))


@pytest.mark.parametrize(
    "claims",
    [{}, {"roles": None}, {"roles": 5}, {"roles": {"admin": False}}, {"roles": [["admin"]]}],
)
@pytest.mark.parametrize("rule", [role("admin"), scope("admin", of=lambda caller: caller["roles"])])
def test_claims_of_any_form_give_no_role(claims: dict[str, object], rule: Rule) -> None:
    app = App("Notes", security=HTTPBearer(lambda token: {"roles": ()} | claims))
    app.get("/", permission=rule)(lambda: {})
    assert Client(app).get("/", headers=bearer("x")).status == 403
