"""The signatures of methods: the names and annotations of parameters, and the return annotation.

A signature is read when its resource is mounted, never during a request.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import operator
import re
import types
import typing
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, TypeGuard
from uuid import UUID

from werkzeug.wrappers import Response

from ..errors import DeclarationError
from ..records import Record
from ..redirects import Redirect
from ..response_value import ResponseValue

__all__ = [
    "Kind",
    "Signature",
    "check_variable",
    "item_of",
    "read_signature",
    "redirects_of",
    "response_value_of",
    "return_kind",
    "unwrapped",
    "without_none",
]

_MARKERS = (typing.Annotated, typing.Required, typing.NotRequired, typing.Final, typing.ClassVar)
Kind = Literal["absent", "none", "redirect", "response", "value", "one", "many"]
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


class Signature(Record):
    """A method's signature without ``self``.

    Attributes:
        annotations: The annotation of each named parameter, None for one without an annotation.
        required: The parameters without a default.
        open: Whether there is a ``**kwargs``.
        returns: The return annotation, ``inspect.Signature.empty`` if there is none.
    """

    annotations: Mapping[str, object]
    required: frozenset[str]
    open: bool
    returns: object

    def takes(self, name: str) -> bool:
        """Return whether an argument of this name can be passed."""
        return self.open or name in self.annotations


def read_signature(function: Callable[..., object], declared_at: str, *, method: bool) -> Signature:
    """Read a function's signature.

    Args:
        function: The method (unbound) or function.
        declared_at: The name of the function, for messages.
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
            f"{declared_at} has no signature that restkit can read. Write a function or a method."
        ) from None
    parameters = list(signature.parameters.values())
    if method:
        if not any(each.kind in _BY_POSITION for each in parameters):
            name = declared_at.rpartition(".")[2]
            raise DeclarationError(
                f"{declared_at} takes no self, but it is a method: write def {name}(self, ...)."
            )
        del parameters[0]
    return _read_parameters(parameters, signature.return_annotation, function, declared_at)


def _read_parameters(
    parameters: Iterable[inspect.Parameter],
    returns: object,
    function: Callable[..., object],
    declared_at: str,
) -> Signature:
    """Resolve the annotations of parameters that `inspect` found."""
    scope = _scope(inspect.unwrap(function))
    annotations: dict[str, object] = {}
    required: set[str] = set()
    is_open = False
    for each in parameters:
        if each.kind is each.POSITIONAL_ONLY:
            raise DeclarationError(
                f"{declared_at}: the parameter {each.name!r} is positional-only, but restkit "
                "passes arguments by name. Remove the '/'."
            )
        if each.kind is each.VAR_KEYWORD:
            is_open = True
        elif each.kind is not each.VAR_POSITIONAL:
            annotations[each.name] = _resolved(each.annotation, scope, declared_at, each.name)
            if each.default is each.empty:
                required.add(each.name)
    if returns is not inspect.Signature.empty:
        returns = _resolved(returns, scope, declared_at, "return")
    return Signature(annotations, frozenset(required), is_open, returns)


def _read_code(function: types.FunctionType, declared_at: str, *, method: bool) -> Signature:
    """Read the signature of a plain function from its code."""
    # PERF: inspect.signature takes three times as long, and a service may have a thousand methods.
    code = function.__code__
    positional = code.co_varnames[int(method) : code.co_argcount]
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    optional = {
        *positional[max(0, len(positional) - len(function.__defaults__ or ())) :],
        *(function.__kwdefaults__ or ()),
    }
    hints = function.__annotations__
    empty = inspect.Parameter.empty
    scope = _scope(function)
    annotations = {
        name: _resolved(hints.get(name, empty), scope, declared_at, name)
        for name in (*positional, *named)
    }
    returns: object = empty
    if "return" in hints:
        returns = _resolved(hints["return"], scope, declared_at, "return")
    is_open = bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return Signature(annotations, frozenset(annotations.keys() - optional), is_open, returns)


def _resolved(annotation: object, scope: dict[str, object], declared_at: str, name: str) -> object:
    """Return an annotation as a type, None if there is none."""
    if annotation is inspect.Parameter.empty:
        return None
    if not isinstance(annotation, str):
        return annotation
    # PERF: eval() takes a tenth of the time of typing.get_type_hints().
    with contextlib.suppress(Exception):  # typing, below, explains the error
        # The text is the program's own; typing evaluates it in the same way.
        value: object = eval(_compiled(annotation), scope)  # noqa: S307
        if value is None or _is_plain(value):
            return type(None) if value is None else value
    holder = types.SimpleNamespace(__annotations__={name: annotation})
    try:
        hints: dict[str, object] = typing.get_type_hints(holder, scope)
    except Exception as error:
        raise DeclarationError(
            f"{declared_at}: the annotation {annotation!r} of {name!r} cannot be resolved "
            f"({error}). Import its names at the top of the module, not only for type checking."
        ) from error
    return hints[name]


