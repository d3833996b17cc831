"""What declarations are given: each thing that cannot be meant is refused at start-up,
in one sentence.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial, wraps
from typing import Any

import pytest
from marshmallow import fields

from restkit import (
    App,
    Conflict,
    DeclarationError,
    Problem,
    Resource,
    operation,
    provide,
    returns,
    takes,
)
from restkit.testing import Client


def resource(**attributes: Any) -> type[Resource]:
    """Return a resource class with some attributes of its own."""
    return type("Books", (Resource,), {"get": lambda self: {}, **attributes})


def handler(error: Exception) -> None: ...


def narrow(request: Any) -> None: ...


def wide(one: Any, two: Any) -> None: ...


def only_named(*, one: Any) -> None: ...


class Scheme:
    name = "basic"

    def document(self) -> dict[str, str]:
        return {"type": "http", "scheme": "basic"}

    def authenticate(self, request: Any, scopes: Any) -> str:
        return "somebody"


ATTRIBUTES: dict[str, tuple[Any, str]] = {
    "tags": ("books", r"Books\.tags must be a sequence of strings.*\['books'\]"),
    "methods": (5, r"Books\.methods must be a sequence of strings, got 5"),
    "conditional": ("yes", r"Books\.conditional must be True, False or 'required', got 'yes'"),
    "middleware": (narrow, r"Books\.middleware must be a sequence of functions"),
    "middleware of one parameter": (
        [narrow],
        r"Books is narrow\(.*, which cannot be called as .*\(request, proceed\)",
    ),
    "problem_handlers": ([KeyError], r"Books\.problem_handlers must be a mapping"),
    "problem_handlers by name": ({"KeyError": wide}, r"exception classes as keys, got 'KeyError'"),
    "problem_handlers of one parameter": (
        {KeyError: handler},
        r"KeyError of .*Books is handler\(.*\(error, request\)",
    ),
    "security": ("basic", r"Books\.security has 'basic', which is not a security scheme"),
    "security in a tuple": (
        ("basic", Scheme()),
        r"Books\.security has 'basic', which is not a security scheme",
    ),
    "security with scopes": (
        [("basic", ["read"])],
        r"Books\.security has 'basic', which is not a security scheme",
    ),
    "__init__": (lambda self, session: None, r"Books\.__init__ has parameters without a default"),
    "get": (
        lambda: {},
        r"Books\.get takes no self, but it is a method: write def get\(self, \.\.\.\)",
    ),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_of_a_resource(name: str) -> None:
    """An attribute of another kind is named with its class when the resource is added."""
    value, words = ATTRIBUTES[name]
    with pytest.raises(DeclarationError, match=words):
        App("Shop").add("/books", resource(**{name.partition(" ")[0]: value}))


def test_attributes_that_are_meant() -> None:
    """What the attributes may be is taken in each of its forms."""

    def watch(request: Any, proceed: Any, more: int = 0) -> Any:
        return proceed(request)

    app = App(
        "Shop",
        tags={"Books": "On the shelves."},
        license={"name": "MIT"},
        servers=["https://example.org"],
    )
    app.add(
        "/books",
        resource(
            tags=("Books",),
            methods={"get"},
            conditional="required",
            middleware=(watch, partial(watch, more=1), lambda *both: both[1](both[0])),
            problem_handlers={KeyError: lambda error, request: Conflict()},
            security=[Scheme(), (Scheme(), ["read"])],
            __init__=lambda self, *more, **others: None,
        ),
    )
    assert Client(app).get("/books").status == 200


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    # what is tested
    "name": (lambda: App(5), "The name of an App must be a string, got 5"),  # type: ignore[arg-type]
    # same
    "version": (
        lambda: App("Shop", version=1),
        r"version of App\('Shop'\) must be a string, got 1",
    ),  # type: ignore[arg-type]
    "servers": (
        lambda: App("Shop", servers="/v1"),
        r"servers of App\('Shop'\) .*not the string '/v1'",
    ),
    "license": (
        lambda: App("Shop", license="MIT"),
        r"license of App\('Shop'\) must be a mapping",
    ),  # type: ignore[arg-type]  # same
    # same
    "tags": (
        lambda: App("Shop", tags=["a"]),
        r"tags of App\('Shop'\) must be a mapping",
    ),  # type: ignore[arg-type]
    # same
    "bare route": (lambda: App("Shop").route(resource()), r"write @app\.route\('/\.\.\.'\)"),  # type: ignore[arg-type]
    "middleware": (
        lambda: App("Shop").middleware(narrow),
        r"A middleware of the App 'Shop' is narrow\(",
    ),
    "handler": (
        lambda: App("Shop").problem_handler(KeyError)(handler),
        "The handler of KeyError of the App 'Shop'",
    ),
    # same
    "factory": (lambda: provide(5), ("The factory of provide must be a function")),  # type: ignore[call-overload]
    "factory of two": (
        lambda: provide(wide),
        r"The factory of provide is wide\(.*no required parameter, or only the request",
    ),  # type: ignore[call-overload]  # same
    "factory by name": (
        lambda: provide(only_named),
        "A factory must have no required parameter, or only the request",
    ),  # type: ignore[call-overload]  # same
    "fake": (
        lambda: App("Shop").override(narrow, 5).__enter__(),
        "The replacement of a factory must be a function",
    ),  # type: ignore[arg-type]  # same
    "media types of takes": (
        lambda: takes(media_types="text/csv"),
        "media_types of @takes must be a sequence of strings, not the string 'text/csv'",
    ),
    "media types of returns": (
        lambda: returns(media_types="text/csv"),
        r"media_types of @returns\(status=200\) must be",
    ),
    "headers": (
        lambda: returns(headers=["X-A"]),
        r"headers of @returns\(status=200\) must be .*, got \['X-A'\]",
    ),  # type: ignore[arg-type]  # same
    "tags of operation": (
        lambda: operation(tags="books"),
        "tags of @operation must be a sequence of strings",
    ),
    # same
    "tags that are none": (lambda: operation(tags=[5]), "must be a sequence of strings"),  # type: ignore[list-item]
    "a status twice": (
        lambda: returns({"a": fields.Int()})(returns({"a": fields.Str()})(narrow)),
        "narrow declares the status 200 twice",
    ),
    "title": (
        lambda: type("Sold", (Problem,), {"status": 409, "title": 5}),
        "Sold.title must be a string",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_cannot_be_meant(name: str) -> None:
    """What would only show at a request, or in the document, is refused where it is written."""
    mistake, words = MISTAKES[name]
    with pytest.raises(DeclarationError, match=words):
        mistake()


def test_what_has_no_signature_passes() -> None:
    """A callable of C that tells no signature is given the benefit of the doubt."""
    app = App("Shop")
    app.problem_handler(KeyError)(type)
    assert isinstance(provide(dict), object)


async def later(*_arguments: Any) -> None:
    """Is async."""


async def items(*_arguments: Any) -> AsyncIterator[int]:
    """Is an async generator."""
    yield 1


class Later:
    """Is called as an async function."""

    async def __call__(self, *_arguments: Any) -> None:
        """Be awaited by nobody."""


@wraps(later)
def wrapped(*arguments: Any) -> Any:
    return later(*arguments)


@pytest.mark.parametrize("given", [later, items, Later(), partial(later, 1), wrapped])
def test_async_functions_are_refused_wherever_a_function_is_given(given: Any) -> None:
    """Nobody would await them: middleware, handlers, factories and what stands in for these."""
    app = App("Async")
    for declare in (
        lambda: app.middleware(given),
        lambda: app.problem_handler(KeyError)(given),
        lambda: provide(given),
        lambda: app.override(print, given).__enter__(),
    ):
        with pytest.raises(
            DeclarationError,
            match="is async, which restkit does not await",
        ):
            declare()


def test_an_async_generator_is_no_verb() -> None:
    """A verb that yields asynchronously is refused; one that is awaited runs."""

    class Items(Resource):
        async def get(self) -> AsyncIterator[int]:
            yield 1

    with pytest.raises(DeclarationError, match=r"Items\.get is an async generator"):
        App("Async").add("/x", Items)


def test_generator_functions_where_a_value_is_meant() -> None:
    """Middleware, handlers, hooks and `authenticate` that yield are rejected:
    their body would not run.
    """
    app = App("Yields")

    def yields(request: Any, proceed: Any = None) -> Any:
        yield request

    class Keys(Scheme):
        name = "keys"

        def document(self) -> dict[str, str]:
            return {"type": "http", "scheme": "bearer"}

        def authenticate(self, request: Any, scopes: Any) -> Any:
            yield request

    for declare in (
        lambda: app.middleware(yields),
        lambda: app.problem_handler(KeyError)(yields),
        lambda: app.document_hook(yields),
        lambda: App("Guarded", security=Keys()),
    ):
        with pytest.raises(DeclarationError, match="generator function, whose body would never"):
            declare()


def test_options_of_other_frameworks_on_routes() -> None:
    """`methods=`, `status_code=` and their kind are rejected with restkit's way to say it."""
    app = App("Routes")
    for name, remedy in {
        "methods": r"@app\.get, @app\.post",
        "status_code": r"@returns\(schema, status=201\)",
        "response_model": r"@returns\(schema\)",
        "tags": "below the route",
        "colour": "It takes name, host, security, permission, limits, cache, deprecated, public",
        "hots": r"Did you mean host=\?",
        "secuirty": r"Did you mean security=\?",
    }.items():
        options: Any = {name: ["GET"]}
        for declare in (app.route, app.get, app.post, app.put, app.patch, app.delete):
            with pytest.raises(DeclarationError, match=f"has no argument {name}=.*{remedy}"):
                declare("/x", **options)
        # A mount may have fewer methods than its class.
        message = "methods contains GET" if name == "methods" else f"has no argument {name}="
        with pytest.raises(DeclarationError, match=message):
            app.add("/x", Resource, **options)


def test_provide_as_a_default_of_a_factory() -> None:
    """A factory that has a provided value as its default would get it unresolved."""

    def factory(other: Any = provide(dict)) -> Any:  # noqa: B008  # that is what is tested
        return other

    with pytest.raises(DeclarationError, match="obtain"):
        provide(factory)
