"""Checks of the members of a resource class: verbs, foreign names, replaced parts of restkit.

A method that restkit would never call is rejected if its name describes a verb. A helper, which
another method of the class calls, may have any name that restkit does not use.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Collection, Iterable, Iterator

from .declaration_checks import code_flags
from .declarations import Declarations, DeclaredMethod
from .errors import DeclarationError
from .foreign_names import HTTP_METHODS, RESOURCE_MEMBERS, UNKNOWN_VERBS

__all__ = ["DECLARED", "VERBS", "check_members", "check_methods", "check_verb"]

_WRITTEN = ("get", "head", "post", "put", "patch", "delete", "query")
VERBS = ("get", "head", "post", "put", "patch", "delete", "options", "query")
DECLARED = (
    "schema",
    "conditional",
    "idempotency",
    "documented",
    "middleware",
    "problem_handlers",
    "security",
    "permission",
    "limits",
    "cache",
    "public",
)
"""Attributes of a resource class whose misspellings have no meaning of their own."""
_INSTANCE = ("app", "request")  # set on every instance of a resource
_SERVED = "get, post, put, patch, delete, query, head and options"


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
        if each is object or each in own:
            continue
        class_name = f"{each.__module__}.{each.__qualname__}"
        for name, value in vars(each).items():
            if name.startswith("__") or name in hooks:
                continue
            declared_at = f"{class_name}.{name}"
            _check_foreign(declared_at, name, own)
            _check_decorated(declared_at, value)
            if not actions:
                _check_spelling(resource, declared_at, name, value)
            _check_override(declared_at, name, own)


def check_verb(function: object, declared_at: str) -> None:
    """Reject an async generator, and an async verb if asgiref is not installed.

    Raises:
        DeclarationError: The function cannot be a verb.
    """
    flags = code_flags(function)
    if flags & inspect.CO_ASYNC_GENERATOR:
        raise DeclarationError(
            f"{declared_at} is an async generator, which restkit cannot send. Write a plain "
            "generator, or return a list."
        )
    if flags & inspect.CO_COROUTINE:
        from importlib.util import find_spec  # cold start

        if find_spec("asgiref") is None:
            raise DeclarationError(
                f"{declared_at} is async, which needs a package that is not installed: pip install "
                "'restkit[async]'. Or write a plain function or method."
            )


def check_methods(methods: Collection[str], found: Collection[str], declared_at: str) -> None:
    """Reject a verb in ``methods`` that the class does not have.

    Args:
        methods: The verbs that are declared, in capital letters.
        found: The verbs that the class has, in capital letters.
        declared_at: The name of the class.

    Raises:
        DeclarationError: A verb is missing, or is not an HTTP method that restkit serves.
    """
    for method in sorted(set(methods) - set(found) - {"HEAD", "OPTIONS"}):
        if method.lower() in VERBS:
            raise DeclarationError(
                f"{declared_at}.methods contains {method}, but the class has no such method. "
                "Write the method, or remove the name."
            )
        meant = _meant(method.lower(), VERBS)
        hint = f"Did you mean {meant}?" if meant else "Remove the name."
        raise DeclarationError(
            f"{declared_at}.methods contains {method}, which is not an HTTP method that restkit "
            f"serves: {_SERVED}. {hint}"
        )


def _is_restkit(each: type) -> bool:
    module = each.__module__ or ""  # None for a class that exec() made
    return module.partition(".")[0] == "restkit" and ".conformance" not in module


def _check_foreign(declared_at: str, name: str, own: Iterable[type]) -> None:
    """Reject a name that another framework gives a meaning to, and restkit none."""
    remedy = RESOURCE_MEMBERS.get(name)
    if remedy and not any(vars(each).get(name, each) is None for each in own):
        raise DeclarationError(
            f"{declared_at} is not a restkit attribute. {remedy} "
            f"Rename your own attribute to _{name}."
        )


def _check_decorated(declared_at: str, value: object) -> None:
    """Reject a decorator that has no effect, since the method is neither a verb nor an action."""
    decorator = _without_effect(value.declarations) if isinstance(value, DeclaredMethod) else ""
    if decorator:
        raise DeclarationError(
            f"{declared_at} has {decorator}, which has no effect on a method that is not a verb: "
            f"{_SERVED}. Rename the method, or remove the decorator."
        )


def _meant(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that another name probably misspells; see `misspelt`."""
    from .spelling import misspelt  # cold start: a class of verbs alone has no such names

    return misspelt(name, known)


def _check_spelling(resource: type, declared_at: str, name: str, value: object) -> None:
    """Reject a method that was meant as a verb, and an attribute that would have no effect.

    SECURITY: if a misspelt ``secuirty = [keys]`` were ignored, the class would be public.
    """
    if isinstance(value, (types.FunctionType, DeclaredMethod)):
        remedy = _remedy(name)
        if remedy and not _is_called(resource, name):
            raise DeclarationError(
                f"{declared_at} is not an HTTP method that restkit serves. {remedy} Rename your "
                f"own method to _{name}."
            )
    elif meant := _meant(name, DECLARED):
        raise DeclarationError(
            f"{declared_at} is not a restkit attribute. Did you mean {meant}? Rename your own "
            f"attribute to _{name}."
        )


def _remedy(name: str) -> str:
    """Return the remedy for a method that reads like a verb, "" if it does not."""
    if meant := _meant(name, _WRITTEN):
        return f"Did you mean {meant}?"
    if verb := UNKNOWN_VERBS.get(name):
        return f"Name the method {verb}, or subclass restkit.crud.CRUDResource, which has actions."
    return HTTP_METHODS.get(name, "")


def _without_effect(declared: Declarations) -> str:
    """Return the decorator that has no effect on a helper, "" if there is none."""
    if declared.inputs or declared.media_types or declared.max_size:
        return "@takes"
    if declared.returns:
        return "@returns"
    if not {"security", "permission", "limits", "cache"}.isdisjoint(declared.words):
        return "@access"
    if "deprecation" in declared.words:
        return "@deprecated"
    return "@operation" if declared.words else ""


def _is_called(resource: type, name: str) -> bool:
    """Return whether another method of a class uses a name, as in ``self.search()``."""
    for each in resource.__mro__:
        for other, value in vars(each).items():
            if other != name and name in _used_names(value):
                return True
    return False


def _used_names(value: object) -> Iterable[str]:
    """Return the global names and attributes that a method uses."""
    if isinstance(value, property):
        value = value.fget
    inner = getattr(value, "__func__", getattr(value, "function", value))
    code = getattr(inner, "__code__", None)
    return set(_names_of(code)) if isinstance(code, types.CodeType) else ()


def _names_of(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _names_of(each)


def _check_override(declared_at: str, name: str, own: Iterable[type]) -> None:
    """Reject a member that replaces a method, a property or an instance attribute of restkit."""
    for each in own:
        replaced = vars(each).get(name)
        is_part = callable(replaced) or isinstance(replaced, (property, classmethod))
        if is_part or name in _INSTANCE or (name.startswith("_") and name in vars(each)):
            raise DeclarationError(
                f"{declared_at} replaces a part of {each.__qualname__} that restkit needs. "
                "Rename the attribute."
            )