@lru_cache(maxsize=256)
def _compiled(annotation: str) -> types.CodeType:
    return compile(annotation, "<annotation>", "eval")


def _is_plain(value: object) -> bool:
    """Return whether typing would return the value itself: classes, their generics and unions."""
    if isinstance(value, (types.GenericAlias, types.UnionType)):
        return all(_is_plain(each) for each in value.__args__)
    return isinstance(value, type) or value is typing.Any


def _scope(function: Callable[..., object]) -> dict[str, object]:
    """Return the names in the scope of a function: those of its module and its closure."""
    scope: dict[str, object] = getattr(function, "__globals__", {})
    cells: tuple[types.CellType, ...] | None = getattr(function, "__closure__", None)
    code: types.CodeType | None = getattr(function, "__code__", None)
    if not cells or code is None:
        return scope
    scope = dict(scope)
    for name, cell in zip(code.co_freevars, cells, strict=False):
        with contextlib.suppress(ValueError):  # a cell that is still empty
            scope[name] = cell.cell_contents
    return scope


def unwrapped(annotation: object) -> object:
    """Return the type that ``Annotated`` and its like, a ``NewType`` and an alias stand for."""
    while not isinstance(annotation, type):
        if typing.get_origin(annotation) in _MARKERS:
            annotation = typing.get_args(annotation)[0]
            continue
        meant = getattr(annotation, "__supertype__", getattr(annotation, "__value__", None))
        if meant is None:
            break
        annotation = meant
    return annotation


def without_none(annotation: object) -> object:
    """Return ``X`` for ``X | None``, the annotation itself otherwise."""
    if _is_union(annotation):
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return members[0]
    return annotation


def redirects_of(annotation: object) -> tuple[tuple[type[Redirect], ...], object]:
    """Return the redirects of a return annotation, and the annotation without them.

    For ``SeeOther | Book`` these are ``(SeeOther,)`` and ``Book``. An annotation of redirects only
    is returned unchanged.
    """
    members: tuple[object, ...] = (annotation,)
    if _is_union(annotation):
        members = typing.get_args(annotation)
    found = [each for each in members if _is_redirect(each)]
    others = [each for each in members if not _is_redirect(each)]
    if not found or not others:
        return tuple(found), annotation
    return tuple(found), functools.reduce(operator.or_, others)


def _is_redirect(annotation: object) -> TypeGuard[type[Redirect]]:
    return isinstance(annotation, type) and issubclass(annotation, Redirect)


def _is_union(annotation: object) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def return_kind(annotation: object) -> Kind:
    """Return the kind of a return annotation; ``"absent"`` if there is none."""
    if annotation is inspect.Signature.empty:
        return "absent"
    if annotation is None or annotation is type(None):
        return "none"
    if annotation is tuple:
        return "one"
    annotation = without_none(annotation)
    origin: object = typing.get_origin(annotation)
    if origin is tuple:
        members = typing.get_args(annotation)
        return return_kind(members[0]) if members else "one"
    kind = origin or annotation
    return _kind_of_class(kind)


def response_value_of(annotation: object) -> type[ResponseValue] | None:
    """Return the `ResponseValue` of a return annotation, None if it has another type."""
    kind = without_none(annotation)
    if typing.get_origin(kind) is tuple:
        kind = next(iter(typing.get_args(kind)), None)
    if isinstance(kind, type) and issubclass(kind, ResponseValue):
        return kind
    return None


def _kind_of_class(kind: object) -> Kind:
    if isinstance(kind, type) and issubclass(kind, (Response, Redirect)):
        return "redirect" if issubclass(kind, Redirect) else "response"
    if isinstance(kind, type) and issubclass(kind, ResponseValue):
        return "value"
    return "many" if _is_many(kind) else "one"


def _is_many(kind: object) -> bool:
    if kind is AsyncIterable or not isinstance(kind, type):
        return False
    if issubclass(kind, (str, bytes, Mapping)):
        return False
    return kind in _MANY or issubclass(kind, (list, set, frozenset, Iterator))


def item_of(annotation: object) -> object:
    """Return ``X`` for ``list[X]`` and the like, None for an annotation of one value."""
    annotation = without_none(annotation)
    kind: object = typing.get_origin(annotation) or annotation
    if not _is_many(kind):
        return None
    members = typing.get_args(annotation)
    return members[0] if members else typing.Any


# The types of Werkzeug's converters. A program's own converters may return any type.
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
        declared_at: The name of the method, for messages.

    Raises:
        DeclarationError: The annotation is the type of another converter.
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
        f"{rule!r} passes {made.__name__}. Annotate it with {made.__name__}, or write {variable} "
        "in the URL pattern."
    )
