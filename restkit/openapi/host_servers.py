"""The servers of an operation that responds on a host of its own, with their variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from ..contract import Operation, PathParameter

__all__ = ["servers_of_hosts"]


def servers_of_hosts(
    operations: Iterable[Operation], servers: Sequence[Mapping[str, object]]
) -> dict[tuple[str, str], dict[str, list[dict[str, object]]]]:
    """Return the member ``servers`` of operations that respond on hosts of their own.

    Args:
        operations: All operations.
        servers: The servers of the document. The first one says the scheme and the path.

    Returns:
        The members by path and method, without those of operations that respond on every host.
    """
    found: dict[tuple[str, str], list[Operation]] = {}
    for each in operations:
        if each.documented:
            found.setdefault((each.path, each.method), []).append(each)
    members: dict[tuple[str, str], dict[str, list[dict[str, object]]]] = {}
    for key, several in found.items():
        if all(each.host for each in several):
            members[key] = {"servers": [_server(each, servers[0]) for each in several]}
    return members


def _server(op: Operation, of_document: Mapping[str, object]) -> dict[str, object]:
    """Return the Server Object of a host's pattern, such as ``<tenant>.example.com``."""
    first = urlsplit(str(of_document["url"]))
    scheme = f"{first.scheme}:" if first.scheme else ""
    host = re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", op.host)
    server: dict[str, object] = {"url": f"{scheme}//{host}{first.path.rstrip('/')}"}
    if op.host_parameters:
        server["variables"] = {each.name: _variable(each) for each in op.host_parameters}
    return server


def _variable(parameter: PathParameter) -> dict[str, object]:
    """Return a Server Variable Object; OpenAPI demands a default, even where there is none."""
    values = parameter.schema.get("enum")
    if isinstance(values, Sequence) and values:
        return {"enum": [str(each) for each in values], "default": str(values[0])}
    return {"default": parameter.name}
