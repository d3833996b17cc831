"""Checks at start-up: arguments of declarations that cannot be meant are rejected."""

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


def texts_of(value: Any, declared_at: str) -> tuple[str, ...]:
    """Return a sequence of texts as a tuple; one text alone would be read letter by letter.

    Raises:
        DeclarationError: It is a text, or something that holds other things than texts.
    """
    if isinstance(value, str):
        raise DeclarationError(
            f"{declared_at} is the text {value!r}; give a sequence of texts: [{value!r}]."
        )
    if not isinstance(value, Iterable) or not all(isinstance(each, str) for each in value):
        raise DeclarationError(f"{declared_at} is {value!r}; give a sequence of texts.")
    return tuple(value)


def check_mapping(value: object, declared_at: str, example: str) -> None:
    """Refuse what is neither a mapping nor None.

    Raises:
        DeclarationError: It is something else; ``example`` says what to write.
    """
    if value is not None and not isinstance(value, Mapping):
        raise DeclarationError(f"{declared_at} is {value!r}; give a mapping, such as {example}.")


def check_app(name: object, version: object, *, servers: object, **mappings: object) -> None:
    """Refuse what would make an App's document wrong.

    Raises:
        DeclarationError: One of the arguments is of another kind.
    """
    for value, declared_at in (
        (name, "The name of an App"),
        (version, f"version of App({name!r})"),
    ):
        if not isinstance(value, str):
            raise DeclarationError(f"{declared_at} is {value!r}; give a text.")
    if isinstance(servers, str):
        texts_of(servers, f"servers of App({name!r})")
    for argument, value in mappings.items():
        check_mapping(value, f"{argument} of App({name!r})", _MAPPINGS[argument])


def check_pattern(pattern: object, decorator: str) -> None:
    """Refuse a decorator that stands bare, where the URL pattern would be the function below it.

    Raises:
        DeclarationError: It is no pattern.
    """
    if callable(pattern):
        raise DeclarationError(
            f"A route wants its URL pattern first: write @app.{decorator}('/...')."
        )


def check_plain(function: Any, declared_at: str) -> None:
    """Reject an async function: nobody would await its result.

    Raises:
        DeclarationError: It is one, or an object that is called as one.
    """
    if _flags(function) & _ASYNC:
        raise DeclarationError(
            f"{declared_at} is async; restkit runs on WSGI: write a plain function or method."
        )


def check_returns(function: Any, declared_at: str) -> None:
    """Reject an async function, and a generator function: its body would never run.

    Raises:
        DeclarationError: It is one of them.
    """
    check_plain(function, declared_at)
    if _flags(function) & inspect.CO_GENERATOR:
        raise DeclarationError(
            f"{declared_at} is a generator function, whose body would never run. Return the value "
            "instead of yielding it."
        )


def _flags(function: Any) -> int:
    """Return the flags of the code that a call runs, 0 if it is not written in Python."""
    inner = function
    if type(function) is not types.FunctionType or vars(function):  # PERF: most are plain
        inner = inspect.unwrap(function)
        while isinstance(inner, functools.partial):
            inner = inner.func
        if not (inspect.isfunction(inner) or inspect.ismethod(inner) or isinstance(inner, type)):
            inner = getattr(type(inner), "__call__", inner)  # noqa: B004  # the method, not whether there is one
            inner = inspect.unwrap(inner)
    code = getattr(inner, "__code__", None)
    return code.co_flags if isinstance(code, types.CodeType) else 0


def check_call(function: Any, parameters: tuple[str, ...], declared_at: str) -> None:
    """Refuse what cannot be called with so many arguments by position.

    Args:
        function: What was given.
        parameters: What the arguments are, for the message.
        declared_at: What it was given for, as the beginning of a sentence.

    Raises:
        DeclarationError: It is no callable, or takes other arguments.
    """
    wanted = f"a function of ({', '.join(parameters)})"
    if not callable(function):
        raise DeclarationError(f"{declared_at} is {function!r}; give {wanted}.")
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


def check_factory(factory: Any, declared_at: str) -> None:
    """Refuse what can neither be called with nothing nor with the request alone.

    Raises:
        DeclarationError: It is no callable, or wants more.
    """
    if not callable(factory):
        raise DeclarationError(
            f"{declared_at} is {factory!r}; give a function that makes the value."
        )
    check_plain(factory, declared_at)
    signature = _signature(factory)
    if signature is None:
        return
    wanted = [
        each
        for each in signature.parameters.values()
        if each.default is each.empty and each.kind not in _OPEN
    ]
    if len(wanted) > 1 or any(each.kind is each.KEYWORD_ONLY for each in wanted):
        name = getattr(factory, "__qualname__", repr(factory))
        raise DeclarationError(
            f"{declared_at} is {name}{signature}; a factory takes nothing, or the request alone."
        )


def check_resource(resource: Any) -> None:
    """Refuse a resource class whose attributes are not what `Resource` says of them.

    Raises:
        DeclarationError: One of them is something else, or the class cannot be made without arguments.
    """
    declared_at = f"{resource.__module__}.{resource.__qualname__}"
    texts_of(resource.tags, f"{declared_at}.tags")
    if resource.methods is not None:
        texts_of(resource.methods, f"{declared_at}.methods")
    if not any(
        resource.conditional is each or resource.conditional == each for each in _CONDITIONAL
    ):
        raise DeclarationError(
            f"{declared_at}.conditional is {resource.conditional!r}; write True, False or 'required'."
        )
    if callable(resource.middleware) or not isinstance(resource.middleware, Iterable):
        raise DeclarationError(
            f"{declared_at}.middleware is a sequence of functions: middleware = [...]."
        )
    for each in resource.middleware:
        check_call(each, ("request", "proceed"), f"A middleware of {declared_at}")
    check_mapping(
        resource.problem_handlers, f"{declared_at}.problem_handlers", "{KeyError: handler}"
    )
    for error, handler in (resource.problem_handlers or {}).items():
        if not (isinstance(error, type) and issubclass(error, Exception)):
            raise DeclarationError(
                f"{declared_at}.problem_handlers is by exception class; {error!r} is none."
            )
        check_call(
            handler, ("error", "request"), f"The handler of {error.__name__} of {declared_at}"
        )
    if resource.idempotency is not None and not callable(
        getattr(resource.idempotency, "begin", None)
    ):
        raise DeclarationError(
            f"{declared_at}.idempotency is {resource.idempotency!r}; write idempotency = Idempotency(storage) with "
            "restkit.limits.Idempotency."
        )
    if (
        resource.__init__ is object.__init__
        and resource.__new__ is object.__new__
        and type(resource) is type
    ):
        return  # PERF: almost every resource; inspect reads a signature out of object's documentation
    try:
        inspect.signature(resource).bind()
    except TypeError:
        raise DeclarationError(
            f"{declared_at}.__init__ has parameters without a default; the class is made for each request, with nothing."
        ) from None


def check_members(resource: type, hooks: Collection[str], *, actions: bool = False) -> None:
    """Reject members of a resource class that restkit would not use as they are meant.

    Args:
        resource: The class; its bases outside of restkit are looked through as well.
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


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a callable, None for those of C that have none."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
