"""Schemas: bound once, in views; the user's own stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import (
    EXCLUDE,
    INCLUDE,
    RAISE,
    Schema,
    fields,
    post_dump,
    post_load,
    pre_load,
    validate,
)

from restkit import App, DeclarationError, Resource, Upload, returns, takes
from restkit.schemas.bound import Invalid, View, bind
from restkit.testing import Client


class PartSchema(Schema):
    size = fields.Int(required=True)
    secret = fields.Str(load_only=True)
    id = fields.Int(dump_only=True)


class WholeSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)
    password = fields.Str(load_only=True)
    size = fields.Int(load_default=3, data_key="the-size")
    part = fields.Nested(PartSchema)


def test_views_split_one_schema() -> None:
    """RESPONSE leaves load_only out, REQUEST dump_only,
    and PATCH requires nothing and fills nothing in.
    """
    read, write, patch = (bind(WholeSchema, view, declared_at="here") for view in View)
    assert list(read.dump_fields) == ["id", "name", "the-size", "part"]
    assert list(write.load_fields) == ["name", "password", "the-size", "part"]
    assert write.load({"name": "n"}) == {"name": "n", "size": 3}
    assert patch.load({}) == {}
    assert patch.load({"part": {}}) == {"part": {}}
    with pytest.raises(Invalid):
        write.load({"name": "n", "id": 5})
    assert read.dump({"id": 1, "name": "n", "password": "p"}) == {"id": 1, "name": "n"}


def test_one_and_many() -> None:
    """A list is meant where it is said at the use, or by the instance."""
    assert (
        bind(WholeSchema, View.REQUEST, declared_at="here", many=True).load([{"name": "n"}])[0][
            "name"
        ]
        == "n"
    )
    assert bind(WholeSchema(many=True), View.RESPONSE, declared_at="here").dump(
        [{"name": "n"}]
    ) == [{"name": "n"}]
    assert bind(WholeSchema(many=True), View.RESPONSE, declared_at="here").dump_one(
        {"name": "n"}
    ) == {"name": "n"}


def test_names() -> None:
    """A whole schema has a component name;
    a mapping, or an instance with a part of the fields, has none.
    """
    assert bind(WholeSchema, View.RESPONSE, declared_at="here").name == "Whole"
    assert bind(WholeSchema(), View.RESPONSE, declared_at="here").name == "Whole"
    assert bind(WholeSchema(only=["name"]), View.RESPONSE, declared_at="here").name == ""
    assert bind(WholeSchema(partial=True), View.RESPONSE, declared_at="here").name == ""
    assert bind({"a": fields.Int()}, View.RESPONSE, declared_at="here").name == ""
    assert bind(type("Schema", (Schema,), {}), View.RESPONSE, declared_at="here").name == "Schema"
    assert (
        repr(bind(WholeSchema, View.RESPONSE, declared_at="here", many=True))
        == "<BoundSchema WholeSchema response, many>"
    )


@pytest.mark.parametrize(
    "declared", [5, "WholeSchema", {"a": int}, {"a": fields.Int}, dict, fields.Int(), [WholeSchema]]
)
def test_what_is_no_schema_is_refused(declared: Any) -> None:
    """Anything but a class, an instance or a mapping of fields is refused, with the place."""
    with pytest.raises(DeclarationError, match="here"):
        bind(declared, View.RESPONSE, declared_at="here")


def test_a_schema_that_cannot_be_made_is_refused() -> None:
    """What the schema's own constructor raises is told with the place."""

    class NeedySchema(Schema):
        def __init__(self, tenant: str) -> None:
            super().__init__()

    with pytest.raises(DeclarationError, match=r"here: the schema .*NeedySchema cannot be made"):
        bind(NeedySchema, View.RESPONSE, declared_at="here")


def test_users_own_instances_stay_as_they_are() -> None:
    """Binding an instance leaves it, its lists,
    mappings and nested schemas as lenient as marshmallow is.
    """

    class MineSchema(Schema):
        plain = fields.Int()
        listed = fields.List(fields.Int())
        mapped = fields.Dict(keys=fields.Int(), values=fields.Int())
        paired = fields.Tuple((fields.Int(),))
        nested = fields.Nested(PartSchema)
        instance = fields.Nested(PartSchema(unknown=EXCLUDE))

    mine = MineSchema()
    data = {
        "plain": "5",
        "listed": ["5"],
        "mapped": {"1": "5"},
        "paired": ["5"],
        "nested": {"size": "5"},
        "instance": {"size": "5"},
    }
    before = mine.load(data)
    bound = bind(mine, View.REQUEST, declared_at="here")
    assert mine.load(data) == before
    with pytest.raises(Invalid) as caught:
        bound.load(data)
    assert len(caught.value.faults) == 6
    assert mine.load(data) == before


def test_the_same_class_may_be_bound_for_several_uses() -> None:
    """Uses of one class as JSON and as text do not disturb each other."""
    text = bind(PartSchema, View.REQUEST, declared_at="here", source="text")
    json = bind(PartSchema, View.REQUEST, declared_at="here")
    assert text.load({"size": "5"}) == json.load({"size": 5}) == {"size": 5}
    with pytest.raises(Invalid):
        json.load({"size": "5"})
    with pytest.raises(Invalid):
        text.load({"size": 5})


