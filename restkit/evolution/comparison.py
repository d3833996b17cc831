"""`compare`: the changes from one OpenAPI document to another."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime

from .changes import Change, Place, Schemas
from .chosen_versions import without_choice
from .contents import body_changes, response_changes
from .credentials import security_changes
from .documents import Document, UnknownReference, members, text
from .findings import Level
from .parameters import Operation, parameter_changes, template

__all__ = ["compare"]

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query", "x-query")
_ORDER: Mapping[Level, int] = {"breaking": 0, "warning": 1, "compatible": 2}
_Operations = dict[tuple[str, str], Operation]


def compare(
    old: Mapping[str, object], new: Mapping[str, object], *, today: date | None = None
) -> list[Change]:
    """Return the changes from one document to another, those that break clients first.

    A request is compatible if the new document accepts everything that the old one accepted, a
    response if the new document sends nothing that the old one did not announce.

    Args:
        old: The OpenAPI document before, 3.0 to 3.2.
        new: The document after.
        today: The date by which an operation's sunset has passed; that of today by default.
    """
    # Schemas are told apart by identity, and the documents of a caller may have parts in common.
    apart = copy.deepcopy(without_choice(new))
    found = _Comparison(
        Document(without_choice(old)), Document(apart), today or datetime.now(UTC).date()
    )
    changes = dict.fromkeys(found.changes())
    return sorted(changes, key=lambda each: _ORDER[each.level])


class _Comparison:
    """The comparison of two documents."""

    def __init__(self, old: Document, new: Document, today: date) -> None:
        self.old, self.new = old, new
        self.documents = old, new
        self.today = today
        self.schemas = Schemas()

    def changes(self) -> Iterator[Change]:
        before, after = _operations(self.old, "paths"), _operations(self.new, "paths")
        for key, operation in before.items():
            if key in after:
                yield from self._changed(operation, after[key])
            else:
                yield self._removed(operation)
        for key, operation in after.items():
            if key not in before:
                yield _added(operation)
        yield from self._webhooks()

    def _removed(self, operation: Operation) -> Change:
        """Return the change: an end that was announced, and has come, is none."""
        place = Place(operation.path, operation.method)
        pointer = operation.document.pointer(operation.value)
        ends = _sunset(operation.value)
        if ends is not None and ends <= self.today:
            message = f"The operation is removed after its sunset on {ends}."
            return Change("compatible", "operation", place, pointer, message)
        message = "The operation is removed."
        if ends is not None:
            message = f"The operation is removed before its sunset on {ends}."
        elif operation.value.get("deprecated") is True:
            message = "The operation is removed. It was deprecated, without a sunset."
        return Change("breaking", "operation", place, pointer, message)

    def _changed(self, old: Operation, new: Operation) -> Iterator[Change]:
        place = Place(new.path, new.method)
        try:
            yield from _identity(old, new, place)
            yield from security_changes(old, new, place)
            yield from parameter_changes(old, new, self.schemas)
            bodies = old.value.get("requestBody"), new.value.get("requestBody")
            yield from body_changes(*bodies, self.documents, place, self.schemas)
            values = old.value, new.value
            yield from response_changes(*values, self.documents, place, self.schemas)
        except UnknownReference as error:
            pointer = new.document.pointer(new.value)
            yield Change("warning", "reference", place, pointer, f"It cannot be compared: {error}")

    def _webhooks(self) -> Iterator[Change]:
        """Yield the changes of webhooks, whose requests the service sends."""
        before, after = _operations(self.old, "webhooks"), _operations(self.new, "webhooks")
        for key, old in before.items():
            new = after.get(key)
            place = Place(f"webhook {old.path}", old.method)
            if new is None:
                pointer = self.old.pointer(old.value)
                yield Change("breaking", "webhook", place, pointer, "The webhook is removed.")
                continue
            bodies = old.value.get("requestBody"), new.value.get("requestBody")
            documents, schemas = self.documents, self.schemas
            yield from body_changes(*bodies, documents, place, schemas, "response")
            values = old.value, new.value
            yield from response_changes(*values, documents, place, schemas, "request")
        for key, new in after.items():
            if key not in before:
                place = Place(f"webhook {new.path}", new.method)
                pointer = self.new.pointer(new.value)
                yield Change("compatible", "webhook", place, pointer, "The webhook is new.")


def _added(operation: Operation) -> Change:
    place = Place(operation.path, operation.method)
    pointer = operation.document.pointer(operation.value)
    return Change("compatible", "operation", place, pointer, "The operation is new.")


def _operations(document: Document, member: str) -> _Operations:
    """Return operations by path and method; the names of variables tell no paths apart."""
    found: _Operations = {}
    for path, each in members(document.root.get(member)).items():
        item = members(document.resolve(each))
        methods = {name: item[name] for name in _METHODS if name in item}
        for name, value in {**methods, **members(item.get("additionalOperations"))}.items():
            method = name.removeprefix("x-").upper()
            operation = Operation(document, path, method, item, members(value))
            found[template(path), method] = operation
    return found


def _identity(old: Operation, new: Operation, place: Place) -> Iterator[Change]:
    """Yield changes of the name and of the deprecation."""
    before, after = text(old.value.get("operationId")), text(new.value.get("operationId"))
    pointer = new.document.pointer(new.value)
    if before and before != after:
        message = f"The operationId changes from {before} to {after or 'none'}: clients that are "
        message += "generated have another method."
        yield Change("warning", "operationId", place, pointer, message)
    if old.value.get("deprecated") is not True and new.value.get("deprecated") is True:
        ends = _sunset(new.value)
        until = "" if ends is None else f", and ends on {ends}"
        message = f"The operation becomes deprecated{until}."
        yield Change("compatible", "deprecated", place, pointer, message)
    yield from _moved_sunset(old, new, place)


def _moved_sunset(old: Operation, new: Operation, place: Place) -> Iterator[Change]:
    before, after = _sunset(old.value), _sunset(new.value)
    if before is not None and after is not None and after < before:
        pointer = new.document.pointer(new.value)
        message = f"The sunset moves forward from {before} to {after}."
        yield Change("warning", "sunset", place, pointer, message)


def _sunset(operation: Mapping[str, object]) -> date | None:
    """Return the date of ``x-sunset``, by which a deprecated operation ends."""
    if operation.get("deprecated") is not True:
        return None
    found = operation.get("x-sunset", members(operation.get("x-deprecation")).get("sunset"))
    if isinstance(found, datetime):
        return found.date()
    if isinstance(found, date):
        return found
    try:
        return date.fromisoformat(text(found)[:10])
    except ValueError:
        return None
