"""The request headers that a page lets its user write: those that the Operation reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...contract import Operation
from ...records import Record
from .asking import HEADER
from .exchange import ACCEPT

__all__ = ["HeaderField", "header_fields", "written_headers"]

# The credentials have a form of their own, and browsers prove where a form comes from.
_UNWRITTEN = frozenset({"authorization", "cookie", "x-csrf-token"})
_LONGEST = 4_000


class HeaderField(Record):
    """A field for a request header.

    Attributes:
        name: The name of the header.
        value: The value.
        description: The description of the header.
        id: The id of its control.
    """

    name: str
    value: str
    description: str
    id: str

    @property
    def field(self) -> str:
        """The name of the field."""
        return HEADER + self.name


def header_fields(
    operation: Operation, written: Mapping[str, str], prefix: str
) -> list[HeaderField]:
    """Return the fields of the headers that an Operation reads.

    Args:
        operation: The Operation.
        written: The values that were written.
        prefix: The beginning of the ids.
    """
    given = {"Accept": ACCEPT, **written}
    return [
        HeaderField(name, given.get(name, ""), text, f"{prefix}-header-{name.lower()}")
        for name, text in _read_by(operation).items()
    ]


def written_headers(operation: Operation, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that somebody wrote, of those that an Operation reads.

    SECURITY: no other header may be written here. A proxy in front of the server may set and trust
    some, such as the address of the client.

    Args:
        operation: The Operation.
        pairs: The names and values of fields.
    """
    known = {name.lower(): name for name in _read_by(operation)}
    found: dict[str, str] = {}
    for field, text in pairs:
        name = known.get(field.removeprefix(HEADER).lower()) if field.startswith(HEADER) else None
        if name is not None and text.strip() and len(text) <= _LONGEST and text.isprintable():
            found[name] = text.strip()
    return found


def _read_by(operation: Operation) -> dict[str, str]:
    """Return the headers that an Operation reads, with their descriptions."""
    found = {"Accept": "The media types of the response, the preferred first."}
    taken = operation.input("headers")
    for name, field in ({} if taken is None else taken.bound.load_fields).items():
        found[name.title()] = str(field.metadata.get("description", ""))
    for each in operation.parameters:
        if each.location == "header":
            found[each.name] = str(each.description)
    if operation.idempotency is not None:
        found[operation.idempotency.header.name] = str(operation.idempotency.header.description)
    if operation.conditional and operation.method == "GET":
        found["If-None-Match"] = "The entity tags that you have already."
    return {name: text for name, text in found.items() if name.lower() not in _UNWRITTEN}
