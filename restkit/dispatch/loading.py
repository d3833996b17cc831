"""Objects of requests: loaded once, after authentication, and checked by the permission."""

from __future__ import annotations

import inspect
from collections.abc import Callable

from ..contract import Operation
from ..environ_keys import LOADED
from ..errors import DeclarationError
from ..problems import Forbidden, NotFound
from ..request import Request
from ..resource import Resource

__all__ = ["loading_steps"]

_Step = Callable[[Request], None]


def loading_steps(operation: Operation) -> list[_Step]:
    """Return the step that loads the object of a request and checks the permission on it.

    Raises:
        DeclarationError: The permission looks at an object, but nothing loads one.
    """
    resource: type = operation.resource
    permission = operation.permission
    needs_object = bool(getattr(permission, "needs_object", False))
    check: Callable[[Operation], None] | None = getattr(resource, "check_object_rule", None)
    if check is not None:
        check(operation)
        return []
    if inspect.getattr_static(resource, "load", None) is None:
        description = "" if permission is None else permission.description
        raise DeclarationError(
            f"{operation.declared_at} has the permission {description!r}, which looks at an "
            "object, but nothing loads one. Write a method load(self, ...) in the class that "
            "returns the object of the URL; or if the rule wants the request, call its second "
            "parameter request."
        )
    step = _loader(operation, needs_object=needs_object)
    if not operation.cache:
        return [step]
    from ..caching.changes import noting_reads  # cold start: few programs have caches

    return [noting_reads(step)]


def _loader(operation: Operation, *, needs_object: bool) -> _Step:
    resource: type[Resource] = operation.resource
    load: Callable[..., object] = getattr(resource, "load")  # noqa: B009  # users write it
    _, *names = inspect.signature(load).parameters
    permission = operation.permission

    def step(request: Request) -> None:
        made = resource()
        made.request, made.app = request, request.app
        given = request.path_parameters
        found = load(made, **{name: given[name] for name in names})
        if found is None:
            raise NotFound("Nothing exists at this URL.")
        request.environ[LOADED] = found
        if needs_object:
            check(request, found)

    def check(request: Request, found: object) -> None:
        if not permission.permits(request.caller, request, found):  # type: ignore[union-attr]  # it needs an object
            raise Forbidden(f"This needs the permission: {permission.description}.")  # type: ignore[union-attr]  # as above

    return step
