"""The parts around an App's resources: middleware, problem handlers, document hooks, overrides."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from .declaration_checks import check_call, check_factory
from .dispatch.dispatcher import Dispatcher
from .errors import DeclarationError
from .foreign_names import APP_MEMBERS
from .gc_pause import gc_paused
from .middleware import Middleware
from .operations.entries import Entry
from .operations.registry import Registry

if TYPE_CHECKING:
    from .caching.handle import AppCache
    from .contract import Operation, Output
    from .dispatch.edge import Serve
    from .dispatch.pages import PageRenderer
    from .error_formats import ErrorFormat
    from .html.environment import TemplateOwner
    from .lifespan import Lifespan
    from .operations.registry import MountedPrefix
    from .request import AppLike, Request
    from .response import PlainResponse

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
    _commands: dict[str, Callable[..., object]] | None = None
    _lifespan: Lifespan | None = None
    _responder: Serve | None = None
    _serve: Serve | None
    _dispatcher: Dispatcher | None
    _lock: threading.Lock
    _stored_responses: AppCache | None = None

    if not TYPE_CHECKING:  # a type checker should go on to report unknown attributes

        def __getattr__(self, name: str) -> object:
            remedy = APP_MEMBERS.get(name)
            hint = f" {remedy}" if remedy else ""
            message = f"{type(self).__name__!r} object has no attribute {name!r}.{hint}"
            raise AttributeError(message, name=name, obj=self)

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

    def form_renderer(self, operation: Operation, /) -> Callable[[Request], PlainResponse]:
        """Return the function that responds with the form that a client sent, with another row."""
        from .html.form_pages import form_renderer  # cold start, as above

        return form_renderer(cast("TemplateOwner", self), operation)

    @staticmethod
    def _page_errors() -> tuple[ErrorFormat, ...]:
        from .html.error_pages import PAGE_ERRORS  # cold start, as above

        return PAGE_ERRORS

    @staticmethod
    def _with_pages(entry: Entry) -> Entry:
        """Return an entry whose operations have the pages of a browsable App."""
        from .html.browsable.declared import with_pages  # cold start, as above

        return with_pages(entry)

    def freeze(self) -> None:
        """Compose the declarations. The first request does it; a server may do it earlier.

        Raises:
            DeclarationError: The declarations do not fit together.
        """
        self._freeze()

    def _freeze(self) -> Dispatcher:
        dispatcher = self._dispatcher
        if dispatcher is None:
            with self._lock:
                dispatcher = self._dispatcher
                if dispatcher is None:
                    with gc_paused():
                        dispatcher = self._dispatcher = self._compose()
        return dispatcher

    def _compose(self) -> Dispatcher:
        """Compose the declared operations, and the layers around the dispatcher."""
        entries = self._counted(self._registry.all_entries())
        parts = entries, self._registry.mounted_prefixes(), self._documents
        apps = [app for _, app in self._registry.walk_apps()]
        if any(hasattr(each, "compose") for app in apps for each in app.extensions):
            from .operations.composed_extensions import compose_extensions  # cold start

            compose_extensions(apps)
        dispatcher = self._overriding(apps, *parts) or Dispatcher(cast("AppLike", self), *parts)
        self._serve = dispatcher.__call__  # PERF: calling an instance costs 600 instructions more
        if any(hasattr(each, "edge_layers") for app in apps for each in app.extensions):
            from .dispatch.edge import compose_edge  # cold start

            self._serve = compose_edge(dispatcher, self._registry)
        return dispatcher

    def _counted(self, entries: list[Entry]) -> list[Entry]:
        """Return entries whose limits count in Redis, if the settings name one."""
        if url := cast("AppLike", self).settings.redis_url:
            from .limits.shared_counters import share_counters  # cold start

            share_counters(url, self.name, entries)
        return entries

    def _overriding(
        self,
        apps: Sequence[AppLike],
        entries: Sequence[Entry],
        prefixes: Sequence[MountedPrefix],
        load_documents: Callable[[], Sequence[Entry]],
    ) -> Dispatcher | None:
        """Return the dispatcher of Apps with forms that name a verb, or with browsable pages.

        None if there is no such App.
        """
        is_browsable = any(app.settings.is_browsable for app in apps)
        names_verbs = any(
            hasattr(each, "method_chooser") for app in apps for each in app.extensions
        )
        if not (is_browsable or names_verbs):
            return None
        from .dispatch.method_override import OverridingDispatcher, choosers_of  # cold start

        kind = OverridingDispatcher
        if is_browsable:
            from .html.browsable.dispatcher import BrowsableDispatcher

            kind = BrowsableDispatcher
        dispatcher = kind(cast("AppLike", self), entries, prefixes, load_documents)
        dispatcher.choosers = choosers_of(self._registry)
        return dispatcher

    def _documents(self) -> list[Entry]:
        """Return the entries of the documents and their pages, which are loaded only here."""
        from .openapi.document_entries import document_entries  # cold start

        return self._counted(self._registry.all_entries(document_entries))

    # start, stop, commands, extensions

    def on_start(self, function: F) -> F:
        """Run a function before the first request of each process; also a decorator."""
        return self._step("start", function)

    def on_stop(self, function: F) -> F:
        """Run a function when a process ends, the last one first; also a decorator."""
        return self._step("stop", function)

    def lifespan(self, function: F) -> F:
        """Run a generator function around all requests of a process; also a decorator.

        The code before its ``yield`` runs at the start, the code after it at the end.
        """
        return self._step("span", function)

    def _step(self, kind: str, function: F) -> F:
        from .app_lifecycle import add_step  # cold start: most Apps have no such functions

        self._check_open("a function of the start or the end")
        add_step(self, kind, function)
        return function

    def start(self) -> None:
        """Run the functions of the start, if they have not run in this process.

        The first request does it otherwise, and ``with app:`` does it for a test or a script.

        Raises:
            Exception: A function failed. The steps that had started before are stopped again.
        """
        if any(app._lifespan is not None for _, app in self._registry.walk_apps()):
            from .app_lifecycle import start  # cold start, as above

            start(self)

    def stop(self) -> None:
        """Run the functions of the end, if the App has started in this process.

        Raises:
            Exception: A function failed; the others have run.
        """
        self._forget_start()
        if self._lifespan is not None:
            self._lifespan.stop()

    def __enter__(self) -> Self:
        """Start the App, for a test or a script."""
        self._freeze()
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _begin(self) -> Serve:
        """Start the App, and return the function that responds to requests."""
        self._freeze()
        self.start()
        responder = self._responder = cast("Serve", self._serve)
        return responder

    def _forget_start(self) -> None:
        self._responder = None

    @overload
    def command(self, name: F, /) -> F: ...
    @overload
    def command(self, name: str, /) -> Callable[[F], F]: ...
    def command(self, name: str | Callable[..., object], /) -> object:
        """Add a command: ``restkit command shop seed --count 3``; also a decorator with a name.

        The parameters of the function are those of the command: one without a default is an
        argument, one with a default an option. Click's decorators may say more about them.

        Raises:
            DeclarationError: There is a command of the name already, or the name is none.
        """
        from .app_lifecycle import add_command  # cold start, as above

        if isinstance(name, str):
            called = name

            def decorate(function: F) -> F:
                add_command(self, called, function)
                return function

            return decorate
        own = str(getattr(name, "__name__", None) or getattr(name, "name", ""))
        add_command(self, own.replace("_", "-"), name)
        return name

    def commands(self) -> dict[str, Callable[..., object]]:
        """Return the functions of the commands by name, those of mounted Apps too."""
        from .app_lifecycle import commands_of  # cold start, as above

        return commands_of(self)

    def extension(self, kind: type[T]) -> T:
        """Return the installed extension of a class, of this App or of one that it is mounted on.

        Raises:
            LookupError: None is installed.
        """
        for registry in self._registry.line():
            for each in registry.app.extensions:
                if isinstance(each, kind):
                    return each
        name = kind.__qualname__
        raise LookupError(f"The App {self.name!r} has no {name}. Write app.install({name}(...)).")

    @property
    def cache(self) -> AppCache:
        """The stored responses of the outermost App, to invalidate some or all of them."""
        from .caching.handle import handle_of  # cold start: many programs store no responses

        return handle_of(self._registry.root.app)

    @property
    def logger(self) -> logging.Logger:
        """The logger of the App: its name in small letters, ``book_store`` for "Book store"."""
        return logging.getLogger(re.sub(r"\W+", "_", self.name.lower()).strip("_") or "app")

    def _check_open(self, what: str) -> None:
        for registry in self._registry.line():
            app = registry.app
            if app._dispatcher is not None:
                raise DeclarationError(
                    f"The App {app.name!r} already responds to requests. Add {what} before the "
                    "first request."
                )
