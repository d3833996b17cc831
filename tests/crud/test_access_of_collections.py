"""Who may call the endpoints of a collection that call several actions, or those of two classes."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Conflict, DeclarationError, Operation, access, raises
from restkit.crud import CRUDResource, MemoryStore, collection_action, item_action
from restkit.limits import Rate
from restkit.security import HTTPBearer, role
from restkit.sqlalchemy import Database
from restkit.testing import Client

CALLERS = {name: {"roles": [name]} for name in ("admin", "clerk")}
tokens = HTTPBearer(CALLERS.get)
badges = HTTPBearer(CALLERS.get, name="badges")
few, many = Rate(900, per="minute"), Rate(9000, per="hour")


@dataclass
class Tag:
    name: str
    id: int = 0


@dataclass
class Ticket:
    title: str
    status: str = "open"
    tags: list[int] = field(default_factory=list)
    removed: bool = False
    id: int = 0


@dataclass
class Animal:
    name: str
    id: int = 0


class Base(DeclarativeBase):
    pass


class Pet(Base):
    __tablename__ = "pet"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(9))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}


class Dog(Pet):
    breed: Mapped[str] = mapped_column(sa.String(9))
    __mapper_args__ = {"polymorphic_identity": "dog"}


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def tickets(own: dict[str, Any], *, of_tags: dict[str, Any] | None = None, **options: Any) -> App:
    """Return an App with tickets whose members have URLs, listed by a class if it is given."""
    store: MemoryStore[Tag] = MemoryStore(Tag)
    app = App("Tickets", **options)
    app.install(store)
    app.install(MemoryStore(Ticket, references={"tags": store}))
    listing = type("Tags", (CRUDResource,), {"model": Tag, **(of_tags or {})})
    members = ("tags",) if of_tags is None else {"tags": listing}
    app.add("/tags", listing)
    app.add(
        "/tickets",
        type("Tickets", (CRUDResource,), {"model": Ticket, "members": members, **own}),
    )
    return app


def found(app: App) -> dict[str, Operation]:
    return {f"{each.method} {each.path}": each for each in app.operations()}


def listed(own: dict[str, Any], **options: Any) -> Operation:
    return found(tickets(own, **options))["GET /tickets/{id}/tags"]


def schemes(operation: Operation) -> list[set[str]]:
    return [{scheme.name for scheme, _ in each} for each in operation.security or ()]


def words(operation: Operation) -> set[str]:
    """Return the permissions that an operation needs, of those that `role` makes."""
    text = operation.permission.description if operation.permission else ""
    return {each.strip("()").removeprefix("the role ") for each in text.split(" and ") if each}


def reading(**given: Any) -> dict[str, Any]:
    @access(**given)
    def read(self: Any, key: object) -> Any:
        return CRUDResource.read(self, key)

    return {"read": read}


def listing(**given: Any) -> dict[str, Any]:
    @access(**given)
    def list(self: Any, query: Any) -> Any:
        return CRUDResource.list(self, query)

    return {"list": list}


# lists of members


@pytest.mark.parametrize("of_tags", [None, {}], ids=["names", "mapping"])
@pytest.mark.parametrize(
    "own",
    [
        {"security": tokens, "permission": role("admin"), "limits": [few]},
        reading(security=tokens, permission=role("admin"), limits=[few]),
        {"security": tokens, "limits": [few]} | reading(permission=role("admin")),
    ],
    ids=["class", "read", "both"],
)
def test_a_list_of_members_is_guarded_as_its_item(own: Any, of_tags: Any) -> None:
    operation = listed(own, of_tags=of_tags)
    assert schemes(operation) == [{tokens.name}]
    assert words(operation) == {"admin"}
    assert operation.limits == (few,)
    app = tickets(own, of_tags=of_tags)
    client = Client(app)
    for url in ("/tickets/1", "/tickets/1/tags"):
        assert client.get(url).status == 401
        assert client.get(url, headers=bearer("clerk")).status == 403
        assert client.get(url, headers=bearer("admin")).status == 404


@pytest.mark.parametrize("of_tags", [None, {}], ids=["names", "mapping"])
def test_what_app_add_says_guards_the_list_too(of_tags: Any) -> None:
    app = App("Outer")
    inner = tickets({}, of_tags=of_tags)
    app.mount("/inner", inner, security=tokens, permission=role("admin"), limits=[few])
    operation = found(app)["GET /inner/tickets/{id}/tags"]
    assert (schemes(operation), words(operation)) == ([{tokens.name}], {"admin"})
    assert operation.limits == (few,)


@pytest.mark.parametrize(
    ("own", "of_tags"),
    [
        (
            {"security": tokens, "permission": role("admin"), "limits": [few]},
            {"security": badges, "permission": role("clerk"), "limits": [many]},
        ),
        (
            reading(security=tokens, permission=role("admin"), limits=[few]),
            listing(security=badges, permission=role("clerk"), limits=[many]),
        ),
        (
            {"security": tokens, "permission": role("admin"), "limits": [few]},
            listing(security=badges, permission=role("clerk"), limits=[many]),
        ),
    ],
    ids=["classes", "actions", "class and action"],
)
def test_what_both_classes_say_holds(own: Any, of_tags: Any) -> None:
    operation = listed(own, of_tags=of_tags)
    assert schemes(operation) == [{tokens.name, badges.name}]
    assert words(operation) == {"admin", "clerk"}
    assert set(operation.limits) == {few, many}


@pytest.mark.parametrize(
    ("own", "of_tags", "needed"),
    [
        ({"public": True}, None, set()),
        ({"public": True}, {"public": True}, set()),
        ({"permission": role("admin")}, {"public": True}, {"admin"}),
        (reading(permission=role("admin")), {"public": True}, {"admin"}),
        ({"public": True}, {"permission": role("clerk")}, {"clerk"}),
        ({}, {"permission": role("clerk")}, {"clerk"}),
        ({}, {"public": True}, {"app"}),
        (reading(public=True), {"public": True}, set()),
        (reading(public=True), None, set()),
    ],
)
def test_a_public_class_opens_what_it_alone_guards(own: Any, of_tags: Any, needed: Any) -> None:
    operation = listed(own, of_tags=of_tags, security=tokens, permission=role("app"))
    assert words(operation) == needed
    assert schemes(operation) == ([{tokens.name}] if needed else [])


def test_limits_of_an_app_stay_out_if_both_classes_keep_them_out() -> None:
    assert listed({"limits": []}, limits=[many]).limits == ()
    assert listed({"limits": []}, of_tags={"limits": []}, limits=[many]).limits == ()
    assert listed({"limits": []}, of_tags={"limits": [few]}, limits=[many]).limits == (few, many)
    assert listed({}, of_tags={"limits": []}, limits=[many]).limits == (many,)


def test_a_list_of_members_has_the_middleware_and_the_problems_of_its_item() -> None:
    seen: list[str] = []

    def outer(request: Any, handler: Any) -> Any:
        seen.append("outer")
        return handler(request)

    def inner(request: Any, handler: Any) -> Any:
        seen.append("inner")
        return handler(request)

    @raises(Conflict)
    def read(self: Any, key: object) -> Any:
        raise Conflict

    app = tickets({"middleware": [outer], "read": read}, of_tags={"middleware": [inner]})
    assert Client(app).get("/tickets/1/tags").status == 409
    assert seen == ["outer", "inner"]


# a PUT that creates


def saying(**by_action: dict[str, Any]) -> dict[str, Any]:
    """Return actions with `access` of their own, which do what those of the base class do."""
    made: dict[str, Any] = {}
    for name, given in by_action.items():
        made[name] = access(**given)(_calling(name))
    return made


def _calling(name: str) -> Any:
    def of_item(self: Any, item: Any) -> Any:
        return getattr(CRUDResource, name)(self, item)

    def of_values(self: Any, item: Any, values: Any) -> Any:
        return getattr(CRUDResource, name)(self, item, values)

    return of_values if name in {"replace", "update"} else of_item


def test_a_put_that_creates_needs_what_create_needs() -> None:
    own = saying(create={"permission": role("admin"), "limits": [few]})
    app = App("Animals", security=tokens)
    members = {"store": MemoryStore(Animal), "upsert": True, "permission": role("clerk")}
    app.add("/animals", type("Animals", (CRUDResource,), {**members, **own}))
    put = found(app)["PUT /animals/{id}"]
    assert words(put) == {"admin", "clerk"}
    assert put.limits == (few,)
    sent = {"json": {"name": "Rex"}, "headers": bearer("clerk")}
    client = Client(app)
    assert client.post("/animals", **sent).status == 403
    assert client.put("/animals/7", **sent).status == 403


@pytest.mark.parametrize(
    ("own", "security", "limits"),
    [
        ({"create": {"security": badges}, "replace": {"security": tokens}}, "both", ()),
        ({"create": {"security": badges}, "replace": {"public": True}}, "badges", ()),
        ({"create": {"public": True}, "replace": {"public": True}}, "", ()),
        ({"replace": {"public": True}}, "tokens", ()),
        ({"create": {"limits": [few]}, "replace": {"limits": [many]}}, "tokens", (many, few)),
        ({"create": {"limits": []}, "replace": {"limits": []}}, "tokens", ()),
        ({"replace": {"limits": []}}, "tokens", ()),
    ],
)
def test_security_and_limits_of_a_put_that_creates(own: Any, security: Any, limits: Any) -> None:
    outer = Rate(5, per="hour")
    app = App("Animals", security=tokens, limits=[outer])
    members = {"store": MemoryStore(Animal), "upsert": True}
    app.add("/animals", type("Animals", (CRUDResource,), {**members, **saying(**own)}))
    put = found(app)["PUT /animals/{id}"]
    names = {"both": [{"badges", tokens.name}], "badges": [{"badges"}], "": []}
    assert schemes(put) == names.get(security, [{tokens.name}])
    keeps_out = all(each.get("limits") == [] for each in own.values()) and len(own) == 2
    assert {*put.limits} == ({*limits} if keeps_out else {*limits, outer})


@pytest.mark.parametrize("url", ["/pets", "/owners/<int:owner_id>/pets"])
@pytest.mark.parametrize("model", [Pet, Dog])
def test_a_put_of_kinds_and_below_parents(model: type, url: str) -> None:
    own = saying(create={"permission": role("admin")}, replace={"permission": role("clerk")})
    app = App("Pets", security=tokens)
    with closing(Database("sqlite://", create=Base.metadata)) as database:
        app.install(database)
        app.add(url, type("Pets", (CRUDResource,), {"model": model, "upsert": True, **own}))
        (put,) = (each for each in app.operations() if each.method == "PUT")
        assert words(put) == {"admin", "clerk"}
        path = put.path.replace("{owner_id}", "1").replace("{id}", "7")
        sent = {"kind": "dog", "breed": "pug", "owner_id": 1}
        assert Client(app).put(path, json=sent, headers=bearer("clerk")).status == 403


def test_without_upsert_create_does_not_guard_a_put() -> None:
    app = App("Animals", security=tokens)
    own = saying(create={"permission": role("admin")})
    app.add("/animals", type("Animals", (CRUDResource,), {"store": MemoryStore(Animal), **own}))
    assert words(found(app)["PUT /animals/{id}"]) == set()


def test_what_create_alone_says_is_told() -> None:
    app = App("Animals", security=tokens)
    own = saying(create={"permission": role("admin")})
    members = {"store": MemoryStore(Animal), "upsert": True}
    says = r"has upsert = True and @access\(permission=...\) on some .* on each of replace, create"
    with pytest.raises(DeclarationError, match=says):
        app.add("/animals", type("Animals", (CRUDResource,), {**members, **own}))


def test_a_put_that_creates_has_the_problems_of_create() -> None:
    @raises(Conflict)
    def create(self: Any, item: Animal) -> Animal:
        raise Conflict("No more animals.")

    app = App("Animals")
    members = {"store": MemoryStore(Animal), "upsert": True, "create": create}
    app.add("/animals", type("Animals", (CRUDResource,), members))
    response = Client(app).put("/animals/7", json={"name": "Rex"})
    assert (response.status, response.json["detail"]) == (409, "No more animals.")


# every feature

EXPECTED = {
    "GET /tickets": {"list"},
    "POST /tickets": {"create"},
    "PATCH /tickets": {"update"},
    "DELETE /tickets": {"delete"},
    "GET /tickets/{id}": {"read"},
    "PUT /tickets/{id}": {"replace", "create"},
    "PATCH /tickets/{id}": {"update"},
    "DELETE /tickets/{id}": {"delete"},
    "POST /tickets/{id}/restore": {"restore"},
    "GET /tickets/totals": {"list"},
    "POST /tickets/bulk": {"create", "update", "delete", "replace"},
    "GET /tickets/{id}/tags": {"read"},
    "PUT /tickets/{id}/tags/{tag_id}": {"update"},
    "DELETE /tickets/{id}/tags/{tag_id}": {"update"},
    "POST /tickets/{id}/close": {"close"},
    "GET /tickets/{id}/shown": {"shown"},
    "POST /tickets/sweep": {"sweep"},
}


def every_feature(**own: Any) -> App:
    """Return an App whose tickets have every feature, each action with a role of its name."""

    class Tickets(CRUDResource[Ticket]):
        model = Ticket
        permission = role("anyone")
        filters = ("title",)
        groups = ("status",)
        by_filter = ("PATCH", "DELETE")
        transitions = {"status": {None: ("open",), "open": ("closed",), "closed": ()}}
        members = ("tags",)
        soft_delete = "removed"
        upsert = True
        bulk = True
        bulk_upsert = "title"
        csv = True

        @access(permission=role("list"))
        def list(self, query: Any) -> Any:
            return super().list(query)

        @access(permission=role("list"))
        def totals(self, query: Any) -> Any:
            return super().totals(query)

        @access(permission=role("read"))
        def read(self, key: object) -> Ticket:
            return super().read(key)

        @access(permission=role("create"))
        def create(self, item: Ticket) -> Ticket:
            return super().create(item)

        @access(permission=role("replace"))
        def replace(self, item: Ticket, values: Any) -> Ticket:
            return super().replace(item, values)

        @access(permission=role("update"))
        def update(self, item: Ticket, values: Any) -> Ticket:
            return super().update(item, values)

        @access(permission=role("delete"))
        def delete(self, item: Ticket) -> None:
            super().delete(item)

        @access(permission=role("restore"))
        def restore(self, item: Ticket) -> Ticket:
            return super().restore(item)

        @item_action("POST")
        @access(permission=role("close"))
        def close(self, item: Ticket) -> Ticket:
            item.status = "closed"
            return item

        @item_action("GET")
        @access(permission=role("shown"))
        def shown(self, item: Ticket) -> Ticket:
            return item

        @collection_action("POST")
        @access(permission=role("sweep"))
        def sweep(self) -> None: ...

        locals().update(own)

    tags: MemoryStore[Tag] = MemoryStore(Tag)
    app = App("Tickets", security=tokens)
    app.install(tags)
    app.install(MemoryStore(Ticket, references={"tags": tags}, unique=("title",)))
    app.add("/tickets", Tickets)
    return app


def test_each_operation_needs_what_the_actions_that_it_calls_need() -> None:
    assert {name: words(each) for name, each in found(every_feature()).items()} == EXPECTED


def test_other_formats_and_head_need_what_get_needs() -> None:
    client = Client(every_feature())
    for accept in ("application/json", "application/x-ndjson", "text/csv"):
        for method in ("GET", "HEAD"):
            headers = {"Accept": accept, **bearer("clerk")}
            assert client.request(method, "/tickets", headers=headers).status == 403, accept


def test_what_app_add_says_holds_where_no_action_says_more() -> None:
    class Animals(CRUDResource[Animal]):
        store = MemoryStore(Animal)
        permission = role("class")
        filters = ("name",)
        by_filter = ("DELETE",)
        upsert = True
        bulk = True

    app = App("Animals", security=tokens)
    app.add("/animals", Animals, permission=role("added"))
    assert len(found(app)) == 8
    for name, each in found(app).items():
        assert words(each) == {"added"}, name
