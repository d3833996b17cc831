"""The entries of an App and those of the Apps mounted on it, with the parts around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..contract import Failure, Operation
from ..declaration_checks import check_flag, check_text
from ..error_formats import DEFAULT_FORMATS, ErrorFormat
from ..errors import DeclarationError
from ..middleware import Middleware
from ..records import Record
from ..rendering.content import check_outputs
from ..resource import ProblemHandler
from ..routing.patterns import check_path, foreign_syntax
from ..security_scheme import Security
from .collisions import CheckNames, Claims, converters_of
from .contributions import add_failures, surrounded
from .entries import Entry, Handlers, extended, guarded, shift, with_distinct_ids, with_errors
from .item_links import link
from .security import Schemes, check_schemes, join_schemes

__all__ = [
    "Mounted",
    "MountedPrefix",
    "Registry",
]


class Mounted(Record):
    """An App mounted below a prefix, with the options of the mount."""

    prefix: str
    registry: Registry
    documented: bool = True
    raises: tuple[Failure, ...] = ()
    security: Security | None = None
    errors: tuple[ErrorFormat, ...] = ()


class MountedPrefix(Record):
    """The parts of Apps around everything below one prefix, unknown URLs included.

    Attributes:
        prefix: The prefix below which the App responds.
        app: The App.
        middleware: The middleware of the App and of the Apps around it, the outermost first.
        handlers: The problem handlers, the nearest first.
        errors: The formats of error responses.
    """

    prefix: str
    app: Any
    middleware: tuple[Middleware, ...] = ()
    handlers: tuple[Handlers, ...] = ()
    errors: tuple[ErrorFormat, ...] = DEFAULT_FORMATS


class Registry:
    """The declarations of one App: its entries, the Apps below, and the parts around them."""

    def __init__(self, app: Any, check_names: CheckNames) -> None:
        """Make an empty registry.

        Args:
            app: The App.
            check_names: A function that raises CollisionError if the document would have one name
                for two things, see `Claims`.
        """
        self.app = app
        self.entries: list[Entry] = []
        self.mounts: list[Mounted] = []
        self.raises: tuple[Failure, ...] = ()
        self.security: Security | None = None
        self.parent: Registry | None = None
        self.middleware: list[Middleware] = []
        self.handlers: dict[type[Exception], ProblemHandler] = {}
        self.errors: tuple[ErrorFormat, ...] = ()
        self.has_page = False
        self.page_errors: Callable[[], tuple[ErrorFormat, ...]] = tuple
        self._claims = Claims(check_names)
        self._schemes: Schemes = {}

    def add(self, *entries: Entry) -> None:
        """Add entries, all of them or none."""
        for entry in entries:
            _check_content(entry)
        converters_of(app for _, app in self.root.walk_apps())
        schemes = self.root._known_schemes()
        check_schemes(_securities(entries), schemes)
        self._claim(entries)
        self._schemes = schemes
        self.entries += entries
        self.has_page = self.has_page or any(map(_has_page, entries))

    def mount(self, mounted: Mounted) -> None:
        """Mount the entries of another App below a prefix, all of them or none."""
        other, documented = mounted.registry, mounted.documented
        if mounted.prefix != "":
            check_text(mounted.prefix, "The prefix of mount()", "/shop")
        check_flag(documented, f"mount({mounted.prefix!r}): documented")
        prefix = mounted.prefix.rstrip("/")
        self._check_place(mounted, prefix)
        self._check_settings(mounted)
        converters_of(app for each in (self.root, other) for _, app in each.walk_apps())
        schemes = self.root._known_schemes()
        join_schemes(other._known_schemes(), schemes)
        if mounted.security is not None:
            check_schemes([(mounted.security, f"mount({mounted.prefix!r})")], schemes)
        self._claim([_below_mount(entry, prefix, documented) for entry in other.all_entries()])
        self._schemes = schemes
        other.parent = self
        other.errors = other.errors or mounted.errors
        self.mounts.append(mounted._replace(prefix=prefix))

    def _known_schemes(self) -> Schemes:
        """Return the security schemes that this App and the Apps below it declare."""
        found = dict(self._schemes)
        if self.security:
            check_schemes([(self.security, f"App({self.app.name!r})")], found)
        for each in self.mounts:
            found.update(each.registry._known_schemes())
        return found

    def _check_place(self, mounted: Mounted, prefix: str) -> None:
        """Reject a prefix that cannot be one, and an App that is mounted already."""
        given, name = mounted.prefix, mounted.registry.app.name
        if not prefix.startswith("/") or "<" in prefix:
            raise DeclarationError(
                f"mount({given!r}) of the App {name!r}: a prefix must begin with '/' and a name, "
                "and have no variables. Write '/shop', for example."
            )
        if foreign_syntax(prefix, {}):
            raise DeclarationError(
                f"mount({given!r}) of the App {name!r} has the syntax of a variable, but a prefix "
                "has no variables. Declare the variable in the URL patterns of the mounted App, "
                "as in '/<shop>/books'."
            )
        check_path(f"mount({given!r}) of the App {name!r}", given)
        if mounted.registry.parent is not None or mounted.registry in self.line():
            raise DeclarationError(
                f"The App {name!r} is mounted already, and an App can be mounted only once. If a "
                "factory mounts it, make it in the factory too."
            )

    def _check_settings(self, mounted: Mounted) -> None:
        """Reject an App whose settings and error formats do not fit this App's."""
        own, other = self.app, mounted.registry.app
        if mounted.documented and own.settings.strict != other.settings.strict:
            raise DeclarationError(
                f"The Apps {own.name!r} and {other.name!r} differ in strict, but one document "
                "cannot describe both. Set the same value, or mount with documented=False."
            )
        outer, inner = own.settings.trailing_slash, other.settings.trailing_slash
        if outer != inner:
            raise DeclarationError(
                f"The App {other.name!r} has trailing_slash={inner!r}, but {own.name!r} has "
                f"{outer!r}. One policy applies to all URLs: set the same value in both."
            )
        if mounted.errors and mounted.registry.errors:
            raise DeclarationError(
                f"mount({mounted.prefix!r}): the App {other.name!r} has errors of its own. Declare "
                "errors in one of the two places."
            )

    def _claim(self, entries: Sequence[Entry]) -> None:
        """Reject collisions, here and in the Apps around, before anything is changed."""
        claimed: list[tuple[Claims, Claims]] = []
        child: Registry | None = None
        for registry in self.line():
            for each in registry.mounts:
                if each.registry is child:
                    entries = [
                        _below_mount(entry, each.prefix, each.documented) for entry in entries
                    ]
            claimed.append((registry._claims, registry._claims.check(entries)))
            child = registry
        for claims, more in claimed:
            claims.take(more)

    def line(self) -> Iterator[Registry]:
        """Yield this registry and the registries around it, the outermost last."""
        above: Registry | None = self
        while above is not None:
            yield above
            above = above.parent

    @property
    def root(self) -> Registry:
        """The registry of the outermost App."""
        return list(self.line())[-1]

    def all_entries(
        self, declared: Callable[[Registry], Iterable[Entry]] | None = None
    ) -> list[Entry]:
        """Return the entries of the App and of mounted Apps, linked and with unique operationIds.

        Args:
            declared: A function that returns other entries of an App, in place of its own.
        """
        entries = with_distinct_ids(self._surrounded(declared))
        check_schemes(_securities(entries), {})
        return entries

    def _surrounded(
        self, declared: Callable[[Registry], Iterable[Entry]] | None = None
    ) -> list[Entry]:
        """Return the entries of the App and of mounted Apps, with the parts around them."""
        own = self.entries if declared is None else declared(self)
        entries = [self._around(entry) for entry in own]
        for mounted in self.mounts:
            below = mounted.registry._surrounded(declared)
            entries += [self._around(each, mounted) for each in below]
        return link(entries)

    def _around(self, entry: Entry, mounted: Mounted | None = None) -> Entry:
        """Return an entry with the parts of this App and of a mount around it."""
        prefix = ""
        documented = True
        if mounted is not None:
            prefix, documented = mounted.prefix, mounted.documented
        entry = shift(entry, prefix, self.middleware, self.handlers, documented=documented)
        if not entry.errors:
            entry = with_errors(entry, self.line_errors())
        if mounted is not None:
            entry = guarded(entry, mounted.security)
            if mounted.raises:
                entry = entry.with_operations(
                    lambda each: add_failures(each, mounted.raises, "mount")
                )
        return self._completed(guarded(entry, self.security))

    def _completed(self, entry: Entry) -> Entry:
        """Return an entry with the contributions of this App's parts, from the inside out."""
        extensions: list[object] = self.app.extensions
        for extension in extensions:
            entry = extended(entry, extension)
        handlers = list(self.handlers.values())
        if not (handlers or self.middleware or self.raises):
            return entry
        middleware, raises = tuple(self.middleware), self.raises

        def complete(operation: Operation) -> Operation:
            operation = surrounded(operation, handlers, middleware)
            return add_failures(operation, raises, "app")

        return entry.with_operations(complete)

    def walk_apps(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Yield every App with the prefix below which it responds, this one first."""
        yield prefix, self.app
        for each in self.mounts:
            yield from each.registry.walk_apps(prefix + each.prefix)

    def mounted_prefixes(self) -> list[MountedPrefix]:
        """Return the parts around the URLs of each App, those of this one first."""
        handlers = (self.handlers,) if self.handlers else ()
        own = MountedPrefix(
            "", self.app, tuple(self.middleware), handlers, self.line_errors() or DEFAULT_FORMATS
        )
        below = [
            (mounted.prefix, each)
            for mounted in self.mounts
            for each in mounted.registry.mounted_prefixes()
        ]
        return [own] + [
            each._replace(
                prefix=prefix + each.prefix,
                middleware=(*own.middleware, *each.middleware),
                handlers=(*each.handlers, *own.handlers),
            )
            for prefix, each in below
        ]

    def line_errors(self) -> tuple[ErrorFormat, ...]:
        """Return the error formats of the nearest App that declares any, () if none does.

        An App with pages that declares none has error pages as well.
        """
        declared = next((each.errors for each in self.line() if each.errors), ())
        if declared or not any(each.has_page for each in self.line()):
            return declared
        return self.page_errors()


def _has_page(entry: Entry) -> bool:
    if entry.resource._page() is not None:  # the page of an invalid form, if of nothing else
        return True
    return any(output.page for each in entry.operations for output in each.outputs)


def _securities(entries: Iterable[Entry]) -> Iterator[tuple[Security, str]]:
    """Yield the security of each operation, with the name of its declaration."""
    for entry in entries:
        for operation in entry.operations:
            if operation.security:
                yield operation.security, operation.declared_at


def _check_content(entry: Entry) -> None:
    """Reject inputs that cannot be read, and schemas in media types that nothing writes."""
    for operation in entry.operations:
        check_outputs(operation, entry.owner.media)
        if operation.inputs:
            # cold start: a service without schemas has no inputs
            from ..parsing.inputs import readers_of

            list(readers_of(operation, entry.owner.settings, entry.owner.media))


def _below_mount(entry: Entry, prefix: str, documented: bool) -> Entry:
    return shift(entry, prefix, (), {}, documented=documented)
