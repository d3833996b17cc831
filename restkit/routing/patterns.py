"""URL patterns: read once, with the JSON Schema of each variable.

A pattern without variables is its own path. Werkzeug reads every other one; the private names that
are used here are ``Rule._trace`` and ``Rule._converters``, the parts of a pattern in order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..contract import PathParameter
from ..errors import DeclarationError
from ..http.uris import DOT_SEGMENTS, has_dot_segment
from ..records import Record

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter, Rule

__all__ = ["ROOT", "Pattern", "check_path", "foreign_syntax", "parse_pattern"]


class Pattern(Record):
    """A URL pattern, read once.

    Attributes:
        rule: The pattern as mounted, ``/books/<int:book_id>``.
        path: The template as OpenAPI writes it, ``/books/{book_id}``.
        parameters: The variables of the path, in order.
        host: The pattern of the host, ``""`` for every host.
        host_parameters: The variables of the host's pattern.
        outer: The names of the variables that prefixes of mounts have, and their hosts.
        shape: The pattern without the names of its variables: two patterns of one shape match the
            same URLs.
    """

    rule: str
    path: str
    parameters: tuple[PathParameter, ...]
    host: str = ""
    host_parameters: tuple[PathParameter, ...] = ()
    shape: str = ""
    outer: tuple[str, ...] = ()

    @property
    def host_variables(self) -> tuple[str, ...]:
        """The names of the variables of the host's pattern."""
        return tuple(each.name for each in self.host_parameters)

    @property
    def variables(self) -> frozenset[str]:
        """The names of all variables, those of the host too."""
        return frozenset(each.name for each in (*self.parameters, *self.host_parameters))

    def below(self, mount: Pattern) -> Pattern:
        """Return the pattern below a mount, whose own pattern has the path "" at the root."""
        return Pattern(
            mount.rule + self.rule,
            mount.path + self.path,
            (*mount.parameters, *self.parameters),
            mount.host or self.host,
            mount.host_parameters or self.host_parameters,
            mount.shape + self.shape,
            (*mount.variables, *self.outer),
        )


ROOT = Pattern("", "", (), shape="")
"""The place of an App that is not mounted."""


def parse_pattern(rule: str, host: str, converters: Mapping[str, type[BaseConverter]]) -> Pattern:
    """Read a URL pattern.

    Raises:
        DeclarationError: Werkzeug cannot read the pattern, it names an unknown converter, or a
            converter has the name of a built-in one.
    """
    if converters:
        from .converters import known_converters  # cold start

        known_converters(converters)
    _check_rule(rule, converters)
    if "<" not in rule and not host:
        # PERF: cold start: Werkzeug's routing costs 30 million instructions to load.
        check_path(f"The URL pattern {rule!r}", rule)
        return Pattern(rule, rule, (), shape=rule)
    return _parse_variables(rule, host, converters)


def _parse_variables(
    rule: str, host: str, converters: Mapping[str, type[BaseConverter]]
) -> Pattern:
    """Read a URL pattern that has variables, or one of a host."""
    from .rules import compile_rule

    made = compile_rule(rule, host, converters)
    parts = list(made._trace)
    _check_variables(rule, parts)
    split = parts.index((False, "|")) + 1 if (False, "|") in parts else 0
    path = "".join(_templated(dynamic, data) for dynamic, data in parts[split:])
    what = f"The URL pattern {rule!r}"
    check_path(what, path)
    if "//" in rule:  # Werkzeug merges them in what it reads
        check_path(what, re.sub("<[^>]*>", "{}", rule))
    in_host = _parameters(made, parts[:split])
    parameters = _parameters(made, parts[split:])
    shape = "".join(_shaped(made, dynamic, data) for dynamic, data in parts[split:])
    return Pattern(rule, path or "/", parameters, host, in_host, shape)


def _parameters(rule: Rule, parts: list[tuple[bool, str]]) -> tuple[PathParameter, ...]:
    from .converters import schema_of  # cold start: Werkzeug's routing is loaded with variables

    return tuple(PathParameter(each, schema_of(rule._converters[each])) for each in _names(parts))


def _names(parts: list[tuple[bool, str]]) -> list[str]:
    return [data for dynamic, data in parts if dynamic]


def _shaped(rule: Rule, dynamic: bool, data: str) -> str:
    if not dynamic:
        return data
    converter = rule._converters[data]
    return f"<{converter.weight}:{converter.regex}>"


def _templated(dynamic: bool, data: str) -> str:
    return "{" + data + "}" if dynamic else data


