"""`Entry`: a resource at a URL pattern, with its Operations and the parts around them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ..contract import Operation
from ..declaration_checks import check_resource
from ..dependencies import factories_of
from ..error_formats import ErrorFormat
from ..errors import DeclarationError
from ..middleware import Middleware
from ..records import Record
from ..rendering.content import check_outputs
from ..resource import ProblemHandler, Resource
from ..routing.patterns import Pattern
from ..security_scheme import Permissions, Security
from ..settings import Settings
from .access_levels import with_access
from .builder import Mount, collect
from .contributions import (
    add_contribution,
    add_part,
    contribution_of,
    options_operation,
    secured,
    surrounded,
)
from .loading import loading
from .operation_ids import derived_id, distinct_ids, options_id
from .security import Access, check_permissions, class_access, declared_access

if TYPE_CHECKING:
    from .edge_part import EdgePart

__all__ = [
    "Entry",
    "Handlers",
    "Link",
    "check_content",
    "extended",
    "guarded",
    "has_page",
    "make_entry",
    "mount_of",
    "reads_json_alone",
    "securities",
    "shift",
    "with_distinct_ids",
    "with_errors",
    "writes_json_alone",
]

Handlers = Mapping[type[Exception], ProblemHandler]


class Link(Record):
    """The item of a collection.

    Attributes:
        item: Its URL pattern.
        members: Its variables, each with the member of the content that has the value.
    """

    item: Pattern
    members: tuple[tuple[str, str], ...]


_NOTHING_DECLARED = Access()


class Entry(Record):
    """A resource at a URL pattern.

    Attributes:
        pattern: The pattern.
        resource: The class.
        name: The name for `App.url_for`.
        owner: The App that it was added to.
        operations: The records of its verbs.
        middleware: The middleware around its verbs, the outermost first.
        handlers: The problem handlers, the nearest first.
        link: The link from a collection to its item.
        declared: The class that was added, if it is mounted on several URLs; None otherwise.
        options: The record of OPTIONS, if no method is written for it.
        undecided: The methods whose security is not declared below the App.
        errors: The formats of its error responses; () until an App around it declares them.
        edges: The edge parts around it, the innermost first.
        defaults: The values of variables of mounts for `App.url_for`, see `App.mount`.
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
    edges: tuple[EdgePart, ...] = ()
    defaults: Mapping[str, object] = MappingProxyType({})

    def with_operations(self, change: Callable[[Operation], Operation]) -> Entry:
        """Return the entry with every record changed."""
        return self._replace(
            operations=tuple(map(change, self.operations)),
            options=None if self.options is None else change(self.options),
        )


def _remedy(target: object, rule: str) -> str:
    """Return the remedy for a target that is not a Resource class."""
    if isinstance(target, Resource):
        return f"Pass the class, not an instance: app.add({rule!r}, {type(target).__name__})."
    if callable(target) and not isinstance(target, type):
        return f"Mount a function with @app.get({rule!r})."
    return "Subclass restkit.Resource."


def make_entry(
    owner: Any,
    pattern: Pattern,
    resource: type[Resource],
    name: str,
    given: Access = _NOTHING_DECLARED,
) -> Entry:
    """Make the entry of a resource.

    Args:
        owner: Its App.
        pattern: The URL pattern.
        resource: The class.
        name: Its name, for URLs and operationIds.
        given: Who may call by the arguments of `App.add`. Overrides the class.

    Raises:
        DeclarationError: The class is not a Resource, or does not fit the pattern.
    """
    if not (isinstance(resource, type) and issubclass(resource, Resource)):
        raise DeclarationError(
            f"{resource!r} at {pattern.rule!r} is not a Resource class. "
            f"{_remedy(resource, pattern.rule)}"
        )
    check_resource(resource)
    mount = mount_of(pattern, owner.settings)
    entry = Entry(
        pattern,
        resource,
        name,
        owner,
        collect(resource, mount),
        tuple(resource.middleware),
        (resource.problem_handlers,) if resource.problem_handlers else (),
    )
    return _completed_by_class(entry, given)


def mount_of(pattern: Pattern, settings: Settings) -> Mount:
    """Return the URL pattern and the settings of the App, as the verbs of a resource need them."""
    return Mount(
        pattern.path,
        pattern.rule,
        pattern.parameters,
        pattern.host,
        pattern.host_parameters,
        settings.strict,
        settings.compile_schemas,
    )


