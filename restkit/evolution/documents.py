"""An OpenAPI document as JSON: its version, its references, and the places of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote

__all__ = ["Document", "UnknownReference", "elements", "members", "text"]


class UnknownReference(LookupError):
    """Raised when a reference names nothing in its document, or another document."""


def members(value: object) -> Mapping[str, object]:
    """Return a JSON object, an empty one for any other value."""
    return value if isinstance(value, Mapping) else {}


def elements(value: object) -> Sequence[object]:
    """Return a JSON array, an empty one for any other value."""
    return value if isinstance(value, (list, tuple)) else ()


def text(value: object) -> str:
    """Return a JSON string, an empty one for any other value."""
    return value if isinstance(value, str) else ""


class Document:
    """An OpenAPI document.

    Attributes:
        root: The document.
        is_3_0: Whether it is of OpenAPI 3.0, in which ``nullable`` has a meaning and the siblings
            of ``$ref`` have none.
    """

    def __init__(self, root: Mapping[str, object]) -> None:
        """Note the place of each part."""
        self.root = root
        self.is_3_0 = text(root.get("openapi")).startswith("3.0")
        self._pointers: dict[int, str] = {}
        self._targets: dict[str, object] = {}  # PERF: a document has many references to few parts
        self._walk(root)

    def _walk(self, root: object) -> None:
        waiting = [(root, "#")]
        while waiting:
            part, pointer = waiting.pop()
            if not isinstance(part, (Mapping, list)) or id(part) in self._pointers:
                continue
            self._pointers[id(part)] = pointer
            waiting += [(each, f"{pointer}/{_escaped(name)}") for name, each in _children(part)]

    def pointer(self, part: object) -> str:
        """Return the JSON Pointer of a part as a URI fragment, "" for one that has none."""
        if not isinstance(part, (Mapping, list)):
            return ""
        return self._pointers.get(id(part), "")

    def resolve(self, part: object) -> object:
        """Return the part that a reference names, at the end of a chain; another part as it is.

        Raises:
            UnknownReference: It names nothing, or a part of another document.
        """
        seen: set[str] = set()
        while isinstance(part, Mapping) and isinstance(part.get("$ref"), str):
            reference = text(part["$ref"])
            if reference in seen:
                raise UnknownReference(f"The reference {reference} leads back to itself.")
            seen.add(reference)
            part = self.target(reference)
        return part

    def target(self, reference: str) -> object:
        """Return the part that a reference names.

        Raises:
            UnknownReference: It names nothing, or a part of another document.
        """
        if reference not in self._targets:
            self._targets[reference] = self._found(reference)
        return self._targets[reference]

    def _found(self, reference: str) -> object:
        if not reference.startswith("#"):
            raise UnknownReference(
                f"The reference {reference} is to another document. Bundle the documents first."
            )
        found: object = self.root
        for step in filter(None, reference[1:].split("/")):
            name = unquote(step).replace("~1", "/").replace("~0", "~")
            found = _child(found, name, reference)
        return found


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _children(part: object) -> Iterator[tuple[str, object]]:
    if isinstance(part, Mapping):
        for name, each in part.items():
            yield str(name), each
    else:
        for index, each in enumerate(elements(part)):
            yield str(index), each


def _child(part: object, name: str, reference: str) -> object:
    for known, each in _children(part):
        if known == name:
            return each
    raise UnknownReference(f"The reference {reference} names nothing in its document.")
