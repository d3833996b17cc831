"""Scopes: which items belong to a collection, or to a caller, as data that every store reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["AnyOf", "Clause", "Scope", "clause_text", "fixed_values"]

Clause = object
"""A condition on items: a mapping of attribute values, which may be those of related items
(``{"project.tenant": 3}``), a `Condition`, `AnyOf`, True, False, a
sequence of clauses that must all hold, or an expression of the store, such as SQLAlchemy's.
A store may also get a `Scope`, whose ``values`` and ``clauses`` must all hold."""


class AnyOf:
    """A clause that holds if one of several clauses holds.

    ::

        AnyOf({"owner": me}, {"owner": None})  # mine, or unassigned

    Attributes:
        clauses: The clauses.
    """

    __slots__ = ("clauses",)

    def __init__(self, *clauses: Clause) -> None:
        """Combine clauses."""
        self.clauses = clauses


def clause_text(clause: Clause) -> str:
    """Return a text that is equal for equal clauses: names, operators and values."""
    if isinstance(clause, Mapping):
        return repr(sorted((name, str(value)) for name, value in clause.items()))
    if isinstance(clause, Scope):
        return f"{clause_text(clause.values)} and {clause_text(clause.clauses)}"
    if isinstance(clause, AnyOf):
        return f"any of {clause_text(clause.clauses)}"
    if isinstance(clause, (list, tuple)):
        return repr([clause_text(each) for each in clause])
    compiled = getattr(clause, "compile", None)
    if compiled is None:
        return repr(clause)
    statement = compiled()  # an expression of SQLAlchemy, whose parameters are not in its text
    return f"{statement} {clause_text(statement.params)}"


@dataclass(frozen=True, slots=True)
class Scope:
    """The evaluated scope of a request.

    Attributes:
        values: The attribute values that all items share and new ones get.
        clauses: Further conditions, all of which must hold.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()

    @classmethod
    def of(cls, given: Clause) -> Scope:
        """Return the scope of a mapping, an expression, or a sequence of both."""
        if isinstance(given, Scope):
            return given
        if type(given) is dict and not given:
            return _EVERYWHERE
        if isinstance(given, Mapping):
            return cls(*_split(given))
        if not isinstance(given, (list, tuple)):
            return cls(clauses=(given,))
        values: dict[str, object] = {}
        clauses: list[Clause] = []
        for part in map(cls.of, given):
            if any(values.get(name, value) != value for name, value in part.values.items()):
                clauses.append(False)  # two parts want different values of one attribute
            values.update(part.values)
            clauses.extend(part.clauses)
        return cls(values, tuple(clauses))

    def __bool__(self) -> bool:
        """Return whether the scope restricts anything."""
        return bool(self.values or self.clauses)


def _split(given: Mapping[str, object]) -> tuple[Mapping[str, object], tuple[Clause, ...]]:
    """Return the items' own attributes of a mapping, and a clause for each of related items."""
    related = [name for name in given if "." in name]
    if not related:
        return given, ()
    own = {name: value for name, value in given.items() if name not in related}
    return own, tuple({name: given[name]} for name in related)


_EVERYWHERE = Scope()
"""PERF: the scope of most requests restricts nothing."""


def fixed_values(clauses: Iterable[Clause]) -> dict[str, object]:
    """Return the attributes that the only scope of related items has."""
    found: dict[str, object] = {}
    for each in clauses:
        clause = each
        while isinstance(clause, AnyOf) and len(clause.clauses) == 1:
            clause = clause.clauses[0]
        if isinstance(clause, (Mapping, Scope)):
            values = Scope.of(clause).values
            found |= {name: value for name, value in values.items() if value is not None}
    return found