def _check_rule(rule: str, converters: Mapping[str, type[BaseConverter]]) -> None:
    """Reject a pattern that is not a path, or is in another framework's syntax."""
    if not isinstance(rule, str):
        raise DeclarationError(
            f"The URL pattern {rule!r} must be a string that begins with '/'. The pattern comes "
            "first: app.add('/books', Books)."
        )
    if foreign := foreign_syntax(rule, converters):
        raise DeclarationError(f"The URL pattern {rule!r} {foreign}")
    if not rule.startswith("/"):
        raise DeclarationError(
            f"The URL pattern {rule!r} must be a string that begins with '/'. Write "
            f"'/{rule.lstrip('^/').rstrip('$')}'."
        )


def foreign_syntax(rule: str, converters: Mapping[str, type[BaseConverter]]) -> str:
    """Describe another framework's syntax of variables in a pattern, with restkit's.

    Args:
        rule: The URL pattern.
        converters: The App's own converters.

    Returns:
        The end of a sentence about the pattern, "" if it has no such syntax.
    """
    if "(?P<" in rule:
        return "is a regular expression; a variable is written <name> or <int:name>."
    if not any(each in rule for each in "{:*"):
        return ""  # PERF: cold start: compiling the expressions below costs a millisecond
    from .converters import known_converters

    known = known_converters(converters)
    if found := re.search(r"\{(\w*)(?::(\w+))?[^}]*\}?", rule):
        name, converter = found[1] or "name", found[2]
        written = f"<{converter}:{name}>" if converter in known else f"<{name}>"
        return f"has braces; a variable is written <name> or <int:name>. Write {written}."
    return _foreign_variable(rule) or _swapped(rule, known)


def _foreign_variable(rule: str) -> str:
    """Return the part of a pattern that is written as in Express or in a shell."""
    if found := re.search(r"/:(\w+)", rule):
        return f"has :{found[1]}; a variable is written <name> or <int:name>. Write <{found[1]}>."
    if found := re.search(r"/\*(\w*)(?=/|$)", rule):
        return f"has *; write <path:{found[1] or 'rest'}> for the rest of a path."
    return ""


def _swapped(rule: str, known: Mapping[str, type[BaseConverter]]) -> str:
    """Return a variable whose converter stands behind its name, as in FastAPI."""
    if found := re.search(r"<(\w+):(\w+)>", rule):
        name, converter = found[1], found[2]
        if name not in known and converter in known:
            return f"has the converter behind the name. Write <{converter}:{name}>."
    return ""


def _check_variables(rule: str, parts: list[tuple[bool, str]]) -> None:
    """Reject variables that cannot be arguments of one method."""
    names = _names(parts)
    for name in names:
        if names.count(name) > 1 or name in ("None", "True", "False"):
            raise DeclarationError(
                f"The URL pattern {rule!r} has the variable {name!r}, which is a keyword or occurs "
                "twice. Give each variable a name of its own."
            )


def check_path(what: str, path: str) -> None:
    """Reject a path that no request has as it is written.

    Clients remove the segments ``.`` and ``..`` (RFC 3986, section 5.2.4), routing merges empty
    segments, and servers decode percent-encoded characters before they match.

    Args:
        what: The pattern or prefix, for the message.
        path: The path or its template; a slash may end it.

    Raises:
        DeclarationError: A character or a segment cannot occur in a path.
    """
    _check_characters(what, path)
    if "//" in path:
        raise DeclarationError(
            f"{what} has an empty segment ('//'), which no request matches. Write one slash."
        )
    if has_dot_segment(path):
        segment = next(each for each in path.split("/") if each in DOT_SEGMENTS)
        raise DeclarationError(
            f"{what} has the segment {segment!r}, which clients remove from URLs. Write the path "
            "without it."
        )
    # PERF: cold start: most paths need no compiled expression.
    if "%" in path and (found := re.search("%[0-9A-Fa-f]{2}", path)):
        raise DeclarationError(
            f"{what} contains {found[0]}, a percent-encoded character, but patterns are matched "
            "after decoding. Write the character itself."
        )


def _check_characters(what: str, text: str) -> None:
    """Reject characters that no host or path has."""
    if text.isprintable() and "?" not in text and "#" not in text:
        return
    for character in text:
        if character in "?#":
            raise DeclarationError(
                f"{what} contains {character!r}, which cannot occur in a path. Declare query "
                "parameters with @takes(query=...)."
            )
        if not character.isprintable():
            raise DeclarationError(
                f"{what} contains {character!r}, which cannot occur in a path. Remove it."
            )
