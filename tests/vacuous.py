"""Tests that assert only inside a loop over what may be empty, and so may check nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

__all__ = ["vacuous_tests"]

_SAME_LENGTH = {"enumerate", "list", "product", "reversed", "set", "sorted", "tuple", "zip"}
_VIEWS = {"items", "keys", "values", "split"}
_ARRANGED = {"product", "permutations"}
_Values = dict[str, ast.expr]


def vacuous_tests(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of each test of a module that would pass if a loop of it were empty."""
    tree = ast.parse(text)
    shared = _assigned(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            values = {**shared, **_assigned(ast.walk(node))}
            if any(_asserts(each) for each in ast.walk(node)) and not _surely(node.body, values):
                yield node.lineno, node.name


def _assigned(nodes: Iterable[ast.AST]) -> _Values:
    found: _Values = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
    return found


def _asserts(node: ast.AST) -> bool:
    if isinstance(node, ast.With):
        contexts = [ast.unparse(item.context_expr) for item in node.items]
        return any(".raises(" in context or ".warns(" in context for context in contexts)
    return isinstance(node, ast.Assert)


def _surely(statements: list[ast.stmt], values: _Values) -> bool:
    """Return whether one of the statements asserts something whatever the data are."""
    return any(_surely_asserts(statement, values) for statement in statements)


def _surely_asserts(node: ast.stmt, values: _Values) -> bool:
    if _asserts(node):
        return True
    if isinstance(node, ast.If):
        return _surely(node.body, values) and _surely(node.orelse, values)
    if isinstance(node, ast.For):
        return _is_filled(node.iter, values) and _reaches_an_assert(node.body)
    if isinstance(node, (ast.With, ast.FunctionDef, ast.Try)):
        return _surely(node.body, values)
    return isinstance(node, ast.While)


def _reaches_an_assert(statements: list[ast.stmt]) -> bool:
    # NOTE: a choice inside a loop over written-out cases is part of the cases.
    return any(_asserts(node) for statement in statements for node in ast.walk(statement))


def _is_filled(node: ast.expr, values: _Values) -> bool:
    """Return whether an expression is written out with at least one element."""
    match node:
        case ast.Tuple() | ast.List() | ast.Set():
            return bool(node.elts)
        case ast.Dict():
            return bool(node.keys)
        case ast.Constant(value=str() | bytes()):
            return bool(node.value)
        case ast.Name(id=name):
            return name in values and _is_filled(values[name], {})
        case ast.BinOp():
            return _is_filled(node.left, values)
        case ast.DictComp() | ast.ListComp() | ast.SetComp() | ast.GeneratorExp():
            return _is_filled(node.generators[0].iter, values)
        case ast.Call(func=ast.Name(id="range")):
            return True
        case ast.Call(func=ast.Name(id=name)) if name in _SAME_LENGTH:
            counted = (ast.Starred, ast.Constant)  # such as the start of an enumeration
            return all(isinstance(arg, counted) or _is_filled(arg, values) for arg in node.args)
        case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _VIEWS:
            return _is_filled(value, values)
        case ast.Call(func=ast.Attribute(attr=name)) if name in _ARRANGED:
            return bool(node.args)
    return False
