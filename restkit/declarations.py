"""The declarations of one callable as frozen data, and the callable that holds them.

A decorated method becomes a `DeclaredMethod`, which is called like the function and has its
declarations as an attribute. The function itself is not changed.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Literal
from weakref import WeakSet

from .contract import Failure, Header, LimitRule, Limits, Location
from .declaration_checks import check_header, check_mapping, check_text
from .errors import DeclarationError
from .page import Page
from .problems import Problem, problem_class
from .records import Record

if TYPE_CHECKING:
    from types import UnionType

    from marshmallow import Schema

    from .cache_rule import CacheRule
    from .deprecation import Deprecation
    from .schemas.bound import SchemaLike
    from .schemas.unions import OneOf

    HeaderLike = Mapping[str, str | Header]
    RawLike = type[bytes | str | BinaryIO | IO[bytes]]
    # A mapping of media types to schemas or raw content; their one common type is `type`.
    BodyLike = SchemaLike | RawLike | Mapping[str, type | Schema | UnionType | OneOf]

__all__ = [
    "Declarations",
    "DeclaredMethod",
    "HeaderLike",
    "Return",
    "add_class_failures",
    "cache_of",
    "class_deprecation",
    "class_failures",
    "copy_class_declarations",
    "declarations_of",
    "failures_of",
    "headers_of",
    "is_mounted",
    "limits_of",
    "mark_mounted",
    "mounted",
    "plain_function",
    "set_class_deprecation",
]


class Return(Record):
    """One `returns`: a response as declared.

    Attributes:
        schema: The schema of the content.
        status: The HTTP status.
        headers: The response headers.
        media_types: The media types of the content, None if they are not declared.
        description: A sentence for the document.
        many: Whether the content is a list, None if the annotation decides.
        is_open: Whether the schema was given as None: the response has content without a schema.
        page: The template that renders the content.
    """

    schema: SchemaLike | None
    status: int
    headers: tuple[Header, ...]
    media_types: tuple[str, ...] | None
    description: str
    many: bool | None
    is_open: bool = False
    page: Page | None = None


class Declarations(Record):
    """Everything that the decorators declare of one callable."""

    inputs: Mapping[Location, BodyLike | None] = MappingProxyType({})
    media_types: tuple[str, ...] | None = None
    returns: tuple[Return, ...] = ()
    raises: tuple[Failure, ...] = ()
    convert: Callable[[str, object], object] | None = None
    words: Mapping[str, Any] = MappingProxyType({})
    max_size: int | None = None


class DeclaredMethod:
    """A function with its `Declarations`, which is called and bound like the function.

    Attributes:
        mounted: Whether the function is mounted already, so that a decorator has no effect.
    """

    def __init__(
        self, function: Callable[..., Any], declarations: Declarations, *, mounted: bool = False
    ) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.declarations = declarations
        self.mounted = mounted

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self.function.__get__(instance, owner)

    def __getattr__(self, name: str) -> Any:
        # For attributes that update_wrapper() does not copy: methods of a callable object.
        if name == "function":
            raise AttributeError(name)
        return getattr(self.function, name)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        """Call the function."""
        return self.function(*args, **kwargs)


def plain_function(function: Any) -> Any:
    """Return the function itself, without its declarations."""
    return function.function if isinstance(function, DeclaredMethod) else function


def headers_of(headers: HeaderLike | None, declared_at: str) -> tuple[Header, ...]:
    """Return declared response headers as records.

    Raises:
        DeclarationError: A name is not a header name, or a value is neither a description nor a
            `Header`.
    """
    check_mapping(headers, declared_at, "{'X-Total': 'How many there are.'}")
    out: list[Header] = []
    for name, value in (headers or {}).items():
        check_text(name, f"A name in {declared_at}", "X-Total")
        if not isinstance(value, (str, Header)):
            raise DeclarationError(
                f"{declared_at}[{name!r}] must be a description or a Header, got {value!r}."
            )
        header = value if isinstance(value, Header) else Header(name, value)
        check_header(*header, declared_at)
        if header.name.lower() != name.lower():
            raise DeclarationError(
                f"{declared_at} has the header {header.name!r} under the key {name!r}. Write the "
                "name of the header as its key."
            )
        out.append(header)
    return tuple(out)


def mounted(function: Callable[..., object]) -> DeclaredMethod:
    """Mark a function as mounted, so that decorators above its route are rejected."""
    return DeclaredMethod(plain_function(function), declarations_of(function), mounted=True)


def declarations_of(function: object) -> Declarations:
    """Return the declarations of a callable, empty ones if nothing was declared.

    Bound methods, static methods, partial functions, objects with ``__call__`` and wrappers with
    ``__wrapped__`` have the declarations of the function inside. A class has those of `raises`.
    """
    on_class: tuple[Failure, ...] = ()
    seen: object = function
    while seen is not None:
        if isinstance(seen, DeclaredMethod):
            found = seen.declarations
            return found._replace(raises=(*found.raises, *on_class)) if on_class else found
        if isinstance(seen, type):
            return Declarations(raises=class_failures(seen))
        if not on_class and not isinstance(seen, types.FunctionType):
            on_class = class_failures(type(seen))
        seen = _inner(seen)
    return Declarations(raises=on_class) if on_class else _EMPTY


def _inner(function: object) -> object:
    """Return the callable that another one wraps, None if it wraps none."""
    if isinstance(function, types.MethodType):
        # Before __wrapped__: a bound method has that of its function, and since Python 3.13 it is
        # the DeclaredMethod itself for a class method.
        return _as_written(function)
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None or isinstance(function, types.FunctionType):
        return wrapped
    if isinstance(function, functools.partial):
        return function.func
    if isinstance(function, (staticmethod, classmethod)):
        return function.__func__
    call = inspect.getattr_static(type(function), "__call__", None)
    return call if isinstance(call, (DeclaredMethod, types.FunctionType)) else None


def _as_written(method: types.MethodType) -> object:
    """Return a bound method as its class defines it: perhaps a `DeclaredMethod`."""
    holder = method.__self__
    kind = holder if isinstance(holder, type) else type(holder)
    name = getattr(method, "__name__", "")
    for base in kind.__mro__:
        written = vars(base).get(name)
        inner = written.__func__ if isinstance(written, classmethod) else written
        if plain_function(inner) is method.__func__:
            return inner
    return method.__func__


_mounted_classes: WeakSet[type] = WeakSet()


def mark_mounted(declared: type) -> None:
    """Mark a class as mounted, so that `raises` above its route is rejected."""
    _mounted_classes.add(declared)


_ON_CLASS = "__restkit_raises__"
_DEPRECATED_CLASS = "__restkit_deprecated__"
_EMPTY = Declarations()


def class_failures(declared: type) -> tuple[Failure, ...]:
    """Return the problems that `raises` declared above a class, and above its bases."""
    found: tuple[Failure, ...] = getattr(declared, _ON_CLASS, ())
    return found


def class_deprecation(declared: type) -> Deprecation | None:
    """Return the deprecation that `deprecated` declared above a class.

    A subclass is not deprecated, but the copies that restkit makes of a class are. They have its
    name.
    """
    found: tuple[str, str, Deprecation] | None = getattr(declared, _DEPRECATED_CLASS, None)
    if found is None or found[:2] != (declared.__module__, declared.__qualname__):
        return None
    return found[2]


def set_class_deprecation(declared: type, deprecation: Deprecation) -> None:
    """Declare a class as deprecated."""
    value = declared.__module__, declared.__qualname__, deprecation
    setattr(declared, _DEPRECATED_CLASS, value)


def copy_class_declarations(declared: type, other: type) -> None:
    """Copy the declarations of `raises` and `deprecated` above a class to a copy of the class."""
    setattr(other, _ON_CLASS, class_failures(declared))
    if (deprecation := class_deprecation(declared)) is not None:
        set_class_deprecation(other, deprecation)


def failures_of(problems: object, declared_at: str) -> tuple[Failure, ...]:
    """Return problem classes, given in one sequence, as records.

    Raises:
        DeclarationError: The value is not a sequence of Problem classes and `Failure` records.
    """
    if isinstance(problems, (str, type)) or not isinstance(problems, Iterable):
        raise DeclarationError(
            f"{declared_at} must be a sequence of Problem classes, got {problems!r}. "
            "Write [NotFound], for example."
        )
    out: list[Failure] = []
    for each in problems:
        if isinstance(each, Failure):
            out.append(each)
        elif isinstance(each, type) and issubclass(each, Problem):
            out.append(Failure(each, "method"))
        else:
            raise DeclarationError(
                f"{declared_at} expects Problem classes, got {each!r}.{_class_of(each)}"
            )
    return tuple(out)


def _class_of(value: object) -> str:
    """Return the remedy for a status or an instance in place of a Problem class."""
    if isinstance(value, Problem):
        return f" Write {type(value).__name__}."
    is_status = isinstance(value, int) and 400 <= value <= 599
    name = problem_class(value).__name__ if isinstance(value, int) and is_status else ""
    if name and not name.startswith("Problem"):
        return f" Write {name}."
    return f" Subclass Problem with status = {value}." if name else ""


def is_mounted(declared: type) -> bool:
    """Return whether a class is mounted."""
    return declared in _mounted_classes


def add_class_failures(declared: type, failures: tuple[Failure, ...]) -> None:
    """Add problems to those that are declared above a class, at the front."""
    setattr(declared, _ON_CLASS, (*failures, *class_failures(declared)))


def limits_of(limits: object, declared_at: str) -> Limits | None:
    """Return declared limits; an empty sequence keeps out those of outer levels.

    Raises:
        DeclarationError: The value is not a sequence of limits.
    """
    if limits is None:
        return None
    found: list[LimitRule] = []
    for each in limits if isinstance(limits, (list, tuple)) else [limits]:
        if not isinstance(each, LimitRule) or isinstance(each, type) or each is limits:
            name = type(each).__name__
            is_extension = hasattr(type(each), "install")
            hint = f" {name} is an extension: extensions=[{name}(...)]." if is_extension else ""
            raise DeclarationError(
                f"{declared_at} must be a list of limits, such as [Rate(10, per='minute')], got "
                f"{limits!r:.120}.{hint}"
            )
        found.append(each)
    return tuple(found) or (...,)


def cache_of(cache: object, declared_at: str) -> CacheRule | Literal[False] | None:
    """Return a declared cache; False takes that of an outer level away.

    Raises:
        DeclarationError: The value is neither a cache nor False.
    """
    if cache is None or cache is False:
        return cache
    from .cache_rule import CacheRule  # cold start: few programs have caches

    if not isinstance(cache, CacheRule) or isinstance(cache, type):
        raise DeclarationError(
            f"{declared_at} must be a Cache, such as Cache(60) with restkit.caching.Cache, or "
            f"False, got {cache!r:.80}."
        )
    return cache
