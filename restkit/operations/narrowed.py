"""A resource class that is mounted with fewer methods than it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from ..declaration_checks import texts_of
from ..errors import DeclarationError
from ..resource import VERBS, Owner, Resource

__all__ = ["narrowed_points", "with_changes"]

_DERIVED = frozenset({"HEAD", "OPTIONS"})
_Point = tuple[str, type[Resource], str]


def narrowed_points(
    resource: object,
    methods: Collection[str],
    declared_at: str,
    pattern: str,
    name: str,
    app: Owner,
) -> Sequence[_Point]:
    """Return the URLs of a class that is mounted with some of its methods.

    Args:
        resource: The class.
        methods: The HTTP methods.
        declared_at: The mount, for messages.
        pattern: The URL pattern.
        name: The name for `App.url_for`.
        app: The App.

    Raises:
        DeclarationError: The class does not mount one of the methods.
    """
    wanted = frozenset(each.upper() for each in texts_of(methods, f"{declared_at}: methods"))
    if not wanted - _DERIVED:
        raise DeclarationError(f"{declared_at}: methods is empty. Write methods={{'GET'}}.")
    checked = _checked(resource, declared_at, "methods")
    made = _subclass(checked, checked._narrowed(wanted))
    points = [*_kept(made._mount_points(pattern, name, app), wanted)]
    found = {verb for _, each, _ in points for verb in _verbs(each)}
    for missing in sorted(wanted - found - _DERIVED):
        raise DeclarationError(
            f"{declared_at}: methods contains {missing}, which {checked.__module__}."
            f"{checked.__qualname__} does not have. Remove it, or add it to the class."
        )
    return points


def with_changes(
    resource: object, changes: object, methods: Collection[str] | None, declared_at: str
) -> type[Resource]:
    """Return a collection whose changes can be followed.

    Args:
        resource: The class.
        changes: The value of ``changes``.
        methods: The HTTP methods that are mounted, None for all of the class.
        declared_at: The mount, for messages.

    Raises:
        DeclarationError: The object is not a Resource class, or GET is not mounted.
    """
    if methods is not None and "GET" not in {str(each).upper() for each in methods}:
        raise DeclarationError(f"{declared_at}: changes needs GET. Add it to methods.")
    return _subclass(_checked(resource, declared_at, "changes"), {"changes": changes})


def _checked(resource: object, declared_at: str, option: str) -> type[Resource]:
    if not (isinstance(resource, type) and issubclass(resource, Resource)):
        raise DeclarationError(f"{declared_at}: {option} needs a Resource class, got {resource!r}.")
    return resource


def _kept(points: Sequence[_Point], wanted: frozenset[str]) -> Iterator[_Point]:
    """Yield the URLs that have one of the methods.

    Actions, bulk requests and removed items of a collection have URLs of their own.
    """
    for pattern, resource, name in points:
        verbs = _verbs(resource)
        kept = verbs & (wanted | _DERIVED)
        if kept - _DERIVED:
            is_whole = kept == verbs
            yield pattern, resource if is_whole else _subclass(resource, {"methods": kept}), name


def _verbs(resource: type[Resource]) -> frozenset[str]:
    written = frozenset(verb.upper() for verb in VERBS if hasattr(resource, verb))
    if resource.methods is None:
        return written
    return written.intersection(each.upper() for each in resource.methods)


def _subclass(resource: type[Resource], members: Mapping[str, object]) -> type[Resource]:
    own: dict[str, object] = {
        "__module__": resource.__module__,
        "__qualname__": resource.__qualname__,
        "__doc__": resource.__doc__,
    }
    return type(resource.__name__, (resource,), own | {**members})
