"""Mounting: entries as they stand below prefixes, links from collections to items,
and collisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from marshmallow import Schema, fields, post_dump
from werkzeug.routing import BaseConverter

from restkit import (
    App,
    CollisionError,
    Conflict,
    DeclarationError,
    NotFound,
    Request,
    Resource,
    Response,
    Scheme,
    returns,
)
from restkit.testing import Client


class ThingSchema(Schema):
    id = fields.Int(dump_only=True)
    n = fields.Int(required=True)


class Things(Resource):
    schema = ThingSchema

    def post(self, **values: Any) -> dict[str, int]:
        return {"id": 7, **values["body"]}


class Thing(Resource):
    schema = ThingSchema

    def get(self, **values: Any) -> dict[str, int]:
        return {"id": 7, "n": 1}


def location(*mounted: tuple[str, type[Resource]], post: str = "/things") -> str | None:
    app = App("Links")
    for pattern, resource in mounted:
        app.add(pattern, resource)
    return Client(app).post(post, json={"n": 1}).headers.get("Location")


def test_a_collection_knows_its_item() -> None:
    """The Location of a 201 is the item's URL, by the variable's name or its last word,
    with a slash or without.
    """
    assert location(("/things", Things), ("/things/<int:thing_id>", Thing)) == "/things/7"
    assert location(("/things", Things), ("/things/<int:id>", Thing)) == "/things/7"
    assert (
        location(("/things/", Things), ("/things/<int:thing_id>/", Thing), post="/things/")
        == "/things/7/"
    )
    assert (
        location(("/a/<x>/things", Things), ("/a/<x>/things/<id>", Thing), post="/a/b%20c/things")
        == "/a/b%20c/things/7"
    )


def test_where_the_item_is_not_known_there_is_no_location() -> None:
    """No item, no GET on it, two variables, or a variable that the answer does not have:
    no Location is declared.
    """

    class Unread(Resource):
        def delete(self, thing_id: int) -> None: ...

    assert location(("/things", Things)) is None
    assert location(("/things", Things), ("/things/<int:thing_id>", Unread)) is None
    assert location(("/things", Things), ("/things/<name>", Thing)) is None
    assert location(("/things", Things), ("/things/<a>/<id>", Thing)) is None


class _Wrapped(Schema):
    id = fields.Int()

    @post_dump
    def wrap(self, data: Any, **_: Any) -> Any:
        return {"data": data}


@pytest.mark.parametrize(
    ("schema", "made", "sent", "required"),
    [
        ({"id": fields.Int()}, {"id": 7}, True, True),
        ({"thing_id": fields.Int()}, {"thing_id": 7}, True, True),
        ({"id": fields.Int(data_key="thingId")}, {"id": 7}, True, True),
        ({"thing_id": fields.Int(data_key="thingId")}, {"thing_id": 7}, True, True),
        ({"number": fields.Int(attribute="id")}, {"id": 7}, True, True),
        ({"id": fields.Int(attribute="pk", data_key="@id")}, {"pk": 7}, True, True),
        ({"id": fields.Function(lambda _: 7, data_key="thingId")}, {}, True, True),
        ({"id": fields.Int(allow_none=True)}, {"id": 7}, True, False),
        ({"id": fields.Int(allow_none=True)}, {"id": None}, False, False),
        ({"id": fields.Int(load_only=True), "n": fields.Int()}, {"id": 7}, False, None),
        ({"number": fields.Int()}, {"number": 7}, False, None),
        (_Wrapped, {"id": 7}, False, False),
    ],
)
def test_the_document_promises_the_location_that_is_sent(
    schema: Any, made: Any, sent: bool, required: bool | None
) -> None:
    """However the key is spelled; where no content is sure to have it, the header is optional."""

    class Made(Resource):
        def post(self) -> Any:
            return made

    class Item(Resource):
        def get(self, thing_id: int) -> Any:
            return made

    Made.schema = Item.schema = schema if isinstance(schema, type) else Schema.from_dict(schema)
    app = App("Links", contract="raise")
    app.add("/things", Made)
    app.add("/things/<int:thing_id>", Item)
    client = Client(app)
    response = client.post("/things")
    assert response.headers.get("Location") == ("/things/7" if sent else None)
    created = client.get("/openapi.json").json["paths"]["/things"]["post"]["responses"]["201"]
    header = created.get("headers", {}).get("Location")
    assert (None if header is None else header.get("required", False)) == required


def test_a_location_of_the_methods_own_wins() -> None:
    """A method that sends its own Location is not overruled."""

    class Own(Things):
        @returns(ThingSchema, 201, headers={"Location": "Elsewhere."})
        def post(self, body: dict[str, int]) -> Any:
            return {"id": 7, **body}, 201, {"Location": "/elsewhere"}

    assert location(("/things", Own), ("/things/<int:thing_id>", Thing)) == "/elsewhere"


def test_below_a_mount_the_location_has_the_prefix() -> None:
    """Links hold below prefixes, and variables of the path are quoted."""
    low, top = App("Low"), App("Top")
    low.add("/things", Things)
    low.add("/things/<int:thing_id>", Thing)
    top.mount("/v1/", low)
    client = Client(top)
    assert client.post("/v1/things", json={"n": 1}).headers["Location"] == "/v1/things/7"
    served = client.post("/v1/things", json={"n": 1}, environ={"SCRIPT_NAME": "/r\xc3\xa9"})
    assert served.headers["Location"] == "/r%C3%A9/v1/things/7"


def test_each_app_keeps_its_settings_below_a_mount() -> None:
    """Strictness and limits are those of the App that declared the resource."""

    def made(name: str, **settings: Any) -> App:
        app = App(name, **settings)
        app.add("/things", type(name, (Things,), {"documented": False}))
        return app

    top = App("Top", max_body_size=1000)
    top.mount("/lenient", made("Lenient", strict=False), documented=False)
    top.mount("/small", made("Small", max_body_size=5))
    client = Client(top)
    assert client.post("/lenient/things", json={"n": 1, "x": 2}).status == 201
    assert client.post("/small/things", json={"n": 1}).status == 413


def test_middleware_goes_from_the_outside_in() -> None:
    """The outer App's middleware is outermost, the resource's innermost,
    also for 405 and OPTIONS.
    """
    seen: list[str] = []

    def named(name: str) -> Any:
        def middleware(request: Request, proceed: Any) -> Response:
            seen.append(name)
            return proceed(request)

        return middleware

    low, top = App("Low"), App("Top")
    low.add("/x", type("X", (Thing,), {"middleware": (named("resource"),)}))
    low.middleware(named("low"))
    top.middleware(named("top"))
    top.mount("/low", low)
    client = Client(top)
    for method, status in (("GET", 200), ("POST", 405), ("OPTIONS", 204)):
        seen.clear()
        assert client.request(method, "/low/x").status == status
        assert seen == ["top", "low", "resource"]


@pytest.mark.parametrize("resource", [5, "Thing", dict, Thing(), lambda: {}])
def test_only_resources_are_added(resource: Any) -> None:
    """What is no Resource class is refused with where it was to stand."""
    with pytest.raises(DeclarationError, match=r"at '/x' is not a Resource class"):
        App("Wrong").add("/x", resource)


def test_converters_of_one_name_must_be_one() -> None:
    """Two Apps below one roof with different converters of a name are refused, both named."""

    class Upper(BaseConverter): ...

    class Lower(BaseConverter): ...

    top, low = App("Top"), App("Low")
    top.converters["case"] = Upper
    low.converters["case"] = Lower
    low.get("/x/<case:a>")(lambda a: {})
    with pytest.raises(
        CollisionError, match=r"'Top' and 'Low' have different URL converters named 'case'"
    ):
        top.mount("/low", low)


def test_mounting_what_collides_changes_nothing() -> None:
    """An App that could not be mounted may be mounted elsewhere."""
    top, low = App("Top"), App("Low")
    top.get("/v1/x/<a>")(lambda a: {})
    low.get("/x/<b>")(lambda b: {})
    with pytest.raises(CollisionError, match=r"GET .* is declared twice"):
        top.mount("/v1", low)
    top.mount("/v2", low)
    assert Client(top).get("/v2/x/1").status == 200


def test_what_nothing_answers_below_a_mount_belongs_to_the_mounted_app() -> None:
    """A 404 below a prefix goes through the middleware and handlers of the innermost App there."""
    seen: list[str] = []
    apps = {name: App(name) for name in ("top", "low", "deep")}

    def named(name: str) -> Any:
        def middleware(request: Request, proceed: Any) -> Response:
            seen.append(name)
            return proceed(request)

        return middleware

    for name, app in apps.items():
        app.middleware(named(name))
    apps["low"].problem_handler(NotFound)(lambda error, request: Conflict("low"))
    apps["low"].mount("/deep", apps["deep"])
    apps["top"].mount("/v1", apps["low"])
    client = Client(apps["top"])
    for path, status, around in (
        ("/v1/deep/no", 409, ["top", "low", "deep"]),
        ("/v1/no", 409, ["top", "low"]),
        ("/v1", 409, ["top", "low"]),
        ("/v10/no", 404, ["top"]),
        ("/no", 404, ["top"]),
    ):
        seen.clear()
        assert client.get(path).status == status, path
        assert seen == around, path


def test_one_policy_for_slashes_holds_for_all() -> None:
    """An App whose trailing_slash differs from the outer App's is refused in one sentence."""
    with pytest.raises(
        DeclarationError, match="'Low' has trailing_slash='strict', but 'Top' has 'redirect'"
    ):
        App("Top").mount("/low", App("Low", trailing_slash="strict"))


