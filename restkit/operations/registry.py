"""What is mounted where: the entries of an App, those of Apps mounted on it, and how they know each other.

An `Entry` is a resource at a URL pattern with its Operations. Mounting an App shifts its entries below a
prefix; linking finds the item of each collection, so that a 201 carries Location.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..contract import Failure, Operation, Output, Security
from ..declaration_checks import check_resource
from ..dependencies import factories_of
from ..error_formats import DEFAULT_FORMATS, ErrorFormat
from ..errors import DeclarationError
from ..middleware import Middleware
from ..rendering.content import check_outputs
from ..rendering.response_writer import LOCATION, location_variable
from ..resource import ProblemHandler, Resource
from ..routing.patterns import Pattern
from .builder import Mount, collect
from .collisions import CheckNames, Claims, converters_of
from .contributions import (
    add_contribution,
    add_failures,
    add_part,
    contribution_of,
    options_operation,
    secured,
    surrounded,
)
from .operation_ids import derived_id, distinct_ids
from .security import check_schemes, said_security

__all__ = [
    "Entry",
    "Handlers",
    "Link",
    "Mounted",
    "MountedPrefix",
    "Registry",
    "link",
    "make_entry",
    "shift",
]

Handlers = Mapping[type[Exception], ProblemHandler]
_ITEM = r"(?s)(.*)/<[^<>/]+>/?"


class Link(NamedTuple):
    """The item of a collection: its pattern, its variable, and the member that has it."""

    item: Pattern
    variable: str
    member: str


class Entry(NamedTuple):
    """A resource at a URL pattern.

    Attributes:
        pattern: The pattern.
        resource: The class.
        name: For `App.url_for`.
        owner: The App that it was added to.
        operations: The records of its verbs.
        middleware: Around its verbs, the outermost first.
        handlers: Of exceptions, the nearest first.
        link: To the item, where it is a collection's.
        declared: The class that was added, if it is mounted on several URLs; None otherwise.
        options: The record of OPTIONS, if no method is written for it.
        undecided: The methods of which nothing below an App has said the security.
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
    options: Operation | None = None
    undecided: frozenset[str] = frozenset()

    def with_operations(self, change: Callable[[Operation], Operation]) -> Entry:
        """Return the entry with every record changed."""
        return self._replace(
            operations=tuple(map(change, self.operations)),
            options=None if self.options is None else change(self.options),
        )


class Mounted(NamedTuple):
    """An App mounted below a prefix, with what the mount says of it."""

    prefix: str
    registry: Registry
    documented: bool = True
    raises: tuple[Failure, ...] = ()
    security: Security | None = None
    errors: tuple[ErrorFormat, ...] = ()


