"""What a method's signature says: its parameters by name, and by its annotations what they are.

Read once, when a resource is mounted; a request never looks at a signature.
"""

from __future__ import annotations

import contextlib
import inspect
import re
import types
import typing
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple
from uuid import UUID

from werkzeug.wrappers import Response

from ..errors import DeclarationError

__all__ = ["Kind", "Signature", "check_variable", "item_of", "read_signature", "return_kind"]

Kind = Literal["absent", "none", "response", "one", "many"]
_BY_POSITION = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)
_MANY = (
    list,
    tuple,
    set,
    frozenset,
    Sequence,
    Iterable,
    Iterator,
    typing.Collection,
    typing.Generator,
)


class Signature(NamedTuple):
    """A method's signature without ``self``.

    Attributes:
        annotations: The annotation of each named parameter, None where there is none.
        required: The parameters without a default.
        open: Whether there is a ``**kwargs``.
        returns: The return annotation, ``inspect.Signature.empty`` where there is none.
    """

    annotations: Mapping[str, Any]
    required: frozenset[str]
    open: bool
    returns: Any

    def takes(self, name: str) -> bool:
        """Whether an argument of this name can be passed."""
        return self.open or name in self.annotations


def read_signature(function: Callable[..., Any], declared_at: str, *, method: bool) -> Signature:
    """Read a function's signature.

    Args:
        function: The method (unbound) or function.
        declared_at: Where it stands, for messages.
        method: Whether the first parameter is ``self``.

    Raises:
        DeclarationError: A parameter is positional-only or an annotation cannot be resolved.
    """
    if type(function) is types.FunctionType and not vars(function):
        code = function.__code__
        if code.co_argcount >= method and not code.co_posonlyargcount:
            return _read_code(function, declared_at, method=method)
    try:
        signature = inspect.signature(function)
    except ValueError:
        raise DeclarationError(
            f"{declared_at} has no signature that can be read; write a function or a method."
        ) from None
    if method and not any(each.kind in _BY_POSITION for each in signature.parameters.values()):
        raise DeclarationError(
            f"{declared_at} takes no self; it is a method: def {declared_at.rpartition('.')[2]}(self, ...)."
        )
    parameters = list(signature.parameters.values())[1 if method else 0 :]
    scope = _scope(inspect.unwrap(function))
    annotations: dict[str, Any] = {}
    required: set[str] = set()
    is_open = False
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            is_open = True
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            raise DeclarationError(
                f"{declared_at}: the parameter {parameter.name!r} is positional-only; arguments are passed by name."
            )
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            annotations[parameter.name] = _resolved(
                parameter.annotation, scope, declared_at, parameter.name
            )
            if parameter.default is parameter.empty:
                required.add(parameter.name)
    returns = signature.return_annotation
    if returns is not signature.empty:
        returns = _resolved(returns, scope, declared_at, "return")
    return Signature(annotations, frozenset(required), is_open, returns)


def _read_code(function: types.FunctionType, declared_at: str, *, method: bool) -> Signature:
    """Read the signature of a plain function off its code."""
    # PERF: to make inspect.Signature of it takes three times as long, and a service has a thousand methods.
    code = function.__code__
    positional = code.co_varnames[int(method) : code.co_argcount]
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    optional = {
        *positional[max(0, len(positional) - len(function.__defaults__ or ())) :],
        *(function.__kwdefaults__ or ()),
    }
    said = function.__annotations__
    empty = inspect.Parameter.empty
    scope = _scope(function)
    annotations = {
        name: _resolved(said.get(name, empty), scope, declared_at, name)
        for name in (*positional, *named)
    }
    returns = _resolved(said["return"], scope, declared_at, "return") if "return" in said else empty
    is_open = bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return Signature(annotations, frozenset(annotations.keys() - optional), is_open, returns)


