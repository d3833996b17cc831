"""What is mounted where: the entries of an App, those of Apps mounted on it, and how they know each other.

An `Entry` is a resource at a URL pattern with its Operations. Mounting an App shifts its entries below a
prefix; linking finds the item of each collection, so that a 201 carries Location.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from werkzeug.routing import BaseConverter

from .contract import Operation, Output
from .errors import CollisionError, DeclarationError
from .middleware import Middleware
from .operations import Mount, collect
from .outputs import LOCATION, location_variable
from .resource import ProblemHandler, Resource
from .routing import Pattern

__all__ = [
    "Entry",
    "Handlers",
    "Link",
    "Registry",
    "check_paths",
    "converters_of",
    "link",
    "make_entry",
    "place_of",
    "shift",
]

Handlers = Mapping[type[Exception], ProblemHandler]


@dataclass(frozen=True, slots=True)
class Link:
    """Says how the URL of what a POST made is known: the item's entry, its variable, and the member that has it."""

    item: Pattern
    variable: str
    member: str


@dataclass(frozen=True, slots=True)
class Entry:
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
    """

    pattern: Pattern
    resource: type[Resource]
    name: str
    owner: Any
    operations: tuple[Operation, ...]
    middleware: tuple[Middleware, ...] = ()
    handlers: tuple[Handlers, ...] = ()
    link: Link | None = field(default=None)


class Registry:
    """Is what was declared on one App: its entries, the Apps below, and what stands around them."""

    def __init__(self, app: Any, check: Callable[[Sequence[Entry]], None]) -> None:
        """Make an empty registry.

        Args:
            app: Whose it is.
            check: Raises CollisionError where the document would have one name for two things.
        """
        self.app = app
        self.entries: list[Entry] = []
        self.mounts: list[tuple[str, Registry, bool]] = []
        self.parent: Registry | None = None
        self.middleware: list[Middleware] = []
        self.handlers: dict[type[Exception], ProblemHandler] = {}
        self._check = check

    def add(self, entry: Entry) -> None:
        """Add an entry, or refuse it whole."""
        self.check([*self.entries, entry])
        self.entries.append(entry)

    def check(self, entries: Sequence[Entry]) -> None:
        """Refuse entries that a document cannot tell apart."""
        check_paths(entries)
        self._check(entries)

    def mount(self, prefix: str, other: Registry, *, documented: bool) -> None:
        """Mount what another App declares below a prefix, or refuse it whole."""
        prefix = prefix.rstrip("/")
        if not prefix.startswith("/") or "<" in prefix:
            raise DeclarationError(
                f"The prefix {prefix!r} of {other.app.name!r} must begin with '/' and have no variables."
            )
        if other.parent is not None or other in self._line():
            raise DeclarationError(f"The App {other.app.name!r} is mounted already; an App has one place.")
        other.parent = self
        self.mounts.append((prefix, other, documented))
        try:
            self.check(self.all_entries())
        except CollisionError:
            self.mounts.pop()
            other.parent = None
            raise

    def _line(self) -> Iterator[Registry]:
        above: Registry | None = self
        while above is not None:
            yield above
            above = above.parent

    @property
    def root(self) -> Registry:
        """The registry that nothing is mounted around."""
        return list(self._line())[-1]

    def all_entries(self, late: Callable[[Any], Iterable[Entry]] = lambda app: ()) -> list[Entry]:
        """Return the entries of the App and of those mounted on it, with all that is around them, linked.

        Args:
            late: Returns more entries of an App, which stand behind the same middleware as its own.
        """
        entries = [self.shifted(entry) for entry in (*self.entries, *late(self.app))]
        for prefix, other, documented in self.mounts:
            entries += [self.shifted(each, prefix, documented=documented) for each in other.all_entries(late)]
        return link(entries)

    def shifted(self, entry: Entry, prefix: str = "", *, documented: bool = True) -> Entry:
        """Return an entry with what this App puts around it."""
        return shift(entry, prefix, self.middleware, self.handlers, documented=documented)

    def places(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Yield every App with the prefix below which it answers, the own one first."""
        yield prefix, self.app
        for below, other, _ in self.mounts:
            yield from other.places(prefix + below)


