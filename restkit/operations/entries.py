"""`Entry`: a resource at a URL pattern, with its Operations and the parts around them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..contract import Operation
from ..declaration_checks import check_resource
from ..dependencies import factories_of
from ..error_formats import ErrorFormat
from ..errors import DeclarationError
from ..middleware import Middleware
from ..records import Record
from ..resource import ProblemHandler, Resource
from ..routing.patterns import Pattern
from ..security_scheme import Security
from .builder import Mount, collect
from .contributions import (
    add_contribution,
    add_part,
    contribution_of,
    options_operation,
    secured,
    surrounded,
)
from .operation_ids import derived_id, distinct_ids, options_id
from .security import said_security

__all__ = [
    "Entry",
    "Handlers",
    "Link",
    "extended",
    "guarded",
    "make_entry",
    "shift",
    "with_distinct_ids",
    "with_errors",
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


def _instead(target: object, rule: str) -> str:
    """Return what to write in place of a target that is not a Resource class."""
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
    """Return an entry with operationIds, declared security and the contributions of its class."""
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
        derived = options_operation(entry.pattern, resource, options_id(entry.name))
        options = surrounded(derived, handlers, middleware)
    return entry._replace(
        operations=tuple(operations), options=options, undecided=frozenset(undecided)
    )


def guarded(entry: Entry, security: Security | None) -> Entry:
    """Return an entry whose undecided methods have the security of a mount or an App."""
    if security is None or not entry.undecided:
        return entry
    operations: list[Operation] = []
    for each in entry.operations:
        is_undecided = each.method in entry.undecided
        operations.append(secured(each, security) if is_undecided else each)
    return entry._replace(operations=tuple(operations), undecided=frozenset())


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
    prefix: str,
    middleware: Sequence[Middleware],
    handlers: Handlers,
    *,
    documented: bool = True,
) -> Entry:
    """Return an entry below a mount's prefix, with the mounting App's parts around it."""
    if not (prefix or middleware or handlers) and documented:
        return entry
    below = entry._replace(
        pattern=_below(prefix, entry.pattern),
        middleware=(*middleware, *entry.middleware),
    )
    if entry.link is not None:
        item = _below(prefix, entry.link.item)
        below = below._replace(link=entry.link._replace(item=item))
    if handlers:
        below = below._replace(handlers=(*entry.handlers, handlers))
    if not prefix and documented:
        return below
    return below.with_operations(
        lambda each: each._replace(
            path=prefix + each.path,
            rule=prefix + each.rule,
            documented=each.documented and documented,
        )
    )


def with_distinct_ids(entries: list[Entry]) -> list[Entry]:
    """Return the entries with an operationId of its own for each operation."""
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


def _below(prefix: str, pattern: Pattern) -> Pattern:
    return pattern._replace(
        rule=prefix + pattern.rule, path=prefix + pattern.path, shape=prefix + pattern.shape
    )


def with_errors(entry: Entry, errors: tuple[ErrorFormat, ...]) -> Entry:
    """Return an entry whose operations have formats of error responses."""
    if not errors:
        return entry
    return entry.with_operations(lambda each: each._replace(errors=errors))._replace(errors=errors)