def test_strictness_and_what_a_schema_says_itself() -> None:
    """Unknown fields are errors by default;
    the setting relaxes that, and a schema's own word holds.
    """

    class OpenSchema(PartSchema):
        class Meta:
            unknown = INCLUDE

    class ClosedSchema(PartSchema):
        class Meta:
            unknown = RAISE

    data = {"size": 1, "more": 2}
    with pytest.raises(Invalid):
        bind(PartSchema, View.REQUEST, declared_at="here").load(data)
    assert bind(PartSchema, View.REQUEST, declared_at="here", strict=False).load(data) == {
        "size": 1
    }
    assert bind(OpenSchema, View.REQUEST, declared_at="here").load(data) == data
    with pytest.raises(Invalid):
        bind(ClosedSchema, View.REQUEST, declared_at="here", strict=False).load(data)
    assert bind(OpenSchema, View.REQUEST, declared_at="here").open
    assert not bind(PartSchema, View.REQUEST, declared_at="here").open


def test_custom_messages_with_placeholders() -> None:
    """A message of the user's own may use marshmallow's placeholders, the input among them."""
    declared = {"a": fields.Int(error_messages={"invalid": "{input} is no number."})}
    response = echo(declared).post("/x", json={"a": "q"})
    assert response.json["errors"] == [
        {"pointer": "/a", "detail": "q is no number.", "code": "invalid"}
    ]


def echo(declared: Any) -> Client:
    app = App("Echo")

    @app.post("/x")
    @takes(body=declared)
    @returns(None)
    def post(body: Any) -> Any:
        return {"body": repr(body)}

    return Client(app)


def test_hooks_keep_their_order() -> None:
    """A schema's pre_load and post_load run around the strict fields."""

    class HookedSchema(Schema):
        a = fields.Int()

        @pre_load
        def before(self, data: Any, **options: Any) -> Any:
            return (
                {"a": int(data["a"])}
                if isinstance(data, dict) and isinstance(data.get("a"), str)
                else data
            )

        @post_load
        def after(self, data: Any, **options: Any) -> Any:
            return ("made", data)

    assert echo(HookedSchema).post("/x", json={"a": "5"}).json["body"] == "('made', {'a': 5})"


def test_recursive_and_mutual_schemas() -> None:
    """Schemas that nest themselves, by name, lambda or each other, are strict at every depth."""

    class LeafSchema(Schema):
        n = fields.Int()
        tree = fields.Nested(lambda: TreeSchema())

    class TreeSchema(Schema):
        leaves = fields.List(fields.Nested(LeafSchema))
        parent = (
            fields.Nested("self") if False else fields.Nested(lambda: TreeSchema(only=["leaves"]))
        )

    bound = bind(TreeSchema, View.REQUEST, declared_at="here")
    deep: dict[str, Any] = {"leaves": [{"n": "5"}]}
    for _ in range(5):
        deep = {"leaves": [{"n": 1, "tree": deep}]}
    with pytest.raises(Invalid) as caught:
        bound.load(deep)
    assert caught.value.faults[0][0] == ("leaves", 0, "tree") * 5 + ("leaves", 0, "n")
    with pytest.raises(Invalid):
        bound.load({"parent": {"leaves": [{"n": "5"}]}})


def test_deeper_than_the_stack() -> None:
    """Where the depth of JSON is set above what Python's stack bears, deep input is invalid,
    not an exception.
    """

    class DeepSchema(Schema):
        below = fields.Nested(lambda: DeepSchema())

    app = App("Deep", max_json_depth=500)
    app.post("/x")(takes(body=DeepSchema)(returns(None)(lambda body: {})))
    deep: dict[str, Any] = {}
    for _ in range(480):
        deep = {"below": deep}
    assert Client(app).post("/x", json=deep).status in (200, 422)


def test_uploads() -> None:
    """An upload field checks that it is a file, its media type and its size."""
    field = Upload(media_types=["image/png"], max_size=3)
    bound = bind({"a": field}, View.REQUEST, declared_at="here", source="text")
    with pytest.raises(Invalid) as caught:
        bound.load({"a": "text"})
    assert caught.value.faults == [(("a",), "Not an uploaded file.", "invalid")]


def test_many_unknown_names_stay_cheap() -> None:
    """Ten thousand unknown members are one bounded answer."""
    response = echo({"a": fields.Int(validate=validate.Range(1))}).post(
        "/x", json={f"n{i}": i for i in range(10_000)}
    )
    assert response.status == 422
    assert len(response.json["errors"]) == 100
    assert response.json["omitted_errors"] == 1


