"""The kinds of change: Cosmic Ray's operators, and three of our own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import Keyword, Name, PythonNode

__all__ = ["OPERATORS"]

_Position = tuple[tuple[int, int], tuple[int, int]]
_COMPARISONS = (
    *("Lt_LtE", "Lt_GtE", "LtE_Lt", "LtE_Gt", "Gt_GtE", "Gt_LtE", "GtE_Gt", "GtE_Lt"),
    *("Eq_NotEq", "NotEq_Eq", "Is_IsNot", "IsNot_Is"),
)
_ARITHMETIC = ("Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul")
_OTHERS = (
    *("AddNot", "ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_USub_UAdd"),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer"),
    *("NumberReplacer", "ZeroIterationForLoop"),
)
_SWAPPED = {"any": "all", "all": "any", "min": "max", "max": "min"}


class RemoveStatement(Operator):  # type: ignore[misc]  # the library has no annotations
    """The removal of a raise, a call, or an assignment to an attribute or a member."""

    def mutation_positions(self, node: Any) -> Iterator[_Position]:
        """Yield the statement's position."""
        if node.type == "simple_stmt" and self._has_effect(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put `pass` in the statement's place."""
        first = node.children[0]
        prefix = first.get_first_leaf().prefix
        node.children[0] = Keyword("pass", first.start_pos, prefix=prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: the library's own tests read these."""
        return ()

    @staticmethod
    def _has_effect(statement: Any) -> bool:
        if statement.type in ("raise_stmt", "del_stmt"):
            return True
        if statement.type == "expr_stmt":  # to a plain name it would be a NameError at once
            return statement.children[0].type in ("atom_expr", "power")
        return statement.type in ("atom_expr", "power")


class NegateMembership(Operator):  # type: ignore[misc]  # as above
    """`in` instead of `not in`, and the other way round."""

    def mutation_positions(self, node: Any) -> Iterator[_Position]:
        """Yield the operator's position."""
        if node.type == "comparison":
            for child in node.children[1::2]:
                if child.get_code(include_prefix=False) in ("in", "not in"):
                    yield child.start_pos, child.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put the other operator in its place."""
        texts = {"in": "not in", "not in": "in"}
        places = range(1, len(node.children), 2)
        found = [at for at in places if node.children[at].get_code(include_prefix=False) in texts]
        old = node.children[found[index]]
        text = texts[old.get_code(include_prefix=False)]
        node.children[found[index]] = Keyword(text, old.start_pos, prefix=" ")
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: the library's own tests read these."""
        return ()


class SwapAggregate(Operator):  # type: ignore[misc]  # as above
    """`any` instead of `all`, `min` instead of `max`, and the other way round."""

    def mutation_positions(self, node: Any) -> Iterator[_Position]:
        """Yield the position of the called name."""
        if isinstance(node, PythonNode) and node.type in ("atom_expr", "power"):
            name = node.children[0]
            if isinstance(name, Name) and name.value in _SWAPPED:
                yield name.start_pos, name.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put the other name in its place."""
        node.children[0].value = _SWAPPED[node.children[0].value]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Return nothing: the library's own tests read these."""
        return ()


OPERATORS: dict[str, Operator] = {
    name: get_operator(f"core/{name}")()
    for name in (
        *(f"ReplaceComparisonOperator_{pair}" for pair in _COMPARISONS),
        *(f"ReplaceBinaryOperator_{pair}" for pair in _ARITHMETIC),
        *_OTHERS,
    )
}
OPERATORS.update(
    RemoveStatement=RemoveStatement(),
    NegateMembership=NegateMembership(),
    SwapAggregate=SwapAggregate(),
)
