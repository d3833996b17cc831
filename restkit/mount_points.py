"""The URLs of a class that is added to an App: its own, fewer methods, a feed of changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .resource import Owner, Resource

__all__ = ["mount_points_of"]

_Point = tuple[str, type[Resource], str]


def mount_points_of(
    resource: type[Resource],
    methods: Collection[str] | None,
    changes: object,
    declared_at: str,
    pattern: str,
    name: str,
    app: Owner,
) -> Sequence[_Point]:
    """Return the (URL pattern, class, name) of each URL of a class.

    Args:
        resource: The class, or another object that `operations.entries` rejects.
        methods: The HTTP methods that are mounted, None for all of the class.
        changes: Whether the changes of a collection can be followed, or how.
        declared_at: The call, for messages.
        pattern: The URL pattern.
        name: The name for `App.url_for`.
        app: The App.

    Raises:
        DeclarationError: The class does not fit the options.
    """
    if changes:
        from .operations.narrowed import with_changes  # cold start, as below

        resource = with_changes(resource, changes, methods, declared_at)
    if methods is not None:
        from .operations.narrowed import narrowed_points  # cold start: few mounts narrow one

        points = narrowed_points(resource, methods, declared_at, pattern, name, app)
    elif isinstance(resource, type) and issubclass(resource, Resource):
        points = resource._mount_points(pattern, name, app)
    else:
        return [(pattern, resource, name)]
    if getattr(resource, "changes", False):
        from .events.change_feed import feed_points  # cold start, and an extra

        return [*points, *feed_points(resource, points, pattern, name)]
    return points
