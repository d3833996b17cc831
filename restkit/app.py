"""`App`: the WSGI application on which users declare, mount and install."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, Unpack
from urllib.parse import urljoin

from .app_arguments import (
    check_extension,
    check_names,
    check_settings,
    check_subclass,
    check_values,
    extensions_of,
    guards_of,
    media_of,
    members_of,
    not_mountable,
    query_text,
)
from .app_parts import AppParts, DocumentHook
from .contract import Failure, LimitRule, Operation
from .declaration_checks import check_app
from .declarations import failures_of, mark_mounted
from .error_formats import ErrorFormat, formats_of
from .operations.entries import Entry, make_entry
from .operations.registry import Mounted, Registry
from .operations.security import access_of, given_access
from .problems import Problem
from .request import Request, current_request
from .resource import Resource
from .route_decorators import RouteDecorators, check_route
from .routing.patterns import parse_pattern
from .settings import Settings, SettingValues

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.routing import BaseConverter

    from .cache_rule import CacheRule
    from .deprecation import Deprecation
    from .dispatch.dispatcher import Dispatcher
    from .dispatch.edge import Serve
    from .permissions import PermissionsLike
    from .requirements import SecurityLike
    from .route_decorators import ClassOptions
    from .security.cors import CORS

__all__ = ["App", "Extension"]

C = TypeVar("C", bound=type[Resource])


class Extension(Protocol):
    """An object that adds resources, middleware or handlers to an App.

    It may also have a method ``contribute``, see `restkit.Contributor`, which adds to every
    Operation of the App and of mounted Apps; and ``compose``, called once with the App when
    everything is declared.
    """

    def install(self, app: App, /) -> None:
        """Add the extension's parts to the App."""
        ...


