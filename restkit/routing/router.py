"""From a URL to its `Route`, and back, on Werkzeug's rules.

Paths without variables are one dict lookup, simple patterns a tree of segments; others go to
Werkzeug's matcher. A Route is found by the path alone. Where several patterns match one path,
`Router.match_method` finds the pattern that has the method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from ..errors import CollisionError
from ..http.redirects import is_redirect
from ..records import Record
from ..request import Request
from .handlers import Handler
from .matcher import Matcher
from .patterns import Pattern

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter

    from .rules import Rules

__all__ = ["Allowed", "Match", "Route", "Router"]

# Sets of patterns that match a path alike, for which a matcher is kept.
_MAX_SUBSETS = 4096
Match = tuple["Route", "dict[str, object]"]


class Allowed(Record):
    """The methods of a URL, as response headers say them; "" leaves a header out.

    Attributes:
        allow: The value of Allow.
        accept_patch: The value of Accept-Patch.
        accept_query: The value of Accept-Query.
    """

    allow: str
    accept_patch: str = ""
    accept_query: str = ""


class Route:
    """One URL pattern and the handlers of its methods, a closed dict.

    Attributes:
        pattern: The pattern.
        outer: The variables that belong to mounts.
        handlers: The handler of each method, HEAD that GET implies included.
        declared_by: The place where each method is declared, for messages.
        allowed: The headers that say which methods the pattern has.
        options: The handler of OPTIONS where no method is written for it.
        otherwise: The handler of every other method.
    """

    __slots__ = ("allowed", "declared_by", "handlers", "options", "otherwise", "outer", "pattern")

    otherwise: Handler

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        self.outer = pattern.outer
        self.handlers: dict[str, Handler] = {}
        self.declared_by: dict[str, str] = {}
        self.allowed = Allowed("")
        self.options: Handler | None = None

    def add(self, method: str, handler: Handler, declared_at: str) -> None:
        """Add a method.

        Raises:
            CollisionError: Another declaration has this method here.
        """
        if method in self.handlers:
            raise CollisionError(
                f"{method} {self.pattern.rule} is declared twice: by {self.declared_by[method]} "
                f"and by {declared_at}."
            )
        self.handlers[method] = handler
        self.declared_by[method] = declared_at


class Router:
    """The Routes of an App by their URLs; it also builds URLs. Filled when the App is frozen.

    Attributes:
        statics: The Routes without variables by their path as WSGI has it, which go before all
            others; `match` finds them too.
    """

    def __init__(
        self,
        converters: Mapping[str, type[BaseConverter]],
        trailing_slash: Literal["redirect", "strict", "ignore"] = "redirect",
    ) -> None:
        self._converters = converters
        self._trailing_slash: Literal["redirect", "strict", "ignore"] = trailing_slash
        self._ignores_slash = trailing_slash == "ignore"
        self._routes: dict[tuple[str, str], Route] = {}
        self.statics: dict[str, Route] = {}
        self._added: list[tuple[str, Pattern, Route]] = []
        self._rules: Rules[Route] | None = None
        self._has_hosts = False
        self._matcher: Matcher[Route] = Matcher()
        self._overlapping: dict[int, Route] = {}
        self._by_method: dict[str, Router] = {}
        self._methods: list[str] = []
        self._first: dict[int, int] = {}
        self._subsets: dict[frozenset[int], Rules[Route]] = {}

    def route(self, pattern: Pattern, name: str) -> Route:
        """Return the Route of a pattern, made if there is none yet.

        The name is for building URLs.
        """
        route = self._routes.get((pattern.host, pattern.rule))
        return self._add(pattern, name, Route(pattern) if route is None else route)

    def _add(self, pattern: Pattern, name: str, route: Route) -> Route:
        key = (pattern.host, pattern.rule)
        if key not in self._routes:
            self._routes[key] = route
            if not pattern.host and not pattern.parameters:
                self.statics[pattern.path.encode().decode("latin-1")] = route
        self._first.setdefault(id(route), len(self._added))
        self._added.append((name, pattern, route))
        self._has_hosts = self._has_hosts or bool(pattern.host)
        if self._rules is not None:
            self._rules.add(name, pattern.rule, pattern.host, route)
        if pattern.host:
            return route
        if pattern.parameters:
            self._matcher.add(self._werkzeug().rule(name), route)
        else:
            self._matcher.add_path(pattern.path, route)
        return route

    def _werkzeug(self) -> Rules[Route]:
        """Return the patterns as Werkzeug's rules, made when the first one is needed."""
        rules = self._rules
        if rules is None:
            from .rules import Rules  # cold start: paths without variables need none

            rules = Rules(self._converters, self._trailing_slash)
            for name, pattern, route in self._added:
                rules.add(name, pattern.rule, pattern.host, route)
            rules.finish()
            self._rules = rules
        return rules

    @property
    def routes(self) -> list[Route]:
        """All routes, in the order of their declaration."""
        return list(self._routes.values())

    def finish(self) -> None:
        """Compute facts that depend on declarations alone. Called once, after the last `route`."""
        if self._has_hosts or self._rules is not None:
            from .whole_paths import find_whole_paths  # cold start, as above

            self._werkzeug().finish()
            find_whole_paths(self._matcher.root)
        if self._has_hosts:
            # NOTE: a host's own pattern goes before one for every host, so the dict cannot decide.
            self.statics = {}
        shared: set[int] = set()
        if len(self.routes) > 1:
            from .overlaps import overlapping  # cold start: the smallest program has one pattern

            shared = overlapping(self._matcher.root)
        self._overlapping = {
            id(route): route for route in self.routes if self._has_hosts or id(route) in shared
        }
        found = {method for route in self._overlapping.values() for method in route.handlers}
        self._methods = sorted(found)

    # matching

    def match(self, request: Request) -> Match | None:
        """Return the first Route of a request's URL with the values of its variables, or None.

        Raises:
            RequestRedirect: The URL differs from a pattern by its slashes (308).
        """
        path = request.environ.get("PATH_INFO")
        # PERF: to ask path.startswith("/") costs a thousand instructions.
        if not path or path[0] != "/" or "//" in path or not path.isascii():
            path = request.path
        if self._has_hosts and (found := self._match_host(request)) is not None:
            return found
        if self._ignores_slash and path.endswith("/"):
            return self._match_undecided(request)
        quick = self._matcher.find(path)
        if quick is None:
            return self._match_undecided(request)
        return quick or None

    def _match_undecided(self, request: Request) -> Match | None:
        """Let Werkzeug decide, of many patterns among the few that may match."""
        if not self._matcher.is_crowded:
            return self._werkzeug().match(request, "")
        from .candidates import candidates  # cold start: few programs have so many

        found = candidates(self._matcher.root, request.path)
        return self._rules_of(found).match(request, "") if found else None

    def _rules_of(self, routes: Mapping[int, Route]) -> Rules[Route]:
        """Return the rules of a few routes, in the order of their declaration."""
        key = frozenset(routes)
        rules = self._subsets.get(key)
        if rules is None:
            from .rules import Rules  # cold start

            rules = Rules(self._converters, self._trailing_slash)
            for index in sorted(self._first[each] for each in routes):
                name, pattern, route = self._added[index]
                rules.add(name, pattern.rule, "", route)
            rules.finish()
            if len(self._subsets) >= _MAX_SUBSETS:
                self._subsets.clear()  # SECURITY: clients choose the paths
            self._subsets[key] = rules
        return rules

    def _match_host(self, request: Request) -> Match | None:
        host = request.host.partition(":")[0]
        return self._werkzeug().match(request, host) if host else None

    def match_method(self, request: Request, method: str) -> Match | None:
        """Return the first Route of a request's URL that has a method; None without another Route.

        Called where `match` found a Route without the method.
        """
        router = self._by_method.get(method)
        if router is None:
            if method not in self._methods:
                return None  # SECURITY: clients make up methods; no router is kept for those
            found = [route for route in self._overlapping.values() if method in route.handlers]
            router = Router(self._converters, self._trailing_slash)
            for index, route in enumerate(found):
                router._add(route.pattern, str(index), route)
            router.finish()
            self._by_method[method] = router
        try:
            return router.match(request)
        except Exception as error:
            if is_redirect(error):
                return None
            raise

    def allowed(self, request: Request, route: Route) -> Allowed:
        """Return the methods of a request's URL, over all patterns that match it."""
        if id(route) not in self._overlapping:
            return route.allowed
        others = dict(self._alternatives(request))
        patch, query = others.get("PATCH"), others.get("QUERY")
        allow = ", ".join(sorted({*route.handlers, *others, "OPTIONS"}))
        return Allowed(
            allow, (patch or route).allowed.accept_patch, (query or route).allowed.accept_query
        )

    def handlers(self, request: Request, route: Route) -> dict[str, Handler]:
        """Return the handlers of a request's URL by method, over all patterns that match it."""
        if id(route) not in self._overlapping:
            return route.handlers
        others = {name: found.handlers[name] for name, found in self._alternatives(request)}
        return others | route.handlers

    def _alternatives(self, request: Request) -> Iterator[tuple[str, Route]]:
        """Yield each method of a URL with its Route."""
        for method in self._methods:
            found = self.match_method(request, method)
            if found is not None:
                yield method, found[0]

    # building

    def build(self, name: str, values: Mapping[str, object], root: str) -> str | None:
        """Build the URL of a name whose variables are given.

        Args:
            name: The name that `route` was given.
            values: The variables' values; the rest becomes the query.
            root: The prefix of the path (SCRIPT_NAME).

        Returns:
            The URL's path and query (with ``//host`` before it for a host's pattern), None if the
            values do not fit.
        """
        return self._werkzeug().build(name, values, root)

    def checked(
        self, name: str, values: Mapping[str, object], root: str
    ) -> tuple[str | None, str | None]:
        """Build the URL of a name, if its pattern matches the URL.

        Args:
            name: The name that `route` was given.
            values: The variables' values.
            root: The prefix of the path (SCRIPT_NAME).

        Returns:
            The URL as `build` returns it, and the variable whose value makes no URL that the
            pattern matches, if there is one.
        """
        return self._werkzeug().checked(name, values, root)

    def builder(self, pattern: Pattern) -> Callable[[Mapping[str, object], str], str | None]:
        """Return a callable that builds a pattern's URL from values and SCRIPT_NAME."""
        return self._werkzeug().builder(pattern.host, pattern.rule)
