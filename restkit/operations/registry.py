"""What is mounted where: the entries of an App, those of Apps mounted on it, and how they know each other.

An `Entry` is a resource at a URL pattern with its Operations. Mounting an App shifts its entries below a
prefix; linking finds the item of each collection, so that a 201 carries Location.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..contract import Operation, Output
from ..declaration_checks import check_resource
from ..error_formats import DEFAULT_FORMATS, ErrorFormat
from ..errors import DeclarationError
from ..middleware import Middleware
from ..rendering.content import check_outputs
from ..rendering.response_writer import LOCATION, location_variable
from ..resource import ProblemHandler, Resource
from ..routing.patterns import Pattern
from .builder import Mount, collect
from .collisions import CheckNames, Claims, converters_of
from .operation_ids import derived_id, distinct_ids

__all__ = [
    "Entry",
    "Handlers",
    "Link",
    "MountedPrefix",
    "Registry",
    "link",
    "make_entry",
    "shift",
]

Handlers = Mapping[type[Exception], ProblemHandler]
_ITEM = r"(?s)(.*)/<[^<>/]+>/?"


class Link(NamedTuple):
    """Says how the URL of what a POST made is known: the item's entry, its variable, and the member that has it."""

    item: Pattern
    variable: str
    member: str


class Entry(NamedTuple):
    """Is a resource at a URL pattern.

    Attributes:
        pattern: The pattern.
        resource: The class.
        name: For `App.url_for`.
        owner: The App that it was added to.
        operations: The records of its verbs.
        middleware: Around its verbs, the outermost first.
        handlers: Of exceptions, the nearest first.
        link: To the item, where it is a collection's.
        declared: The class that was added, where it is mounted at several places; None otherwise.
        errors: The formats of its error responses; () until an App around it says them.
    """

    pattern: Pattern
    resource: type[Resource]
    name: str
    owner: Any
    operations: tuple[Operation, ...]
    middleware: tuple[Middleware, ...] = ()
    handlers: tuple[Handlers, ...] = ()
    link: Link | None = None
    declared: type[Resource] | None = None
    errors: tuple[ErrorFormat, ...] = ()


class MountedPrefix(NamedTuple):
    """Is what stands around everything below one prefix, also around URLs that nothing answers.

    Attributes:
        prefix: Below which the App answers.
        app: The App.
        middleware: Its own and that of the Apps around it, the outermost first.
        handlers: Of exceptions, the nearest first.
        errors: The formats of error responses.
    """

    prefix: str
    app: Any
    middleware: tuple[Middleware, ...] = ()
    handlers: tuple[Handlers, ...] = ()
    errors: tuple[ErrorFormat, ...] = DEFAULT_FORMATS


