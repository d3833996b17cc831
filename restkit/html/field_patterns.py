"""marshmallow's regular expressions as HTML's ``pattern``, where they mean the same.

HTML compiles it with the flag ``v`` and matches the whole value (HTML, 4.10.5.3.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from marshmallow import validate

from ..openapi.patterns import translate

__all__ = ["html_pattern"]

_TOKEN = re.compile(r"\\[\s\S]|[\s\S]")
# What Python's classes of characters are: those of Unicode.
_CLASSES = {r"\d": r"\p{Nd}", r"\w": r"\p{L}\p{N}_"}
_NOT_THE_SAME = frozenset({r"\b", r"\B", r"\D", r"\W"})
_IN_SETS = frozenset("()[{}/|")
_DOUBLED = re.compile(r"([&!#$%*+,.:;<=>?@^`~])\1")


def html_pattern(validators: Iterable[object]) -> str | None:
    """Return the pattern of a field, None if none means the same as its validators.

    Args:
        validators: The validators; the first ``Regexp`` counts, the server checks the others.
    """
    for each in validators:
        if type(each) is validate.Regexp:
            found = translate(each.regex)
            if found is None:
                return None
            is_ascii = bool(each.regex.flags & re.ASCII)
            parts = list(_written(found, is_ascii=is_ascii))
            if None in parts:
                return None
            return "".join(part or "" for part in parts).removeprefix("^").removesuffix("$")
    return None


def _written(pattern: str, *, is_ascii: bool) -> Iterator[str | None]:
    """Yield the parts of a pattern for the flag ``v``, None for one that it does not have."""
    is_set = False
    before = ""
    for found in _TOKEN.finditer(pattern):
        text = found[0]
        if len(text) > 1:
            yield text if is_ascii else _class_of_characters(text, is_set=is_set)
        elif is_set:
            yield None if _DOUBLED.fullmatch(before + text) else _in_set(text)
        else:
            yield text
        is_set = text == "[" or (is_set and text != "]")
        before = text


def _class_of_characters(text: str, *, is_set: bool) -> str | None:
    if text in _NOT_THE_SAME:
        return None
    found = _CLASSES.get(text)
    if found is None:
        return text
    return found if is_set else f"[{found}]"


def _in_set(text: str) -> str:
    return f"\\{text}" if text in _IN_SETS else text
