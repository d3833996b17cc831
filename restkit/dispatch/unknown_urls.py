"""The URLs that belong to no entry: each is of the innermost App whose prefix it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..request import Request
from ..routing.patterns import ROOT, Pattern
from ..routing.router import Route, Router

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter

__all__ = ["UnknownUrls", "UrlsOfApps"]

_WHOLE_SEGMENT = r"<(?:(?:default|string|int|float|uuid)(?:\([^<>/]*\))?:)?[^<>/:()]+>"
_ANY_HOST = "<>"


class UnknownUrls:
    """The URLs at the place of an App that belong to no entry.

    Attributes:
        at: The place.
        route: The Route that responds to them.
    """

    def __init__(
        self, at: Pattern, route: Route, converters: Mapping[str, type[BaseConverter]]
    ) -> None:
        """Keep the Route of unknown URLs at the place of an App."""
        self.at = at
        self.route = route
        self._prefix = f"{at.rule}/"
        self._router: Router | None = None
        if at.parameters or at.host:
            self._router = Router(converters, "strict")
            for rest in ("/<path:_rest>", "/", ""):
                pattern = at._replace(rule=f"{at.rule}{rest}" or "/")
                self._router.route(pattern, rest)
            self._router.finish()

    def match(self, request: Request) -> dict[str, object] | None:
        """Return the values of the variables of mounts, None if the URL is of another App."""
        if self._router is not None:
            found = self._router.match(request)
            return found and {name: found[1][name] for name in found[0].outer}
        if self._prefix == "/" or f"{request.path}/".startswith(self._prefix):
            return {}
        return None


class _Node:
    """The prefixes of Apps behind one segment.

    Attributes:
        fixed: The nodes behind fixed text.
        variable: The node behind a variable that is a whole segment.
        places: The positions of the prefixes that end here, or go on in another way.
    """

    __slots__ = ("fixed", "places", "variable")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.places: list[int] = []


class UrlsOfApps:
    """The unknown URLs of all Apps, found by the segments of their prefixes."""

    def __init__(self, places: Sequence[UnknownUrls]) -> None:
        """Index the places.

        Args:
            places: The places, the innermost first.
        """
        self._places = places
        self._trees: dict[str, _Node] = {}
        for position, place in enumerate(places):
            host = _ANY_HOST if "<" in place.at.host else place.at.host
            _add(self._trees.setdefault(host, _Node()), place.at.rule, position)
        self._has_hosts = self._trees.keys() != {""}
        self._alone = places[0].route if len(places) == 1 and places[0].at == ROOT else None

    def find(self, request: Request) -> Route:
        """Return the Route of a URL, and give the variables of its mounts to the request.

        Raises:
            LookupError: No place has the URL. The root has the empty prefix, so this is a mistake.
        """
        if self._alone is not None:
            return self._alone  # PERF: most programs mount no Apps
        positions = sorted(self._positions(request))
        for position in positions:
            place = self._places[position]
            values = place.match(request)
            if values is not None:
                if values:
                    request.mount_parameters = values
                return place.route
        raise LookupError(request.path)

    def _positions(self, request: Request) -> Iterator[int]:
        """Yield the positions of the places that may have a URL."""
        hosts = [""]
        if self._has_hosts:
            hosts += [_ANY_HOST, request.host.partition(":")[0].lower()]
        segments = request.path.split("/")[1:]
        for host in dict.fromkeys(hosts):
            if host in self._trees:
                yield from _along(self._trees[host], segments)


def _add(node: _Node, rule: str, position: int) -> None:
    """Add the position of a prefix to a tree."""
    for segment in rule.split("/")[1:]:
        if "<" not in segment and ">" not in segment:
            node = node.fixed.setdefault(segment, _Node())
        elif re.fullmatch(_WHOLE_SEGMENT, segment):
            node.variable = node = node.variable or _Node()
        else:
            break
    node.places.append(position)


def _along(root: _Node, segments: Sequence[str]) -> Iterator[int]:
    """Yield the positions on all ways of a path through a tree."""
    yield from root.places
    nodes = [root]
    for segment in segments:
        following = [node.fixed[segment] for node in nodes if segment in node.fixed]
        nodes = following + [node.variable for node in nodes if node.variable is not None]
        if not nodes:
            return
        for node in nodes:
            yield from node.places
