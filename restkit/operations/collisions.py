"""Names and URLs that only one declaration can have: methods of a URL, paths, operationIds."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from ..contract import Operation
from ..errors import CollisionError
from ..resource import Resource
from ..routing.patterns import Pattern

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter

__all__ = ["CheckNames", "Claims", "converters_of"]

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
        def operations(self) -> tuple[Operation, ...]: ...

    class _WithConverters(Protocol):
        """An App, with its name and its URL converters."""

        name: str
        converters: dict[str, type[BaseConverter]]


class Claims:
    """The names and URLs that the declarations of an App, and of Apps below it, have taken."""

    def __init__(self, check_names: CheckNames) -> None:
        """Begin without names and URLs.

        Args:
            check_names: A function of operations and two mappings, of operationIds and of
                components. It adds their names to the mappings, and raises CollisionError if a
                mapping has a name for something else.
        """
        self._check_names = check_names
        self._methods: MutableMapping[tuple[str, str, str], str] = {}
        self._paths: MutableMapping[tuple[str, str], tuple[Pattern, str]] = {}
        self._ids: MutableMapping[str, str] = {}
        self._components: MutableMapping[str, tuple[type, str]] = {}

    def check(self, mounted: Iterable[_Mounted]) -> Claims:
        """Return the names and URLs of more resources, without adding them.

        Raises:
            CollisionError: A name or URL is taken, or two of the resources have it.
        """
        mounted = list(mounted)
        more = Claims(self._check_names)
        more._methods = ChainMap({}, self._methods)
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
        self._paths.update(_new(more._paths))
        self._ids.update(_new(more._ids))
        self._components.update(_new(more._components))

    def _claim_methods(self, mounted: _Mounted) -> None:
        """Reject a method that another pattern of the same URLs, or of the same path, has."""
        pattern = mounted.pattern
        for operation in mounted.operations:
            method, place = operation.method, operation.declared_at
            key = (pattern.host, pattern.shape, method)
            if key in self._methods:
                raise CollisionError(
                    f"{method} {pattern.rule} is declared twice: by {self._methods[key]} and by "
                    f"{place}."
                )
            self._methods[key] = place
            if operation.documented:
                self._claim_in_document(pattern, method, place)

    def _claim_in_document(self, pattern: Pattern, method: str, place: str) -> None:
        """Reject a second operation of one path and method, of which a document has one."""
        key = (pattern.host, f"document {_template(pattern)}", method)
        if key in self._methods:
            raise CollisionError(
                f"{method} {pattern.rule} ({place}) and {self._methods[key]} are one operation to "
                "a document, since it has no converters. Join them, or set documented = False on "
                "one of them."
            )
        self._methods[key] = place

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


def _template(pattern: Pattern) -> str:
    return re.sub(r"\{[^}]*\}", "{}", pattern.path) if pattern.parameters else pattern.path


def _new(claims: MutableMapping[K, V]) -> MutableMapping[K, V]:
    return claims.maps[0] if isinstance(claims, ChainMap) else claims


def converters_of(apps: Iterable[_WithConverters]) -> dict[str, type[BaseConverter]]:
    """Return the URL converters of several Apps as one mapping.

    Raises:
        CollisionError: Two Apps have different converters of one name.
    """
    merged: dict[str, type[BaseConverter]] = {}
    owners: dict[str, str] = {}
    for app in apps:
        for name, converter in app.converters.items():
            if merged.setdefault(name, converter) is not converter:
                raise CollisionError(
                    f"The Apps {owners[name]!r} and {app.name!r} have different URL converters "
                    f"named {name!r}. Rename one of them."
                )
            owners.setdefault(name, app.name)
    return merged
