"""The names in a document: operationIds and components, and the refusal of collisions."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, Resource
from restkit.decorators import takes
from restkit.errors import CollisionError, DeclarationError
from restkit.openapi import build, component_names


class BookSchema(Schema):
    title = fields.Str()


class Books(Resource):
    schema = BookSchema

    def get(self) -> list[Any]:
        return []

    def post(self, body: Any) -> Any:
        return body


class BookItem(Resource):
    schema = BookSchema

    def get(self, id: int) -> Any: ...

    def put(self, id: int, body: Any) -> Any: ...

    def patch(self, id: int, body: Any) -> Any: ...

    def delete(self, id: int) -> None: ...


def _schemas(*declared: Any) -> dict[str, Any]:
    """Return the components of an App that answers and takes each schema at a URL of its own."""
    app = App("Names")
    for number, schema in enumerate(declared):
        members = {"schema": schema, "get": Books.get, "post": Books.post}
        app.add(f"/{number}", type(f"Things{number}", (Resource,), members))
    made: dict[str, Any] = build(app)["components"]["schemas"]
    return made


def _class(name: str, module: str = __name__, **members: fields.Field[Any]) -> type[Schema]:
    made: type[Schema] = type(name, (Schema,), {**members, "__module__": module})
    return made


def test_the_second_schema_of_a_name_is_told_apart_by_its_module() -> None:
    """Modules of several authors are mounted together; the first class keeps the name."""
    made = _schemas(
        _class("UserSchema", "shop.charts.schemas", a=fields.Int()),
        _class("UserSchema", "shop.dashboards.schemas", b=fields.Int()),
        _class("UserSchema", "shop.data_sets.schemas", c=fields.Int(dump_only=True)),
    )
    assert list(made["User"]["properties"]) == ["a"]
    assert list(made["DashboardsUser"]["properties"]) == ["b"]
    assert list(made["DataSetsUser"]["properties"]) == ["c"]
    assert made["DataSetsUserInput"]["properties"] == {}


def test_the_second_schema_of_a_name_in_a_module_is_numbered() -> None:
    """Classes that a function makes have one name and one module."""
    made = _schemas(*(_class("DataSchema", **{name: fields.Int()}) for name in "abc"))
    assert [list(made[name]["properties"]) for name in ("Data", "Data2", "Data3")] == [
        ["a"],
        ["b"],
        ["c"],
    ]


def test_nested_schemas_of_one_name_are_told_apart() -> None:
    """Each reference leads to the schema that is nested there, whole or with fields left out."""
    mine = _class("UserSchema", a=fields.Int())
    theirs = _class("UserSchema", b=fields.Int(), c=fields.Int())
    entity = _class(
        "EntitySchema",
        creator=fields.Nested(theirs(exclude=("c",))),
        owner=fields.Nested(theirs),
        others=fields.List(fields.Nested(mine)),
    )
    made = _schemas(mine, entity)
    properties = made["Entity"]["properties"]
    assert list(properties["creator"]["properties"]) == ["b"]
    assert properties["owner"] == {"$ref": "#/components/schemas/User2"}
    assert properties["others"]["items"] == {"$ref": "#/components/schemas/User"}
    assert list(made["User2"]["properties"]) == ["b", "c"]


def test_a_schema_called_problem_does_not_take_the_place_of_problems() -> None:
    """`Problem` is RFC 9457's; a schema of the user's own gets a number."""
    made = _schemas(_class("ProblemSchema", a=fields.Int()))
    assert "status" in made["Problem"]["properties"]
    assert list(made["Problem2"]["properties"]) == ["a"]


def test_a_name_that_a_view_has_is_not_given_again() -> None:
    """The request view of Book is BookInput, which a class may be called already."""
    made = _schemas(
        _class("BookInputSchema", a=fields.Int()),
        _class("BookSchema", b=fields.Int(dump_only=True), c=fields.Int()),
    )
    assert list(made["BookInput"]["properties"]) == ["a"]
    assert list(made["Book"]["properties"]) == ["b", "c"]
    assert list(made["BookInput2"]["properties"]) == ["c"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Page[Book]", "Page_Book"),
        ("BücherSchema", "Bucher"),
        ("StraßenSchema", "Strassen"),
        ("\u041a\u043d\u0438\u0433\u0430Schema", "Schema"),
        ("Foo::BarSchema", "Foo_Bar"),
        ("A/B~C Schema", "A_B_C"),
        ("Øre.Sum-1", "Ore.Sum-1"),
    ],
)
def test_keys_of_components_have_the_characters_of_the_specification(name: str, key: str) -> None:
    """OpenAPI 3.1.1, section 4.8.7.1; other characters are written as ASCII, or left out."""
    made = _schemas(_class(name, a=fields.Int()))
    assert key in made
    assert all(re.fullmatch(r"[a-zA-Z0-9.\-_]+", each) for each in made)


def test_names_that_differ_in_such_characters_alone_stay_two() -> None:
    """What is left of two names may be one."""
    made = _schemas(_class("Page[A]", a=fields.Int()), _class("Page(A)", b=fields.Int()))
    assert list(made["Page_A"]["properties"]) == ["a"]
    assert list(made["Page_A2"]["properties"]) == ["b"]


@pytest.mark.parametrize(
    "name", ["EmployeeIn", "EmployeeInput", "EmployeeCreate", "EmployeeRequest", "Employee_in"]
)
def test_a_class_of_inputs_gets_no_second_word(name: str) -> None:
    """EmployeeIn is what is taken, not EmployeeInInput; the response view has another name."""
    schema = _class(name, id=fields.Int(dump_only=True), a=fields.Int())
    made = _schemas(schema)
    words = {"Employee_in": "Employee_inInput"}
    assert f"{name}Input" not in made or name in words
    assert list(made[words.get(name, name)]["properties"]) == ["a"]


def test_a_class_of_inputs_that_is_answered_alike_is_one_component() -> None:
    """Where both views are the same there is one component, of the class's name."""
    assert [name for name in _schemas(_class("EmployeeIn", a=fields.Int())) if "Emp" in name] == [
        "EmployeeIn"
    ]


