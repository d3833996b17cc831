"""The details of restkit's problems, read from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from .. import problems

__all__ = ["details"]

_PACKAGE = Path(__file__).parents[1]
_SILENT = ("testing", "cli", "i18n")  # these say nothing to clients


def details() -> Iterator[str]:
    """Yield the sentences that restkit gives to problems, with placeholders for their values."""
    for file in sorted(_PACKAGE.rglob("*.py")):
        if file.relative_to(_PACKAGE).parts[0] not in _SILENT:
            yield from _of_module(ast.parse(file.read_text("utf-8")))


def _of_module(module: ast.Module) -> Iterator[str]:
    constants: dict[str, ast.expr] = {}
    for each in module.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            constants[each.targets[0].id] = each.value
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and node.args and _is_problem(node.func):
            text = _sentence(node.args[0], constants)
            if " " in text:
                yield text


def _is_problem(called: ast.expr) -> bool:
    return isinstance(called, ast.Name) and called.id in problems.__all__


def _sentence(node: ast.expr, constants: Mapping[str, ast.expr]) -> str:
    """Return the text of an expression, "" if it is none."""
    if isinstance(node, ast.Name):
        node = constants.get(node.id, node)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    text = ""
    count = 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            count += 1
            text += f"{{value{count if count > 1 else ''}}}"
    # What consists of placeholders alone would be every sentence.
    return text if re.sub(r"\{\w+\}", "", text).strip(" .:") else ""
