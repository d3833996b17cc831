"""Related rows: those of other collections that the items of a collection may show and refer to.

What `CRUDResource.scope` and `soft_delete` of a collection hide is hidden as well where items of
other collections refer to its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from marshmallow import fields

from ..errors import DeclarationError
from ..problems import Problem
from ..records import Record
from ..request import Request
from ..resource import Owner
from .binding import Binding
from .query import Condition
from .scopes import AnyOf, Clause, Scope
from .store import RelatedRows

__all__ = ["Peer", "register", "related_rows"]


class Peer(Record):
    """A collection that hides rows of its model.

    Attributes:
        declared: The `CRUDResource`.
        binding: Its binding.
        is_scoped: Whether the class overrides ``scope``.
    """

    declared: Any
    binding: Binding
    is_scoped: bool


_peers: WeakKeyDictionary[Owner, dict[type, list[Peer]]] = WeakKeyDictionary()
_ANY = object()
"""The value of a variable of another collection's URL."""


def register(app: Owner, peer: Peer) -> None:
    """Add a collection to those of an App, if it hides rows."""
    if peer.is_scoped or peer.declared.soft_delete:
        model = peer.binding.store.model
        _peers.setdefault(app, {}).setdefault(model, []).append(peer)


def related_rows(app: Owner, request: Request) -> RelatedRows | None:
    """Return the conditions on rows that a request may refer to; None if the App hides none."""
    peers = _peers.get(app)
    return None if peers is None else _Related(app, request, peers)


class _Related:
    """The conditions on related rows for one request, evaluated when they are needed."""

    def __init__(self, app: Owner, request: Request, peers: Mapping[type, list[Peer]]) -> None:
        self._app = app
        self._request = request
        self._peers = peers
        self._known: dict[type, tuple[Clause, ...]] = {}

    def __call__(self, model: type) -> tuple[Clause, ...]:
        """Return the conditions on the rows of a model, all of which must hold."""
        known = self._known.get(model)
        if known is None:
            peers = [
                each for of, found in self._peers.items() if issubclass(model, of) for each in found
            ]
            known = self._known[model] = self._conditions(peers)
        return known

    def _conditions(self, peers: list[Peer]) -> tuple[Clause, ...]:
        found: list[Clause] = [_live(each) for each in peers if each.declared.soft_delete]
        scopes = [self._scope_of(each) for each in peers if each.is_scoped]
        if scopes:
            found.append(AnyOf(*scopes))
        return tuple(found)

    def _scope_of(self, peer: Peer) -> Clause:
        """Return the scope of another collection for the caller of this request."""
        request, given = self._request, self._request.path_parameters
        request.path_parameters = _Variables(given)
        try:
            return _known(peer.declared(peer.binding, request, self._app).scope())
        except Problem:
            return False  # the caller may not see the collection at all
        except Exception as error:
            raise DeclarationError(
                f"{peer.binding.declared_at}.scope() failed for a request to another collection, "
                "whose items refer to its rows. Declare database.rows(...) instead of scope(), or "
                'write related = "existing" in the class of the other collection.'
            ) from error
        finally:
            request.path_parameters = given


class _Variables(dict[str, Any]):
    """The variables of a URL; those of other URLs may have any value."""

    def __missing__(self, name: str) -> object:
        return _ANY

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a variable."""
        return self[name]


def _known(clause: Clause) -> Clause:
    """Return a clause without the variables of the collection's own URL."""
    if isinstance(clause, Mapping):
        return _without_any(clause)
    if isinstance(clause, Scope):
        return Scope(_without_any(clause.values), tuple(map(_known, clause.clauses)))
    if isinstance(clause, AnyOf):
        return AnyOf(*map(_known, clause.clauses))
    if isinstance(clause, Condition):
        return True if clause.value is _ANY else clause
    if isinstance(clause, (list, tuple)):
        return list(map(_known, clause))
    return clause


def _without_any(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not _ANY}


def _live(peer: Peer) -> Clause:
    """Return the condition of rows that are not soft-deleted."""
    name = str(peer.declared.soft_delete)
    if isinstance(peer.binding.store.attributes[name].field, fields.Boolean):
        return AnyOf({name: False}, {name: None})
    return {name: None}
