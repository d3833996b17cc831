"""Builds the path of a URL from the values of its variables, as Werkzeug's rules do.

Private names of Werkzeug that are used here: ``Rule._trace`` and ``Rule._converters`` (the parts of
a pattern, in order).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote, unquote

from werkzeug.routing import BaseConverter, Rule

from ..http.uris import has_dot_segment
from .converters import CONVERTERS

__all__ = ["PathBuilder"]

# What Werkzeug leaves as it is in the fixed text of a path.
_UNQUOTED = "!$&'()*+,/:;=@"
_OWN_CONVERTERS = frozenset(CONVERTERS.values())
_Matches = Callable[[str], object]
# Whether it is a variable, and its name or the fixed text.
_Part = tuple[bool, str]


class PathBuilder:
    """The path of a rule from the values of exactly its variables, as Werkzeug's builders make it.

    Attributes:
        variables: Each variable, with its converter and the test of its text.
    """

    def __init__(self, rule: Rule) -> None:
        """Read the parts of a rule that is bound."""
        parts = rule._trace[rule._trace.index((False, "|")) + 1 :]
        self._parts = list(map(_quoted, parts))
        self._plain = parts
        self.variables = {
            name: (converter, _fullmatch(converter.regex))
            for name, converter in rule._converters.items()
        }

    def path(self, values: Mapping[str, object]) -> str | None:
        """Return the path of the values, quoted; None if they are not the variables of the rule."""
        if values.keys() != self.variables.keys() or None in values.values():
            return None
        quoted = {name: self.variables[name][0].to_url(value) for name, value in values.items()}
        return _joined(self._parts, quoted)

    def checked(self, values: Mapping[str, object]) -> tuple[str | None, str | None]:
        """Return the path of the values, and a variable whose value the rule does not match.

        The path is None if there is such a variable, or if the values are not those of the rule.
        """
        quoted: dict[str, str] = {}
        texts: dict[str, str] = {}
        for name, (converter, match) in self.variables.items():
            if name in values:
                found = _accepted(converter, match, values[name])
                if found is None:
                    return None, name
                quoted[name], texts[name] = found
        # PERF: values without a point make no segment of points.
        pointed = [name for name in texts if "." in texts[name]]
        if pointed and self._has_dot_segment(texts):
            return None, pointed[0]
        if len(quoted) < len(self.variables) or len(values) > len(quoted):
            return None, None
        return _joined(self._parts, quoted), None

    def _has_dot_segment(self, texts: Mapping[str, str]) -> bool:
        return has_dot_segment(_joined(self._plain, {**dict.fromkeys(self.variables, ""), **texts}))


def _quoted(part: _Part) -> _Part:
    """Return a part of a pattern with its fixed text percent-encoded."""
    dynamic, data = part
    return part if dynamic else (False, quote(data, safe=_UNQUOTED))


def _joined(parts: Iterable[_Part], texts: Mapping[str, str]) -> str:
    """Return the parts of a pattern with the texts of their variables."""
    found = ""
    for dynamic, data in parts:
        found += texts[data] if dynamic else data
    return found


@lru_cache(maxsize=64)
def _fullmatch(regex: str) -> _Matches:
    return re.compile(regex).fullmatch


def _accepted(converter: BaseConverter, match: _Matches, value: object) -> tuple[str, str] | None:
    """Return the quoted and the plain text of a value that a converter reads as the same value.

    Returns:
        None of any other value.
    """
    try:
        quoted = converter.to_url(value)
        text = unquote(quoted) if "%" in quoted else quoted
        if match(text) is None:
            return None
        read: object = converter.to_python(text)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return None
    if type(converter) not in _OWN_CONVERTERS or _is_same(text, read, value):
        return quoted, text
    return None


def _is_same(text: str, read: object, value: object) -> bool:
    """Return whether a built-in converter reads a text as the value that it was made of."""
    if isinstance(value, str):
        return value in (text, str(read))
    return not isinstance(value, bool) and (read == value or read == str(value))
