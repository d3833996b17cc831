"""Related rows: those of other collections that the items of a collection may show and refer to.

If `CRUDResource.scope` or `soft_delete` of a collection hides rows, they are also hidden when items
of other collections refer to them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, runtime_checkable

from marshmallow import fields

from ..errors import DeclarationError
from ..problems import Problem
from ..records import Record
from ..request import Request
from ..resource import Owner
from .binding import Binding
from .declared_schemas import scoped_attributes
from .per_app import PerApp
from .query import Condition
from .scopes import AnyOf, Clause, Scope
from .store import RelatedRows

__all__ = ["Peer", "Subquerying", "register", "related_rows", "related_scopes"]


class Peer(Record):
    """A collection that hides rows of its model.

    Attributes:
        declared: The `CRUDResource`.
        binding: Its binding.
        is_scoped: Whether the class overrides ``scope``.
        is_guarded: Whether the class overrides ``write_scope``.
    """

    declared: Any
    binding: Binding
    is_scoped: bool
    is_guarded: bool


_peers: PerApp[dict[type, list[Peer]]] = PerApp("peers", dict)
_shown: PerApp[list[Peer]] = PerApp("shown", list)
"""The collections that show only related rows which the caller may see."""
_ANY = object()
"""The value of a variable of another collection's URL."""


@runtime_checkable
class Subquerying(Protocol):
    """A store whose models may read rows of other collections by subqueries."""

    def check_hidden(self, models: Collection[type], /) -> None:
        """Reject attributes that would read rows which the scope of a collection hides.

        Args:
            models: The models of collections with a scope of their own.

        Raises:
            DeclarationError: There is such an attribute.
        """
        ...


def register(app: Owner, peer: Peer) -> None:
    """Add a collection to those of an App, and keep it if it hides rows or guards writes.

    Raises:
        DeclarationError: A collection of the App would read rows that another one hides, or
            create rows that lack an attribute.
    """
    if peer.is_scoped or peer.is_guarded or peer.declared.soft_delete:
        model = peer.binding.store.model
        _peers.of(app).setdefault(model, []).append(peer)
    shown = _shown.of(app)
    if peer.declared.related == "visible":
        shown.append(peer)
    scoped = {model: found for model, found in _scoped(app) if found}
    for each in shown if scoped else ():
        if isinstance(each.binding.store, Subquerying):
            each.binding.store.check_hidden(scoped)
    for each in {peer, *shown}:
        _check_created(each, scoped)


def _scoped(app: Owner) -> Iterator[tuple[type, list[Peer]]]:
    """Yield the models of an App with their collections that have a scope of their own."""
    for model, found in (_peers.find(app) or {}).items():
        yield model, [each for each in found if each.is_scoped]


def _check_created(peer: Peer, scoped: Mapping[type, list[Peer]]) -> None:
    """Reject a collection that creates related rows without an attribute that they need."""
    is_restricted = peer.declared.related == "visible"
    for bound in peer.binding.relations.values():
        relation = bound.relation
        scopes = scoped.get(relation.model, []) if is_restricted else []
        decided = scoped_attributes(scopes[0].declared) if len(scopes) == 1 else set()
        lacking = [each for each in relation.lacking if each not in relation.assigned | decided]
        if bound.related.create and lacking:
            name = relation.model.__qualname__
            raise DeclarationError(
                f"{peer.binding.declared_at}.relations: {relation.name} cannot create rows of "
                f"{name}: {lacking[0]!r} is required. Give it a default, let a row rule set it, or "
                "remove create=True. If the scope() of the only scoped collection of "
                f"{name} decides it, add that collection to the App first."
            )


def related_rows(app: Owner, request: Request) -> RelatedRows | None:
    """Return the conditions on rows that a request may refer to; None if the App hides none."""
    peers = _peers.find(app)
    return None if peers is None else _Related(app, request, peers)


def related_scopes(app: Owner, request: Request) -> list[Clause]:
    """Return the scopes of all collections of an App, for the caller of a request."""
    peers = _peers.find(app)
    if peers is None:
        return []
    related = _Related(app, request, peers)
    return [clause for model in peers for clause in related.scoped(model)]


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
            known = self._known[model] = self._conditions(self._peers_of(model))
        return known

    def _peers_of(self, model: type) -> list[Peer]:
        pairs = self._peers.items()
        return [each for of, found in pairs if issubclass(model, of) for each in found]

    def _conditions(self, peers: list[Peer]) -> tuple[Clause, ...]:
        found: list[Clause] = [_live(each) for each in peers if each.declared.soft_delete]
        return (*found, *self._scopes(peers))

    def scoped(self, model: type) -> tuple[Clause, ...]:
        """Return the conditions of scopes alone, which soft-deleted rows fulfil too."""
        return self._scopes(self._peers_of(model))

    @property
    def guarded(self) -> frozenset[type]:
        """The models of collections with a rule for writes alone."""
        pairs = ((of, each) for of, found in self._peers.items() for each in found)
        return frozenset(of for of, each in pairs if each.is_guarded)

    def written(self, model: type) -> tuple[Clause, ...]:
        """Return the conditions on rows that a write of another row may change."""
        guarded = [each for each in self._peers_of(model) if each.is_guarded]
        return (AnyOf(*map(self._write_scope_of, guarded)),) if guarded else ()

    def _scopes(self, peers: list[Peer]) -> tuple[Clause, ...]:
        scopes = [self._scope_of(each) for each in peers if each.is_scoped]
        return (AnyOf(*scopes),) if scopes else ()

    def _scope_of(self, peer: Peer) -> Clause:
        """Return the scope of another collection for the caller of this request."""
        return self._evaluated(peer, "scope")

    def _write_scope_of(self, peer: Peer) -> Clause:
        """Return the rows of another collection that the caller of this request may change."""
        return self._evaluated(peer, "write_scope")

    def _evaluated(self, peer: Peer, name: str) -> Clause:
        request, given = self._request, self._request.path_parameters
        request.path_parameters = _Variables(given)
        try:
            clause = getattr(peer.declared(peer.binding, request, self._app), name)()
            return _known(clause, peer.binding.store)
        except Problem:
            return False  # the caller may not see the collection at all
        except Exception as error:
            raise DeclarationError(
                f"{peer.binding.declared_at}.{name}() failed for a request to another collection, "
                f"whose items refer to its rows. Declare database.rows(...) instead of {name}(), "
                'or write related = "existing" in the class of the other collection.'
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


@runtime_checkable
class _Expressing(Protocol):
    """A store whose scopes may be expressions of its own."""

    def without_value(self, clause: object, value: object, /) -> object: ...


def _known(clause: Clause, store: object = None) -> Clause:
    """Return a clause without the variables of the collection's own URL."""
    known = partial(_known, store=store)
    if isinstance(clause, Mapping):
        return _without_any(clause)
    if isinstance(clause, Scope):
        return Scope(_without_any(clause.values), tuple(map(known, clause.clauses)))
    if isinstance(clause, AnyOf):
        return AnyOf(*map(known, clause.clauses))
    if isinstance(clause, Condition):
        return True if clause.value is _ANY else clause
    if isinstance(clause, (list, tuple)):
        return list(map(known, clause))
    return store.without_value(clause, _ANY) if isinstance(store, _Expressing) else clause


def _without_any(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not _ANY}


def _live(peer: Peer) -> Clause:
    """Return the condition of rows that are not soft-deleted."""
    name = str(peer.declared.soft_delete)
    if isinstance(peer.binding.store.attributes[name].field, fields.Boolean):
        return AnyOf({name: False}, {name: None})
    return {name: None}