@pytest.mark.parametrize("name", ["BookPatch", "BookUpdate"])
def test_a_class_of_patches_gets_no_second_word(name: str) -> None:
    """BookPatch does not become BookPatchPatch."""
    schema = _class(name, id=fields.Int(required=True))

    def patch(self: Any, body: Any) -> None: ...

    app = App("Names")
    app.add("/a", type("Things", (Resource,), {"schema": schema, "patch": patch}))
    assert name in build(app)["components"]["schemas"]
    assert f"{name}Patch" not in build(app)["components"]["schemas"]


def _named(name: str, given: str) -> type[Schema]:
    meta = type("Meta", (), {"component_name": given})
    made: type[Schema] = type(
        name, (Schema,), {"a": fields.Int(), "Meta": meta, "__module__": __name__}
    )
    return made


def test_a_schema_says_its_own_name() -> None:
    """Meta.component_name wins over a class that has the name by chance, whichever comes first."""
    made = _schemas(_class("BookSchema", b=fields.Int()), _named("XSchema", "Book"))
    assert list(made["Book"]["properties"]) == ["a"]
    assert list(made["Book2"]["properties"]) == ["b"]


def test_a_name_that_two_schemas_say_is_a_collision() -> None:
    """Found at mount, with both classes and both places."""
    with pytest.raises(
        CollisionError, match=r"XSchema \(in .*\) and .*YSchema \(in .*\) .*'Book'. Rename"
    ):
        _schemas(_named("XSchema", "Book"), _named("YSchema", "Book"))


def test_a_name_that_no_component_may_have_is_refused() -> None:
    """A name that the class says itself is not changed in silence."""
    with pytest.raises(DeclarationError, match=r"XSchema: Meta.component_name is 'A B'"):
        _schemas(_named("XSchema", "A B"))


def test_what_is_not_documented_claims_no_name() -> None:
    """Resources that are not in the document cannot collide in it."""

    class Hidden(Books):
        documented = False

        def post(self, body: Any) -> Any: ...

    app = App("Names")
    app.add("/a", Books)
    app.add("/b", Hidden)
    assert {"/a", "/b"} == {operation.path for operation in app.operations()}


