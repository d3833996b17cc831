"""Python's regular expressions as patterns of JSON Schema (ECMA-262).

marshmallow's ``Regexp`` uses ``re.match``, which is anchored at the start only, and Python writes
some things that ECMA-262 does not know. The JSON parser rejects a NUL character, so no pattern
written here admits one.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from typing import TypeGuard

__all__ = ["NO_NUL", "only_of", "translate", "without"]

NO_NUL = r"^[^\u0000]*$"

_TOKEN = re.compile(
    r"""
    (?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    |(?P<open>\((?:\?(?:P<\w+>|P=\w+\)|\#[^)]*\)|[aiLmsux]+\)|:|=|!|<=|<!|.))?)
    |(?P<escape>\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]+\}|0[0-7]{0,2}|[0-7]{3}|[1-9][0-9]?|.))
    |(?P<repeat>(?:[*+?]|\{(?:[0-9]+,?[0-9]*|,[0-9]+)\})[+?]?)
    |(?P<plain>.)
    """,
    re.DOTALL | re.VERBOSE,
)
_SET_ITEM = re.compile(
    r"(\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]+\}|[0-7]{1,3}|.)|.)", re.DOTALL
)
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_CONTROLS = {"a": "\x07", "b": "\x08", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WRITTEN = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f", "\v": r"\v"}
_INVERSE = {"D": r"[^\d\u0000]", "S": r"[^\s\u0000]", "W": r"[^\w\u0000]"}
# Of a longer range, the other cases of letters would take long to find.
_LONGEST_RANGE = 0x10000
_EVERYTHING = ({r"\s", r"\S"}, {r"\d", r"\D"}, {r"\w", r"\W"})


class _UntranslatableError(Exception):
    pass


def _is_text(regex: re.Pattern[str] | re.Pattern[bytes]) -> TypeGuard[re.Pattern[str]]:
    return isinstance(regex.pattern, str)


def translate(regex: re.Pattern[str] | re.Pattern[bytes]) -> str | None:
    """Return the pattern that accepts the strings at whose start a regular expression matches.

    Args:
        regex: As given to marshmallow's ``Regexp``.

    Returns:
        A pattern of ECMA-262 that holds for whole strings, None where there is none.
    """
    if not _is_text(regex):
        return None
    try:
        return _Translation(regex).result()
    except _UntranslatableError:
        return None


def only_of(characters: Iterable[str]) -> str:
    """Return the pattern of the texts that have only some characters."""
    known = sorted({each for each in characters if each != "\0"})
    return f"^[{''.join(map(_in_set, known))}]*$" if known else "^$"


def without(characters: Iterable[str]) -> str:
    """Return the pattern of the texts without some characters, and without NUL."""
    known = sorted({each for each in characters if each != "\0"})
    return f"^[^{''.join(map(_in_set, known))}" + r"\u0000]*$"


class _Translation:
    """One walk over the tokens of a regular expression."""

    def __init__(self, regex: re.Pattern[str]) -> None:
        self.regex = regex
        self.ignore_case = bool(regex.flags & re.IGNORECASE)
        self.verbose = bool(regex.flags & re.VERBOSE)
        self.parts: list[str] = []
        self.depth = 0
        self.choice = False
        self.admits_nul = False

    def result(self) -> str:
        source = self.regex.pattern
        at = 0
        while at < len(source):
            if self.verbose and source[at].isspace():
                at += 1
            elif self.verbose and source[at] == "#":
                end = source.find("\n", at)
                at = len(source) if end < 0 else end
            else:
                found = _TOKEN.match(source, at)
                if found is None or found.lastgroup is None:
                    raise _UntranslatableError
                if part := getattr(self, f"_{found.lastgroup}")(found[0]):
                    self.parts.append(part)
                at = found.end()
        return self._whole()

    def _whole(self) -> str:
        parts, start, end = self.parts, "^", r"[^\u0000]*$"
        if self.choice:
            parts = ["(?:", *parts, ")"]
        else:
            if parts[:1] == ["^"]:
                parts = parts[1:]
            if parts[-1:] == ["$"]:
                parts, end = parts[:-1], "$"
        if self.admits_nul:
            start = r"^(?=[^\u0000]*$)"
        return start + "".join(parts) + end

    def _open(self, text: str) -> str:
        if text.startswith("(?P="):
            if self.ignore_case:
                raise _UntranslatableError
            return rf"(?:\{self.regex.groupindex[text[4:-1]]})"
        if text.startswith("(?") and text.endswith(")"):
            return ""  # a comment, or flags for the whole expression
        self.depth += 1
        if text.startswith("(?P<"):
            return "("
        if text not in ("(", "(?:", "(?=", "(?!", "(?<=", "(?<!"):
            raise _UntranslatableError
        return text

    def _repeat(self, text: str) -> str:
        if len(text) > 1 and text.endswith("+"):
            raise _UntranslatableError
        return text.replace("{,", "{0,")

    def _plain(self, text: str) -> str:
        if text in "^$" and self.regex.flags & re.MULTILINE:
            raise _UntranslatableError
        if text in "^$":
            return text
        if text == ".":
            return r"[^\u0000]" if self.regex.flags & re.DOTALL else r"[^\n\u0000]"
        if text == ")":
            self.depth -= 1
            return text
        if text == "|":
            self.choice = self.choice or self.depth == 0
            return text
        return self._literal(text)

    def _escape(self, text: str) -> str:
        kind = text[1]
        if kind in "AZz":
            return "^" if kind == "A" else "$"
        if kind in _INVERSE:
            return _INVERSE[kind]
        if kind in "dswbB":
            return text
        if kind in "123456789" and len(text) != 4:
            if self.ignore_case:
                raise _UntranslatableError
            return rf"(?:{text})"
        return self._literal(_character(text))

    def _literal(self, char: str) -> str:
        if char == "\0":
            self.admits_nul = True
        if self.ignore_case and (variants := _cases(char)) != {char}:
            return f"[{''.join(sorted(variants))}]"
        return "\\" + char if char in _SYNTAX else _WRITTEN.get(char, _unicode(char))

    def _set(self, text: str) -> str:
        negated = text.startswith("[^")
        items = _SET_ITEM.findall(text[2:-1] if negated else text[1:-1])
        if set(items) in _EVERYTHING and not negated:
            return r"[^\u0000]"
        out: list[str] = []
        while items:
            written, admits_nul = self._set_item(items)
            self.admits_nul = self.admits_nul or (admits_nul and not negated)
            out.append(written)
        if negated:
            return f"[^{''.join(out)}" + r"\u0000]"
        return f"[{''.join(out)}]"

    def _set_item(self, items: list[str]) -> tuple[str, bool]:
        """Take a class, a character or a range off the items; return it and whether it has NUL."""
        first = items.pop(0)
        if first[0] == "\\" and first[1] in "dswDSW":
            return first, first[1] in "DSW"
        low = high = _character(first)
        if items[:1] == ["-"] and len(items) > 1:
            high = _character(items[1])
            del items[:2]
        return self._range(low, high), low == "\0"

    def _range(self, low: str, high: str) -> str:
        if low == high:
            variants = _cases(low) if self.ignore_case else {low}
            return "".join(map(_in_set, sorted(variants)))
        plain = f"{_in_set(low)}-{_in_set(high)}"
        return plain + _other_case(low, high) if self.ignore_case else plain


def _other_case(low: str, high: str) -> str:
    """Return the other cases of the letters in a range, as a part of a set."""
    codes = range(ord(low), ord(high) + 1)
    if len(codes) > _LONGEST_RANGE:
        raise _UntranslatableError
    cases = {each for code in codes for each in (chr(code).lower(), chr(code).upper())}
    others = sorted(ord(each) for each in cases if len(each) == 1 and ord(each) not in codes)
    written: list[str] = []
    for _, run in itertools.groupby(enumerate(others), lambda each: each[1] - each[0]):
        found = [chr(code) for _, code in run]
        written.append(_in_set(found[0]))
        if len(found) > 1:
            written.append(f"-{_in_set(found[-1])}")
    return "".join(written)


def _cases(char: str) -> set[str]:
    variants = {char, char.lower(), char.upper()}
    if any(len(each) != 1 for each in variants):
        raise _UntranslatableError
    return variants


def _character(text: str) -> str:
    """Return the character that a literal or an escape means."""
    if text[0] != "\\":
        return text
    kind = text[1]
    if kind in "xuU":
        return chr(int(text[2:], 16))
    if kind == "N":
        return unicodedata.lookup(text[3:-1])
    if kind in "01234567":
        return chr(int(text[1:], 8) & 0xFF)
    if kind.isalpha() and kind not in _CONTROLS:
        raise _UntranslatableError
    return _CONTROLS.get(kind, kind)


def _in_set(char: str) -> str:
    if char < " ":
        return _WRITTEN.get(char, f"\\x{ord(char):02x}")
    return "\\" + char if char in "\\]^-[" else _unicode(char)


def _unicode(char: str) -> str:
    """Return a character, a lone surrogate as its escape: a document is Unicode."""
    return f"\\u{ord(char):04x}" if "\ud800" <= char <= "\udfff" else char
