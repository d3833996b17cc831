"""Link Objects from a created item to its operations (OpenAPI 3.1.1, section 4.8.20)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..contract import Operation
from ..operations.item_links import location_members
from .metadata import Keywords

__all__ = ["links_of"]

_VARIABLE = re.compile(r"(.*)/\{[^{}/]+\}/?", re.DOTALL)


def links_of(operations: Iterable[Operation]) -> dict[int, Keywords]:
    """Return the links of each 201 response that identifies its item, by operation identity."""
    items: dict[tuple[str, str], list[Operation]] = {}
    posts: list[Operation] = []
    for op in operations:
        if op.method == "POST":
            posts.append(op)
            continue
        for collection in _collections(op.path):
            items.setdefault((op.host, collection), []).append(op)
    made = {
        id(post): _links(post, items.get((post.host, post.path.rstrip("/")), ())) for post in posts
    }
    return {key: links for key, links in made.items() if links}


def _collections(path: str) -> Iterator[str]:
    """Yield a path without its last variables: ``/rooms/{floor}/{number}`` without both."""
    while found := _VARIABLE.fullmatch(path):
        path = found[1]
        yield path


def _links(post: Operation, items: Iterable[Operation]) -> Keywords:
    created = post.output(201)
    if created is None:
        return {}
    above = [each.name for each in post.path_parameters]
    links: Keywords = {}
    for op in items:
        found = location_members(
            [each.name for each in op.path_parameters if each.name not in above], created
        )
        if found:
            parameters = {name: f"$request.path.{name}" for name in above}
            parameters |= {variable: f"$response.body#/{member}" for variable, member in found}
            links[op.operation_id] = {"operationId": op.operation_id, "parameters": parameters}
    return links