def test_component_names_say_class_and_place() -> None:
    """Each is a stem, the class that it means, and where."""
    app = App("Names")
    app.add("/a/<int:id>", BookItem)
    claims = {
        (name, declared) for op in app.operations() for name, declared, _ in component_names(op)
    }
    assert ("Book", BookSchema) in claims


def test_a_query_schema_claims_no_name() -> None:
    """Parameters are written one by one."""

    class Found(Resource):
        @takes(query=BookSchema)
        def get(self, query: Any) -> Any: ...

    app = App("Names")
    app.add("/a", Found)
    assert [name for op in app.operations() for name, _, _ in component_names(op)] == [
        "Problem"
    ] * len([op for op in app.operations() if op.failures])


def test_the_room_is_entered_without_apispec_and_yaml() -> None:
    """Importing restkit.openapi loads neither, nor jinja2, nor Swagger UI's package."""
    program = (
        "import sys, restkit.openapi; "
        "heavy = ('apispec', 'yaml', 'jinja2', 'swagger_ui'); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


class LeafSchema(Schema):
    name = fields.Str()


class TwigSchema(Schema):
    leaf = fields.Nested(LeafSchema)


class FruitSchema(Schema):
    weight = fields.Int()
    color = fields.Str()


def _nested_names(**members: fields.Field[Any]) -> tuple[list[str], list[str]]:
    """Return the names that a schema claims as a response and as a body."""
    app = App("Names")
    made = _class("TreeSchema", **members)
    app.add(
        "/trees", type("Trees", (Resource,), {"schema": made, "get": Books.get, "post": Books.post})
    )
    found = {
        each.method: [name for name, _, _ in component_names(each) if name != "Problem"]
        for each in app.operations()
    }
    return found["GET"], found["POST"][: -len(found["GET"])]


@pytest.mark.parametrize(
    ("members", "responded", "taken"),
    [
        ({"a": fields.Nested(TwigSchema)}, ["Tree", "Twig", "Leaf"], ["Tree", "Twig", "Leaf"]),
        (
            {
                "a": fields.Nested(LeafSchema),
                "b": fields.Nested(LeafSchema),
                "c": fields.Nested(FruitSchema),
            },
            ["Tree", "Leaf", "Fruit"],
            ["Tree", "Leaf", "Fruit"],
        ),
        (
            {
                "a": fields.List(fields.Nested(LeafSchema)),
                "b": fields.Dict(fields.Str(), fields.Nested(FruitSchema)),
            },
            ["Tree", "Leaf", "Fruit"],
            ["Tree", "Leaf", "Fruit"],
        ),
        (
            {"a": fields.Tuple((fields.Nested(LeafSchema), fields.Nested(FruitSchema)))},
            ["Tree", "Leaf", "Fruit"],
            ["Tree", "Leaf", "Fruit"],
        ),
        (
            {
                "a": fields.Nested(LeafSchema, load_only=True),
                "b": fields.Nested(FruitSchema, dump_only=True),
            },
            ["Tree", "Fruit"],
            ["Tree", "Leaf"],
        ),
        (
            {"a": fields.Nested("NotYetSchema"), "b": fields.Nested(FruitSchema)},
            ["Tree", "Fruit"],
            ["Tree", "Fruit"],
        ),
        (
            {
                "a": fields.Nested(TwigSchema, only=["leaf"]),
                "b": fields.Nested(FruitSchema, only=["color"]),
            },
            ["Tree", "Leaf"],
            ["Tree", "Leaf"],
        ),
        ({"a": fields.Pluck(FruitSchema, "color")}, ["Tree"], ["Tree"]),
        ({"a": fields.Str()}, ["Tree"], ["Tree"]),
    ],
)
def test_which_nested_schemas_claim_a_name(
    members: dict[str, fields.Field[Any]], responded: list[str], taken: list[str]
) -> None:
    """Whole schemas of the fields of a view, once each, at any depth."""
    assert _nested_names(**members) == (responded, taken)