def _resolved(annotation: Any, scope: dict[str, Any], declared_at: str, name: str) -> Any:
    if annotation is inspect.Parameter.empty:
        return None
    if not isinstance(annotation, str):
        return annotation
    # PERF: typing reads most annotations for ten times what it takes to evaluate them.
    with contextlib.suppress(Exception):  # typing says what is wrong with it
        value = eval(_compiled(annotation), scope)  # noqa: S307  # the programmer's own text, as typing evaluates it
        if value is None or _is_plain(value):
            return type(None) if value is None else value
    try:
        return typing.get_type_hints(
            types.SimpleNamespace(__annotations__={name: annotation}), scope
        )[name]
    except Exception as error:
        raise DeclarationError(
            f"{declared_at}: the annotation {annotation!r} of {name!r} cannot be resolved ({error}); import what it names "
            "at run time, at the top of its module (not only for type checking)."
        ) from error


@lru_cache(maxsize=256)
def _compiled(annotation: str) -> types.CodeType:
    return compile(annotation, "<annotation>", "eval")


def _is_plain(value: Any) -> bool:
    """Whether typing has nothing to add: classes, and generics and unions of such."""
    if isinstance(value, (types.GenericAlias, types.UnionType)):
        return all(_is_plain(each) for each in value.__args__)
    return isinstance(value, type) or value is Any


def _scope(function: Any) -> dict[str, Any]:
    scope: dict[str, Any] = getattr(function, "__globals__", {})
    cells = getattr(function, "__closure__", None)
    if not cells:
        return scope
    scope = dict(scope)
    for name, cell in zip(function.__code__.co_freevars, cells, strict=False):
        with contextlib.suppress(ValueError):  # a cell that is still empty
            scope[name] = cell.cell_contents
    return scope


def _without_none(annotation: Any) -> Any:
    """Return ``X`` for ``X | None``, the annotation itself otherwise."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return members[0]
    return annotation


def return_kind(annotation: Any) -> Kind:
    """Say what a return annotation means: nothing, a Response, one value or many."""
    if annotation is inspect.Signature.empty:
        return "absent"
    if annotation is None or annotation is type(None):
        return "none"
    if annotation is tuple:
        return "one"
    annotation = _without_none(annotation)
    origin = typing.get_origin(annotation)
    if origin is tuple:
        members = typing.get_args(annotation)
        return return_kind(members[0]) if members else "one"
    kind = origin or annotation
    if isinstance(kind, type) and issubclass(kind, Response):
        return "response"
    return "many" if _is_many(kind) else "one"


def _is_many(kind: Any) -> bool:
    if kind is AsyncIterable or not isinstance(kind, type):
        return False
    if issubclass(kind, (str, bytes, Mapping)):
        return False
    return kind in _MANY or issubclass(kind, (list, set, frozenset, Iterator))


def item_of(annotation: Any) -> Any:
    """Return ``X`` for ``list[X]`` and its kin, None where the annotation is not of many."""
    annotation = _without_none(annotation)
    kind = typing.get_origin(annotation) or annotation
    if not _is_many(kind):
        return None
    members = typing.get_args(annotation)
    return members[0] if members else Any


# The types of werkzeug's converters; those of a program may convert to anything.
_CONVERTED: Mapping[str, type] = {
    "": str,
    "default": str,
    "string": str,
    "path": str,
    "int": int,
    "float": float,
    "uuid": UUID,
}
_CONVERTER_OF: Mapping[object, str] = {str: "", int: "int", float: "float", UUID: "uuid"}


def check_variable(name: str, annotation: object, rule: str, declared_at: str) -> None:
    """Reject an annotation of a URL variable that is not the type of its converter.

    Args:
        name: The variable.
        annotation: The annotation of the parameter; None without one.
        rule: The URL pattern.
        declared_at: The method.

    Raises:
        DeclarationError: The annotation is another of the types that converters make.
    """
    found = re.search(rf"<(?:(\w+)(?:\([^<>]*\))?:)?{re.escape(name)}>", rule)
    made = _CONVERTED.get(found[1] or "") if found else None
    if made is None or annotation is made or annotation not in _CONVERTER_OF:
        return
    if made is int and annotation is float:
        return
    wanted = _CONVERTER_OF[annotation]
    variable = f"<{wanted}:{name}>" if wanted else f"<{name}>"
    raise DeclarationError(
        f"{declared_at}: {name!r} is annotated with {getattr(annotation, '__name__', '')}, but "
        f"{rule!r} passes {made.__name__}. Annotate it with {made.__name__}, or write {variable} in "
        "the URL pattern."
    )
