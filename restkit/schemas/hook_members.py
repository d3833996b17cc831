"""The members that a hook of a schema can change, where its source says so.

A hook that uses its data only as ``data["name"]``, ``data.get("name")`` and the like, and returns
the data, changes no other member.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator

from marshmallow import Schema

from .own_behavior import hooks_of

__all__ = ["changed_members"]

_READING = frozenset({"get"})
_CHANGING = frozenset({"pop", "setdefault"})


class _UnknownChangeError(Exception):
    pass


def changed_members(schema: Schema, tag: str) -> frozenset[str] | None:
    """Return the names of all members that hooks may add, change or drop, None if unknown.

    Args:
        schema: The schema.
        tag: The kind of the hooks, such as `marshmallow.decorators.PRE_LOAD`.
    """
    found: set[str] = set()
    for name, _, _ in hooks_of(schema).get(tag, ()):
        try:
            found |= set(_changes(_definition(getattr(type(schema), name))))
        except (_UnknownChangeError, OSError, TypeError, SyntaxError):
            return None
    return frozenset(found)


def _definition(hook: object) -> ast.FunctionDef:
    if not inspect.isfunction(hook) or hasattr(hook, "__wrapped__"):
        raise _UnknownChangeError
    body = ast.parse(textwrap.dedent(inspect.getsource(hook))).body
    if len(body) != 1 or not isinstance(body[0], ast.FunctionDef) or len(body[0].args.args) < 2:
        raise _UnknownChangeError
    return body[0]


def _changes(hook: ast.FunctionDef) -> Iterator[str]:
    """Yield the names of the members that a hook changes.

    Raises:
        _UnknownChangeError: The hook uses its data in another way.
    """
    data = hook.args.args[1].arg
    known: set[ast.AST] = set()
    for node in ast.walk(ast.Module(hook.body, [])):
        if isinstance(node, (ast.FunctionDef, ast.Lambda, ast.AsyncFunctionDef, ast.ClassDef)):
            raise _UnknownChangeError
        if isinstance(node, ast.Return):
            yield from _copied(node.value, data, known)
        elif isinstance(node, ast.Assign) and _is_data(node.targets[0], data):
            known.add(node.targets[0])
            yield from _copied(node.value, data, known)
        else:
            yield from _used(node, data, known)
    for node in ast.walk(ast.Module(hook.body, [])):
        if _is_data(node, data) and node not in known:
            raise _UnknownChangeError


def _is_data(node: ast.AST | None, data: str) -> bool:
    return isinstance(node, ast.Name) and node.id == data


def _copied(node: ast.expr | None, data: str, known: set[ast.AST]) -> Iterator[str]:
    """Yield the names that differ in data or a copy of it: ``{**data, "name": value}``."""
    if node is None:
        raise _UnknownChangeError
    if _is_data(node, data):
        known.add(node)
    elif isinstance(node, ast.Call) and _is_copy(node, data):
        known.add(node.args[0])
    elif isinstance(node, ast.Dict) and node.keys[:1] == [None] and _is_data(node.values[0], data):
        known.add(node.values[0])
        yield from map(_text, node.keys[1:])
    else:
        raise _UnknownChangeError


def _is_copy(node: ast.Call, data: str) -> bool:
    is_dict = isinstance(node.func, ast.Name) and node.func.id == "dict"
    return is_dict and len(node.args) == 1 and not node.keywords and _is_data(node.args[0], data)


def _used(node: ast.AST, data: str, known: set[ast.AST]) -> Iterator[str]:
    """Yield the name of the member that an expression changes, and note that it is known."""
    if isinstance(node, ast.Subscript) and _is_data(node.value, data):
        known.add(node.value)
        name = _text(node.slice)
        if not isinstance(node.ctx, ast.Load):
            yield name
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        known.update(each for each in node.comparators if _is_data(each, data))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _called(node, node.func, data, known)


def _called(call: ast.Call, method: ast.Attribute, data: str, known: set[ast.AST]) -> Iterator[str]:
    if not _is_data(method.value, data) or method.attr not in _READING | _CHANGING:
        return
    known.add(method.value)
    name = _text(call.args[0] if call.args else None)
    if method.attr in _CHANGING:
        yield name


def _text(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise _UnknownChangeError
