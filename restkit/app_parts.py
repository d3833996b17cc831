"""The parts around an App's resources: middleware, problem handlers, document hooks, overrides."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .declaration_checks import check_call, check_factory
from .errors import DeclarationError
from .middleware import Middleware
from .operations.registry import Registry

if TYPE_CHECKING:
    from .contract import Operation, Output
    from .dispatch.pages import PageRenderer
    from .error_formats import ErrorFormat
    from .html.environment import TemplateOwner

__all__ = ["AppParts", "DocumentHook"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Middleware)
DocumentHook = Callable[[dict[str, Any]], "dict[str, Any] | None"]
D = TypeVar("D", bound=DocumentHook)


class AppParts:
    """The base of `App` with the methods that add parts around its resources."""

    name: str
    document_hooks: list[DocumentHook]
    _registry: Registry

    def middleware(self, middleware: M) -> M:
        """Add a middleware around every response of the App; the first one is the outermost."""
        check_call(middleware, ("request", "proceed"), f"A middleware of the App {self.name!r}")
        self._check_open("a middleware")
        self._registry.middleware.append(middleware)
        return middleware

    def problem_handler(self, error: type[Exception]) -> Callable[[F], F]:
        """Register the decorated function as the handler of an exception class and its subclasses.

        It takes the exception and the request, and returns (or raises) a Problem, or returns a
        Response.
        """
        if not (isinstance(error, type) and issubclass(error, Exception)):
            raise DeclarationError(f"problem_handler() expects an exception class, got {error!r}.")

        def decorate(handler: F) -> F:
            check_call(
                handler,
                ("error", "request"),
                f"The handler of {error.__name__} of the App {self.name!r}",
            )
            self._check_open(f"a handler of {error.__name__}")
            self._registry.handlers[error] = handler
            return handler

        return decorate

    def document_hook(self, hook: D) -> D:
        """Register a function that changes the App's document before it is served or printed.

        It takes the document, a dict of JSON values, and changes it or returns another one. Hooks
        run in the order in which they were added. They apply to the App's own document only.
        """
        check_call(hook, ("document",), f"A document hook of the App {self.name!r}")
        self._check_open("a document hook")
        self.document_hooks.append(hook)
        return hook

    @contextmanager
    def override(self, factory: Callable[..., T], fake: Callable[..., T]) -> Generator[None]:
        """Replace a factory of `provide`, here and in mounted Apps, while the context lasts."""
        check_factory(fake, "The replacement of a factory")
        apps = [app for _, app in self._registry.walk_apps()]
        before = [app.overrides for app in apps]
        for app in apps:
            app.overrides = {**app.overrides, factory: fake}
        try:
            yield
        finally:
            for app, overrides in zip(apps, before, strict=True):
                app.overrides = overrides

    def page_renderer(self, operation: Operation, output: Output, /) -> PageRenderer:
        """Return the function that renders the page of an output: its text and headers."""
        from .html.rendering import page_renderer  # cold start: most programs have no pages

        return page_renderer(cast("TemplateOwner", self), operation, output)

    @staticmethod
    def _page_errors() -> tuple[ErrorFormat, ...]:
        from .html.error_pages import PAGE_ERRORS  # cold start, as above

        return PAGE_ERRORS

    def _check_open(self, what: str) -> None:
        for registry in self._registry.line():
            app = registry.app
            if app._dispatcher is not None:
                raise DeclarationError(
                    f"The App {app.name!r} already responds to requests. Add {what} before the "
                    "first request."
                )