class App(RouteDecorators, AppParts):
    """The WSGI application: resources on URL patterns, settings, middleware and mounted Apps.

    ::

        app = App("Bookstore", version="1.0")

        @app.route("/books")
        class Books(Resource): ...

    Attributes:
        settings: The settings; see `restkit.Settings`.
        media: The media types of request and response content; register handlers of your own.
        converters: Your URL converters by name. A converter has its JSON Schema as
            ``json_schema``.
        overrides: The replacements of factories of `provide`; see `override`.
        stores: Functions that return the store of a model, or None if they do not know the model;
            see `restkit.crud.CRUDResource`.
        extensions: The installed extensions, in order.
        members: Further members of the root of the OpenAPI document.
        document_hooks: The functions that `document_hook` added, in order.
    """

    def __init__(
        self,
        name: str,
        *,
        version: str = "0.1.0",
        description: str = "",
        contact: Mapping[str, str] | None = None,
        license: Mapping[str, str] | None = None,
        servers: Sequence[str | Mapping[str, object]] = (),
        tags: Mapping[str, str] | None = None,
        errors: ErrorFormat | Sequence[ErrorFormat] | None = None,
        document: Mapping[str, object] | None = None,
        security: SecurityLike | None = None,
        permission: PermissionsLike | None = None,
        limits: Sequence[LimitRule] | None = None,
        cache: CacheRule | Literal[False] | None = None,
        deprecated: Deprecation | None = None,
        raises: Sequence[type[Problem] | Failure] = (),
        cors: CORS | None = None,
        extensions: Sequence[Extension] = (),
        settings: Settings | None = None,
        **values: Unpack[SettingValues],
    ) -> None:
        """Make an App.

        Args:
            name: The title of the OpenAPI document.
            version: The API version in the OpenAPI document.
            description: The description in the OpenAPI document, in CommonMark.
            contact: OpenAPI's Contact Object.
            license: OpenAPI's License Object.
            servers: URLs, or OpenAPI's Server Objects; the document's own URL by default.
            tags: Descriptions of tags by name, in the document's order.
            errors: The formats of error responses, the default first; Accept chooses among several.
                By default those of the App around this one, or RFC 9457.
            document: Further members of the document's root, by OpenAPI's names:
                ``termsOfService``, ``externalDocs``, ``webhooks`` and ``x-...``.
            security: The security schemes of everything that declares none, the document and its
                pages included. Only ``public=True`` opens a URL. See `restkit.Scheme`.
            permission: The permission that callers need if nothing nearer has one: a rule, or a
                mapping with ``read`` (GET, HEAD, QUERY) and ``write``; see `access`.
            limits: Limits of all operations together, such as ``[Rate(1000, per="hour")]``.
            cache: How long responses of GET are stored; see `restkit.caching.Cache`.
            deprecated: The deprecation of the operations; see `deprecated`.
            raises: Problems that every request may get, such as those of a reverse proxy.
            cors: The pages of other origins that may use the App; see `restkit.security.CORS`.
            extensions: The extensions to `install`, in order: ``[database, SecurityHeaders()]``.
            settings: Loaded settings, in place of ``values``.
            values: Single settings. A file, ``.env`` and ``RESTKIT_*`` take precedence.

        Raises:
            SettingError: A setting is unknown or has an invalid value.
        """
        check_settings(name, settings, values)
        check_app(name, version, contact=contact, license=license, tags=tags, servers=servers)
        self.name = name
        self.version = version
        self.description = description
        self.contact = contact
        self.license = license
        self.servers: Sequence[str | Mapping[str, object]] = tuple(servers)
        self.tags: Mapping[str, str] = dict(tags or {})
        self.settings = settings if settings is not None else Settings.load(**values)
        self.media = media_of(self.settings)
        self.converters: dict[str, type[BaseConverter]] = {}
        self.overrides: dict[object, Callable[..., object]] = {}
        self.stores: list[Callable[[type], Any]] = []
        self.extensions: list[Extension] = []
        self.members = members_of(document, name)
        check_values(
            name,
            description=description,
            contact=contact,
            license=license,
            servers=self.servers,
            tags=self.tags,
        )
        self.document_hooks: list[DocumentHook] = []
        self._registry = Registry(self, check_names)
        self._registry.page_errors = self._page_errors
        where = f"App({name!r})"
        self._registry.errors = formats_of(errors, where)
        self._registry.raises = failures_of(raises, f"raises of {where}")
        guards = security, False, permission, where, limits, cache, deprecated
        self._registry.access = given_access(*guards, is_outermost=True)
        self._dispatcher: Dispatcher | None = None
        self._serve: Serve | None = None
        self._lock = threading.Lock()
        for extension in (*guards_of(self.settings, cors), *extensions_of(extensions, where)):
            self.install(extension)

    def __init_subclass__(cls) -> None:
        check_subclass(cls, App)

    def __repr__(self) -> str:
        return f"<App {self.name!r}, {len(self._registry.entries)} resources>"

    # declaring

    def add(self, pattern: str, resource: C, **options: Unpack[ClassOptions]) -> C:
        """Mount a resource on a URL pattern.

        Args:
            pattern: A URL pattern in Werkzeug's syntax: ``/books/<int:book_id>``.
            resource: A Resource class; it may be mounted on several patterns.
            options: ``name`` for `url_for` and operationIds, the class's name by default; ``host``,
                a pattern of the host such as ``<tenant>.example.com``, every host by default;
                ``security``, ``permission``, ``cache``, ``deprecated`` and ``public``, which
                override; ``limits``; ``methods``, to mount only these: ``{"GET"}``; ``changes``,
                for a feed of the changes of a collection: True, or `restkit.crud.Changes`.

        Returns:
            The class.

        Raises:
            DeclarationError: The class, its schemas or signatures do not fit the pattern.
            CollisionError: Another resource has the URL, or a name in the document.
        """
        where = f"add({pattern!r})"
        check_route(options, where)
        self._check_open(f"the resource {getattr(resource, '__name__', resource)!r}")
        known_as = options.get("name") or str(getattr(resource, "__name__", ""))
        access = access_of(options, where)
        methods, changes = options.get("methods"), options.get("changes")
        mount_points: Sequence[tuple[str, type[Resource], str]] = [(pattern, resource, known_as)]
        if methods is not None or changes or getattr(resource, "changes", False):
            from .mount_points import mount_points_of as of  # cold start: few mounts have options

            mount_points = of(resource, methods, changes, where, pattern, known_as, self)
        elif isinstance(resource, type) and issubclass(resource, Resource):
            mount_points = resource._mount_points(pattern, known_as, self)
        entries: list[Entry] = []
        for rule, each, called in mount_points:
            parsed = parse_pattern(rule, options.get("host") or "", self.converters)
            entry = make_entry(self, parsed, each, called, access)
            entries.append(entry if each is resource else entry._replace(declared=resource))
        self._registry.add(*entries)
        mark_mounted(resource)
        return resource

    def mount(
        self,
        prefix: str,
        app: App,
        *,
        host: str | None = None,
        defaults: Mapping[str, object] | None = None,
        documented: bool = True,
        errors: ErrorFormat | Sequence[ErrorFormat] | None = None,
        security: SecurityLike | None = None,
        permission: PermissionsLike | None = None,
        limits: Sequence[LimitRule] | None = None,
        cache: CacheRule | Literal[False] | None = None,
        deprecated: Deprecation | Literal[False] | None = None,
        public: bool = False,
        raises: Sequence[type[Problem] | Failure] = (),
    ) -> App:
        """Mount another App below a prefix, with its own middleware, problem handlers and settings.

        Args:
            prefix: The path prefix, ``/shop`` or ``/<language>``. The values of its variables are
                in ``request.mount_parameters``.
            app: The other App. It also serves its own document below the prefix.
            host: The pattern of the host: ``<tenant>.example.com``. With it, ``/`` is a prefix.
            defaults: Values of variables, or functions, for `url_for` outside of their requests.
            documented: Whether its operations are in this App's document too.
            errors: The formats of its error responses, if the other App declares none.
            security: The security of everything below that declares none, in place of the App's.
            permission: The permission that callers of everything below need.
            limits: Limits besides those of the Apps; ``[]`` takes those of this App away.
            cache: How long responses of GET are stored; False takes that of this App away.
            deprecated: The deprecation of everything below that declares none.
            public: Whether everything below that declares no security is public.
            raises: Problems that every operation below may respond with.

        Returns:
            The other App.

        Raises:
            DeclarationError: No URL has the prefix, the App is mounted already, or the two Apps
                have different values of trailing_slash.
            CollisionError: The two Apps have the same method of a URL, the same name in the
                document, or the same converter.
        """
        where = f"mount({prefix!r})"
        if not isinstance(app, App):
            raise not_mountable(prefix, app)
        self._check_open(f"the App {app.name!r}")
        self._registry.mount(
            Mounted(
                prefix,
                app._registry,
                documented,
                failures_of(raises, f"raises of {where}"),
                given_access(security, public, permission, where, limits, cache, deprecated),
                formats_of(errors, where),
                host,
                dict(defaults or {}),
            )
        )
        return app

    def install(self, extension: Extension) -> None:
        """Install an extension: it adds its parts to the App.

        Raises:
            DeclarationError: The object has no method ``install``.
        """
        check_extension(extension)
        extension.install(self)
        self.extensions.append(extension)

    # reading

    def operations(self) -> tuple[Operation, ...]:
        """Return every Operation, those of mounted Apps too; paths are relative to this App."""
        return tuple(operation for entry in self.entries() for operation in entry.operations)

    def entries(self) -> list[Entry]:
        """Return the mounted resources with everything around them, those of mounted Apps too."""
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
            _query: Query parameters. A sequence is a repeated parameter, None leaves one out.
            values: The pattern's variables.

        Raises:
            LookupError: No URL pattern of the target has exactly these variables, or the converter
                of a variable rejects its value.
            TypeError: ``_query`` is not a mapping.
        """
        root: App = self._registry.root.app
        request = current_request.get(None)
        url = root._freeze().url_for(target, self, values, request)
        if url is None:
            from .app_urls import no_url  # cold start

            raise LookupError(no_url(target, values, root.entries()))
        url += query_text(_query)
        return urljoin(Request.current().host_url, url) if _external else url

    # responding

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333)."""
        return (self._responder or self._begin())(environ, start_response)
