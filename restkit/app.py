"""`App`: the WSGI entry, mounting, and the composition of the modules below."""

from __future__ import annotations

import threading
from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    MutableMapping,
    Sequence,
)
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, TypeVar, Unpack
from urllib.parse import urlencode, urljoin

from werkzeug.routing import BaseConverter

from .contract import Failure, Operation
from .declaration_checks import check_app, check_call, check_factory, check_pattern
from .declarations import failures_of, mark_mounted, mounted
from .dispatch.dispatcher import Dispatcher
from .encoding import dumps_json
from .error_formats import ErrorFormat, formats_of
from .errors import DeclarationError
from .foreign_names import APP_MEMBERS
from .json_parsing import JSONLimits, loads_json
from .media import HANDLERS, Handler, Media
from .middleware import Middleware
from .operations.entries import Entry, make_entry
from .operations.operation_ids import check_ids
from .operations.registry import Mounted, Registry
from .operations.route_options import check_options, document_members
from .operations.security import given_security
from .problems import Problem
from .request import Request, current_request
from .requirements import SecurityLike
from .resource import Resource, function_resource
from .routing.patterns import parse_pattern
from .settings import Settings, SettingValues

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["App", "Extension"]

T = TypeVar("T")
R = TypeVar("R", bound="type[Resource] | Callable[..., Any]")
F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=Middleware)
DocumentHook = Callable[[dict[str, Any]], "dict[str, Any] | None"]
D = TypeVar("D", bound=DocumentHook)
C = TypeVar("C", bound=type[Resource])


class Extension(Protocol):
    """An object that adds resources, middleware or handlers to an App.

    It may also have a method ``contribute``, see `restkit.Contributor`: it then adds to the record of every
    Operation of the App, of mounted Apps too, whether they were added before or after the installation.
    """

    def install(self, app: App, /) -> None:
        """Add the extension's parts to the App."""
        ...


class RouteOptions(TypedDict, total=False):
    """The keyword arguments of `App.add` and of all routes."""

    name: str | None
    host: str | None
    security: SecurityLike | None
    public: bool