@pytest.mark.parametrize("prefix", ["/", "", "v1"])
def test_prefixes_that_are_none(prefix: str) -> None:
    """A prefix without a name or without a slash is refused as it was given."""
    with pytest.raises(DeclarationError, match="'Low': a prefix must begin with"):
        App("Top").mount(prefix, App("Low"))


def test_undocumented_mounts() -> None:
    """What is mounted with documented=False answers, and is in no document of the outer App."""
    top, low = App("Top"), App("Low")
    low.get("/x")(lambda: {})
    top.mount("/low", low, documented=False)
    client = Client(top)
    assert client.get("/low/x").status == 200
    assert "/low/x" not in client.get("/openapi.json").json["paths"]
    assert "/x" in client.get("/low/openapi.json").json["paths"]


def test_one_document_has_one_strictness() -> None:
    """Apps that differ in strict are not put into one document; each may keep its own."""
    top, low = App("Top"), App("Low", strict=False)
    with pytest.raises(DeclarationError, match="differ in strict"):
        top.mount("/low", low)
    top.mount("/low", low, documented=False)


def keys(header: str) -> Scheme:
    """Make a scheme with the name ``keys``, whose document differs by the header."""

    class Keys(Scheme):
        name = "keys"

        def document(self) -> Mapping[str, object]:
            return {"type": "apiKey", "in": "header", "name": header}

        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            return "caller"

    return Keys()


