"""Row rules: which rows of a model a caller may read and write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from ..caller_identity import caller_id
from ..declaration_checks import check_call
from ..errors import DeclarationError
from ..request import Request
from .scopes import AnyOf, Clause, Scope

__all__ = [
    "Assigned",
    "Caller",
    "CallerRule",
    "RowRule",
    "Rule",
    "RuleLike",
    "unruled",
    "write_clause",
]

Caller = Any
"""The caller of a request, of the type that the security scheme or ``caller=`` returns."""
Rule = Callable[[Caller], Clause]
"""A function from the caller to the rows that a rule allows."""
RuleLike = Rule | str
"""Such a function, or the attribute of rows that has the id of their owner."""
Assigned = Mapping[str, Callable[[Caller], object]] | str
"""Functions from the caller to the attributes of new rows, or the attribute that gets its id."""


class RowRule:
    """The rule of one model.

    Attributes:
        names: The attributes that the rule sets on new items.
        attributes: All attributes that the rule names in its arguments.
    """

    def __init__(
        self,
        model: type,
        read: RuleLike | None,
        write: RuleLike | None,
        assigned: Assigned | None,
        caller: Callable[[Request], Caller] | None,
        owner: str | None = None,
    ) -> None:
        """Check and keep the functions.

        Args:
            model: The model.
            read: A function from the caller to the rows that it may read, or the attribute of
                rows that has the id of their owner; None for all rows.
            write: The same of the rows that it may also write; ``read`` by default.
            assigned: The attributes of new items, each a function from the caller to a value, or
                the attribute that gets its id.
            caller: A function from the request to the caller; the caller of the security scheme
                by default.
            owner: The attribute that has the id of a row's owner, who may read and write it.

        Raises:
            DeclarationError: One of them is not such a function.
        """
        called = f"rows({model.__qualname__}, ...)"
        compared = [each for each in (read, write, owner) if isinstance(each, str)]
        self._assigned = {assigned: _id} if isinstance(assigned, str) else dict(assigned or {})
        self._check_own(called)
        self._read, self._write = _rule_of(read), _rule_of(write)
        self._caller = caller
        functions = {"read": self._read, "write": self._write, "caller": caller}
        functions |= {f"set[{name!r}]": each for name, each in self._assigned.items()}
        for name, function in functions.items():
            if function is None:
                continue
            if not callable(function):
                raise DeclarationError(
                    f"{called}: {name} must be a function of the caller, got {function!r}. Write "
                    "lambda me: ..."
                )
            check_call(function, ("caller",), f"{name} of {called}")
        if owner is not None:
            self._own(owner, called)
        self.names = frozenset(self._assigned)
        self.attributes = self.names.union(compared)

    def _check_own(self, called: str) -> None:
        """Reject a rule that would set the attribute of another row."""
        related = next((each for each in self._assigned if "." in each), None)
        if related is not None:
            raise DeclarationError(
                f"{called}: set names {related!r}, which is an attribute of another row. Name "
                "attributes of the model itself."
            )

    def _own(self, owner: str, called: str) -> None:
        """Let the owners of rows read and write them, besides the callers whom the rules name."""
        if not isinstance(owner, str) or not owner.isidentifier():
            raise DeclarationError(
                f"{called}: owner must be the name of an attribute of the model, got {owner!r}."
            )
        if owner in self._assigned:
            raise DeclarationError(
                f"{called}: owner sets {owner!r}, and so does set. Remove it from set."
            )
        self._assigned[owner] = _id
        others = self._read, self._write
        self._read = _or_owner(owner, self._read)
        self._write = None if others == (None, None) else _or_owner(owner, self._write)

    def of(self, request: Request) -> CallerRule:
        """Return the rule for the caller of a request."""
        caller = request.caller if self._caller is None else self._caller(request)
        return CallerRule(caller, self._read, self._write, self._assigned)


class CallerRule:
    """The rule of one model for one caller."""

    def __init__(
        self,
        caller: Caller,
        read: Rule | None,
        write: Rule | None,
        assigned: Mapping[str, Callable[[Caller], object]],
    ) -> None:
        """Keep the caller and the functions, which are called when they are needed."""
        self._caller = caller
        self._read = read
        self._write = write
        self._assigned = assigned

    @cached_property
    def read(self) -> Scope:
        """The rows that the caller may read."""
        return self._evaluated(self._read)

    @cached_property
    def write(self) -> Scope:
        """The rows that the caller may write, besides being able to read them."""
        return self.read if self._write is None else self._evaluated(self._write)

    @cached_property
    def assigned(self) -> Mapping[str, object]:
        """The attributes of new items."""
        try:
            return {name: make(self._caller) for name, make in self._assigned.items()}
        except (AttributeError, KeyError, TypeError):
            if self._caller is not None:
                raise
            return {}

    def _evaluated(self, rule: Rule | None) -> Scope:
        if rule is None:
            return Scope()
        try:
            found = rule(self._caller)
        except (AttributeError, KeyError, TypeError):
            # SECURITY: a rule such as `Note.owner == me.id` has no meaning if nobody is logged in.
            # It then holds for no row.
            if self._caller is not None:
                raise
            return Scope(clauses=(False,))
        if found is None:
            # SECURITY: a forgotten return must not show everything.
            raise DeclarationError(
                f"The row rule {rule!r} returned None. Return a condition, True for all rows, or "
                "False for none."
            )
        return Scope.of(found)


def _rule_of(rule: RuleLike | None) -> Rule | None:
    """Return a rule; of a name, that a row belongs to the caller whose id the attribute has."""
    return (lambda me: {rule: _id(me)}) if isinstance(rule, str) else rule


def _or_owner(owner: str, rule: Rule | None) -> Rule:
    """Return the rule that a row belongs to the caller, or that another rule holds for it."""

    def combined(me: Caller) -> Clause:
        own: Clause = False if me is None else {owner: _id(me)}
        if rule is None:
            return own
        try:
            found = rule(me)
        except (AttributeError, KeyError, TypeError):
            if me is not None:
                raise
            return own
        return None if found is None else AnyOf(own, found)

    return combined


def _id(me: Caller) -> object:
    found = caller_id(me)
    if found is None:
        if me is None:
            raise TypeError("nobody is logged in")
        raise DeclarationError(
            f"A row rule compares an attribute with the id of the caller, but the caller, of type "
            f"{type(me).__name__}, has none. Write lambda me: {{'owner': ...}}, for example."
        )
    return found


def write_clause(rule: CallerRule | None) -> Clause:
    """Return the condition of a rule on writes, ``{}`` if it has none of its own."""
    return {} if rule is None or rule.write is rule.read else rule.write


def unruled(model: type, ruled: type, owner: str) -> str:
    """Return the message for a model without a rule that is connected with one that has a rule.

    Args:
        model: The model without a rule.
        ruled: The model with a rule.
        owner: The name of the object whose ``rows`` declares rules.
    """
    name = model.__qualname__
    return (
        f"{ruled.__qualname__} has a row rule, but {name}, which is connected with it, has none. "
        f"Declare who may read it: {owner}.rows({name}, read=lambda me: ...). If everybody may, "
        f"write {owner}.rows({name})."
    )