class App:
    """The WSGI application: resources mounted on URL patterns, settings, middleware and mounted Apps.

    ::

        app = App("Bookstore", version="1.0")

        @app.route("/books")
        class Books(Resource): ...

    Attributes:
        settings: See `restkit.Settings`.
        media: The media types that bodies may have; register handlers of your own.
        converters: URL converters of your own by name; a converter says its JSON Schema as ``json_schema``.
        overrides: What stands in for factories of `provide`, see `override`.
        stores: What makes the store of a model, or returns None where it is no model of its own; see
            `restkit.crud.CRUDResource`.
        extensions: What was installed, in order.
        members: More members of the document.
        document_hooks: What `document_hook` added, in order.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str = "0.1.0",
        description: str = "",
        contact: Mapping[str, str] | None = None,
        license: Mapping[str, str] | None = None,
        servers: Sequence[str | Mapping[str, Any]] = (),
        tags: Mapping[str, str] | None = None,
        errors: ErrorFormat | Sequence[ErrorFormat] | None = None,
        document: Mapping[str, object] | None = None,
        security: SecurityLike | None = None,
        raises: Sequence[type[Problem] | Failure] = (),
        settings: Settings | None = None,
        **values: Unpack[SettingValues],
    ) -> None:
        """Make an App.

        Args:
            name: The title of its document.
            version: Of the API, as the document says it.
            description: CommonMark, for the document.
            contact: OpenAPI's Contact Object.
            license: OpenAPI's License Object.
            servers: URLs, or OpenAPI's Server Objects; by default where the document is served.
            tags: Descriptions of tags, in the document's order.
            errors: The formats of error responses, the default first; Accept chooses among several.
                Without them, those of the App around this one, or RFC 9457.
            document: More members of the document: ``termsOfService``, ``externalDocs``, ``webhooks`` and
                ``x-...``, as OpenAPI spells them.
            security: What guards everything of the App that does not say otherwise, the document and its
                pages too; only ``public=True`` opens. See `restkit.Scheme`.
            raises: Problems that the App may respond with to every request, such as those of a server
                before it.
            settings: Ready settings, in place of ``values``.
            values: Single settings; a file, ``.env`` and ``RESTKIT_*`` win over them.

        Raises:
            SettingError: A setting is unknown or has a wrong value.
        """
        if settings is not None and not isinstance(settings, Settings):
            raise DeclarationError(
                f"App({name!r}): settings={settings!r} is no Settings; give an instance, such as Settings.load()."
            )
        if settings is not None and values:
            raise DeclarationError(
                f"App({name!r}): give settings=... or single settings, not both."
            )
        check_app(name, version, contact=contact, license=license, tags=tags, servers=servers)
        self.name = name
        self.version = version
        self.description = description
        self.contact = contact
        self.license = license
        self.servers: Sequence[str | Mapping[str, Any]] = tuple(servers)
        self.tags: Mapping[str, str] = dict(tags or {})
        self.settings = settings if settings is not None else Settings.load(**values)
        self.media = _media(self.settings)
        self.converters: dict[str, type[BaseConverter]] = {}
        self.overrides: dict[Any, Callable[..., Any]] = {}
        self.stores: list[Callable[[type], Any]] = []
        self.extensions: list[Extension] = []
        self.members = document_members(document, name)
        _check_values(
            name,
            description=description,
            contact=contact,
            license=license,
            servers=self.servers,
            tags=self.tags,
        )
        self.document_hooks: list[DocumentHook] = []
        self._registry = Registry(self, _check_names)
        self._registry.errors = formats_of(errors, f"App({name!r})")
        self._registry.raises = failures_of(raises, f"raises of App({name!r})")
        self._registry.security = given_security(security, False, f"App({name!r})")
        self._dispatcher: Dispatcher | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<App {self.name!r}, {len(self._registry.entries)} resources>"

    if not TYPE_CHECKING:  # a type checker should go on to report unknown attributes

        def __getattr__(self, name: str) -> object:
            remedy = APP_MEMBERS.get(name)
            hint = f" {remedy}" if remedy else ""
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}.{hint}",
                name=name,
                obj=self,
            )

    # declaring

    def add(self, pattern: str, resource: C, **options: Unpack[RouteOptions]) -> C:
        """Mount a resource on a URL pattern.

        Args:
            pattern: Werkzeug's: ``/books/<int:book_id>``.
            resource: A Resource class; it may be mounted on several patterns.
            options: ``name`` for `url_for` and operationIds, the class's name by default; ``host``, a
                pattern of the host such as ``<tenant>.example.com``, every host by default; ``security``
                and ``public``, which win over those of the class.

        Returns:
            The class.

        Raises:
            DeclarationError: The class, its schemas or signatures and the pattern do not fit together.
            CollisionError: Another resource has the URL, or a name of the document.
        """
        where = f"add({pattern!r})"
        check_options(options, where)
        self._check_open(f"the resource {getattr(resource, '__name__', resource)!r}")
        known_as = options.get("name") or str(getattr(resource, "__name__", ""))
        security = given_security(options.get("security"), options.get("public", False), where)
        host = options.get("host") or ""
        places: Sequence[tuple[str, type[Resource], str]] = [(pattern, resource, known_as)]
        if isinstance(resource, type) and issubclass(resource, Resource):
            places = resource._mount_points(pattern, known_as, self)
        entries = [
            make_entry(self, parse_pattern(rule, host, self.converters), each, called, security)
            for rule, each, called in places
        ]
        self._registry.add(
            *(
                entry if entry.resource is resource else entry._replace(declared=resource)
                for entry in entries
            )
        )
        mark_mounted(resource)
        return resource

    def route(self, pattern: str, **options: Unpack[RouteOptions]) -> Callable[[R], R]:
        """Mount the decorated Resource class, or function as a GET, on a URL pattern; see `add`."""
        check_pattern(pattern, "route")
        check_options(options, f"route({pattern!r})")

        def decorate(target: R) -> R:
            added: R = self._add_target(pattern, target, options)
            return added

        return decorate

    def _add_target(self, pattern: str, target: Any, options: RouteOptions) -> Any:
        if isinstance(target, type):
            return self.add(pattern, target, **options)
        return self._add_function(pattern, target, "get", options)

    def _add_function(
        self, pattern: str, function: Callable[..., Any], method: str, options: RouteOptions
    ) -> Any:
        if not callable(function):
            raise DeclarationError(
                f"{function!r} at {pattern!r} is neither a Resource class nor a function."
            )
        self.add(pattern, function_resource(function, method), **options)
        return mounted(function)

    def _function_route(self, pattern: str, method: str, options: RouteOptions) -> Callable[[F], F]:
        check_pattern(pattern, method)
        check_options(options, f"{method}({pattern!r})")

        def decorate(function: F) -> F:
            added: F = self._add_function(pattern, function, method, options)
            return added

        return decorate

    def get(self, pattern: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the GET of a URL pattern; see `add`."""
        return self._function_route(pattern, "get", options)

    def post(self, pattern: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the POST of a URL pattern; see `add`."""
        return self._function_route(pattern, "post", options)

    def put(self, pattern: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the PUT of a URL pattern; see `add`."""
        return self._function_route(pattern, "put", options)

    def patch(self, pattern: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the PATCH of a URL pattern; see `add`."""
        return self._function_route(pattern, "patch", options)

    def delete(self, pattern: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the DELETE of a URL pattern; see `add`."""
        return self._function_route(pattern, "delete", options)

    def query(self, pattern: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Mount the decorated function as the QUERY of a URL pattern (RFC 10008)."""
        return self._function_route(pattern, "query", options)

    def mount(
        self,
        prefix: str,
        app: App,
        *,
        documented: bool = True,
        errors: ErrorFormat | Sequence[ErrorFormat] | None = None,
        security: SecurityLike | None = None,
        public: bool = False,
        raises: Sequence[type[Problem] | Failure] = (),
    ) -> App:
        """Mount another App below a prefix, with its own middleware, problem handlers and settings.

        Args:
            prefix: Begins with a slash, has no variables.
            app: The other App; it also serves its own document below the prefix.
            documented: Whether its operations stand in this App's document too.
            errors: The formats of its error responses, if the other App says none itself.
            security: What guards everything below that does not say otherwise; it wins over this App's.
            public: Whether anybody may call what does not say otherwise.
            raises: Problems that every operation below may respond with.

        Returns:
            The other App.

        Raises:
            DeclarationError: The prefix has variables, the App is mounted already, or its trailing_slash
                is another.
            CollisionError: Both have one method of one URL, or one name of the document or of a URL
                converter, for two things.
        """
        where = f"mount({prefix!r})"
        if not isinstance(app, App):
            raise DeclarationError(
                f"mount({prefix!r}, {app!r}): what is mounted is another restkit App."
            )
        self._check_open(f"the App {app.name!r}")
        self._registry.mount(
            Mounted(
                prefix,
                app._registry,
                documented,
                failures_of(raises, f"raises of {where}"),
                given_security(security, public, where),
                formats_of(errors, where),
            )
        )
        return app

    def middleware(self, middleware: M) -> M:
        """Put a middleware around everything that the App answers; the first one added is outermost."""
        check_call(middleware, ("request", "proceed"), f"A middleware of the App {self.name!r}")
        self._check_open("a middleware")
        self._registry.middleware.append(middleware)
        return middleware

    def problem_handler(self, error: type[Exception]) -> Callable[[F], F]:
        """Let the decorated function answer for an exception class and its subclasses.

        It takes the exception and the request, and returns (or raises) a Problem, or returns a Response.
        """
        if not (isinstance(error, type) and issubclass(error, Exception)):
            raise DeclarationError(f"problem_handler wants an exception class, not {error!r}.")

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
        """Let a function change the document of this App before it is served, printed or checked.

        It takes the document, a dict of JSON values, and changes it or returns another one. Hooks run in
        the order in which they were added; those of an App hold for its own document only.
        """
        check_call(hook, ("document",), f"A document hook of the App {self.name!r}")
        self._check_open("a document hook")
        self.document_hooks.append(hook)
        return hook

    def install(self, extension: Extension) -> None:
        """Let an extension add its parts.

        Raises:
            DeclarationError: It is no extension.
        """
        if isinstance(extension, type) or not callable(getattr(extension, "install", None)):
            raise DeclarationError(
                f"install({extension!r}): an extension is an object with a method install(app)."
            )
        extension.install(self)
        self.extensions.append(extension)

    @contextmanager
    def override(self, factory: Callable[..., T], fake: Callable[..., T]) -> Generator[None]:
        """Let a fake stand in for a factory of `provide`, here and in mounted Apps, while the context lasts."""
        check_factory(fake, "What stands in for a factory")
        apps = [app for _, app in self._registry.walk_apps()]
        before = [app.overrides for app in apps]
        for app in apps:
            app.overrides = {**app.overrides, factory: fake}
        try:
            yield
        finally:
            for app, overrides in zip(apps, before, strict=True):
                app.overrides = overrides

    def _check_open(self, what: str) -> None:
        for registry in self._registry.line():
            app: App = registry.app
            if app._dispatcher is not None:
                raise DeclarationError(
                    f"The App {app.name!r} is already answering requests; add {what} before the first."
                )

    # reading

    def operations(self) -> tuple[Operation, ...]:
        """Return every Operation, those of mounted Apps too; paths are relative to this App."""
        return tuple(operation for entry in self.entries() for operation in entry.operations)

    def entries(self) -> list[Entry]:
        """Return what is mounted where, with all that is around it; that of mounted Apps too."""
        return self._registry.all_entries()

    def url_for(
        self,
        target: object,
        /,
        *,
        _external: bool = False,
        _query: Mapping[str, object] | None = None,
        **values: object,
    ) -> str:
        """Build the URL of a resource.

        Args:
            target: A Resource class, a function, the name given at `add`, or an operationId.
            _external: Whether the URL has scheme and host; only during a request.
            _query: Query parameters; a sequence is a repeated parameter.
            values: The pattern's variables.

        Raises:
            LookupError: No URL pattern of the target has just these variables.
        """
        root: App = self._registry.root.app
        request = current_request.get(None)
        url = root._freeze().url_for(
            target, self, values, request.root_path if request is not None else ""
        )
        if url is None:
            given = ", ".join(values) or "no values"
            raise LookupError(
                f"There is no URL for {target!r} with {given}. The values must be the variables "
                "of its URL pattern; query parameters are given as _query={...}."
            )
        if _query:
            url = f"{url}?{urlencode(_query, doseq=True)}"
        return urljoin(Request.current().host_url, url) if _external else url

    # answering

    def freeze(self) -> None:
        """Compose everything that was declared; the first request does it, a server may do it earlier.

        Raises:
            DeclarationError: What was declared does not fit together.
        """
        self._freeze()

    def _freeze(self) -> Dispatcher:
        dispatcher = self._dispatcher
        if dispatcher is None:
            with self._lock:
                dispatcher = self._dispatcher
                if dispatcher is None:
                    dispatcher = self._dispatcher = self._compose()
        return dispatcher

    def _compose(self) -> Dispatcher:
        registry = self._registry
        return Dispatcher(
            self, registry.all_entries(), registry.mounted_prefixes(), self._documents
        )

    def _documents(self) -> list[Entry]:
        """Return the entries of the documents and their pages, which are loaded only here."""
        from .openapi import resources  # cold start: most workers never serve a document

        def documents(registry: Registry) -> Iterator[Entry]:
            app = registry.app
            for rule, resource in resources(app.settings):
                yield make_entry(app, parse_pattern(rule, "", {}), resource, resource.__name__)

        return self._registry.all_entries(documents)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        return (self._dispatcher or self._freeze())(environ, start_response)


def _check_values(name: str, **values: object) -> None:
    """Reject arguments that the document cannot hold."""
    for argument, value in values.items():
        if not value:
            continue
        from .schemas import json_values  # cold start: most Apps give none of these

        try:
            json_values.json_value(value)
            for text in _texts(argument, value):
                json_values.text_value(text)
        except ValueError as error:
            raise DeclarationError(
                f"App({name!r}): {argument} cannot be written into the document: {error}. "
                "Give strings, numbers, lists and dicts."
            ) from error


def _texts(argument: str, value: object) -> Iterable[object]:
    """Return the values in an argument of App that must be texts."""
    if argument == "servers":
        return ()
    if not isinstance(value, Mapping):
        return (value,)
    return (text for name, text in value.items() if not str(name).startswith("x-"))


def _media(settings: Settings) -> Media:
    media = Media(HANDLERS)
    if settings.max_json_depth != JSONLimits().depth:
        loads = partial(loads_json, limits=JSONLimits(depth=settings.max_json_depth))
        media.register(Handler("application/json", loads, dumps_json))
    return media


def _declares_values(op: Operation) -> bool:
    """Return whether an operation has schemas, or words that may not be plain strings."""
    texts = [op.summary, op.description, *op.tags]
    texts += [each.description for each in op.outputs]
    texts += [each.description for each in op.failures]
    return bool(
        op.inputs
        or op.examples
        or op.extensions
        or op.parameters
        or any(each.schema is not None or each.headers for each in op.outputs)
        or any(each.headers for each in op.failures)
        or any(type(text) is not str for text in texts)
    )


def _check_names(
    operations: Iterable[Operation],
    ids: MutableMapping[str, Any],
    components: MutableMapping[str, Any],
) -> None:
    operations = list(operations)
    check_ids(operations, ids)
    if any(map(_declares_values, operations)):
        from .openapi import check_schemas  # cold start: components are made of schemas

        check_schemas(operations, components)
