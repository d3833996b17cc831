"""Checks at start-up, which reject invalid arguments of declarations."""

from __future__ import annotations

import functools
import inspect
import re
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .errors import DeclarationError

__all__ = [
    "check_app",
    "check_call",
    "check_factory",
    "check_flag",
    "check_header",
    "check_keywords",
    "check_mapping",
    "check_pattern",
    "check_plain",
    "check_resource",
    "check_returns",
    "check_text",
    "code_flags",
    "texts_of",
]

_MAPPINGS = {
    "contact": "{'name': 'Jo'}",
    "license": "{'name': 'MIT'}",
    "tags": "{'Books': 'What is on the shelves.'}",
}
_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def texts_of(value: object, declared_at: str) -> tuple[str, ...]:
    """Return a sequence of strings as a tuple; reject a string, whose items are its letters.

    Raises:
        DeclarationError: The value is a string, or is not a sequence of strings.
    """
    if isinstance(value, str):
        raise DeclarationError(
            f"{declared_at} must be a sequence of strings, not the string {value!r}. "
            f"Write [{value!r}]."
        )
    if not isinstance(value, Iterable) or not all(isinstance(each, str) for each in value):
        raise DeclarationError(f"{declared_at} must be a sequence of strings, got {value!r}.")
    return tuple(value)


def check_mapping(value: object, declared_at: str, example: str) -> None:
    """Reject a value that is neither a mapping nor None.

    Raises:
        DeclarationError: The value is of another type; the message quotes ``example``.
    """
    if value is not None and not isinstance(value, Mapping):
        raise DeclarationError(
            f"{declared_at} must be a mapping, such as {example}, got {value!r}."
        )


def check_app(name: object, version: object, *, servers: object, **mappings: object) -> None:
    """Reject arguments of an App whose types the OpenAPI document does not allow.

    Raises:
        DeclarationError: An argument is of a wrong type.
    """
    for value, declared_at in (
        (name, "The name of an App"),
        (version, f"version of App({name!r})"),
    ):
        if not isinstance(value, str):
            raise DeclarationError(f"{declared_at} must be a string, got {value!r}.")
    if isinstance(servers, str):
        texts_of(servers, f"servers of App({name!r})")
    given = servers if isinstance(servers, (list, tuple)) else [None]
    if not all(isinstance(each, (str, Mapping)) for each in given):
        raise DeclarationError(
            f"servers of App({name!r}) must be a sequence of URLs or Server Objects, such as "
            f"['https://api.example.com'], got {servers!r}."
        )
    for argument, value in mappings.items():
        check_mapping(value, f"{argument} of App({name!r})", _MAPPINGS[argument])


def check_pattern(pattern: object, decorator: str) -> None:
    """Reject a decorator without parentheses, whose URL pattern is the decorated function.

    Raises:
        DeclarationError: The pattern is callable.
    """
    if callable(pattern):
        raise DeclarationError(
            f"A route needs its URL pattern first: write @app.{decorator}('/...')."
        )


def check_plain(function: object, declared_at: str) -> None:
    """Reject an async function, whose result restkit would not await.

    Raises:
        DeclarationError: The function, or the ``__call__`` of the object, is async.
    """
    if code_flags(function) & _ASYNC:
        raise DeclarationError(
            f"{declared_at} is async, which restkit does not await: it runs on WSGI. Write a plain "
            "function or method."
        )


def check_returns(function: object, declared_at: str) -> None:
    """Reject an async function, and a generator function, whose body would never run.

    Raises:
        DeclarationError: The function is async or a generator function.
    """
    check_plain(function, declared_at)
    if code_flags(function) & inspect.CO_GENERATOR:
        raise DeclarationError(
            f"{declared_at} is a generator function, whose body would never run. Return the value "
            "instead of yielding it."
        )


def code_flags(function: object) -> int:
    """Return the flags of the code that a call runs, 0 if it is not written in Python."""
    inner: Any = function
    if type(function) is not types.FunctionType or vars(function):  # PERF: most are plain
        inner = inspect.unwrap(inner)
        while isinstance(inner, functools.partial):
            inner = inner.func
        if not (inspect.isfunction(inner) or inspect.ismethod(inner) or isinstance(inner, type)):
            # NOTE: the method itself is needed, not whether there is one.
            inner = getattr(type(inner), "__call__", inner)  # noqa: B004
            inner = inspect.unwrap(inner)
    code: object = getattr(inner, "__code__", None)
    return code.co_flags if isinstance(code, types.CodeType) else 0


def check_call(function: object, parameters: tuple[str, ...], declared_at: str) -> None:
    """Reject a value that cannot be called with these positional arguments.

    Args:
        function: The declared value.
        parameters: The names of the arguments, for the message.
        declared_at: The name of the declaration, as the beginning of a sentence.

    Raises:
        DeclarationError: The value is not callable, or has other parameters.
    """
    wanted = f"a function of ({', '.join(parameters)})"
    if not callable(function):
        raise DeclarationError(f"{declared_at} must be {wanted}, got {function!r}.")
    check_returns(function, declared_at)
    signature = _signature(function)
    if signature is None:
        return
    try:
        signature.bind(*parameters)
    except TypeError:
        name = getattr(function, "__qualname__", repr(function))
        raise DeclarationError(
            f"{declared_at} is {name}{signature}, which cannot be called as {wanted}."
        ) from None


