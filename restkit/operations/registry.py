"""The entries of an App and those of the Apps mounted on it, with the parts around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..contract import Failure, Operation
from ..declaration_checks import check_flag
from ..error_formats import DEFAULT_FORMATS, ErrorFormat
from ..errors import DeclarationError
from ..middleware import Middleware
from ..records import Record
from ..resource import ProblemHandler
from ..routing.patterns import ROOT, Pattern
from .collisions import CheckNames, Claims, with_converters
from .contributions import add_failures, surrounded
from .entries import (
    Entry,
    Handlers,
    check_content,
    extended,
    guarded,
    has_page,
    securities,
    shift,
    with_distinct_ids,
    with_errors,
)
from .item_links import link
from .security import Access, Schemes, check_schemes, join_schemes

if TYPE_CHECKING:
    from ..security_scheme import Security
    from .collisions import Converters
    from .edge_part import EdgePart

__all__ = ["Mounted", "MountedPrefix", "Registry"]
_SHOWING = ("masks", "expand", "members")


class Mounted(Record):
    """An App mounted below a prefix, with the options of the mount.

    Attributes:
        prefix: The prefix as given.
        registry: The declarations of the App.
        host: The pattern of the host, None for every host.
        at: The prefix and the host, read when it is mounted.
        defaults: The values of variables for `App.url_for`; see `App.mount`.
    """

    prefix: str
    registry: Registry
    documented: bool = True
    raises: tuple[Failure, ...] = ()
    access: Access = Access()
    errors: tuple[ErrorFormat, ...] = ()
    host: str | None = None
    defaults: Mapping[str, object] = MappingProxyType({})
    at: Pattern = ROOT


class MountedPrefix(Record):
    """The parts of Apps around everything below one prefix, unknown URLs included.

    Attributes:
        at: The prefix and the host at which the App responds.
        app: The App.
        middleware: The middleware of the App and of the Apps around it, the outermost first.
        handlers: The problem handlers, the nearest first.
        errors: The formats of error responses.
        edges: The edge parts, the innermost first.
    """

    at: Pattern
    app: Any
    middleware: tuple[Middleware, ...] = ()
    handlers: tuple[Handlers, ...] = ()
    errors: tuple[ErrorFormat, ...] = DEFAULT_FORMATS
    edges: tuple[EdgePart, ...] = ()


class Registry:
    """The declarations of one App: its entries, the Apps below, and the parts around them."""

    def __init__(self, app: Any, check_names: CheckNames) -> None:
        """Make an empty registry.

        Args:
            app: The App.
            check_names: A function that rejects names which the document would have twice, see
                `Claims`.
        """
        self.app = app
        self.entries: list[Entry] = []
        self.mounts: list[Mounted] = []
        self.raises: tuple[Failure, ...] = ()
        self.access = Access()
        self.parent: Registry | None = None
        self.placed: Mounted | None = None
        self.middleware: list[Middleware] = []
        self.handlers: dict[type[Exception], ProblemHandler] = {}
        self.errors: tuple[ErrorFormat, ...] = ()
        self.has_page = False
        self.page_errors: Callable[[], tuple[ErrorFormat, ...]] = tuple
        self._claims = Claims(check_names)
        # Those of the Apps below too: checks of one more App or resource do not walk the others.
        self._schemes: Schemes = {}
        self._converters: Converters = {}

    def add(self, *entries: Entry) -> None:
        """Add entries, all of them or none."""
        for entry in entries:
            check_content(entry)
        root = self.root
        converters = with_converters(root._converters, (self.app,))
        schemes = dict(root._schemes)
        check_schemes((*self._security(), *securities(entries)), schemes)
        self._claim(entries)
        root._converters, root._schemes = converters, schemes
        self.entries += entries
        self.has_page = self.has_page or any(map(has_page, entries))

    def mount(self, mounted: Mounted) -> None:
        """Mount the entries of another App below a prefix, all of them or none."""
        other, documented = mounted.registry, mounted.documented
        check_flag(documented, f"mount({mounted.prefix!r}): documented")
        from .mounts import (
            check_defaults_of_mount,
            check_settings_of_mount,
            parse_mount,
        )  # cold start: few Apps mount others

        root, name = self.root, other.app.name
        at = parse_mount(mounted.prefix, mounted.host or "", name, self.app.converters)
        check_defaults_of_mount(at, mounted.defaults, f"mount({mounted.prefix!r})")
        self._check_mount(mounted)
        check_settings_of_mount(self.app, other.app, documented=documented)
        converters = with_converters(
            root._converters, (self.app, *(app for _, app in other.walk_apps()))
        )
        schemes = dict(root._schemes)
        check_schemes(self._security(), schemes)
        check_schemes(other._security(), more := dict(other._schemes))
        join_schemes(more, schemes)
        if mounted.access.security is not None:
            check_schemes([(mounted.access.security, f"mount({mounted.prefix!r})")], schemes)
        self._claim([_below_mount(entry, at, documented) for entry in other.all_entries()])
        root._converters, root._schemes = converters, schemes
        mounted = mounted._replace(at=at)
        other.parent, other.placed = self, mounted
        other.errors = other.errors or mounted.errors
        self.mounts.append(mounted)

    def _security(self) -> list[tuple[Security, str]]:
        """Return the security that the App itself declares, with the name of the declaration."""
        if not self.access.security:
            return []
        return [(self.access.security, f"App({self.app.name!r})")]

    def _check_mount(self, mounted: Mounted) -> None:
        """Reject an App that is mounted already, or that has error formats besides the mount's."""
        name = mounted.registry.app.name
        if mounted.registry.parent is not None or mounted.registry in self.line():
            raise DeclarationError(
                f"The App {name!r} is mounted already, and an App can be mounted only once. If a "
                "factory mounts it, make it in the factory too."
            )
        if mounted.errors and mounted.registry.errors:
            raise DeclarationError(
                f"mount({mounted.prefix!r}): the App {name!r} has errors of its own. Declare "
                "errors either there or at the mount."
            )

    def _claim(self, entries: Sequence[Entry]) -> None:
        """Add names and URLs to this App and the Apps around it; reject collisions first."""
        claimed: list[tuple[Claims, Claims]] = []
        child: Registry | None = None
        for registry in self.line():
            if child is not None and child.placed is not None:
                at, documented = child.placed.at, child.placed.documented
                entries = [_below_mount(entry, at, documented) for entry in entries]
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
        *_, outermost = self.line()
        return outermost

    def all_entries(
        self, declared: Callable[[Registry], Iterable[Entry]] | None = None
    ) -> list[Entry]:
        """Return the entries of the App and of mounted Apps, linked and with unique operationIds.

        Args:
            declared: A function that returns other entries of an App, in place of its own.
        """
        entries = _with_limits(self._surrounded(declared))
        if any(_is_edge(each) for _, app in self.walk_apps() for each in app.extensions):
            from .edges import add_edges  # cold start

            entries = add_edges(entries, self)
        entries = self._with_masks(entries)
        entries = with_distinct_ids(entries)
        check_schemes(securities(entries), {})
        if any(entry.owner.settings.is_browsable for entry in entries):
            return list(map(self.app._with_pages, entries))
        return entries

    def _with_masks(self, entries: list[Entry]) -> list[Entry]:
        """Return entries whose Operations know the views of their callers."""
        every = [each for _, app in self.root.walk_apps() for each in app._registry.entries]
        declared = [each.declared or each.resource for each in every]
        if not any(getattr(each, name, ()) for each in declared for name in _SHOWING):
            return entries
        from .masking import add_masks  # cold start

        return add_masks(entries, every)

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
        at, documented = ROOT, True
        if mounted is not None:
            at, documented = mounted.at, mounted.documented
        is_probe = entry.resource._is_probe
        middleware, handlers = ((), {}) if is_probe else (self.middleware, self.handlers)
        entry = shift(entry, at, middleware, handlers, documented=documented)
        if not entry.errors:
            entry = with_errors(entry, self.nearest_errors())
        if is_probe:  # what fails around it must not restart processes
            return entry
        if mounted is not None:
            entry = guarded(entry, mounted.access)
            if mounted.defaults:
                entry = entry._replace(defaults={**mounted.defaults, **entry.defaults})
            if mounted.raises:
                entry = entry.with_operations(
                    lambda each: add_failures(each, mounted.raises, "mount")
                )
        return self._completed(guarded(entry, self.access))

    def _completed(self, entry: Entry) -> Entry:
        """Return an entry with the contributions of this App's parts, from the inside out."""
        extensions: list[object] = self.app.extensions
        for extension in extensions:
            if not _is_edge(extension):
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
            yield from each.registry.walk_apps(prefix + each.at.rule)

    def mounted_prefixes(self) -> list[MountedPrefix]:
        """Return the parts around the URLs of each App, those of this one first."""
        handlers = (self.handlers,) if self.handlers else ()
        own = MountedPrefix(
            ROOT,
            self.app,
            tuple(self.middleware),
            handlers,
            self.nearest_errors() or DEFAULT_FORMATS,
            self._edges(),
        )
        below = [
            (mounted.at, each)
            for mounted in self.mounts
            for each in mounted.registry.mounted_prefixes()
        ]
        return [own] + [
            each._replace(
                at=each.at.below(at),
                middleware=(*own.middleware, *each.middleware),
                handlers=(*each.handlers, *own.handlers),
            )
            for at, each in below
        ]

    def _edges(self) -> tuple[EdgePart, ...]:
        """Return the edge parts that are nearest to the App."""
        if not any(_is_edge(each) for around in self.line() for each in around.app.extensions):
            return ()
        from .edges import nearest_parts  # cold start

        return tuple(nearest_parts(self, self.root))

    def nearest_errors(self) -> tuple[ErrorFormat, ...]:
        """Return the error formats of the nearest App that declares any, () if none does.

        If an App with pages declares none, its error responses are pages for browsers.
        """
        declared = next((each.errors for each in self.line() if each.errors), ())
        if declared or not any(each.has_page for each in self.line()):
            return declared
        return self.page_errors()


def _with_limits(entries: list[Entry]) -> list[Entry]:
    operations = [each for entry in entries for each in entry.operations]
    if not any(each.limits or each.cache or each.deprecation for each in operations):
        return entries
    from .limits import add_limits  # cold start

    return add_limits(entries)


def _is_edge(extension: object) -> bool:
    return hasattr(extension, "edge_order")


def _below_mount(entry: Entry, at: Pattern, documented: bool) -> Entry:
    from .mounts import check_variables  # cold start, as above

    check_variables(at, entry.pattern, entry.operations[0].declared_at)
    return shift(entry, at, (), {}, documented=documented)
