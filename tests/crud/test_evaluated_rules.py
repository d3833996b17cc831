"""Row rules and scopes as they are evaluated for one caller: failures, and equal clauses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from restkit.crud import AnyOf, Condition
from restkit.crud.related_rows import _ANY, _known  # the clauses of other collections
from restkit.crud.row_rules import CallerRule, RowRule, write_clause
from restkit.crud.scopes import Scope, clause_text, fixed_values
from restkit.errors import DeclarationError


class Asked:
    """A request with a caller."""

    def __init__(self, caller: object) -> None:
        self.caller = caller


def rule_of(who: object, **options: Any) -> CallerRule:
    own = {"read": None, "write": None, "assigned": None, "caller": None, **options}
    made: Any = RowRule(object, *own.values())
    found: CallerRule = made.of(Asked(who))
    return found


def _fails(error: type[Exception]) -> Callable[[object], object]:
    def rule(me: object) -> object:
        raise error("me")

    return rule


@pytest.mark.parametrize("error", [AttributeError, KeyError, TypeError])
def test_a_rule_that_needs_a_caller_holds_for_no_row_without_one(error: type[Exception]) -> None:
    """The same failure is the program's own if somebody is logged in."""
    options: dict[str, Any] = {"read": _fails(error), "assigned": {"owner": _fails(error)}}
    nobody = rule_of(None, **options)
    assert nobody.read == Scope(clauses=(False,))
    assert nobody.assigned == {}
    somebody = rule_of("ann", **options)
    for name in ("read", "assigned"):
        with pytest.raises(error):
            getattr(somebody, name)


def test_other_failures_of_a_rule_are_raised_for_everybody() -> None:
    with pytest.raises(ZeroDivisionError):
        assert rule_of(None, read=_fails(ZeroDivisionError)).read


def test_a_rule_without_a_return_is_refused() -> None:
    """Nothing is not everything."""
    says = "returned None. Return a condition, True for all rows, or False for none."
    with pytest.raises(DeclarationError) as raised:
        assert rule_of("ann", read=lambda me: None).read
    assert str(raised.value).endswith(says)
    assert str(raised.value).startswith("The row rule <function ")


def test_a_rule_says_who_calls_and_what_may_be_written() -> None:
    """Without a rule of its own, a write needs what a read needs."""
    read = {"read": lambda me: {"owner": me}}
    one = rule_of("ann", **read)
    assert one.read.values == {"owner": "ann"}
    assert one.write is one.read
    assert write_clause(one) == write_clause(None) == {}
    two = rule_of("ann", **read, write=lambda me: {"editor": me}, caller=lambda request: "bob")
    assert (two.read.values, two.write.values) == ({"owner": "bob"}, {"editor": "bob"})
    assert write_clause(two) is two.write
    assert rule_of("ann").read == Scope()


def test_parts_of_a_scope_that_contradict_each_other_hold_for_nothing() -> None:
    """Equal values are one condition, different ones none that could hold."""
    assert Scope.of([{"a": 1}, {"a": 1, "b": 2}]) == Scope({"a": 1, "b": 2})
    assert Scope.of([{"a": 1}, {"a": 2}]).clauses == (False,)
    assert Scope.of({"a": 1, "b.c": 2, "b.d": 3}) == Scope({"a": 1}, ({"b.c": 2}, {"b.d": 3}))
    assert Scope.of({}) is Scope.of({})
    assert [bool(Scope.of(each)) for each in ({}, {"a": 1}, [True])] == [False, True, True]


COLUMN: Any = sa.column("a")


@pytest.mark.parametrize(
    "make",
    [
        lambda value: {"a": value},
        lambda value: Scope({"a": value}),
        lambda value: Scope(clauses=(value,)),
        lambda value: AnyOf({"a": 1}, {"b": value}),
        lambda value: [{"a": 1}, ({"b": value},)],
        lambda value: value == COLUMN,
        lambda value: Condition("a", "eq", value),
        lambda value: value == 1,
    ],
)
def test_equal_clauses_have_equal_texts(make: Callable[[object], object]) -> None:
    """A text tells clauses apart by their names, operators and values."""
    assert clause_text(make(1)) == clause_text(make(1))
    assert clause_text(make(1)) != clause_text(make(2))
    assert clause_text({"a": 1, "b": 2}) == clause_text({"b": 2, "a": 1})


@pytest.mark.parametrize(
    ("clauses", "values"),
    [
        ((), {}),
        ((AnyOf({"a": 1}),), {"a": 1}),
        ((AnyOf(AnyOf(Scope({"a": 1}))), {"b": 2}), {"a": 1, "b": 2}),
        ((AnyOf({"a": 1}, {"a": 2}), True), {}),
        (({"a": None, "b": 1},), {"b": 1}),
    ],
)
def test_what_new_related_items_get(clauses: Any, values: dict[str, object]) -> None:
    """The values of the only scope; of two that are alternatives, neither."""
    assert fixed_values(clauses) == values


def test_variables_of_another_url_restrict_nothing() -> None:
    """What a scope takes from its own URL is left out where other collections refer to its rows."""
    given = Scope({"a": 1, "b": _ANY}, ({"c": _ANY}, [{"d": _ANY, "e": 2}]))
    assert _known(given) == Scope({"a": 1}, ({}, [{"e": 2}]))
    assert _known(Condition("a", "eq", _ANY)) is True
    kept = Condition("a", "eq", 1)
    assert _known((kept, False)) == [kept, False]
    found: Any = _known(AnyOf({"a": _ANY}, kept))
    assert found.clauses == ({}, kept)
