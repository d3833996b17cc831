"""From a URL to what answers it, and back; 404, 405 and Allow. On Werkzeug's rules.

Paths without variables are one dict lookup, simple patterns a tree of segments; others go to Werkzeug's matcher.
The private names of Werkzeug that are used here are ``Rule._trace`` and ``Rule._converters`` (the parts of a
pattern, in order), and ``Rule._compile_builder``, ``_build`` and ``_build_unknown`` (what builds URLs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple
from urllib.parse import quote, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, BuildError, Map, RequestRedirect, Rule, ValidationError

from ..contract import PathParameter
from ..errors import CollisionError, DeclarationError
from ..middleware import Endpoint
from ..problems import MethodNotAllowed
from ..request import Request
from ..response import PlainResponse
from .converters import known_converters, schema_of
from .matcher import Matcher

__all__ = ["Pattern", "Route", "Router", "parse_pattern"]

_QUERY = "".join(map(chr, range(33, 127)))
_ROOT = "/!$&'()*+,:;=@"


class Pattern(NamedTuple):
    """Is a URL pattern, read once.

    Attributes:
        rule: As mounted, ``/books/<int:book_id>``.
        path: As OpenAPI writes it, ``/books/{book_id}``.
        parameters: Its variables, in order.
        host: The host's pattern, ``""`` for every host.
        host_variables: The variables of the host's pattern.
    """

    rule: str
    path: str
    parameters: tuple[PathParameter, ...]
    host: str = ""
    host_variables: tuple[str, ...] = ()


class _Rule(Rule):
    """Is a rule that compiles what builds its URLs when the first is built."""

    # PERF: nine tenths of what a rule costs are the two functions that build URLs, and most rules build none.

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        compile_builder = super()._compile_builder
        name = "_build_unknown" if append_unknown else "_build"

        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            made: Callable[..., tuple[str, str]] = compile_builder(append_unknown).__get__(
                rule, None
            )
            setattr(rule, name, made)
            return made(**values)

        return build


def parse_pattern(rule: str, host: str, converters: Mapping[str, type[BaseConverter]]) -> Pattern:
    """Read a URL pattern.

    Raises:
        DeclarationError: The pattern is not one of Werkzeug's, or names an unknown converter; or a converter has the
            name of a built-in one.
    """
    known = known_converters(converters)
    if isinstance(rule, str) and "{" in rule:
        raise DeclarationError(
            f"The URL pattern {rule!r} has braces; a variable is written <name> or <int:name>."
        )
    if not isinstance(rule, str) or not rule.startswith("/"):
        raise DeclarationError(f"The URL pattern {rule!r} must be a string that begins with '/'.")
    made = _Rule(rule, endpoint="", host=host or None)
    try:
        Map([made], converters=known, host_matching=bool(host))
    except (LookupError, ValueError, TypeError, SyntaxError) as error:
        raise DeclarationError(
            f"The URL pattern {rule!r} cannot be read: {error}. The converters are {', '.join(sorted(known))}."
        ) from error
    variables = [data for dynamic, data in made._trace if dynamic]
    for name in variables:
        if variables.count(name) > 1 or name in ("None", "True", "False"):
            raise DeclarationError(
                f"The URL pattern {rule!r} cannot be read: {name!r} is no name of one variable; give each its own."
            )
    parts = list(made._trace)
    _check_literals(rule, [data for dynamic, data in parts if not dynamic])
    split = parts.index((False, "|")) if (False, "|") in parts else -1
    in_host = [data for dynamic, data in parts[: split + 1] if dynamic]
    path = "".join("{" + data + "}" if dynamic else data for dynamic, data in parts[split + 1 :])
    names = [data for dynamic, data in parts[split + 1 :] if dynamic]
    parameters = tuple(PathParameter(name, schema_of(made._converters[name])) for name in names)
    return Pattern(rule, path or "/", parameters, host, tuple(in_host))


def _check_literals(rule: str, literals: list[str]) -> None:
    """Refuse what no path of a request has, so that the pattern would answer nothing."""
    found = next(
        (each for text in literals for each in text if each in "?#" or not each.isprintable()), None
    )
    if found is not None:
        raise DeclarationError(
            f"The URL pattern {rule!r} has {found!r}, which is in no path; a query is declared by @takes(query=...)."
        )


class Route:
    """Is one URL pattern and what answers its methods, a closed dict.

    Attributes:
        pattern: The pattern.
        calls: What answers a method.
        declared_by: Where each method is declared, for messages.
        allow: The value of the Allow header.
        accept_patch: The value of the Accept-Patch header, ``""`` without a PATCH.
        derived_options: Whether OPTIONS comes by itself.
        scopes: The error boundary of each declared method.
        scope: The error boundary of the rest.
        otherwise: What answers every other method.
    """

    __slots__ = (
        "accept_patch",
        "allow",
        "boundaries",
        "calls",
        "declared_by",
        "default_boundary",
        "derived_options",
        "otherwise",
        "pattern",
    )

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.calls: dict[str, Endpoint] = {}
        self.declared_by: dict[str, str] = {}
        self.allow = ""
        self.accept_patch = ""
        self.derived_options = False
        self.boundaries: dict[str, Any] = {}
        self.default_boundary: Any = None
        self.otherwise: Any = None

    def add(self, method: str, call: Endpoint, declared_at: str) -> None:
        """Add a method.

        Raises:
            CollisionError: Another declaration answers this method here.
        """
        if method in self.calls:
            raise CollisionError(
                f"{method} {self.pattern.rule} is declared twice: by {self.declared_by[method]} and by {declared_at}."
            )
        self.calls[method] = call
        self.declared_by[method] = declared_at

    def refuse(self, request: Request) -> PlainResponse:
        """Refuse a method that nothing answers (RFC 9110, section 15.5.6).

        Raises:
            MethodNotAllowed: Always.
        """
        raise MethodNotAllowed(f"This resource allows {self.allow}.", headers={"Allow": self.allow})


class Router:
    """Finds the `Route` of a URL, and builds URLs. Filled when the App is frozen.

    Attributes:
        statics: The Routes without variables by their path as WSGI has it, which go before all others; `match` finds
            them too.
    """

    def __init__(
        self,
        converters: Mapping[str, type[BaseConverter]],
        trailing_slash: Literal["redirect", "strict", "ignore"] = "redirect",
    ) -> None:
        self._converters = known_converters(converters)
        self._trailing_slash = trailing_slash
        self._ignores_slash = trailing_slash == "ignore"
        self._routes: dict[tuple[str, str], Route] = {}
        self.statics: dict[str, Route] = {}
        self._plain = self._map()
        self._hosted = self._map(host_matching=True)
        self._has_hosts = False
        self._matcher = Matcher()
        self._rules: dict[str, tuple[Map, Rule]] = {}
        self._first_rules: dict[tuple[str, str], tuple[Map, Rule]] = {}

    def _map(self, *, host_matching: bool = False) -> Map:
        return Map(
            converters=self._converters,
            host_matching=host_matching,
            strict_slashes=self._trailing_slash != "ignore",
            redirect_defaults=False,
        )

    def route(self, pattern: Pattern, name: str) -> Route:
        """Return the Route of a pattern, made where there is none yet; a name is for building URLs."""
        key = (pattern.host, pattern.rule)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = Route(pattern)
            if not pattern.host and not pattern.parameters:
                self.statics[pattern.path.encode().decode("latin-1")] = route
        target = self._hosted if pattern.host else self._plain
        self._has_hosts = self._has_hosts or bool(pattern.host)
        rule = _Rule(pattern.rule, endpoint=(name, route), host=pattern.host or None)
        target.add(rule)
        self._rules[name] = target, rule
        self._first_rules.setdefault(key, (target, rule))
        if not pattern.host:
            self._matcher.add(rule, route)
        return route

    @property
    def routes(self) -> list[Route]:
        """All routes, in the order of their declaration."""
        return list(self._routes.values())

    def finish(self) -> None:
        """Work out what only depends on the declarations; called once, after the last `route`."""
        self._plain.update()
        self._hosted.update()
        if self._has_hosts:
            # NOTE: a host's own pattern goes before one for every host, so the dict cannot decide alone.
            self.statics = {}

    def match(self, request: Request) -> tuple[Route, dict[str, Any]] | None:
        """Return the Route of a request's URL, and the values of the pattern's variables; None where nothing is.

        Raises:
            RequestRedirect: The URL differs from a pattern by its slashes (308).
        """
        path = request.environ.get("PATH_INFO")
        # PERF: to ask path.startswith("/") costs a thousand instructions.
        if not path or path[0] != "/" or path[1:2] == "/" or not path.isascii():
            path = request.path
        if self._has_hosts:
            host = request.host.partition(":")[0]
            found = self._match_in(self._hosted, request, host) if host else None
            if found is not None:
                return found
        if self._ignores_slash and path.endswith("/"):
            return self._match_in(self._plain, request, "")
        quick = self._matcher.find(path)
        if quick is None:
            return self._match_in(self._plain, request, "")
        return quick or None

    def _match_in(
        self, rules: Map, request: Request, host: str
    ) -> tuple[Route, dict[str, Any]] | None:
        try:
            root = quote(request.root_path, safe=_ROOT)
            adapter = rules.bind(host or "localhost", root, subdomain=None if host else "")
            (_, route), values = adapter.match(
                request.path if request.environ.get("PATH_INFO") else "/", "GET"
            )
        except RequestRedirect as redirect:
            if self._trailing_slash == "strict":
                return None
            # SECURITY: the target is relative, so that a forged Host header cannot lead away.
            target = "/" + urlsplit(redirect.new_url).path.lstrip("/")
            query = quote(request.environ.get("QUERY_STRING", ""), safe=_QUERY, encoding="latin-1")
            raise RequestRedirect(f"{target}?{query}" if query else target) from None
        except (
            HTTPException,
            ValueError,
        ):  # NOTE: a user's converter may say so by int()'s ValueError as well
            return None
        return route, dict(values)

    def build(self, name: str, values: Mapping[str, Any], root: str) -> str | None:
        """Build the URL of a name whose variables are given; what is left over becomes the query.

        Args:
            name: The name that `route` was given.
            values: The variables' values.
            root: What stands before the path (SCRIPT_NAME).

        Returns:
            The URL's path and query (with ``//host`` before it for a host's pattern), None where the values
            do not fit.
        """
        return _build(*self._rules[name], values, root)

    def builder(self, pattern: Pattern) -> Callable[[Mapping[str, Any], str], str | None]:
        """Return what builds a pattern's URL from its variables' values and SCRIPT_NAME."""
        rules, rule = self._first_rules[pattern.host, pattern.rule]
        return lambda values, root: _build(rules, rule, values, root)


def _build(rules: Map, rule: Rule, values: Mapping[str, Any], root: str) -> str | None:
    adapter = rules.bind("localhost", quote(root, safe=_ROOT) or "/", url_scheme="")
    try:
        return adapter.build(rule.endpoint, dict(values), force_external=rules.host_matching)
    except (BuildError, ValidationError, ValueError, TypeError):
        return None