def nothing(self: object) -> dict[str, str]:
    return {}


def guarded(header: str) -> type[Resource]:
    members = {"get": nothing, "security": keys(header), "__module__": "shop"}
    return type("Guarded", (Resource,), members)


def class_below_app() -> None:
    App("Outer", security=keys("X-A")).add("/x", guarded("X-B"))


def app_below_app() -> None:
    App("Outer", security=keys("X-A")).mount("/in", App("Inner", security=keys("X-B")))


def mount_below_app() -> None:
    App("Outer", security=keys("X-A")).mount("/in", App("Inner"), security=keys("X-B"))


def class_below_mount() -> None:
    inner = App("Inner")
    inner.add("/x", guarded("X-B"))
    App("Outer").mount("/in", inner, security=keys("X-A"))


def class_below_mounted_app() -> None:
    inner = App("Inner")
    App("Outer", security=keys("X-A")).mount("/in", inner)
    inner.add("/x", guarded("X-B"))


def classes_of_two_mounts() -> None:
    outer, one, two = App("Outer"), App("One"), App("Two")
    one.add("/x", guarded("X-A"))
    two.add("/x", guarded("X-B"))
    outer.mount("/one", one)
    outer.mount("/two", two)


@pytest.mark.parametrize(
    ("declare", "places"),
    [
        (class_below_app, r"App\('Outer'\) and shop\.Guarded\.get"),
        (app_below_app, r"App\('Outer'\) and App\('Inner'\)"),
        (mount_below_app, r"App\('Outer'\) and mount\('/in'\)"),
        (class_below_mount, r"shop\.Guarded\.get and mount\('/in'\)"),
        (class_below_mounted_app, r"App\('Outer'\) and shop\.Guarded\.get"),
        (classes_of_two_mounts, r"shop\.Guarded\.get and shop\.Guarded\.get"),
    ],
)
def test_two_schemes_of_one_name_collide_when_both_are_known(declare: Any, places: str) -> None:
    """The line that declares the second scheme fails, with both places, not the first request."""
    with pytest.raises(CollisionError, match=f"{places} have different security schemes.*'keys'"):
        declare()


def test_a_collision_of_schemes_changes_nothing() -> None:
    """After a rejected mount, the Apps are as before."""
    outer, inner = App("Outer", security=keys("X-A")), App("Inner", security=keys("X-B"))
    with pytest.raises(CollisionError):
        outer.mount("/in", inner)
    outer.mount("/other", App("Other", security=keys("X-A")))
    inner.add("/x", guarded("X-B"))
    assert [op.path for op in outer.operations()] == []
    assert [op.path for op in inner.operations()] == ["/x"]


def test_one_scheme_may_stand_on_every_level() -> None:
    """The same document under one name is one scheme."""
    outer, inner = App("Outer", security=keys("X-A")), App("Inner", security=keys("X-A"))
    inner.add("/x", guarded("X-A"))
    outer.mount("/in", inner, security=keys("X-A"))
    outer.add("/y", guarded("X-A"))
    assert len(outer.operations()) == 2