def check_factory(factory: object, declared_at: str) -> None:
    """Reject a value that can be called neither without arguments nor with the request alone.

    Raises:
        DeclarationError: The value is not callable, or requires other arguments.
    """
    if not callable(factory):
        raise DeclarationError(
            f"{declared_at} must be a function that returns the value, got {factory!r}."
        )
    check_plain(factory, declared_at)
    signature = _signature(factory)
    if signature is None:
        return
    required = [
        each
        for each in signature.parameters.values()
        if each.default is each.empty and each.kind not in _OPEN
    ]
    if len(required) > 1 or any(each.kind is each.KEYWORD_ONLY for each in required):
        name = getattr(factory, "__qualname__", repr(factory))
        raise DeclarationError(
            f"{declared_at} is {name}{signature}. A factory must have no required parameter, or "
            "only the request."
        )


def check_resource(resource: Any) -> None:
    """Reject a resource class with attributes of a wrong type, or with required arguments.

    Raises:
        DeclarationError: An attribute is invalid, or the class cannot be called without arguments.
    """
    declared_at = f"{resource.__module__}.{resource.__qualname__}"
    texts_of(resource.tags, f"{declared_at}.tags")
    if resource.methods is not None:
        texts_of(resource.methods, f"{declared_at}.methods")
    check_flag(resource.documented, f"{declared_at}.documented")
    conditional: object = resource.conditional
    if conditional != "required" and not isinstance(conditional, bool):
        raise DeclarationError(
            f"{declared_at}.conditional must be True, False or 'required', got {conditional!r}."
        )
    _check_middleware(resource.middleware, declared_at)
    _check_handlers(resource.problem_handlers, declared_at)
    if resource.idempotency is not None and not callable(
        getattr(resource.idempotency, "begin", None)
    ):
        raise DeclarationError(
            f"{declared_at}.idempotency must be an idempotency rule, got {resource.idempotency!r}. "
            "Write idempotency = Idempotency(storage) with restkit.limits.Idempotency."
        )
    _check_construction(resource, declared_at)


def _check_middleware(middleware: object, declared_at: str) -> None:
    if callable(middleware) or not isinstance(middleware, Iterable):
        raise DeclarationError(
            f"{declared_at}.middleware must be a sequence of functions: middleware = [...]."
        )
    for each in middleware:
        check_call(each, ("request", "proceed"), f"A middleware of {declared_at}")


def _check_handlers(handlers: Mapping[type[Exception], object] | None, declared_at: str) -> None:
    check_mapping(handlers, f"{declared_at}.problem_handlers", "{KeyError: handler}")
    for error, handler in (handlers or {}).items():
        if not (isinstance(error, type) and issubclass(error, Exception)):
            raise DeclarationError(
                f"{declared_at}.problem_handlers must have exception classes as keys, "
                f"got {error!r}."
            )
        check_call(
            handler, ("error", "request"), f"The handler of {error.__name__} of {declared_at}"
        )


def _check_construction(resource: Any, declared_at: str) -> None:
    """Reject a class that cannot be called without arguments."""
    if (
        resource.__init__ is object.__init__
        and resource.__new__ is object.__new__
        and type(resource) is type
    ):
        return  # PERF: almost every resource; inspect parses a signature from object's docstring
    try:
        inspect.signature(resource).bind()
    except TypeError:
        raise DeclarationError(
            f"{declared_at}.__init__ has parameters without a default, but restkit creates an "
            "instance for each request without arguments. Give the parameters defaults."
        ) from None


def check_flag(value: object, declared_at: str) -> None:
    """Reject a value that is not a bool: a function or a string would count as True.

    Raises:
        DeclarationError: The value is of another type.
    """
    if not isinstance(value, bool):
        raise DeclarationError(f"{declared_at} must be True or False, got {value!r}.")


def check_text(value: object, declared_at: str, example: str) -> None:
    """Reject a value that is not a string with at least one character.

    Raises:
        DeclarationError: The value is not a string or is empty; the message quotes ``example``.
    """
    if not isinstance(value, str) or not value:
        raise DeclarationError(
            f"{declared_at} must be a string, such as {example!r}, got {value!r}."
        )


def check_header(
    name: object, description: object, schema: object, required: object, declared_at: str
) -> None:
    """Reject a declared header whose name is invalid or whose members have wrong types.

    Raises:
        DeclarationError: A member is invalid.
    """
    check_text(name, f"The name of a header in {declared_at}", "X-Total")
    # RFC 9110, section 5.1: a field name is a token.
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", str(name)):
        raise DeclarationError(
            f"{declared_at} has the header {name!r}, which is not a header name. Write letters, "
            "digits and hyphens: 'X-Total'."
        )
    where = f"The header {name!r} in {declared_at}"
    if isinstance(description, (bytes, bool, int, float, type)) or description is None:
        raise DeclarationError(f"{where}: description must be a string, got {description!r}.")
    if not isinstance(schema, Mapping):
        raise DeclarationError(
            f"{where}: schema must be a JSON Schema, such as {{'type': 'integer'}}, got {schema!r}."
        )
    check_flag(required, f"{where}: required")


def check_keywords(
    decorator: str, given: Iterable[str], known: Mapping[str, tuple[str, ...]]
) -> None:
    """Reject keyword arguments that a decorator does not have.

    Args:
        decorator: The name of the decorator.
        given: The names of the arguments.
        known: The arguments of every decorator, by its name.

    Raises:
        DeclarationError: An argument is unknown. The message suggests the argument or the
            decorator that was probably meant.
    """
    own = known[decorator]
    for name in (each for each in given if each not in own):
        from .spelling import misspelt  # cold start: programs without mistakes need no advice

        others = [f"@{other}" for other, names in known.items() if name in names]
        if meant := misspelt(name, own):
            advice = f"Did you mean {meant}=?"
        elif others:
            advice = f"Write it in {' or '.join(others)}."
        else:
            advice = f"It takes {', '.join(own)}."
        raise DeclarationError(f"@{decorator} has no argument {name}=. {advice}")


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _signature(function: Callable[..., object]) -> inspect.Signature | None:
    """Return the signature of a callable, None for C functions without a signature."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
