"""The example of a public name: a statement of a program on a page, which the tests execute."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from textwrap import dedent
from typing import TYPE_CHECKING

from public_names import DOCS, uses_of

if TYPE_CHECKING:
    from pathlib import Path

    from public_names import PublicName

__all__ = ["Example", "example_of"]

_FENCE = re.compile(r"^```python[^\n]*\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
_PAGES = ("tutorial*.md", "tutorial/*.md", "how-to/*.md", "explanation/*.md", "reference/**/*.md")
_MOST_LINES = (14, 30)  # the second, if no statement is shorter
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Example:
    """A statement that uses a public name.

    Attributes:
        code: The import of the name, and the statement.
        page: The page that has it.
    """

    code: str
    page: str


@dataclass(frozen=True)
class _Program:
    """A program on a page.

    Attributes:
        page: The page.
        imported: The names that the page imports in this program or before it, with their modules.
        code: The text.
        tree: The program as a tree.
    """

    page: str
    imported: frozenset[str]
    code: str
    tree: ast.Module


def example_of(name: PublicName) -> Example | None:
    """Return the example of a name, None if no program imports it from its module.

    It is the shortest statement on the page that uses the name most often.
    """
    importing = [program for program in _programs() if name.path in program.imported]
    ranks = {page: rank for rank, page in enumerate(uses_of(name))}
    for most in _MOST_LINES:
        found = [
            (ranks.get(program.page, len(ranks)), *_weight(code), code, program.page)
            for program in importing
            for code in _statements(program, name.name, most)
        ]
        if found:
            *_, code, page = min(found)
            return Example(f"from {name.module} import {name.name}\n\n{code}", page)
    return None


def _weight(code: str) -> tuple[bool, int]:
    """Return an order of statements: those that only check something come last."""
    return code.startswith("assert "), len(code)


@cache
def _programs() -> tuple[_Program, ...]:
    files = [file for pattern in _PAGES for file in sorted(DOCS.glob(pattern))]
    return tuple(program for file in files for program in _programs_of(file))


def _programs_of(file: Path) -> Iterator[_Program]:
    page = file.relative_to(DOCS).with_suffix("").as_posix()
    imported: set[str] = set()
    for fence in _FENCE.finditer(file.read_text("utf-8")):
        code = dedent(fence["code"])
        try:
            tree = ast.parse(code)
        except SyntaxError:  # a part of a program
            continue
        imported |= set(_imports(tree))
        yield _Program(page, frozenset(imported), code, tree)


def _imports(tree: ast.Module) -> Iterator[str]:
    for each in ast.walk(tree):
        if isinstance(each, ast.ImportFrom):
            yield from (f"{each.module}.{alias.name}" for alias in each.names if not alias.asname)


def _statements(program: _Program, name: str, most: int) -> Iterator[str]:
    """Yield the statements of a program that use a name and have at most so many lines."""
    for statement in program.tree.body:
        nearest = _short(statement, name, most)
        if nearest is not None:
            yield _text(program.code, nearest)


def _short(statement: ast.stmt, name: str, most: int) -> ast.stmt | None:
    """Return a statement that uses a name, or the part of it that does and is short."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)) or not _uses(statement, name):
        return None
    if _length(statement) <= most:
        return statement
    inner = (_short(each, name, most) for each in getattr(statement, "body", ()))
    return next((each for each in inner if each is not None), None)


def _uses(statement: ast.stmt, name: str) -> bool:
    names = (each for each in ast.walk(statement) if isinstance(each, ast.Name))
    return any(each.id == name and isinstance(each.ctx, ast.Load) for each in names)


def _first_line(statement: ast.stmt) -> int:
    decorators = statement.decorator_list if isinstance(statement, _Function) else []
    return min([statement.lineno, *(each.lineno for each in decorators)])


def _length(statement: ast.stmt) -> int:
    return (statement.end_lineno or statement.lineno) - _first_line(statement) + 1


def _text(code: str, statement: ast.stmt) -> str:
    lines = code.splitlines()[_first_line(statement) - 1 : statement.end_lineno]
    return dedent("\n".join(lines))
