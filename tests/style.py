"""What `test_style.py` measures: size and density of functions, columns, docstring openings, `Any`.

``python -m tests.style`` prints what is over a ceiling; ``python -m tests.style --record`` also
lowers the recorded exceptions, which it never raises, and records the public names (`public_api`).
"""

from __future__ import annotations

import ast
import builtins
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

__all__ = [
    "CEILINGS",
    "EXCEPTIONS",
    "Exceptions",
    "Finding",
    "count_any",
    "findings",
    "recorded",
    "tree_findings",
]

ROOT = Path(__file__).parents[1]
EXCEPTIONS = Path(__file__).with_name("style_exceptions.json")
CEILINGS = {
    "decisions": "a function has at most 10 decision points",
    "density": "an expression has at most one ternary or comprehension",
    "columns": "a line has at most 100 columns",
    "lines": "a file has at most 350 lines",
    "length": "a function has at most 40 lines of code",
    "class docstring": "a class docstring opens with a noun phrase, never with a verb",
    "exception docstring": 'an exception\'s docstring opens with "Raised when"',
    "function docstring": "a function's docstring opens with an imperative verb",
    "property docstring": "a property's docstring opens with a noun phrase",
}

_PRAGMA = re.compile(r"  # (type: ignore|noqa|pragma).*$")
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DECISIONS = (ast.If, ast.For, ast.While, ast.ExceptHandler, ast.IfExp, ast.comprehension)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_PROPERTIES = {"property", "cached_property"}
# Words that end like the third person ("Returns") and open a sentence of another kind.
_IMPERATIVES_IN_S = {"Pass", "Process", "Access", "Discuss", "Express", "Press", "Compress"}
_NO_IMPERATIVES = {
    "A",
    "An",
    "The",
    "This",
    "That",
    "Whether",
    "How",
    "What",
    "Where",
    "Which",
    "No",
}
_VERBS = {
    *(
        "Is",
        "Are",
        "Has",
        "Says",
        "Holds",
        "Makes",
        "Keeps",
        "Writes",
        "Reads",
        "Iterates",
        "Gives",
    ),
    *("Collects", "Lets", "Turns", "Tells", "Stands", "Takes", "Knows", "Wraps", "Returns", "Does"),
    *("Raises", "Represents", "Contains", "Describes", "Defines", "Provides", "Sends", "Serves"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that is over a ceiling.

    Attributes:
        ceiling: A key of `CEILINGS`.
        path: The file, from the repository's root.
        line: The line, counted from 1.
        text: The measured value.
    """

    ceiling: str
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        """Return the finding as an editor's link."""
        return f"{self.path}:{self.line}: {self.text} ({CEILINGS[self.ceiling]})"


class Exceptions(TypedDict):
    """The recorded exceptions, which only shrink.

    Attributes:
        any: How often the package may say `Any`.
        files: By file, how many findings each ceiling may have there.
    """

    any: int
    files: dict[str, dict[str, int]]


def findings() -> list[Finding]:
    """Return every place over a ceiling; tests and examples are held to the columns only."""
    found = []
    for folder in ("restkit", "tests", "examples"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            path, text = file.relative_to(ROOT).as_posix(), file.read_text("utf-8")
            found += _long_lines(path, text)
            if folder == "restkit":
                found += [*_large_file(path, text), *tree_findings(path, text)]
    return found


def count_any() -> int:
    """Return how often the package says `Any`, imports included."""
    files = (ROOT / "restkit").rglob("*.py")
    return sum(len(re.findall(r"\bAny\b", file.read_text("utf-8"))) for file in files)


def recorded() -> Exceptions:
    """Return the recorded exceptions."""
    read: Exceptions = json.loads(EXCEPTIONS.read_text("utf-8"))
    return read


def tree_findings(path: str, text: str) -> Iterator[Finding]:
    """Yield what is over a ceiling in the functions, classes and expressions of one module."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _FUNCTIONS):
            yield from _function_findings(path, node)
        elif isinstance(node, ast.ClassDef):
            yield from _class_findings(path, node)
        yield from _dense_expressions(path, node)


def _long_lines(path: str, text: str) -> Iterator[Finding]:
    """Yield long lines; a checker's pragma does not count, nor do texts that a program prints."""
    texts = _lines_of_texts(ast.parse(text))
    for number, line in enumerate(text.split("\n"), 1):
        code = _PRAGMA.sub("", line)
        if len(code) > 100 and number not in texts:
            yield Finding("columns", path, number, f"{len(code)} columns")


def _lines_of_texts(tree: ast.Module) -> set[int]:
    """Return the lines of strings over several lines that are no docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, *_FUNCTIONS))
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and id(node) not in docstrings:
            if not isinstance(getattr(node, "value", ""), str) or node.lineno == node.end_lineno:
                continue
            found.update(range(node.lineno + 1, (node.end_lineno or 0) + 1))
    return found


def _large_file(path: str, text: str) -> Iterator[Finding]:
    lines = text.count("\n")
    if lines > 350:
        yield Finding("lines", path, 351, f"{lines} lines")


def _dense_expressions(path: str, node: ast.AST) -> Iterator[Finding]:
    for expression in _whole_expressions(node):
        parts = ast.walk(expression)
        dense = sum(isinstance(part, (ast.IfExp, *_COMPREHENSIONS)) for part in parts)
        if dense > 1:
            measured = f"{dense} ternaries or comprehensions in one expression"
            yield Finding("density", path, expression.lineno, measured)


def _whole_expressions(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions of a statement that are part of no other expression."""
    if not isinstance(node, ast.stmt):
        return
    for _, value in ast.iter_fields(node):
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ast.expr):
                yield part
            elif isinstance(part, ast.withitem):
                yield part.context_expr


def _function_findings(path: str, node: _Function) -> Iterator[Finding]:
    decisions = _decision_points(node)
    if decisions > 10:
        yield Finding(
            "decisions", path, node.lineno, f"{node.name} has {decisions} decision points"
        )
    length = _lines_of_code(node)
    if length > 40:
        yield Finding("length", path, node.lineno, f"{node.name} has {length} lines of code")
    opening = _opening(node)
    word = opening.partition(" ")[0]
    if not word or word.startswith("`") or node.name.startswith("test_"):
        return
    if _is_property(node):
        if word in _VERBS or word in ("Return", "Is", "Tell", "Get"):
            yield Finding("property docstring", path, node.lineno, f"{node.name}: {opening!r}")
    elif word in _NO_IMPERATIVES or (word.endswith("s") and word not in _IMPERATIVES_IN_S):
        yield Finding("function docstring", path, node.lineno, f"{node.name}: {opening!r}")


def _class_findings(path: str, node: ast.ClassDef) -> Iterator[Finding]:
    opening = _opening(node)
    if not opening:
        return
    names = {node.name, *map(ast.unparse, node.bases)}
    if names & _exception_names():
        if not opening.startswith(("Raised when ", "The base class of ")):
            yield Finding("exception docstring", path, node.lineno, f"{node.name}: {opening!r}")
    elif opening.partition(" ")[0] in _VERBS:
        yield Finding("class docstring", path, node.lineno, f"{node.name}: {opening!r}")


def _decision_points(function: ast.AST) -> int:
    points = 0
    for node in ast.walk(function):
        if isinstance(node, _DECISIONS):
            points += 1
        if isinstance(node, ast.comprehension):
            points += len(node.ifs)
        elif isinstance(node, ast.BoolOp):
            points += len(node.values) - 1
        elif isinstance(node, ast.match_case):
            points += 1
    return points


def _lines_of_code(node: _Function) -> int:
    body = node.body
    if ast.get_docstring(node) is not None:
        body = body[1:]
    if not body:
        return 0
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def _opening(node: ast.ClassDef | _Function) -> str:
    return (ast.get_docstring(node) or "").partition("\n")[0]


def _is_property(node: _Function) -> bool:
    names = {
        part.id
        for each in node.decorator_list
        for part in ast.walk(each)
        if isinstance(part, ast.Name)
    }
    attributes = {each.attr for each in node.decorator_list if isinstance(each, ast.Attribute)}
    return not _PROPERTIES.isdisjoint(names | attributes)


@cache
def _exception_names() -> frozenset[str]:
    """Return the names of the package's exception classes, found from base to base."""
    bases: dict[str, set[str]] = {}
    for file in (ROOT / "restkit").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(ast.unparse(base) for base in node.bases)
    known = {
        name
        for name, value in vars(builtins).items()
        if isinstance(value, type) and issubclass(value, BaseException)
    }
    while found := {name for name, parents in bases.items() if parents & known} - known:
        known |= found
    return frozenset(known)


def _record(found: list[Finding]) -> None:
    before = recorded()
    counts = Counter((finding.path, finding.ceiling) for finding in found)
    lines = []
    for path, limits in sorted(before["files"].items()):
        kept = {key: min(limit, counts[path, key]) for key, limit in limits.items()}
        if kept := {key: count for key, count in kept.items() if count}:
            lines.append(f"{json.dumps(path)}: {json.dumps(kept)}")
    some = min(count_any(), before["any"])
    files = ",\n".join(lines)
    EXCEPTIONS.write_text(f'{{"any": {some}, "files": {{\n{files}\n}}}}\n', "utf-8")


def main() -> None:
    """Print the findings, and lower the recorded exceptions where ``--record`` is given."""
    found = findings()
    for finding in found:
        print(finding)
    total = Counter(finding.ceiling for finding in found)
    print(", ".join(f"{count} {name}" for name, count in total.most_common()))
    print(f"{count_any()} Any")
    if "--record" in sys.argv[1:]:
        _record(found)
        subprocess.run([sys.executable, "-m", "tests.public_api"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