class Registry:
    """Is what was declared on one App: its entries, the Apps below, and what stands around them."""

    def __init__(self, app: Any, check_names: CheckNames) -> None:
        """Make an empty registry.

        Args:
            app: Whose it is.
            check_names: Raises CollisionError where the document would have one name for two things, see `Claims`.
        """
        self.app = app
        self.entries: list[Entry] = []
        self.mounts: list[tuple[str, Registry, bool]] = []
        self.parent: Registry | None = None
        self.middleware: list[Middleware] = []
        self.handlers: dict[type[Exception], ProblemHandler] = {}
        self.errors: tuple[ErrorFormat, ...] = ()
        self._claims = Claims(check_names)

    def add(self, *entries: Entry) -> None:
        """Add entries, or refuse them whole."""
        for entry in entries:
            _check_content(entry)
        converters_of(app for _, app in self.root.walk_apps())
        self._claim(entries)
        self.entries += entries

    def mount(
        self,
        prefix: str,
        other: Registry,
        *,
        documented: bool,
        errors: tuple[ErrorFormat, ...] = (),
    ) -> None:
        """Mount what another App declares below a prefix, or refuse it whole."""
        given, prefix = prefix, prefix.rstrip("/")
        if not prefix.startswith("/") or "<" in prefix:
            raise DeclarationError(
                f"The prefix {given!r} of {other.app.name!r} must be '/' and a name at least, and have no variables."
            )
        if other.parent is not None or other in self.line():
            raise DeclarationError(
                f"The App {other.app.name!r} is mounted already; an App has one place. Where a factory mounts it, "
                "make it in the factory too."
            )
        if documented and self.app.settings.strict != other.app.settings.strict:
            raise DeclarationError(
                f"The Apps {self.app.name!r} and {other.app.name!r} differ in strict, and one document cannot say "
                "both: give both the same, or mount with documented=False."
            )
        outer, inner = (each.app.settings.trailing_slash for each in (self, other))
        if outer != inner:
            raise DeclarationError(
                f"The App {other.app.name!r} has trailing_slash={inner!r}, but {self.app.name!r} has {outer!r}; one "
                "policy holds for all URLs, so give both the same."
            )
        if errors and other.errors:
            raise DeclarationError(
                f"mount({given!r}): the App {other.app.name!r} has errors of its own. Declare errors "
                "in one of the two places."
            )
        converters_of(app for each in (self.root, other) for _, app in each.walk_apps())
        self._claim([_below_mount(entry, prefix, documented) for entry in other.all_entries()])
        other.parent = self
        other.errors = other.errors or errors
        self.mounts.append((prefix, other, documented))

    def _claim(self, entries: Sequence[Entry]) -> None:
        """Refuse what collides, here or in an App around, before anything is changed."""
        claimed: list[tuple[Claims, Claims]] = []
        child: Registry | None = None
        for registry in self.line():
            for prefix, other, documented in registry.mounts:
                if other is child:
                    entries = [_below_mount(entry, prefix, documented) for entry in entries]
            claimed.append((registry._claims, registry._claims.check(entries)))
            child = registry
        for claims, more in claimed:
            claims.take(more)

    def line(self) -> Iterator[Registry]:
        """Yield this registry and those around it, the outermost last."""
        above: Registry | None = self
        while above is not None:
            yield above
            above = above.parent

    @property
    def root(self) -> Registry:
        """The registry that nothing is mounted around."""
        return list(self.line())[-1]

    def all_entries(
        self, declared: Callable[[Registry], Iterable[Entry]] | None = None
    ) -> list[Entry]:
        """Return the entries of the App and of those mounted on it, linked, with operationIds that are unique.

        Args:
            declared: Returns other entries of an App, which stand in the place of its own.
        """
        return _distinct(self._surrounded(declared))

    def _surrounded(
        self, declared: Callable[[Registry], Iterable[Entry]] | None = None
    ) -> list[Entry]:
        """Return the entries of the App and of those mounted on it, with everything that surrounds them."""
        own = self.entries if declared is None else declared(self)
        entries = [self.shifted(entry) for entry in own]
        for prefix, other, documented in self.mounts:
            entries += [
                self.shifted(each, prefix, documented=documented)
                for each in other._surrounded(declared)
            ]
        return link(entries)

    def shifted(self, entry: Entry, prefix: str = "", *, documented: bool = True) -> Entry:
        """Return an entry with what this App puts around it."""
        shifted = shift(entry, prefix, self.middleware, self.handlers, documented=documented)
        return shifted if shifted.errors else _with_errors(shifted, self.line_errors())

    def walk_apps(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Yield every App with the prefix below which it answers, the own one first."""
        yield prefix, self.app
        for below, other, _ in self.mounts:
            yield from other.walk_apps(prefix + below)

    def mounted_prefixes(self) -> list[MountedPrefix]:
        """Return what stands around each App's URLs, the own first."""
        handlers = (self.handlers,) if self.handlers else ()
        own = MountedPrefix(
            "", self.app, tuple(self.middleware), handlers, self.line_errors() or DEFAULT_FORMATS
        )
        below = [
            (prefix, each) for prefix, other, _ in self.mounts for each in other.mounted_prefixes()
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
        """Return the error formats of the nearest App that declares any, () if none does."""
        return next((each.errors for each in self.line() if each.errors), ())


def make_entry(owner: Any, pattern: Pattern, resource: type[Resource], name: str) -> Entry:
    """Make the entry of a resource.

    Raises:
        DeclarationError: The class is no Resource, or does not fit the pattern.
    """
    if not (isinstance(resource, type) and issubclass(resource, Resource)):
        raise DeclarationError(
            f"{resource!r} at {pattern.rule!r} is not a Resource class; subclass restkit.Resource."
        )
    check_resource(resource)
    settings = owner.settings
    mount = Mount(
        pattern.path,
        pattern.rule,
        pattern.parameters,
        pattern.host,
        pattern.host_variables,
        settings.strict,
        settings.compile_schemas,
    )
    own_name = "" if name == resource.__name__ else name
    operations = tuple(
        each if each.operation_id else each._replace(operation_id=derived_id(each, own_name))
        for each in collect(resource, mount)
    )
    return Entry(
        pattern,
        resource,
        name,
        owner,
        operations,
        tuple(resource.middleware),
        (resource.problem_handlers,) if resource.problem_handlers else (),
    )


def shift(
    entry: Entry,
    prefix: str,
    middleware: Sequence[Middleware],
    handlers: Handlers,
    *,
    documented: bool = True,
) -> Entry:
    """Return an entry as it stands below a mount's prefix, with the mounting App's part around it."""
    if not (prefix or middleware or handlers) and documented:
        return entry
    return entry._replace(
        pattern=_below(prefix, entry.pattern),
        link=entry.link._replace(item=_below(prefix, entry.link.item))
        if entry.link is not None
        else None,
        operations=entry.operations
        if not prefix and documented
        else tuple(
            each._replace(
                path=prefix + each.path,
                rule=prefix + each.rule,
                documented=each.documented and documented,
            )
            for each in entry.operations
        ),
        middleware=(*middleware, *entry.middleware),
        handlers=(*entry.handlers, handlers) if handlers else entry.handlers,
    )


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


def _distinct(entries: list[Entry]) -> list[Entry]:
    """Return the entries with an operationId of its own for each operation."""
    renamed = distinct_ids([operation for entry in entries for operation in entry.operations])
    if not renamed:
        return entries
    index = -1
    out: list[Entry] = []
    for entry in entries:
        operations: list[Operation] = []
        for operation in entry.operations:
            index += 1
            if index in renamed:
                operation = operation._replace(operation_id=renamed[index])
            operations.append(operation)
        out.append(entry._replace(operations=tuple(operations)))
    return out


def _below(prefix: str, pattern: Pattern) -> Pattern:
    return pattern._replace(
        rule=prefix + pattern.rule, path=prefix + pattern.path, shape=prefix + pattern.shape
    )


def link(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in which each collection whose POST answers 201 knows its item, and says so.

    The item of ``/books`` is the one entry ``/books/<...>`` that has a GET and one variable more.
    """
    entries = list(entries)
    items: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        rule = entry.pattern.rule
        found = re.fullmatch(_ITEM, rule) if "<" in rule else None
        if found is not None and any(operation.method == "GET" for operation in entry.operations):
            items.setdefault((entry.pattern.host, found[1]), []).append(entry)
    return [
        _linked(entry, items.get((entry.pattern.host, entry.pattern.rule.rstrip("/")), ()))
        for entry in entries
    ]


def _linked(entry: Entry, items: Sequence[Entry]) -> Entry:
    post = next((each for each in entry.operations if each.method == "POST"), None)
    made = post.output(201) if post is not None else None
    if post is None or made is None:
        return entry
    found = _item_of(entry, items, made)
    if found is None or any(header.name.lower() == "location" for header in made.headers):
        return entry
    outputs = tuple(
        each._replace(headers=(*each.headers, LOCATION)) if each is made else each
        for each in post.outputs
    )
    linked = post._replace(outputs=outputs)
    return entry._replace(
        operations=tuple(linked if each is post else each for each in entry.operations), link=found
    )


def _item_of(entry: Entry, items: Sequence[Entry], made: Output) -> Link | None:
    if len(items) != 1:
        return None
    known = {parameter.name for parameter in entry.pattern.parameters}
    variables = [each.name for each in items[0].pattern.parameters if each.name not in known]
    found = location_variable(variables, made)
    return Link(items[0].pattern, *found) if found is not None else None


def _with_errors(entry: Entry, errors: tuple[ErrorFormat, ...]) -> Entry:
    """Return an entry whose operations have formats of error responses."""
    if not errors:
        return entry
    operations = tuple(each._replace(errors=errors) for each in entry.operations)
    return entry._replace(operations=operations, errors=errors)
