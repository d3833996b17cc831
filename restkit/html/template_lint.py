"""Mistakes in templates that escaping does not mend, found at start-up.

SECURITY: Jinja escapes values, but knows nothing of HTML: a space ends an attribute without quotes,
and a script is no place for HTML's escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import Environment

from ..records import Record

__all__ = ["Finding", "findings"]

_VALUE = "\ue000"  # stands for an expression in the text of a template; a private character
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<([a-zA-Z][^\s/>]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE = re.compile(r"([^\s\"'<>/=]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)")
_SCRIPT = re.compile(r"<(script|style)\b[^>]*>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_ALLOWED = re.compile(r"\{#-?\s*lint:\s*\S")
_SPACES = re.compile(r"[\s\x00-\x20]+")


class Finding(Record):
    """One mistake in a template: its line, counted from 1, and a message with the remedy."""

    line: int
    message: str


class _Text:
    """A template whose expressions are characters, with the line and the code of each."""

    def __init__(self, environment: Environment, source: str) -> None:
        self.expressions: list[tuple[int, str]] = []
        parts: list[str] = []
        self.lines: list[int] = []
        code: list[str] | None = None
        for line, kind, value in environment.lex(source):
            if kind == "variable_begin":
                code = []
                self._add(parts, _VALUE, line)
            elif kind == "variable_end":
                self.expressions.append((line, "".join(code or ())))
                code = None
            elif code is not None:
                code.append(value)
            elif kind == "data":
                self._add(parts, value, line)
        self.text = _COMMENT.sub(lambda found: " " * len(found[0]), "".join(parts))

    def _add(self, parts: list[str], text: str, line: int) -> None:
        parts.append(text)
        for each in text:
            self.lines.append(line)
            line += each == "\n"

    def code_at(self, position: int) -> str:
        """Return the expression that stands at a position of the text."""
        return self.expressions[self.text.count(_VALUE, 0, position)][1]


def findings(environment: Environment, source: str) -> list[Finding]:
    """Return the mistakes in a template, in order.

    A line with a comment ``{# lint: the reason #}`` has none.

    Args:
        environment: The environment, for its delimiters.
        source: The template.
    """
    text = _Text(environment, source)
    lines = source.split("\n")
    found = [*_of_values(text), *_of_tags(text), *_of_scripts(text)]
    allowed = {number for number, each in enumerate(lines, 1) if _ALLOWED.search(each)}
    return sorted({each for each in found if each.line not in allowed})


def _of_values(text: _Text) -> Iterator[Finding]:
    for line, code in text.expressions:
        if re.search(r"\|\s*safe\b", code):
            yield Finding(
                line,
                f"{{{{ {code.strip()} }}}} is not escaped. Leave out |safe, or return "
                "markupsafe.Markup of text that cannot come from a client",
            )


def _of_tags(text: _Text) -> Iterator[Finding]:
    for tag in _TAG.finditer(text.text):
        for attribute in _ATTRIBUTE.finditer(tag[2]):
            start = tag.start(2) + attribute.start()
            if message := _message(attribute[1].lower(), attribute[2]):
                yield Finding(text.lines[start], message)


def _message(name: str, value: str) -> str:
    """Return the fault of an attribute, "" without one."""
    has_value = _VALUE in value
    shown = value.replace(_VALUE, "{{ ... }}")
    if has_value and value[0] not in "\"'":
        return f'{name}={shown} needs quotes: {name}="{shown}"'
    if has_value and name.startswith("on"):
        return (
            f"{name}={shown} puts a value into a script. Give the element a data attribute, and "
            "add the listener in a file"
        )
    if _SPACES.sub("", value.strip("\"'")).lower().startswith("javascript:"):
        return f"{name}={shown} is a script, which pages do not run. Add a listener in a file"
    return ""


def _of_scripts(text: _Text) -> Iterator[Finding]:
    for found in _SCRIPT.finditer(text.text):
        name = found[1].lower()
        for each in re.finditer(_VALUE, found[2]):
            position = found.start(2) + each.start()
            code = text.code_at(position).strip()
            if name == "script" and re.search(r"\|\s*tojson\b", code):
                continue
            advice = "Write {{ value|tojson }}" if name == "script" else "Set a class"
            yield Finding(
                text.lines[position], f"{{{{ {code} }}}} stands in a {name} element. {advice}"
            )
