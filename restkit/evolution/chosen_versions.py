"""Documents of one version of several, without the parts that choose the version.

The header or the media type of a version differs from that of another by intent: clients that move
to the new version send it. ``x-api-version`` at the root says which it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from .documents import members, text

__all__ = ["without_choice"]

_MEMBER = "x-api-version"
_JSON = "application/json"
_PARAMETERS = "#/components/parameters/"


def without_choice(root: Mapping[str, object]) -> Mapping[str, object]:
    """Return a document without the header of its version, and with JSON for its media type.

    Args:
        root: The document, which stays as it is.
    """
    chosen = members(root.get(_MEMBER))
    header, media_type = text(chosen.get("header")).lower(), text(chosen.get("mediaType"))
    if not (header or media_type):
        return root
    found = _Stripper(root, header, media_type).copied(root)
    return members(found)


class _Stripper:
    """A copier of documents that leaves the choice out."""

    def __init__(self, root: Mapping[str, object], header: str, media_type: str) -> None:
        self._shared = members(members(root.get("components")).get("parameters"))
        self._header = header
        self._media_type = media_type

    def copied(self, part: object) -> object:
        """Return a copy of a part."""
        if isinstance(part, list):
            return [self.copied(each) for each in part if not self._is_choice(each)]
        if not isinstance(part, Mapping):
            return part
        return {name: self._member(str(name), each) for name, each in part.items()}

    def _member(self, name: str, part: object) -> object:
        copied = self.copied(part)
        if not isinstance(copied, dict):
            return copied
        if name == "headers":
            return {key: each for key, each in copied.items() if key.lower() != self._header}
        if name == "content" and self._media_type in copied:
            own = copied.pop(self._media_type)
            return {_JSON: own, **copied}
        return copied

    def _is_choice(self, part: object) -> bool:
        """Return whether a member of a list is the parameter of the header."""
        node = members(part)
        reference = text(node.get("$ref"))
        if reference.startswith(_PARAMETERS):
            node = members(self._shared.get(reference.removeprefix(_PARAMETERS)))
        is_header = bool(self._header) and node.get("in") == "header"
        return is_header and text(node.get("name")).lower() == self._header