def make_entry(owner: Any, pattern: Pattern, resource: type[Resource], name: str) -> Entry:
    """Make the entry of a resource.

    Raises:
        DeclarationError: The class is no Resource, or does not fit the pattern.
    """
    if not (isinstance(resource, type) and issubclass(resource, Resource)):
        raise DeclarationError(f"{resource!r} at {pattern.rule!r} is not a Resource class; subclass restkit.Resource.")
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
    return Entry(
        pattern,
        resource,
        name,
        owner,
        collect(resource, mount),
        tuple(resource.middleware),
        (resource.problem_handlers,) if resource.problem_handlers else (),
    )


def shift(
    entry: Entry, prefix: str, middleware: Sequence[Middleware], handlers: Handlers, *, documented: bool = True
) -> Entry:
    """Return an entry as it stands below a mount's prefix, with the mounting App's part around it."""
    return replace(
        entry,
        pattern=_below(prefix, entry.pattern),
        link=replace(entry.link, item=_below(prefix, entry.link.item)) if entry.link is not None else None,
        operations=tuple(
            replace(each, path=prefix + each.path, rule=prefix + each.rule, documented=each.documented and documented)
            for each in entry.operations
        ),
        middleware=(*middleware, *entry.middleware),
        handlers=(*entry.handlers, handlers) if handlers else entry.handlers,
    )


def _below(prefix: str, pattern: Pattern) -> Pattern:
    return replace(pattern, rule=prefix + pattern.rule, path=prefix + pattern.path)


def link(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries in which each collection whose POST answers 201 knows its item, and says so.

    The item of ``/books`` is the one entry ``/books/<...>`` that has a GET and one variable more.
    """
    entries = list(entries)
    return [_linked(entry, entries) for entry in entries]


def _linked(entry: Entry, entries: list[Entry]) -> Entry:
    post = next((each for each in entry.operations if each.method == "POST"), None)
    made = post.output(201) if post is not None else None
    if post is None or made is None:
        return entry
    found = _item_of(entry, entries, made)
    if found is None or any(header.name.lower() == "location" for header in made.headers):
        return entry
    outputs = tuple(replace(each, headers=(*each.headers, LOCATION)) if each is made else each for each in post.outputs)
    linked = replace(post, outputs=outputs)
    return replace(entry, operations=tuple(linked if each is post else each for each in entry.operations), link=found)


def _item_of(entry: Entry, entries: list[Entry], made: Output) -> Link | None:
    stem = re.escape(entry.pattern.rule.rstrip("/"))
    below = re.compile(stem + r"/<[^<>/]+>/?")
    items = [
        each
        for each in entries
        if each.pattern.host == entry.pattern.host
        and below.fullmatch(each.pattern.rule)
        and any(operation.method == "GET" for operation in each.operations)
    ]
    if len(items) != 1:
        return None
    known = {parameter.name for parameter in entry.pattern.parameters}
    variables = [each.name for each in items[0].pattern.parameters if each.name not in known]
    found = location_variable(variables, made)
    return Link(items[0].pattern, *found) if found is not None else None


def check_paths(entries: Iterable[Entry]) -> None:
    """Refuse two documented URL patterns that a document cannot tell apart (OpenAPI 3.1, section 4.8.8).

    Raises:
        CollisionError: Two patterns differ only in the names or converters of their variables.
    """
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        if not any(operation.documented for operation in entry.operations):
            continue
        template = re.sub(r"\{[^}]*\}", "{}", entry.pattern.path)
        other = seen.setdefault((entry.pattern.host, template), entry)
        if other.pattern.path != entry.pattern.path:
            raise CollisionError(
                f"The URL patterns {other.pattern.rule!r} ({place_of(other)}) and {entry.pattern.rule!r} "
                f"({place_of(entry)}) are the same path to a document; give their variables one name, or set "
                "documented = False on one of them."
            )


def place_of(entry: Entry) -> str:
    """Return where an entry's resource is declared, for messages."""
    return f"{entry.resource.__module__}.{entry.resource.__qualname__}"


def converters_of(apps: Iterable[Any]) -> dict[str, type[BaseConverter]]:
    """Return the URL converters of several Apps as one mapping.

    Raises:
        CollisionError: Two Apps have different converters of one name.
    """
    merged: dict[str, type[BaseConverter]] = {}
    owners: dict[str, Any] = {}
    for app in apps:
        for name, converter in app.converters.items():
            if merged.setdefault(name, converter) is not converter:
                raise CollisionError(
                    f"The Apps {owners[name].name!r} and {app.name!r} have different URL converters named {name!r}."
                )
            owners.setdefault(name, app)
    return merged
