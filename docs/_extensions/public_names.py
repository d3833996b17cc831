"""The public names of restkit: kind, description, members, and the pages that use them."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from tests.public_api import MODULES, RECORDED

__all__ = [
    "DOCS",
    "MODULES",
    "PublicName",
    "description_of",
    "names_of",
    "recorded_members",
    "since",
    "uses_of",
]

DOCS = Path(__file__).parents[1]
_GUIDES = ("tutorial*.md", "tutorial/*.md", "how-to/*.md")
_OTHERS = ("reference/*.md", "explanation/*.md", "security.md")
_FENCE = re.compile(r"^```python[^\n]*\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
_IMPORT = re.compile(r"^\s*from (?P<module>restkit[\w.]*) import (?P<names>\([^)]*\)|[^\n]*)", re.M)
_INLINE = re.compile(r"`([^`\n]+)`")
_MOST_USES = 4
_FIRST_VERSION = "0.1.0"
# The versions of names that came later, by path: {"restkit.crud.Tree": "0.2.0"}.
_LATER: dict[str, str] = {}


@dataclass(frozen=True)
class PublicName:
    """A name of a public module, with its value."""

    module: str
    name: str
    value: object

    @property
    def path(self) -> str:
        """The name with its module."""
        return f"{self.module}.{self.name}"

    @property
    def kind(self) -> str:
        """``class``, ``exception``, ``function`` or ``data``, which a second name is too."""
        if self.original:
            return "data"
        if isinstance(self.value, type):
            return "exception" if issubclass(self.value, BaseException) else "class"
        return "function" if _is_function(self.value) else "data"

    @property
    def original(self) -> str:
        """The first name of a class or function that has two, or an empty text."""
        if not (isinstance(self.value, type) or inspect.isroutine(self.value)):
            return ""
        first = _first_names()[id(self.value)]
        return "" if first == self.path else first


def _is_function(value: object) -> bool:
    """Return whether a value is a function, or a function with declarations."""
    return inspect.isroutine(value) or hasattr(value, "__wrapped__")


@cache
def names_of(module: str) -> tuple[PublicName, ...]:
    """Return the public names of a module in alphabetical order."""
    found = importlib.import_module(module)
    names = sorted(found.__all__, key=str.lower)
    return tuple(PublicName(module, name, getattr(found, name)) for name in names)


@cache
def _first_names() -> dict[int, str]:
    """Return the first name of each public value; the name in its definition precedes others."""
    found: dict[int, str] = {}
    every = [each for module in MODULES for each in names_of(module)]
    for each in sorted(every, key=lambda each: getattr(each.value, "__name__", "") != each.name):
        found.setdefault(id(each.value), each.path)
    return found


@cache
def _public_values() -> frozenset[int]:
    return frozenset(id(each.value) for module in MODULES for each in names_of(module))


def recorded_members(name: PublicName) -> list[str]:
    """Return the members of a class that the record has and no public base class describes."""
    start = f"{name.path}."
    lines = RECORDED.read_text("utf-8").splitlines()
    members = [line.removeprefix(start) for line in lines if line.startswith(start)]
    names = [re.split(r"[( ]", member)[0] for member in members]
    documented = _documented_attributes(name)
    return [
        each
        for each in dict.fromkeys(names)
        if each not in documented and not _is_described(name.value, each)
    ]


def _documented_attributes(name: PublicName) -> list[str]:
    """Return the attributes that the docstring of a class describes."""
    section = inspect.getdoc(name.value) or ""
    return re.findall(r"^    (\w+):", section.partition("\nAttributes:\n")[2], re.MULTILINE)


def _is_described(kind: object, member: str) -> bool:
    """Return whether a base class describes the member: a public one, or one of another package."""
    bases = kind.__mro__ if isinstance(kind, type) else ()
    owners = [each for each in bases if member in vars(each)]
    inherited = [each for each in owners if each is not kind]
    is_foreign = any(not each.__module__.startswith("restkit") for each in inherited)
    return is_foreign or (owners[0] is not kind and id(owners[0]) in _public_values())


@cache
def _constants() -> dict[str, str]:
    """Return the descriptions of the constants of the package: the texts behind them."""
    found: dict[str, str] = {}
    for file in sorted((DOCS.parent / "restkit").rglob("*.py")):
        statements = ast.parse(file.read_text("utf-8")).body
        for constant, text in pairwise(statements):
            name, description = _name_of(constant), _text_of(text)
            if name and description:
                found.setdefault(name, inspect.cleandoc(description))
    return found


def _name_of(statement: ast.stmt) -> str:
    """Return the name that an assignment sets, else an empty text."""
    targets = {ast.Assign: "targets", ast.AnnAssign: "target"}
    target = getattr(statement, targets.get(type(statement), ""), None)
    target = target[0] if isinstance(target, list) else target
    return target.id if isinstance(target, ast.Name) else ""


def _text_of(statement: ast.stmt) -> str:
    """Return the text that is a statement of its own, else an empty text."""
    value = statement.value if isinstance(statement, ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def description_of(name: PublicName) -> str:
    """Return the docstring of a name; of a constant, the text behind it."""
    if name.original:
        return f"Another name of `{name.original}`."
    if name.kind == "data":
        return _constants().get(name.name, "")
    return inspect.getdoc(name.value) or ""


def since(name: PublicName) -> str:
    """Return the version that a name came with."""
    return _LATER.get(name.path, _FIRST_VERSION)


@dataclass(frozen=True)
class _Page:
    """A page with the names that its programs import, and its code."""

    path: str
    imported: frozenset[str]
    code: str
    inline: str


@cache
def _pages(*patterns: str) -> tuple[_Page, ...]:
    files = [file for pattern in patterns for file in sorted(DOCS.glob(pattern))]
    return tuple(map(_page, files))


def _page(file: Path) -> _Page:
    text = file.read_text("utf-8")
    code = "\n".join(fence["code"] for fence in _FENCE.finditer(text))
    inline = "\n".join(_INLINE.findall(_FENCE.sub("", text)))
    path = file.relative_to(DOCS).with_suffix("").as_posix()
    return _Page(path, frozenset(_imported(code)), code, inline)


def _imported(code: str) -> list[str]:
    lines = [(each["module"], each["names"]) for each in _IMPORT.finditer(code)]
    return [f"{module}.{name}" for module, names in lines for name in re.findall(r"\w+", names)]


def uses_of(name: PublicName) -> list[str]:
    """Return the pages that use a name, those that use it most often first.

    They are pages of the guide whose programs import the name; else pages of the guide whose text
    has it as code; else pages of the reference and explanations whose text has it.
    """
    word, mention = re.compile(rf"\b{name.name}\b"), _mention_of(name)
    guides, others = _pages(*_GUIDES), _pages(*_OTHERS)
    imports = {
        page.path: len(word.findall(page.code)) for page in guides if name.path in page.imported
    }
    return (
        _most(name, imports)
        or _most(name, {page.path: len(mention.findall(page.inline)) for page in guides})
        or _most(name, {page.path: len(mention.findall(page.inline)) for page in others})
    )


def _mention_of(name: PublicName) -> re.Pattern[str]:
    """Return a pattern of inline code that names it; a common word must be all of the code."""
    is_word = name.name.islower() and "_" not in name.name
    end = r"(?:\(.*)?$" if is_word else r"\b"
    return re.compile(rf"^(?:[\w.]+\.)?@?{name.name}{end}", re.MULTILINE)


def _most(name: PublicName, counts: dict[str, int]) -> list[str]:
    """Return the pages that use a name most often, before them those that are called like it."""
    found = [page for page in counts if counts[page]]
    word = name.name.lower().replace("_", "-")
    return sorted(found, key=lambda page: (word not in page, -counts[page], page))[:_MOST_USES]
