"""The language of the guide: few sentences about a "what", and many to a "you"."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_PATTERNS = ("tutorial*.md", "tutorial/*.md", "how-to/*.md", "explanation/*.md", "reference/*.md")
PAGES = sorted(
    page for pattern in _PATTERNS for page in DOCS.glob(pattern) if page.name != "index.md"
)
RECORDS = [
    *sorted(DOCS.glob("*.md")),
    *sorted(DOCS.glob("*/index.md")),
    *sorted((ROOT / ".github").glob("**/*.md")),
    ROOT / "README.md",
]

_FENCE = re.compile(r"^```.*?^```[^\n]*$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`[^`\n]+`")
_WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_WHAT = {"what", "what's"}
_YOU = {"you", "your", "yours", "yourself"}
_MOST_WHAT = 1.5
_LEAST_YOU = 10


def name_of(page: Path) -> str:
    """Return the path of a page below the documentation."""
    return page.relative_to(DOCS).as_posix()


def words_of(page: Path) -> list[str]:
    """Return the words of a page without its code, in small letters."""
    return [word.lower() for word in _WORD.findall(_FENCE.sub("", page.read_text("utf-8")))]


def rate(words: list[str], of: set[str]) -> float:
    """Return how many of a thousand words are one of some words."""
    return 1000 * sum(word in of for word in words) / max(len(words), 1)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_speaks_to_its_reader(page: Path) -> None:
    """A page says "you" more than 10 times and "what" less than 1.5 times in a thousand words."""
    words = words_of(page)
    assert rate(words, _WHAT) < _MOST_WHAT
    assert rate(words, _YOU) > _LEAST_YOU


@pytest.mark.parametrize("page", RECORDS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_record_names_its_subjects(page: Path) -> None:
    """Pages for developers and indexes say "what" as seldom; names of tests and modules aside."""
    text = _INLINE.sub("", _FENCE.sub("", page.read_text("utf-8")))
    words = [word.lower() for word in _WORD.findall(text)]
    assert words
    assert rate(words, _WHAT) < _MOST_WHAT


def docstrings() -> list[str]:
    """Return the docstrings of the package."""
    kinds = ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef
    files = (ROOT / "restkit").rglob("*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    return [ast.get_docstring(node) or "" for node in nodes if isinstance(node, kinds)]


def test_docstrings_name_their_subjects() -> None:
    """They say "what" as seldom as the pages."""
    words = [word.lower() for text in docstrings() for word in _WORD.findall(text)]
    assert len(words) > 50_000
    assert rate(words, _WHAT) < _MOST_WHAT


def test_all_pages_are_counted() -> None:
    """A folder that is renamed leaves no page out."""
    assert len(PAGES) > 100
