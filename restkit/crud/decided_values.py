"""Values that the server decides: those of a collection's scope and of a row rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from marshmallow import fields

from ..problems import UnprocessableContent
from .declared_schemas import Relaxed
from .schema_views import ABSENT, Views
from .store import AnyField, AnyStore

__all__ = ["DecidedValues", "NestedReferences", "Referring", "check_decided"]

_DECIDED = "The server decides this value. Leave it out."


@runtime_checkable
class Referring(Protocol):
    """The optional ability of a store to nest an object that an item refers to."""

    def references(self, relation: str, /) -> frozenset[str]:
        """Return the attributes of an item that a relation to one object sets."""
        ...


class NestedReferences:
    """The nested objects of bodies that set attributes of the item: its foreign keys."""

    def __init__(self, views: Sequence[Views], store: AnyStore) -> None:
        """Find them.

        Args:
            views: The views of the schemas of bodies.
            store: The store of the items.
        """
        self._views = views[0]
        self._store = store
        self._found: dict[str, frozenset[str]] = {}
        if isinstance(store, Referring):
            written = {name: field for each in views for name, field in _nested(each)}
            found = {name: store.references(name) for name in written}
            self._found = {name: references for name, references in found.items() if references}

    def decided(self, decided: Mapping[str, object]) -> set[str]:
        """Return those that would set attributes which the server decides."""
        return {
            name for name, references in self._found.items() if not references.isdisjoint(decided)
        }

    def check(self, item: object, decided: Mapping[str, object]) -> None:
        """Reject a written item whose nested object changed an attribute that the server decides.

        Raises:
            UnprocessableContent: An attribute has another value.
        """
        # SECURITY: the item would move to another parent or tenant.
        for name in self.decided(decided) if self._found else ():
            for each in self._found[name] & decided.keys():
                if str(self._store.value(item, each)) != str(decided[each]):
                    raise _invalid(self._views, [name], _DECIDED, "scope")


def _nested(views: Views) -> Iterator[tuple[str, AnyField]]:
    """Yield the attributes of a body that nest one object, with their fields."""
    known = views.attribute_fields()
    for name in views.written:
        if isinstance(known.get(name), fields.Nested):
            yield name, known[name]


class DecidedValues:
    """The check of the bodies of one collection against attributes that the server decides."""

    def __init__(self, views: Views, relaxed: Relaxed) -> None:
        """Make the check.

        Args:
            views: The views of the schema of POST and PUT bodies.
            relaxed: That schema, with the attributes that it requires unless the server decides.
        """
        self._views = views
        self._relaxed = relaxed

    def checked(
        self, body: Mapping[str, object], decided: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Return a body with the defaults of attributes that are not decided.

        Args:
            body: The attributes of the body.
            decided: The attributes that the scope and the row rule decide.

        Raises:
            UnprocessableContent: The body contradicts a decided value, or lacks a value.
        """
        body = self._sent(body, decided)
        check_decided(body, decided, self._views)
        missing = [
            name for name in self._relaxed.required if name not in body and name not in decided
        ]
        if missing:
            raise _invalid(self._views, missing, "Missing data for required field.", "required")
        return {**self._defaults(), **body} if self._relaxed.defaults else body

    def _sent(
        self, body: Mapping[str, object], decided: Mapping[str, object]
    ) -> Mapping[str, object]:
        """Return a body without decided attributes that only have their schema's default."""
        known = self._views.attribute_fields()
        own = dict(body)
        for name in decided:
            field = known.get(name)
            if field is not None and name in own and own[name] == field.load_default:
                del own[name]
        return own

    def _defaults(self) -> dict[str, object]:
        """Return the defaults of attributes that the scope could have decided."""
        return {name: _made(value) for name, value in self._relaxed.defaults.items()}


def _made(default: object) -> object:
    """Return a default value, which may be a function that makes it."""
    return default() if callable(default) else default


def check_decided(
    values: Mapping[str, object], decided: Mapping[str, object], views: Views
) -> None:
    """Reject values that contradict those of the scope or of the row rule.

    Raises:
        UnprocessableContent: A value is another one.
    """
    # SECURITY: a client that could write the scope could move an item to another tenant.
    wrong = [name for name in decided if name in values and _differs(values, decided, name)]
    if wrong:
        raise _invalid(views, wrong, _DECIDED, "scope")


def _differs(values: Mapping[str, object], decided: Mapping[str, object], name: str) -> bool:
    """Return whether a value is another one; a scope may have the string of a header or URL."""
    value, wanted = values[name], decided[name]
    return value is ABSENT or (value != wanted and str(value) != str(wanted))


def _invalid(views: Views, names: Sequence[str], detail: str, code: str) -> UnprocessableContent:
    return UnprocessableContent(
        errors=[
            {"pointer": views.pointer_of(name), "detail": detail, "code": code} for name in names
        ]
    )
