"""The decorators of an App that mount classes and functions: `route`, `get`, `post` and more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack, cast

from .declaration_checks import check_pattern
from .declarations import mounted
from .errors import DeclarationError
from .page import page_of
from .resource import Resource, function_resource

__all__ = ["ClassOptions", "RouteDecorators", "RouteOptions", "check_route"]

R = TypeVar("R", bound=type[Resource] | Callable[..., object])
F = TypeVar("F", bound=Callable[..., object])
C = TypeVar("C", bound=type[Resource])


if TYPE_CHECKING:  # cold start: to make a TypedDict compiles its annotations
    from os import PathLike

    from .cache_rule import CacheRule
    from .contract import LimitRule
    from .crud.changes import Changes
    from .deprecation import Deprecation
    from .html.static_files import StaticFiles
    from .permissions import PermissionsLike
    from .requirements import SecurityLike

    class StaticOptions(TypedDict, total=False):
        """The keyword arguments of `App.static` that `App.add` has too."""

        host: str | None
        security: SecurityLike | None
        permission: PermissionsLike | None
        limits: Sequence[LimitRule] | None
        public: bool

    class RouteOptions(StaticOptions, total=False):
        """The keyword arguments of `App.add` and of all routes."""

        name: str | None
        cache: CacheRule | Literal[False] | None
        deprecated: Deprecation | Literal[False] | None

    class ClassOptions(RouteOptions, total=False):
        """The keyword arguments of `App.add`."""

        methods: Collection[str] | None
        changes: bool | Changes

    class FunctionOptions(RouteOptions, total=False):
        """The keyword arguments of the routes of functions."""

        template: str
        block: str


def check_route(
    options: Mapping[str, object], declared_at: str, *, of_function: bool = False
) -> None:
    """Reject keyword arguments that a route does not have; see `check_options`."""
    if options:
        from .operations.route_options import check_options  # cold start: most routes have none

        check_options(options, declared_at, of_function=of_function)


class RouteDecorators:
    """The base of `App` with the decorators that call `add`."""

    def add(self, pattern: str, resource: C, **options: Unpack[ClassOptions]) -> C:
        """Mount a resource on a URL pattern; see `App.add`."""
        raise NotImplementedError

    def route(self, pattern: str, **options: Unpack[FunctionOptions]) -> Callable[[R], R]:
        """Mount the decorated Resource class, or function as a GET, on a URL pattern; see `add`."""
        check_pattern(pattern, "route")
        check_route(options, f"route({pattern!r})", of_function=True)

        def decorate(target: R) -> R:
            added: R = self._add_target(pattern, target, {**options})
            return added

        return decorate

    def _add_target(self, pattern: str, target: Any, options: FunctionOptions) -> Any:
        if isinstance(target, type):
            check_route(options, f"route({pattern!r}) of the class {target.__name__}")
            return self.add(pattern, target, **cast("ClassOptions", options))
        return self._add_function(pattern, target, "get", options)

    def _add_function(
        self, pattern: str, function: Callable[..., object], method: str, options: FunctionOptions
    ) -> Any:
        if not callable(function):
            raise DeclarationError(
                f"The route {pattern!r} expects a Resource class or a function, got {function!r}."
            )
        template, block = options.pop("template", None), options.pop("block", "")
        resource = function_resource(function, method)
        if template is not None or block:
            page = page_of(template, block, f"{method}({pattern!r})")
            from .html.resource import function_page  # cold start: most programs have no pages

            resource = function_page(function, method, page)
        self.add(pattern, resource, **cast("ClassOptions", options))
        return mounted(function)

    def _function_route(
        self, pattern: str, method: str, options: FunctionOptions
    ) -> Callable[[F], F]:
        check_pattern(pattern, method)
        check_route(options, f"{method}({pattern!r})", of_function=True)

        def decorate(function: F) -> F:
            added: F = self._add_function(pattern, function, method, {**options})
            return added

        return decorate

    def static(
        self,
        prefix: str,
        folder: str | PathLike[str],
        *,
        name: str = "static",
        index: bool = False,
        fallback: str | None = None,
        favicon: str | None = None,
        documented: bool = False,
        **options: Unpack[StaticOptions],
    ) -> StaticFiles:
        """Serve the files of a folder.

        Hidden files, and symbolic links to files outside of the folder, are not served.

        Args:
            prefix: The path prefix: ``/static``.
            folder: The folder. A relative path starts at the folder of the calling module.
            name: The name for `url_for`, whose variable is ``filename``.
            index: Whether the URL of a folder responds with its ``index.html``.
            fallback: The file that browsers get for a page URL without a file, for a single-page
                application.
            favicon: The file at ``/favicon.ico``.
            documented: Whether the operations are in the document.
            options: ``host``, ``security``, ``permission``, ``limits`` and ``public``, as for
                `App.add`.

        Returns:
            The files. Their method ``static_url("style.css")`` returns a URL that clients cache
            for a year.

        Raises:
            DeclarationError: The folder or one of the files does not exist.
        """
        from .html.static_files import StaticOwner, add_static  # cold start

        caller = sys._getframe(1).f_globals.get("__file__")
        from pathlib import Path  # cold start

        base = Path.cwd() if caller is None else Path(caller).resolve().parent
        return add_static(
            cast("StaticOwner", self),
            prefix,
            base / folder,
            name=name,
            index=index,
            fallback=fallback,
            favicon=favicon,
            documented=documented,
            options=options,
        )

    def get(self, pattern: str, **options: Unpack[FunctionOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the GET of a URL pattern; see `add`."""
        return self._function_route(pattern, "get", options)

    def post(self, pattern: str, **options: Unpack[FunctionOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the POST of a URL pattern; see `add`."""
        return self._function_route(pattern, "post", options)

    def put(self, pattern: str, **options: Unpack[FunctionOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the PUT of a URL pattern; see `add`."""
        return self._function_route(pattern, "put", options)

    def patch(self, pattern: str, **options: Unpack[FunctionOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the PATCH of a URL pattern; see `add`."""
        return self._function_route(pattern, "patch", options)

    def delete(self, pattern: str, **options: Unpack[FunctionOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the DELETE of a URL pattern; see `add`."""
        return self._function_route(pattern, "delete", options)

    def query(self, pattern: str, **options: Unpack[FunctionOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the QUERY of a URL pattern (RFC 10008)."""
        return self._function_route(pattern, "query", options)