class MountedPrefix(NamedTuple):
    """The parts of Apps around everything below one prefix, unknown URLs included.

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
    """The declarations of one App: its entries, the Apps below, and the parts around them."""

    def __init__(self, app: Any, check_names: CheckNames) -> None:
        """Make an empty registry.

        Args:
            app: Whose it is.
            check_names: Raises CollisionError where the document would have one name for two things, see `Claims`.
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
        self._claims = Claims(check_names)
        self._schemes: dict[str, tuple[Mapping[str, object], str]] = {}

    def add(self, *entries: Entry) -> None:
        """Add entries, or refuse them whole."""
        for entry in entries:
            _check_content(entry)
        converters_of(app for _, app in self.root.walk_apps())
        schemes = dict(self._schemes)
        check_schemes((each for entry in entries for each in entry.operations), schemes)
        self._claim(entries)
        self._schemes = schemes
        self.entries += entries

    def mount(self, mounted: Mounted) -> None:
        """Mount what another App declares below a prefix, or refuse it whole."""
        given, other, documented = mounted.prefix, mounted.registry, mounted.documented
        prefix = given.rstrip("/")
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
        if mounted.errors and other.errors:
            raise DeclarationError(
                f"mount({given!r}): the App {other.app.name!r} has errors of its own. Declare errors "
                "in one of the two places."
            )
        converters_of(app for each in (self.root, other) for _, app in each.walk_apps())
        self._claim([_below_mount(entry, prefix, documented) for entry in other.all_entries()])
        other.parent = self
        other.errors = other.errors or mounted.errors
        self.mounts.append(mounted._replace(prefix=prefix))

    def _claim(self, entries: Sequence[Entry]) -> None:
        """Refuse what collides, here or in an App around, before anything is changed."""
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
        entries = _distinct(self._surrounded(declared))
        check_schemes((each for entry in entries for each in entry.operations), {})
        return entries

    def _surrounded(
        self, declared: Callable[[Registry], Iterable[Entry]] | None = None
    ) -> list[Entry]:
        """Return the entries of the App and of those mounted on it, with everything that surrounds them."""
        own = self.entries if declared is None else declared(self)
        entries = [self._around(entry) for entry in own]
        for mounted in self.mounts:
            below = mounted.registry._surrounded(declared)
            entries += [self._around(each, mounted) for each in below]
        return link(entries)

    def _around(self, entry: Entry, mounted: Mounted | None = None) -> Entry:
        """Return an entry with what this App puts around it, and the mount that it stands below."""
        prefix = ""
        documented = True
        if mounted is not None:
            prefix, documented = mounted.prefix, mounted.documented
        entry = shift(entry, prefix, self.middleware, self.handlers, documented=documented)
        if not entry.errors:
            entry = _with_errors(entry, self.line_errors())
        if mounted is not None:
            entry = _guarded(entry, mounted.security)
            if mounted.raises:
                entry = entry.with_operations(
                    lambda each: add_failures(each, mounted.raises, "mount")
                )
        return self._completed(_guarded(entry, self.security))

    def _completed(self, entry: Entry) -> Entry:
        """Return an entry whose records have what this App's parts contribute, from the inside out."""
        extensions: list[object] = self.app.extensions
        for extension in extensions:
            entry = _extended(entry, extension)
        handlers = list(self.handlers.values())
        if not (handlers or self.middleware or self.raises):
            return entry
        middleware, raises = tuple(self.middleware), self.raises

        def complete(operation: Operation) -> Operation:
            operation = surrounded(operation, handlers, middleware)
            return add_failures(operation, raises, "app")

        return entry.with_operations(complete)

    def walk_apps(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Yield every App with the prefix below which it answers, the own one first."""
        yield prefix, self.app
        for each in self.mounts:
            yield from each.registry.walk_apps(prefix + each.prefix)

    def mounted_prefixes(self) -> list[MountedPrefix]:
        """Return what stands around each App's URLs, the own first."""
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
        """Return the error formats of the nearest App that declares any, () if none does."""
        return next((each.errors for each in self.line() if each.errors), ())


def _instead(target: object, rule: str) -> str:
    """Return what to write for a target that is no Resource class."""
    if isinstance(target, Resource):
        return f"pass the class, not an instance: app.add({rule!r}, {type(target).__name__})."
    if callable(target) and not isinstance(target, type):
        return f"a function is mounted with @app.get({rule!r})."
    return "subclass restkit.Resource."


def make_entry(
    owner: Any,
    pattern: Pattern,
    resource: type[Resource],
    name: str,
    security: Security | None = None,
) -> Entry:
    """Make the entry of a resource.

    Args:
        owner: Its App.
        pattern: The URL pattern.
        resource: The class.
        name: Its name, for URLs and operationIds.
        security: What `App.add` was given; it wins over the class.

    Raises:
        DeclarationError: The class is no Resource, or does not fit the pattern.
    """
    if not (isinstance(resource, type) and issubclass(resource, Resource)):
        raise DeclarationError(
            f"{resource!r} at {pattern.rule!r} is not a Resource class; "
            f"{_instead(resource, pattern.rule)}"
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
    entry = Entry(
        pattern,
        resource,
        name,
        owner,
        collect(resource, mount),
        tuple(resource.middleware),
        (resource.problem_handlers,) if resource.problem_handlers else (),
    )
    return _completed_by_class(entry, security)


def _completed_by_class(entry: Entry, security: Security | None) -> Entry:
    """Return an entry with operationIds, the security that is said, and what the class's parts contribute."""
    resource = entry.resource
    own_name = "" if entry.name == resource.__name__ else entry.name
    factories = [each for each in factories_of(resource) if hasattr(each, "contribute")]
    handlers = list(resource.problem_handlers.values())
    middleware = tuple(resource.middleware)
    operations: list[Operation] = []
    undecided: set[str] = set()
    for each in entry.operations:
        operation = each
        if not each.operation_id:
            operation = each._replace(operation_id=derived_id(each, own_name))
        for factory in factories:
            operation = add_part(operation, factory, "provide")
        said = said_security(each.function, resource, security)
        if said is None:
            undecided.add(each.method)
        elif said:
            operation = secured(operation, said)
        operations.append(surrounded(operation, handlers, middleware))
    options = None
    if not any(each.method == "OPTIONS" for each in operations):
        options = surrounded(options_operation(entry.pattern, resource), handlers, middleware)
    return entry._replace(
        operations=tuple(operations), options=options, undecided=frozenset(undecided)
    )


def _guarded(entry: Entry, security: Security | None) -> Entry:
    """Return an entry whose undecided methods have the security of a mount or an App."""
    if security is None or not entry.undecided:
        return entry
    operations = tuple(
        secured(each, security) if each.method in entry.undecided else each
        for each in entry.operations
    )
    return entry._replace(operations=operations, undecided=frozenset())


def _extended(entry: Entry, extension: object) -> Entry:
    """Return an entry with the contributions of an installed extension."""

    def extend(operation: Operation) -> Operation:
        more = contribution_of(extension, operation)
        if more is None:
            return operation
        if more.security and operation.method in entry.undecided:
            decided.add(operation.method)
            operation = secured(operation, more.security)
        return add_contribution(operation, more, "extension")

    decided: set[str] = set()
    entry_with = entry.with_operations(extend)
    return entry_with._replace(undecided=entry.undecided - decided)


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
    below = entry._replace(
        pattern=_below(prefix, entry.pattern),
        link=entry.link._replace(item=_below(prefix, entry.link.item))
        if entry.link is not None
        else None,
        middleware=(*middleware, *entry.middleware),
        handlers=(*entry.handlers, handlers) if handlers else entry.handlers,
    )
    if not prefix and documented:
        return below
    return below.with_operations(
        lambda each: each._replace(
            path=prefix + each.path,
            rule=prefix + each.rule,
            documented=each.documented and documented,
        )
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
    return entry.with_operations(lambda each: each._replace(errors=errors))._replace(errors=errors)
