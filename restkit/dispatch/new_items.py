"""The Location of a collection's new item, built from the content of the response to its POST."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ..http.request_target import near_url
from ..operations.entries import Link
from ..rendering.response_writer import Locate
from ..request import Request
from ..routing.router import Router

__all__ = ["locate_item"]


def _as_json(value: object) -> object:
    """Return a value as JSON has it: the encoder may not have written datetimes yet."""
    return value.isoformat() if isinstance(value, datetime) else value


def locate_item(router: Router, link: Link | None) -> Locate | None:
    """Return the callable that builds the Location of a POST's new item from the content."""
    if link is None:
        return None
    members = link.members
    known = link.item.variables
    builder: list[Callable[[Mapping[str, object], str], str | None]] = []

    def locate(request: Request, data: object) -> str | None:
        if not isinstance(data, dict):
            return None
        values = {variable: _as_json(data.get(member)) for variable, member in members}
        if None in values.values():
            return None
        if not builder:
            builder.append(router.builder(link.item))
        given = request.path_parameters
        if link.item.outer:
            given = {**request.mount_parameters, **given}
        if not given.keys() <= known:  # the item is not below the collection
            given = {name: given[name] for name in known.intersection(given)}
        url = builder[0]({**given, **values}, request.root_path)
        return near_url(url, request) if url and link.item.host else url

    return locate
