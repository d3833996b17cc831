"""Collisions of declarations: methods of a URL, paths, operationIds and component names."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..contract import Operation
from ..declarations import plain_function
from ..errors import CollisionError
from ..resource import FunctionResource, Resource
from ..routing.patterns import Pattern

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter

__all__ = ["CheckNames", "Claims", "converters_of", "with_converters"]

K = TypeVar("K")
V = TypeVar("V")

CheckNames = Callable[
    [Iterable[Operation], MutableMapping[str, str], MutableMapping[str, tuple[type, str]]], None
]


if TYPE_CHECKING:  # cold start: making a Protocol costs 100 microseconds

    class _Mounted(Protocol):
        """A resource at a URL pattern."""

        @property
        def pattern(self) -> Pattern: ...
        @property
        def resource(self) -> type[Resource]: ...
        @property
        def declared(self) -> type[Resource] | None: ...
        @property
        def operations(self) -> tuple[Operation, ...]: ...

    class _WithConverters(Protocol):
        """An App, with its name and its URL converters."""

        name: str
        converters: dict[str, type[BaseConverter]]

    Converters = dict[str, tuple[type[BaseConverter], _WithConverters]]


class Claims:
    """The names and URLs in use by the declarations of an App and of the Apps mounted on it."""

    def __init__(self, check_names: CheckNames) -> None:
        """Make a collection without names and URLs.

        Args:
            check_names: A function of operations and two mappings, of operationIds and of
                components in use. It adds those of the operations to the mappings, and raises
                CollisionError if one is in use already.
        """
        self._check_names = check_names
        self._methods: MutableMapping[tuple[str, str, str], str] = {}
        self._documented: MutableMapping[tuple[str, str], tuple[str, str, object]] = {}
        self._paths: MutableMapping[tuple[str, str], tuple[Pattern, str]] = {}
        self._ids: MutableMapping[str, str] = {}
        self._components: MutableMapping[str, tuple[type, str]] = {}

    def check(self, mounted: Iterable[_Mounted]) -> Claims:
        """Return the names and URLs of more resources, without adding them.

        Raises:
            CollisionError: A name or URL is in use, or two of the resources have it.
        """
        mounted = list(mounted)
        more = Claims(self._check_names)
        more._methods = ChainMap({}, self._methods)
        more._documented = ChainMap({}, self._documented)
        more._paths = ChainMap({}, self._paths)
        more._ids = ChainMap({}, self._ids)
        more._components = ChainMap({}, self._components)
        for each in mounted:
            more._claim_methods(each)
            more._claim_path(each)
        self._check_names(
            [op for each in mounted for op in each.operations], more._ids, more._components
        )
        return more

    def take(self, more: Claims) -> None:
        """Add the names and URLs that `check` returned."""
        self._methods.update(_new(more._methods))
        self._documented.update(_new(more._documented))
        self._paths.update(_new(more._paths))
        self._ids.update(_new(more._ids))
        self._components.update(_new(more._components))

    def _claim_methods(self, mounted: _Mounted) -> None:
        """Reject a method that another pattern of the same URLs, or of the same path, has."""
        pattern = mounted.pattern
        for operation in mounted.operations:
            method, declared_at = operation.method, operation.declared_at
            key = (pattern.host, pattern.shape, method)
            if key in self._methods:
                raise CollisionError(
                    f"{method} {pattern.rule} is declared twice: by {self._methods[key]} and by "
                    f"{declared_at}."
                )
            self._methods[key] = declared_at
            if operation.documented:
                self._claim_in_document(pattern, operation, _declaration(mounted, operation))

    def _claim_in_document(
        self, pattern: Pattern, operation: Operation, declaration: object
    ) -> None:
        """Reject two operations whose patterns differ only in converters or hosts.

        A document has one operation for a path. One method on several hosts is one operation.
        """
        method, declared_at = operation.method, operation.declared_at
        key = (_template(pattern), method)
        there, host, other = self._documented.get(key, (declared_at, None, declaration))
        if host == pattern.host:
            raise CollisionError(
                f"{method} {pattern.rule} ({declared_at}) and {there} are one operation in the "
                "document, which has no converters. Join them, or set documented = False on one "
                "of them."
            )
        if other is not declaration:
            raise CollisionError(
                f"{method} {pattern.rule} is another operation on another host ({declared_at}, "
                f"{there}), but a document has one operation for a path. Set documented = False on "
                "one of them, or mount an App for the host with documented=False, which has a "
                "document of its own."
            )
        self._documented[key] = declared_at, pattern.host, declaration

    def _claim_path(self, mounted: _Mounted) -> None:
        """Reject two URL patterns of one path in a document (OpenAPI 3.1, section 4.8.8)."""
        if not any(operation.documented for operation in mounted.operations):
            return
        pattern = mounted.pattern
        declared_at = f"{mounted.resource.__module__}.{mounted.resource.__qualname__}"
        template = _template(pattern)
        other, there = self._paths.setdefault((pattern.host, template), (pattern, declared_at))
        if other.path != pattern.path:
            raise CollisionError(
                f"The URL patterns {other.rule!r} ({there}) and {pattern.rule!r} ({declared_at}) "
                "are the same path in a document. Give their variables one name, or set "
                "documented = False on one of them."
            )


def _declaration(mounted: _Mounted, operation: Operation) -> object:
    """Return the class or the function that a user wrote."""
    if issubclass(mounted.resource, FunctionResource):
        return plain_function(operation.function)
    return mounted.declared or mounted.resource


def _template(pattern: Pattern) -> str:
    return re.sub(r"\{[^}]*\}", "{}", pattern.path) if pattern.parameters else pattern.path


def _new(claims: MutableMapping[K, V]) -> MutableMapping[K, V]:
    return claims.maps[0] if isinstance(claims, ChainMap) else claims


def converters_of(apps: Iterable[_WithConverters]) -> dict[str, type[BaseConverter]]:
    """Return the URL converters of several Apps as one mapping.

    Raises:
        CollisionError: Two Apps have different converters of one name.
    """
    return {name: converter for name, (converter, _) in with_converters({}, apps).items()}


def with_converters(known: Converters, apps: Iterable[_WithConverters]) -> Converters:
    """Return known URL converters with those of more Apps, each with the first App that has it.

    Raises:
        CollisionError: Two Apps have different converters of one name.
    """
    merged = dict(known)
    for app in apps:
        for name, converter in app.converters.items():
            other, owner = merged.setdefault(name, (converter, app))
            if other is not converter and owner is not app:
                raise CollisionError(
                    f"The Apps {owner.name!r} and {app.name!r} have different URL converters "
                    f"named {name!r}. Rename one of them."
                )
            merged[name] = converter, owner
    return merged
