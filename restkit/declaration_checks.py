"""Checks at start-up, which reject invalid arguments of declarations."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from .errors import DeclarationError
from .foreign_names import RESOURCE_MEMBERS, UNKNOWN_VERBS

__all__ = [
    "check_app",
    "check_call",
    "check_factory",
    "check_mapping",
    "check_members",
    "check_pattern",
    "check_plain",
    "check_resource",
    "check_returns",
    "texts_of",
]

_MAPPINGS = {
    "contact": "{'name': 'Jo'}",
    "license": "{'name': 'MIT'}",
    "tags": "{'Books': 'What is on the shelves.'}",
}
_INSTANCE = ("app", "request")  # set on every instance of a resource
_ASYNC = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_CONDITIONAL = (False, True, "required")


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
    """Reject arguments of an App that its document cannot hold.

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
    if _flags(function) & _ASYNC:
        raise DeclarationError(
            f"{declared_at} is async; restkit runs on WSGI: write a plain function or method."
        )


def check_returns(function: object, declared_at: str) -> None:
    """Reject an async function, and a generator function, whose body would never run.

    Raises:
        DeclarationError: The function is async or a generator function.
    """
    check_plain(function, declared_at)
    if _flags(function) & inspect.CO_GENERATOR:
        raise DeclarationError(
            f"{declared_at} is a generator function, whose body would never run. Return the value "
            "instead of yielding it."
        )


def _flags(function: object) -> int:
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
            f"{declared_at} is {name}{signature}; a factory has no parameter, or the request alone."
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
    if not any(
        resource.conditional is each or resource.conditional == each for each in _CONDITIONAL
    ):
        raise DeclarationError(
            f"{declared_at}.conditional is {resource.conditional!r}; write True, False or "
            "'required'."
        )
    _check_middleware(resource.middleware, declared_at)
    _check_handlers(resource.problem_handlers, declared_at)
    if resource.idempotency is not None and not callable(
        getattr(resource.idempotency, "begin", None)
    ):
        raise DeclarationError(
            f"{declared_at}.idempotency is {resource.idempotency!r}; write "
            "idempotency = Idempotency(storage) with restkit.limits.Idempotency."
        )
    _check_construction(resource, declared_at)


def _check_middleware(middleware: object, declared_at: str) -> None:
    if callable(middleware) or not isinstance(middleware, Iterable):
        raise DeclarationError(
            f"{declared_at}.middleware must be a sequence of functions: middleware = [...]."
        )
    for each in middleware:
        check_call(each, ("request", "proceed"), f"A middleware of {declared_at}")


def _check_handlers(handlers: Any, declared_at: str) -> None:
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
            f"{declared_at}.__init__ has parameters without a default; restkit instantiates the "
            "class for each request without arguments."
        ) from None


def check_members(resource: type, hooks: Collection[str], *, actions: bool = False) -> None:
    """Reject members of a resource class that restkit would silently ignore or misuse.

    Args:
        resource: The class; its bases outside of restkit are checked as well.
        hooks: restkit's own methods that the class may override.
        actions: Whether the class has actions (``list``, ``create``), as a CRUDResource has.

    Raises:
        DeclarationError: A member has a meaning in another framework, reads like a verb, or
            replaces a part of restkit.
    """
    own = [each for each in resource.__mro__ if _is_restkit(each)]
    for each in resource.__mro__:
        if each is not object and each not in own:
            for name, value in vars(each).items():
                if not name.startswith("__"):
                    _check_member(f"{each.__module__}.{each.__qualname__}", name, value, actions)
                    if name not in hooks:
                        _check_override(f"{each.__module__}.{each.__qualname__}", name, own)


def _is_restkit(each: type) -> bool:
    module = each.__module__ or ""  # None for a class that exec() made
    return module.partition(".")[0] == "restkit" and ".conformance" not in module


def _check_member(declared_at: str, name: str, value: object, actions: bool) -> None:
    if remedy := RESOURCE_MEMBERS.get(name):
        raise DeclarationError(
            f"{declared_at}.{name} is not a restkit attribute. {remedy} "
            f"Rename your own attribute to _{name}."
        )
    verb = UNKNOWN_VERBS.get(name)
    if verb and not actions and isinstance(value, types.FunctionType):
        raise DeclarationError(
            f"{declared_at}.{name} is not a verb. Name the method {verb}, subclass "
            f"restkit.crud.CRUDResource for actions, or rename your own method to _{name}."
        )


def _check_override(declared_at: str, name: str, own: Iterable[type]) -> None:
    """Reject a member that replaces a method, a property or an instance attribute of restkit."""
    for each in own:
        replaced = vars(each).get(name)
        is_part = callable(replaced) or isinstance(replaced, (property, classmethod))
        if is_part or name in _INSTANCE or (name.startswith("_") and name in vars(each)):
            raise DeclarationError(
                f"{declared_at}.{name} replaces a part of {each.__qualname__} that restkit needs. "
                "Rename the attribute."
            )


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _signature(function: Callable[..., object]) -> inspect.Signature | None:
    """Return the signature of a callable, None for C functions without a signature."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
