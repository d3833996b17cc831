"""One change between two documents, and the changes of a schema in both directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from ..records import Record
from .documents import Document
from .findings import Finding, Level, sentence
from .reading import Direction
from .shapes import Node, Source
from .subsumption import Subsumption

__all__ = ["Change", "Part", "Place", "Schemas"]

Side = Literal["request", "response", ""]


class Place(Record):
    """The operation and the part of it that changes.

    Attributes:
        path: The path template of the new document, of the old one if it is removed.
        method: The HTTP method in capital letters.
        direction: "request" or "response"; "" for a part of neither, such as an operation.
        part: The part in words: "query parameter limit", "response 200 application/json".
    """

    path: str
    method: str
    direction: Side = ""
    part: str = ""


class Change(Record):
    """One change between two documents.

    Attributes:
        level: "breaking", "warning" or "compatible".
        kind: The kind of change: a keyword of JSON Schema or a word such as "operation".
        place: Where it is.
        pointer: A JSON Pointer into the new document, or into the old one for a removed part.
        message: The change in one sentence.
    """

    level: Level
    kind: str
    place: Place
    pointer: str
    message: str


class Part(Record):
    """A part of both documents: the values at one place, before and after."""

    old: object
    new: object
    documents: tuple[Document, Document]

    def pointer(self) -> str:
        """Return its place in the new document, or else in the old one."""
        old, new = self.documents
        return new.pointer(self.new) or old.pointer(self.old)


class Schemas:
    """The comparisons of schemas, each with its memory."""

    def __init__(self) -> None:
        """Begin with nothing compared."""
        self._comparisons: dict[tuple[Direction, bool], Subsumption] = {}

    def comparison(self, direction: Direction, *, is_text: bool = False) -> Subsumption:
        """Return the comparison of a direction, the same each time."""
        key = direction, is_text
        if key not in self._comparisons:
            self._comparisons[key] = Subsumption(direction, is_text=is_text)
        return self._comparisons[key]

    def changes(
        self, part: Part, place: Place, direction: Direction, *, is_text: bool = False
    ) -> Iterator[Change]:
        """Yield the changes of a schema.

        Args:
            part: The schema in both documents.
            place: Its place.
            direction: In a request the new schema must accept all values of the old one; in a
                response the old one must accept all values of the new one.
            is_text: Whether its values are sent as texts.
        """
        comparison = self.comparison(direction, is_text=is_text)
        old, new = _node(part.old, part.documents[0]), _node(part.new, part.documents[1])
        narrow, wide = (old, new) if direction == "request" else (new, old)
        found = comparison.compare(narrow, wide)
        known = {each.key for each in found}
        for each in found:
            yield _change(each, place, is_swapped=direction == "response")
        for each in comparison.compare(wide, narrow):
            if each.swapped_key not in known and not _is_implied(each, found):
                changed = each._replace(level="compatible")
                yield _change(changed, place, is_swapped=direction == "request")


def _node(schema: object, document: Document) -> Node:
    if schema is None or schema is True or schema == {}:
        return ()
    return (Source(schema, document),)


def _is_implied(finding: Finding, others: Sequence[Finding]) -> bool:
    """Return whether another type or other values at the same place say more already."""
    return any(each.kind in ("type", "enum") and each.steps == finding.steps for each in others)


def _change(finding: Finding, place: Place, *, is_swapped: bool) -> Change:
    old, new = finding.narrow, finding.wide
    old_pointer, new_pointer = finding.narrow_pointer, finding.wide_pointer
    if is_swapped:
        old, new = new, old
        old_pointer, new_pointer = new_pointer, old_pointer
    message = f"{sentence(finding, old, new)}."
    return Change(finding.level, finding.kind, place, new_pointer or old_pointer, message)