@pytest.mark.parametrize("compiled", [True, False])
def test_pre_load_sees_objects_only(compiled: bool) -> None:
    """A hook that counts on an object is not asked about what is none:
    that is a fault, as without the hook.
    """

    class SlugSchema(Schema):
        slug = fields.Str(required=True)

        @pre_load
        def fill(self, data: Any, **options: Any) -> Any:
            return {"slug": "none", **data}

    class PageSchema(Schema):
        one = fields.Nested(SlugSchema)
        some = fields.Nested(SlugSchema, many=True)
        by_name = fields.Dict(values=fields.Nested(SlugSchema))

    one = bind(SlugSchema, View.REQUEST, declared_at="here", compiled=compiled)
    several = bind(SlugSchema, View.REQUEST, declared_at="here", compiled=compiled, many=True)
    page = bind(PageSchema, View.REQUEST, declared_at="here", compiled=compiled)
    assert one.load({}) == {"slug": "none"}
    assert several.load([{}, {"slug": "a"}]) == [{"slug": "none"}, {"slug": "a"}]
    assert page.load({"one": {}, "some": [{}]}) == {
        "one": {"slug": "none"},
        "some": [{"slug": "none"}],
    }
    for bound, value, paths in (
        (one, None, [()]),
        (one, [{}], [()]),
        (several, {}, [()]),
        (several, [{}, 5, None], [(1,), (2,)]),
        (page, {"one": 5, "some": [{}, "a"]}, [("one",), ("some", 1)]),
        (page, {"by_name": {"a": []}}, [("by_name", "a")]),
    ):
        with pytest.raises(Invalid) as caught:
            bound.load(value)
        assert [(path, code) for path, _, code in caught.value.faults] == [
            (path, "type") for path in paths
        ]


def nesting(declared: Any) -> App:
    """Return an App whose one operation answers with a schema."""
    app = App("Nesting")

    @app.route("/x")
    class Things(Resource):
        @returns(declared)
        def get(self) -> Any:
            return {}

    return app


def test_a_schema_that_is_nested_by_an_unknown_name_is_told_at_start_up() -> None:
    """A name is looked up when the App is frozen, below lists and other schemas too;
    later classes are found.
    """

    class Inner(Schema):
        lost = fields.List(fields.Nested("NowhereSchema"))
        same = fields.Nested("self")

    class Outer(Schema):
        inner = fields.Dict(values=fields.Nested(Inner))

    sentence = (
        r"Things.get: the field 'lost' of .*Inner nests a schema by a "
        r"name.*'NowhereSchema'.*give the class"
    )
    with pytest.raises(DeclarationError, match=sentence):
        nesting(Outer).freeze()

    app = nesting({"later": fields.Tuple((fields.Nested("LaterOnSchema"),))})

    class LaterOnSchema(Schema):
        id = fields.Int()

    app.freeze()
    assert Client(app).get("/x").json == {}


@pytest.mark.parametrize("default", [[], {"a": []}, [{}]])
def test_defaults_of_responses_are_not_shared(default: Any) -> None:
    """A hook that changes a default changes it in one response, not in later ones."""

    class Part(Schema):
        extra = fields.Raw(dump_default=default)

    class Whole(Schema):
        extra = fields.Raw(dump_default=default)
        part = fields.Nested(Part)

        @post_dump
        def change(self, data: Any, **_: Any) -> Any:
            for held in (data, data["part"]):
                mutable = held["extra"]
                mutable.append(1) if isinstance(mutable, list) else mutable["a"].append(1)
            return data

    class Wholes(Resource):
        schema = Whole

        def get(self) -> dict[str, Any]:
            return {"part": {}}

    app = App("Defaults")
    app.add("/", Wholes)
    client = Client(app)
    first = client.get("/").json
    assert first["extra"] != default
    assert client.get("/").json == first
    assert first["part"]["extra"] == first["extra"]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_list_that_is_too_long_costs_nothing(compiled: bool) -> None:
    """Its items are not loaded, whoever loads the schema; nested lists count too."""
    seen: list[object] = []

    class Watched(fields.Int):
        def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
            seen.append(value)
            return super()._deserialize(value, attr, data, **kwargs)

    class InnerSchema(Schema):
        numbers = fields.List(Watched(), validate=validate.Length(max=2))

    class OuterSchema(Schema):
        numbers = fields.List(Watched(), validate=validate.Length(max=2))
        inner = fields.Nested(InnerSchema)

    bound = bind(OuterSchema, View.REQUEST, declared_at="here", compiled=compiled)
    each = bind(OuterSchema, View.REQUEST, declared_at="here", compiled=compiled, many=True)
    assert each.load([{"numbers": []}, {}]) == [{"numbers": []}, {}]
    assert bound.load({"numbers": [1, 2], "inner": {"numbers": [3]}}) == {
        "numbers": [1, 2],
        "inner": {"numbers": [3]},
    }
    assert seen == [1, 2, 3]
    for data in (
        {"numbers": [1] * 3},
        {"inner": {"numbers": [1] * 3}},
        {"numbers": [1] * 3, "x": 1},
    ):
        with pytest.raises(Invalid) as found:
            bound.load(data)
        assert any("Longer than maximum length 2." in fault[1] for fault in found.value.faults)
    assert seen == [1, 2, 3]
