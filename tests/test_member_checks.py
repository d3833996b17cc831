"""Members of a resource class: verbs that restkit does not serve, helpers, and lost decorators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    DeclarationError,
    NotFound,
    Resource,
    access,
    operation,
    raises,
    returns,
    takes,
)
from restkit.app_arguments import APP_ATTRIBUTES
from restkit.crud import CRUDResource, MemoryStore
from restkit.foreign_names import HTTP_METHODS, UNKNOWN_VERBS
from restkit.testing import Client


class BookSchema(Schema):
    title = fields.Str()


@dataclass
class Book:
    id: int = 0
    title: str = ""


def nothing(self: object) -> dict[str, str]:
    return {}


def books(**members: object) -> type[Resource]:
    return type("Books", (Resource,), {"get": nothing, **members})


def mount(**members: object) -> App:
    app = App("Shop")
    app.add("/books", books(**members))
    return app


@pytest.mark.parametrize("name", HTTP_METHODS)
def test_an_http_method_that_restkit_does_not_serve_is_rejected(name: str) -> None:
    """A method `trace` would never be called; the message names it and gives the remedy."""
    with pytest.raises(
        DeclarationError, match=rf"Books\.{name} is not an HTTP method.* _{name}"
    ) as it:
        mount(**{name: nothing})
    assert HTTP_METHODS[name] in str(it.value)


@pytest.mark.parametrize("name", ["search", "copy", "move", "link", "lock", "merge", "report"])
def test_a_helper_may_have_an_everyday_name(name: str) -> None:
    """SEARCH and COPY are HTTP methods elsewhere, but `search` and `copy` are helpers as well."""
    assert Client(mount(**{name: nothing})).get("/books").status == 200


class Helpers(Resource):
    """Helpers that the verb calls, named like HTTP methods and like misspelt verbs."""

    def get(self) -> dict[str, object]:
        return {"found": [self.purge(), self.fetch(), self.gt(), *map(self.connect, [1])]}

    def purge(self) -> int:
        return 1

    def fetch(self) -> int:
        return 2

    def gt(self) -> int:
        return 3

    def connect(self, number: int) -> int:
        return number


def test_a_method_that_a_verb_calls_is_a_helper() -> None:
    """A method that another one calls is no verb, whatever its name."""
    app = App("Shop")
    app.add("/books", Helpers)
    assert Client(app).get("/books").json() == {"found": [1, 2, 3, 1]}


@pytest.mark.parametrize("name", ["fetch", "purge", "gt"])
@pytest.mark.parametrize("wrap", [property, classmethod, raises(NotFound)])
def test_any_member_that_uses_a_helper_makes_it_one(name: str, wrap: Any) -> None:
    """A property, a class method or a decorated method may use the helper, also in a lambda."""
    source = f"lambda self: [(lambda: self.{name}()) for _ in range(1)]"
    user = wrap(eval(source))  # a method whose code has the name
    assert Client(mount(**{name: nothing, "rest": user})).get("/books").status == 200


def test_a_method_that_calls_only_itself_is_no_helper() -> None:
    """Recursion is no use by another method."""
    with pytest.raises(DeclarationError, match=r"Books\.fetch is not an HTTP method"):
        mount(fetch=lambda self: self.fetch())


DECORATORS: dict[str, Callable[..., Any]] = {
    "@takes": takes(query=BookSchema),
    "@takes size": takes(max_size=9),
    "@takes types": takes(media_types=["text/csv"]),
    "@returns": returns(BookSchema),
    "@operation": operation(summary="Search."),
    "@access": access(public=True),
}


@pytest.mark.parametrize("decorator", DECORATORS)
@pytest.mark.parametrize("name", ["search", "psot", "gett", "fetch", "purge", "lookup"])
def test_a_decorator_of_a_method_that_is_no_verb_is_rejected(decorator: str, name: str) -> None:
    """A declaration that nothing reads stops the start: no request would be checked by it."""
    word = decorator.partition(" ")[0]
    with pytest.raises(DeclarationError, match=rf"Books\.{name} has {word}, which has no effect"):
        mount(**{name: DECORATORS[decorator](nothing)})


def test_problems_of_a_helper_are_allowed() -> None:
    """`@raises` may stand on a helper, from which its callers repeat it."""
    assert Client(mount(lookup=raises(NotFound)(nothing))).get("/books").status == 200


@pytest.mark.parametrize("name", ["pst", *UNKNOWN_VERBS])
def test_raises_does_not_hide_a_misspelt_verb(name: str) -> None:
    """A decorated method is checked like a plain one."""
    with pytest.raises(DeclarationError, match=rf"Books\.{name} is not an HTTP method"):
        mount(**{name: raises(NotFound)(nothing)})


def test_a_decorated_helper_of_a_collection_is_rejected() -> None:
    """An action of a CRUDResource that is none would not be called either."""
    members = {"model": Book, "store": MemoryStore(Book), "schema": BookSchema}
    declared: Any = type(
        "Books", (CRUDResource,), {**members, "find": returns(BookSchema)(nothing)}
    )
    with pytest.raises(DeclarationError, match=r"Books\.find has @returns"):
        App("Shop").add("/books", declared)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("search", "SEARCH, which is not an HTTP method that restkit serves.* Remove the name"),
        ("psot", "PSOT, which is not an HTTP method.* Did you mean post"),
        ("put", "PUT, but the class has no such method"),
    ],
)
def test_methods_names_verbs_of_the_class(method: str, words: str) -> None:
    """`methods` with a verb that cannot be served says which ones can."""
    with pytest.raises(DeclarationError, match=f"Books.methods contains {words}"):
        mount(methods=("get", method), search=nothing)


@pytest.mark.parametrize(
    "name", ["url_for", "add", "get", "name", "settings", "operations", "_registry", "freeze"]
)
@pytest.mark.parametrize(
    "value", [nothing, 5, property(nothing)], ids=["method", "int", "property"]
)
def test_a_subclass_of_app_replaces_no_part_of_it(name: str, value: object) -> None:
    """An App whose `url_for` or `settings` is another one would fail in some later request."""
    with pytest.raises(DeclarationError, match=rf"Shop\.{name} replaces a part of App"):
        type("Shop", (App,), {name: value})


def test_the_attributes_of_an_app_are_known() -> None:
    """The list of attributes that a subclass cannot have is complete."""
    assert set(vars(App("Shop"))) == set(APP_ATTRIBUTES)


def test_a_subclass_of_app_may_have_members_of_its_own() -> None:
    """Own members, a constructor and `__call__` are allowed, also those of a mixin."""

    class Greeting:
        greeting = "Hello"

    class Shop(Greeting, App):
        def __init__(self) -> None:
            super().__init__("Shop")
            self.add("/books", books())

    assert Client(Shop()).get("/books").status == 200
    assert Shop().greeting == "Hello"
