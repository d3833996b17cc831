"""Texts for the document from the code: summaries from docstrings, tags from URLs."""

from __future__ import annotations

import inspect
import re
from functools import lru_cache

__all__ = ["default_tag", "split_docstring"]

# A line that ends the first paragraph of a docstring, as an empty line does: list, section, field.
_BLOCK = (
    r"([-*+\u2022]|[0-9]+[.)])\s|:\w[^:]*:|\.\.\s|>>>|```|-{3,}$|={3,}$"
    r"|(Args|Arguments|Attributes|Examples?|Notes?|Parameters|Raises|Returns|Yields|Warns)\s*:?$"
)
_MARKS = ".!?\u2026\u3002\uff01\uff1f"
_END = r"[.!?\u2026]['\")\]`*]*(?=\s+\S)|[\u3002\uff01\uff1f]"
# A period after an abbreviation ends no sentence; after _NUMBERED, if a number follows.
_ABBREVIATION = (
    r"(?i:\b(e\.?g|i\.?e|cf|vs|approx|ca|resp|incl|excl|al|viz|mr|mrs|ms|dr|prof|st|jr|sr))\.$"
    r"|(\b[A-Za-z]\.)+$|\.\.$"
)
_NUMBERED = r"(?i:\b(no|nos|fig|sec|sect|vol|art|ch|pp?))\.$"
# A shorter line was not wrapped by an editor. If the next line has a capital letter, it is a title.
_WRAPPED_AT = 50


def split_docstring(text: str) -> tuple[str, str]:
    """Return the first sentence of a docstring on one line, and the rest.

    A sentence may have several lines. A short first line without a period is a title.
    """
    if "\n" not in text and not _has_end(text):
        return text.strip(), ""
    lines = inspect.cleandoc(text).split("\n")
    size = _paragraph(lines)
    rest = "\n".join(lines[size:]).strip()
    summary, more = _first_sentence(lines[:size])
    return summary, "\n\n".join(part for part in (more, rest) if part)


def _has_end(line: str) -> bool:
    """Return whether a sentence may end before the end of a line."""
    # PERF: cold start: most docstrings are one sentence, and need no regular expression.
    return any(mark in line[:-1] for mark in _MARKS) and re.search(_END, line) is not None


def _paragraph(lines: list[str]) -> int:
    """Return the number of lines of the first paragraph."""
    for at, line in enumerate(lines):
        if at and (not line.strip() or re.match(_BLOCK, line.strip())):
            return at
    return len(lines)


def _first_sentence(lines: list[str]) -> tuple[str, str]:
    first = lines[0].strip()
    if len(lines) > 1 and _is_title(first, lines[1].strip()):
        return first, "\n".join(lines[1:]).strip()
    text = "\n".join(lines)
    for found in re.finditer(_END, text):
        if _ends_sentence(text[: found.end()], text[found.end() :].lstrip()):
            return _on_one_line(text[: found.end()]), text[found.end() :].strip()
    return _on_one_line(text), ""


def _is_title(line: str, following: str) -> bool:
    is_ended = re.search(r"[.!?,;:\u3002]$", line) is not None
    return not is_ended and len(line) < _WRAPPED_AT and following[:1].isupper()


def _ends_sentence(before: str, after: str) -> bool:
    if after[:1].islower():
        return False
    stripped = before.rstrip("'\")]`*")
    pattern = f"{_ABBREVIATION}|{_NUMBERED}" if after[:1].isdigit() else _ABBREVIATION
    return re.search(pattern, stripped) is None


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


_SUFFIXES = ("Resource", "View", "Endpoint", "Handler")
# Segments of a path that do not describe the resources below them.
_NO_WORDS = frozenset({"api", "apis", "rest", "latest", "public", "internal"})
_NUMBER = r"(?i)v?[0-9][0-9.]*|[0-9.]+"


def _is_no_word(segment: str) -> bool:
    # PERF: cold start: most segments are letters, and need no regular expression.
    if segment.isascii() and segment.isalpha():
        return segment.lower() in _NO_WORDS
    return re.fullmatch(_NUMBER, segment) is not None


@lru_cache(maxsize=64)
def default_tag(path: str, name: str) -> str:
    """Return the tag of a resource: the first descriptive segment of its path, or its class.

    Args:
        path: The path as the document has it.
        name: The name of the class.
    """
    for segment in path.split("/"):
        stem = re.sub(r"(?<=.)\.[A-Za-z0-9]+$", "", segment) if "." in segment else segment
        words = _words(stem)
        if words and "{" not in segment and not _is_no_word(segment):
            return words[:1].upper() + words[1:]
    suffix = next((each for each in _SUFFIXES if name.endswith(each)), "")
    words = _words(name.removesuffix(suffix) or name)
    return words[:1].upper() + words[1:]


def _words(name: str) -> str:
    """Return a name as words in lower case, save acronyms: ``HTTPLogs`` is "HTTP logs"."""
    if not name or (name.isascii() and name.isalpha() and name[1:].islower()):
        return name.lower()  # PERF: cold start: one word needs no regular expression
    found = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[0-9]+|[^\W\d_]+", name)
    return " ".join(map(_in_small_letters, found))


def _in_small_letters(word: str) -> str:
    return word if len(word) > 1 and word.isupper() else word.lower()
