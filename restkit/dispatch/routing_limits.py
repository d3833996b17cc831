"""Limits of size around the responses of routing: 404 and 405."""

from __future__ import annotations

from ..environ_keys import ROUTING_ERROR
from ..limits.sizes import within_sizes
from ..middleware import Endpoint
from ..operations.entries import Entry
from ..operations.registry import MountedPrefix, Registry
from ..operations.security import joined_limits
from ..request import Request
from ..response import Outgoing

__all__ = ["within_common_sizes", "within_sizes_of_apps"]


def within_common_sizes(entry: Entry, endpoint: Endpoint) -> Endpoint:
    """Put the sizes that all operations of a URL have around the endpoint of other methods."""
    first, *others = [operation.limits for operation in entry.operations]
    common = list(first)
    for limits in others:
        common = [each for each in common if each in limits]
    return within_sizes(common, endpoint)


def within_sizes_of_apps(mounted: MountedPrefix, endpoint: Endpoint) -> Endpoint:
    """Put the sizes of an App, and of the Apps around it, around its unknown URLs.

    Other errors of routing come first, such as that of a malformed Host.
    """
    registry: Registry = mounted.app._registry
    limits = joined_limits(each.access.limits for each in registry.line())
    bounded = within_sizes(limits, endpoint)

    def respond(request: Request) -> Outgoing:
        return (endpoint if ROUTING_ERROR in request.environ else bounded)(request)

    return respond
