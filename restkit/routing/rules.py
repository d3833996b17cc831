"""URL patterns as Werkzeug's rules: read, matched where the quick matcher does not decide, built.

Private names of Werkzeug that are used here: ``Rule._compile_builder``, ``_build`` and
``_build_unknown`` (the functions that build URLs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Generic, Literal, TypeVar
from urllib.parse import quote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import (
    BaseConverter,
    BuildError,
    Map,
    MapAdapter,
    RequestRedirect,
    Rule,
    ValidationError,
)

from ..errors import DeclarationError
from ..http.uris import has_dot_segment, quote_path
from ..request import Request
from .converters import known_converters
from .path_builder import PathBuilder

__all__ = ["Rules", "compile_rule"]

_QUERY = "".join(map(chr, range(33, 127)))

T = TypeVar("T")


class LazyRule(Rule):
    """A Werkzeug rule that compiles its builders of URLs when the first URL is built."""

    # PERF: nine tenths of a rule's cost are the two builders, and most rules build no URL.

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder
        name = "_build_unknown" if append_unknown else "_build"

        def build(rule: Rule, **values: object) -> tuple[str, str]:
            made: Callable[..., tuple[str, str]] = compile_builder(append_unknown).__get__(
                rule, None
            )
            setattr(rule, name, made)
            return made(**values)

        return build


def compile_rule(rule: str, host: str, own: Mapping[str, type[BaseConverter]]) -> Rule:
    """Return a pattern as a bound rule.

    Args:
        rule: The pattern of the path.
        host: The pattern of the host, "" for every host.
        own: The App's own converters.

    Raises:
        DeclarationError: Werkzeug cannot read the pattern, it names an unknown converter, or a
            converter has the name of a built-in one.
    """
    known = known_converters(own)
    made = LazyRule(rule, endpoint="", host=host or None)
    try:
        # PERF: binding a rule reads it; a Map of its own would also make a machine that matches.
        made.bind(_reader(tuple(own.items()), bool(host)))
    except (LookupError, ValueError, TypeError, SyntaxError) as error:
        raise DeclarationError(
            f"The URL pattern {rule!r} cannot be read: {error}. The converters are "
            f"{', '.join(sorted(known))}."
        ) from error
    return made


@lru_cache(maxsize=8)
def _reader(own: tuple[tuple[str, type[BaseConverter]], ...], host_matching: bool) -> Map:
    """Return an empty Map by whose converters rules are read."""
    return Map(converters=known_converters(dict(own)), host_matching=host_matching)


class Rules(Generic[T]):
    """The rules of a Router: those for every host in one Map, those of single hosts in another."""

    def __init__(
        self,
        converters: Mapping[str, type[BaseConverter]],
        trailing_slash: Literal["redirect", "strict", "ignore"],
    ) -> None:
        self._converters = known_converters(converters)
        self._trailing_slash = trailing_slash
        self._plain = self._map()
        self._hosted = self._map(host_matching=True)
        self._named: dict[str, tuple[Map, Rule]] = {}
        self._first: dict[tuple[str, str], str] = {}
        self._builders: dict[str, PathBuilder] = {}

    def _map(self, *, host_matching: bool = False) -> Map:
        return Map(
            converters=self._converters,
            host_matching=host_matching,
            strict_slashes=self._trailing_slash != "ignore",
            redirect_defaults=False,
        )

    def add(self, name: str, pattern: str, host: str, target: T) -> None:
        """Add a pattern under a name, with its target."""
        rules = self._hosted if host else self._plain
        rule = LazyRule(pattern, endpoint=(name, target), host=host or None)
        rules.add(rule)
        self._named[name] = rules, rule
        self._first.setdefault((host, pattern), name)

    def finish(self) -> None:
        """Sort the rules."""
        self._plain.update()
        self._hosted.update()

    def rule(self, name: str) -> Rule:
        """Return the rule of a name."""
        return self._named[name][1]

    def match(self, request: Request, host: str) -> tuple[T, dict[str, object]] | None:
        """Return the first target of a request's URL with the values of its variables, or None.

        Args:
            request: The request.
            host: The request's host, for the patterns of hosts; "" for all others.

        Raises:
            RequestRedirect: The URL differs from a pattern by its slashes (308).
        """
        rules = self._hosted if host else self._plain
        try:
            root = quote_path(request.root_path)
            adapter = rules.bind(host or "localhost", root, subdomain=None if host else "")
            path = request.path if request.environ.get("PATH_INFO") else "/"
            (_, target), values = adapter.match(path, "GET")
        except RequestRedirect as redirect:
            if self._trailing_slash == "strict":
                return None
            # SECURITY: the target is relative, so that a forged Host header cannot lead away.
            location = "/" + urlsplit(redirect.new_url).path.lstrip("/")
            query = quote(request.environ.get("QUERY_STRING", ""), safe=_QUERY, encoding="latin-1")
            raise RequestRedirect(f"{location}?{query}" if query else location) from None
        except (HTTPException, ValueError):
            # NOTE: a user's converter may refuse a value by int()'s ValueError as well.
            return None
        return None if has_dot_segment(path) else (target, dict(values))

    def build(self, name: str, values: Mapping[str, object], root: str) -> str | None:
        """Build the URL of a name; see `Router.build`."""
        rules, rule = self._named[name]
        try:
            path = None if rules is self._hosted else self._builder(name).path(values)
        except (ValueError, TypeError):
            return None
        return _build(rules, rule, values, root) if path is None else _below(root, path)

    def checked(
        self, name: str, values: Mapping[str, object], root: str
    ) -> tuple[str | None, str | None]:
        """Build the URL of a name if its pattern matches it; see `Router.checked`."""
        path, rejected = self._builder(name).checked(values)
        rules, rule = self._named[name]
        if rejected is None and (path is None or rules is self._hosted):
            return _build(rules, rule, values, root), None
        return path and _below(root, path), rejected

    def builder(self, host: str, pattern: str) -> Callable[[Mapping[str, object], str], str | None]:
        """Return a callable that builds a pattern's URL from values and SCRIPT_NAME."""
        name = self._first[host, pattern]
        return lambda values, root: self.build(name, values, root)

    def _builder(self, name: str) -> PathBuilder:
        found = self._builders.get(name)
        if found is None:
            found = self._builders[name] = PathBuilder(self.rule(name))
        return found


@lru_cache(maxsize=64)
def _adapter(rules: Map, root: str) -> MapAdapter:
    """Return the adapter that builds URLs below a SCRIPT_NAME, of which a process has few."""
    return rules.bind("localhost", quote_path(root) or "/", url_scheme="")


def _build(rules: Map, rule: Rule, values: Mapping[str, object], root: str) -> str | None:
    adapter = _adapter(rules, root)
    try:
        url = adapter.build(rule.endpoint, dict(values), force_external=rules.host_matching)
    except (BuildError, ValidationError, ValueError, TypeError):
        return None
    return None if has_dot_segment(url.partition("?")[0]) else url


def _below(root: str, path: str) -> str | None:
    """Return a path below a SCRIPT_NAME, None if clients would change it."""
    # PERF: Werkzeug's `MapAdapter.build` costs 25 thousand instructions for this.
    url = f"{quote_path(root).rstrip('/')}/{path.lstrip('/')}"
    return None if has_dot_segment(url) else url