def _completed_by_class(entry: Entry, given: Access) -> Entry:
    """Return an entry with operationIds, declared access and the contributions of its class."""
    resource = entry.resource
    own_name = "" if entry.name == resource.__name__ else entry.name
    factories = [each for each in factories_of(resource) if hasattr(each, "contribute")]
    handlers = list(resource.problem_handlers.values())
    middleware = tuple(resource.middleware)
    operations: list[Operation] = []
    undecided: set[str] = set()
    check_permissions(resource)
    by_class = class_access(resource)
    for each in entry.operations:
        operation = each
        if not each.operation_id:
            operation = each._replace(operation_id=derived_id(each, own_name))
        for factory in factories:
            operation = add_part(operation, factory, "provide")
        declared = declared_access(each.function, each.method.lower(), resource, given, by_class)
        if declared.security is None:
            undecided.add(each.method)
        operation = with_access(loading(operation), declared)
        if declared.cache is not None:
            from .cache_declarations import check_cache  # cold start: few programs have caches

            check_cache(operation, entry.operations, given)
        operations.append(surrounded(operation, handlers, middleware))
    options = None
    if not any(each.method == "OPTIONS" for each in operations):
        derived = options_operation(entry.pattern, resource, options_id(entry.name))
        options = surrounded(derived, handlers, middleware)
    return entry._replace(
        operations=tuple(operations), options=options, undecided=frozenset(undecided)
    )


def guarded(entry: Entry, outer: Access) -> Entry:
    """Return an entry whose undecided methods have the access of a mount or an App."""
    if outer == _NOTHING_DECLARED:
        return entry
    operations: list[Operation] = []
    for each in entry.operations:
        security = None if each.method in entry.undecided else each.security
        inner = Access(security, Permissions.same(each.permission), each.limits or None)
        access = inner.within(outer, each.declared_at)
        operations.append(with_access(each, access, is_inherited=True))
    undecided = entry.undecided if outer.security is None else frozenset[str]()
    return entry._replace(operations=tuple(operations), undecided=undecided)


def extended(entry: Entry, extension: object) -> Entry:
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
    at: Pattern,
    middleware: Sequence[Middleware],
    handlers: Handlers,
    *,
    documented: bool = True,
) -> Entry:
    """Return an entry at the place of a mount, with the mounting App's parts around it."""
    is_elsewhere = bool(at.rule or at.host)
    if not (is_elsewhere or middleware or handlers) and documented:
        return entry
    pattern = entry.pattern.below(at)
    below = entry._replace(
        pattern=pattern,
        middleware=(*middleware, *entry.middleware),
    )
    if entry.link is not None:
        item = entry.link.item.below(at)
        below = below._replace(link=entry.link._replace(item=item))
    if handlers:
        below = below._replace(handlers=(*entry.handlers, handlers))
    if not is_elsewhere and documented:
        return below
    return below.with_operations(
        lambda each: each._replace(
            path=pattern.path,
            rule=pattern.rule,
            host=pattern.host,
            host_parameters=pattern.host_parameters,
            path_parameters=(*at.parameters, *each.path_parameters),
            documented=each.documented and documented,
        )
    )


def with_distinct_ids(entries: list[Entry]) -> list[Entry]:
    """Return the entries with unique operationIds."""
    written = list(itertools.chain.from_iterable(entry.operations for entry in entries))
    # The derived OPTIONS come last, so that none of them changes the operationId of a method.
    derived = [entry.options for entry in entries if entry.options is not None]
    renamed = distinct_ids([*written, *derived])
    if not renamed:
        return entries
    number = itertools.count()

    def distinct(operation: Operation) -> Operation:
        name = renamed.get(next(number))
        return operation if name is None else operation._replace(operation_id=name)

    methods = [tuple(map(distinct, entry.operations)) for entry in entries]
    options = [entry.options and distinct(entry.options) for entry in entries]
    return [
        entry._replace(operations=own, options=other)
        for entry, own, other in zip(entries, methods, options, strict=True)
    ]


def with_errors(entry: Entry, errors: tuple[ErrorFormat, ...]) -> Entry:
    """Return an entry with other formats of error responses; () leaves it unchanged."""
    if not errors:
        return entry
    return entry.with_operations(lambda each: each._replace(errors=errors))._replace(errors=errors)


def securities(entries: Iterable[Entry]) -> Iterator[tuple[Security, str]]:
    """Yield the security of each operation, with the name of its declaration."""
    for entry in entries:
        for operation in entry.operations:
            if operation.security:
                yield operation.security, operation.declared_at


def has_page(entry: Entry) -> bool:
    """Return whether an entry responds with pages."""
    if entry.resource._page() is not None:  # at least that of an invalid form
        return True
    return any(output.page for each in entry.operations for output in each.outputs)


def check_content(entry: Entry) -> None:
    """Reject inputs and outputs in media types that have no handler."""
    for operation in entry.operations:
        if not writes_json_alone(operation):
            check_outputs(operation, entry.owner.media)
        if not reads_json_alone(operation):
            # cold start: a service without schemas has no inputs
            from ..parsing.inputs import readers_of

            list(readers_of(operation, entry.owner.settings, entry.owner.media))


_JSON = ("application/json",)


def reads_json_alone(operation: Operation) -> bool:
    """Return whether an operation has no input, or a body that is JSON by a schema and no more."""
    found = {(each.location, each.raw, each.media_types) for each in operation.inputs}
    return found <= {("body", None, _JSON)}


def writes_json_alone(operation: Operation) -> bool:
    """Return whether all content of an operation's responses is JSON, and nothing that is shown."""
    return all(
        each.media_types in ((), _JSON) and each.events is None and each.page is None
        for each in operation.outputs
    )
