"""Declarations: decorators on verbs, in any order, that leave the function as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    Conflict,
    DeclarationError,
    Header,
    NotFound,
    Resource,
    access,
    operation,
    raises,
    returns,
    takes,
)
from restkit.declarations import declarations_of
from restkit.testing import Client


class ThingSchema(Schema):
    n = fields.Int(required=True)


class Base(Resource):
    @takes(query={"a": fields.Int()})
    @returns(
        ThingSchema,
        headers={"X-A": "A header.", "X-B": Header("X-B", required=True)},
        description="Found.",
    )
    @returns(status=204)
    @raises(NotFound, description="Gone.")
    @raises(Conflict)
    @operation(
        operation_id="thing", summary="Short.", tags=["One"], deprecated=True, extensions={"x-a": 1}
    )
    def get(self, query: dict[str, int]) -> Any:
        """Read."""
        return {"n": query.get("a", 0)}, {"X-B": "b"}


def test_every_decorator_is_kept_in_its_order() -> None:
    """What the decorators say is read from the top down."""
    said = declarations_of(Base.__dict__["get"])
    assert [each.status for each in said.returns] == [200, 204]
    assert [each.problem for each in said.raises] == [NotFound, Conflict]
    assert [each.description for each in said.raises] == ["Gone.", ""]
    assert [each.name for each in said.returns[0].headers] == ["X-A", "X-B"]
    assert said.words["operation_id"] == "thing"
    assert declarations_of(len).inputs == {}


def test_takes_may_be_repeated() -> None:
    """Several `takes` add up; the upper one wins where both say the same."""

    @takes(query={"b": fields.Int()}, headers={"c": fields.Int()})
    @takes(query={"a": fields.Int()}, media_types=["application/json"])
    def function() -> None: ...

    said = declarations_of(function)
    assert set(said.inputs) == {"query", "headers"}
    assert set(said.inputs["query"]) == {"b"}  # type: ignore[arg-type]
    assert said.media_types == ("application/json",)


def test_the_function_is_left_as_it_is() -> None:
    """A decorated function is still called like itself, keeps its name,
    and nothing is written into it.
    """

    def function(a: int, b: int = 2) -> int:
        """Add."""
        return a + b

    before = dict(vars(function))
    decorated = raises(NotFound)(function)
    assert vars(function) == before
    assert decorated(1, b=5) == 6
    assert decorated.__name__ == "function"
    assert decorated.__doc__ == "Add."
    assert declarations_of(function).raises == ()


def test_methods_are_bound_as_ever() -> None:
    """A decorated method is found on instances and by super()."""

    class Below(Base):
        @takes(query={"a": fields.Int()})
        @returns(ThingSchema, headers={"X-B": "B."})
        def get(self, query: dict[str, int]) -> Any:
            data, headers = super().get(query=query)
            return {"n": data["n"] + 1}, headers

    app = App("Super")
    app.add("/x", Below)
    assert Client(app).get("/x?a=4").json == {"n": 5}


def test_declarations_are_found_through_other_decorators() -> None:
    """A decorator that keeps `__wrapped__` may stand above ours."""

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return call

    class Counted(Resource):
        @counted
        @takes(query={"a": fields.Int()})
        def get(self, query: dict[str, int]) -> dict[str, int]:
            return query

    app = App("Counted")
    app.add("/x", Counted)
    client = Client(app)
    assert client.get("/x?a=1").json == {"a": 1}
    assert client.get("/x?b=1").status == 422


@pytest.mark.parametrize("status", [100, 199, 600, 0, -1, "200", None])
def test_an_answers_status_is_no_error(status: Any) -> None:
    """`returns` accepts the statuses from 200 to 599."""
    with pytest.raises(DeclarationError, match="200 to 599"):
        returns(status=status)


@pytest.mark.parametrize("problem", [404, "NotFound", ValueError, NotFound("x"), None])
def test_raises_takes_problem_classes(problem: Any) -> None:
    """`raises` takes Problem classes alone."""
    with pytest.raises(DeclarationError, match="Problem classes"):
        raises(problem)


@pytest.mark.parametrize("decorator", [takes(), returns(), raises(), operation()])
def test_decorators_stand_on_functions(decorator: Any) -> None:
    """A decorator on something else is refused."""
    with pytest.raises(DeclarationError, match="expect a method or a function"):
        decorator(5)


def test_a_verb_that_a_class_inherits_declares_the_same() -> None:
    """Subclasses share the verb with what is declared of it,
    and may be mounted beside each other.
    """

    class Other(Base):
        documented = False

    app = App("Inherited")
    app.add("/a", Base)
    app.add("/b", Other)
    first, second = (each.statuses for each in app.operations())
    assert first == second


def test_declarations_above_the_route_are_refused() -> None:
    """What stands above the route would come too late; on a class it would be lost:
    both are said at once.
    """
    app = App("Order")
    with pytest.raises(DeclarationError, match="below the route"):

        @raises(NotFound)
        @app.get("/x")
        def get() -> dict[str, int]:
            return {}

    with pytest.raises(DeclarationError, match="is a class"):

        @operation(summary="Things.")
        class Things(Resource):
            def get(self) -> dict[str, int]:
                return {}

    with pytest.raises(DeclarationError, match="mounted already"):

        @raises(NotFound)
        @app.route("/y")
        class Others(Resource):
            def get(self) -> dict[str, int]:
                return {}


def test_a_function_may_be_mounted_twice() -> None:
    """A function under two routes keeps what was declared of it, and is found by url_for."""
    app = App("Twice")

    @app.get("/a")
    @operation(operation_id="a")
    def get() -> dict[str, int]:
        return {"n": 1}

    assert Client(app).get("/a").json == {"n": 1}
    assert get() == {"n": 1}
    assert app.url_for(get) == "/a"


def action() -> None:
    """Stand where a bool or a text is expected."""


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda value: operation(documented=value), "documented of @operation must be True or"),
        (lambda value: operation(deprecated=value), "deprecated of @operation must be True or"),
        (lambda value: access(public=value), "public of @access must be True or False"),
        (lambda value: returns(ThingSchema, many=value), r"many of @returns\(status=200\) must be"),
    ],
)
@pytest.mark.parametrize("value", [action, 1, 0, "no", [], ""])
def test_an_option_that_is_no_bool_is_rejected(declare: Any, words: str, value: object) -> None:
    """A function or a text counts as True in Python, although nobody means that."""
    with pytest.raises(DeclarationError, match=words):
        declare(value)


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (lambda: operation(operation_id=action), "operation_id of @operation must be a string"),
        (lambda: operation(operation_id=""), "operation_id of @operation must be a string"),
        (lambda: operation(examples=[1]), "examples of @operation must be a mapping"),
        (lambda: operation(extensions="x-a"), "extensions of @operation must be a mapping"),
        (lambda: returns(None, headers={5: "Five."}), "A name in headers of @returns.* string"),
        (lambda: takes(max_size=True), "max_size=True"),
        (lambda: access(action), "@access on action has no parentheses"),
        (lambda: access(5), "@access has keyword arguments only"),
    ],
)
def test_an_option_of_a_wrong_type_is_rejected(declare: Any, words: str) -> None:
    """A value that the document or the request could not use is named when it is declared."""
    with pytest.raises(DeclarationError, match=words):
        declare()


@pytest.mark.parametrize(
    ("add", "words"),
    [
        (lambda app: app.get("/", name=5), r"get\('/'\): name must be a string"),
        (lambda app: app.get("/", host=5), r"get\('/'\): host must be a string"),
        (lambda app: app.add("/", Resource, name=action), r"add\('/'\): name must be a string"),
        (
            lambda app: app.add("/", Resource, public=action),
            r"add\('/'\): public must be True or False",
        ),
        (lambda app: app.mount(5, App("B")), "prefix of mount.* must be a string"),
        (lambda app: app.mount("/b", App("B"), documented=action), r"mount\('/b'\): documented"),
        (lambda app: app.mount("/b", App("B"), public="no"), r"mount\('/b'\): public must be"),
        (lambda app: App("A", servers=5), r"servers of App\('A'\) must be a sequence"),
        (lambda app: App("A", servers=[5]), r"servers of App\('A'\) must be a sequence"),
        (lambda app: App("A", servers={"url": "/"}), r"servers of App\('A'\) must be a sequence"),
    ],
)
def test_an_option_of_an_app_of_a_wrong_type_is_rejected(add: Any, words: str) -> None:
    """Routes, mounts and Apps check their options as decorators do."""
    with pytest.raises(DeclarationError, match=words):
        add(App("A"))


@pytest.mark.parametrize("value", [action, 1, "yes", None])
@pytest.mark.parametrize("name", ["documented", "conditional", "public"])
def test_an_attribute_that_is_no_bool_is_rejected(name: str, value: object) -> None:
    """A class attribute that is on or off is a bool; a method of that name is not one."""
    declared = type("Books", (Resource,), {"get": lambda self: {}, name: value})
    with pytest.raises(DeclarationError, match=rf"Books.{{1,3}}{name} must be True"):
        App("A").add("/books", declared)


HEADERS: list[tuple[Any, str]] = [
    (Header(5), "name of a header in .* must be a string, such as 'X-Total', got 5"),  # type: ignore[arg-type]  # the mistake
    (Header(""), "name of a header in .* must be a string, such as 'X-Total', got ''"),
    (Header("X Total"), "'X Total', which is not a header name"),
    (Header("X-Total\n"), "which is not a header name"),
    (Header("X-Total", 5), "'X-Total' in .* description must be a string, got 5"),  # type: ignore[arg-type]  # the mistake
    (Header("X-Total", None), "description must be a string, got None"),  # type: ignore[arg-type]  # the mistake
    (Header("X-Total", "Rows.", "integer"), "schema must be a JSON Schema, .* got 'integer'"),  # type: ignore[arg-type]  # the mistake
    (Header("X-Total", required="no"), "required must be True or False, got 'no'"),  # type: ignore[arg-type]  # the mistake
]


@pytest.mark.parametrize(("header", "message"), HEADERS)
@pytest.mark.parametrize("decorator", [returns, raises, operation])
def test_headers_are_checked_where_they_are_declared(
    header: Any, message: str, decorator: Any
) -> None:
    """A Header with a member of a wrong type is an error of the decorator that declares it."""
    argument = "response_headers" if decorator is operation else "headers"
    with pytest.raises(DeclarationError, match=message) as raised:
        decorator(**{argument: {"X-Total": header}})
    assert f"{argument} of @{decorator.__name__}" in str(raised.value)


def test_a_header_has_one_name() -> None:
    """A Header under the key of another header is refused; the case of letters is free."""
    with pytest.raises(DeclarationError, match="header 'X-B' under the key 'X-A'"):
        returns(None, headers={"X-A": Header("X-B")})
    assert returns(None, headers={"x-a": Header("X-A")})


def test_a_description_is_checked_as_a_header_name_is() -> None:
    """A header that is declared by its description needs a name that a header can have."""
    with pytest.raises(DeclarationError, match="'X Total', which is not a header name"):
        returns(ThingSchema, headers={"X Total": "How many there are."})
    assert returns(ThingSchema, headers={"X-Total": ""})


ARGUMENTS: list[tuple[Any, dict[str, Any], str]] = [
    (access, {"documented": len}, "@access has no argument documented=. Write it in @operation."),
    (access, {"secuirty": len}, "@access has no argument secuirty=. Did you mean security=?"),
    (
        access,
        {"role": "x"},
        "@access has no argument role=. It takes security, permission, public, limits, cache.",
    ),
    (takes, {"bdy": ThingSchema}, "@takes has no argument bdy=. Did you mean body=?"),
    (takes, {"status": 200}, "@takes has no argument status=. Write it in @returns."),
    (
        takes,
        {"description": "x"},
        "@takes has no argument description=. Write it in @returns or @raises or @operation.",
    ),
    (returns, {"header": {}}, "@returns has no argument header=. Did you mean headers=?"),
    (returns, {"summary": "x"}, "@returns has no argument summary=. Write it in @operation."),
    (
        raises,
        {"Description": "x"},
        "@raises has no argument Description=. Did you mean description",
    ),
    (operation, {"tag": "x"}, "@operation has no argument tag=. Did you mean tags=?"),
    (operation, {"body": 1}, "@operation has no argument body=. Write it in @takes."),
]


@pytest.mark.parametrize(("decorator", "given", "message"), ARGUMENTS)
def test_unknown_arguments_are_errors(decorator: Any, given: dict[str, Any], message: str) -> None:
    """An argument that a decorator does not have is an error that names the one that was meant."""
    with pytest.raises(DeclarationError) as raised:
        decorator(**given)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize("value", [5, None, b"x", ["x"]])
def test_a_header_is_described(value: Any) -> None:
    """The value of a header's name is its description, or a Header."""
    with pytest.raises(DeclarationError) as refused:
        returns(headers={"X-Total": value})
    assert f"['X-Total'] must be a description or a Header, got {value!r}." in str(refused.value)
