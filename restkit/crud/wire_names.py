"""Names of attributes as clients know them: in parameters as in content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import DeclarationError
from .store import AnyField

__all__ = ["check_distinct", "hint", "wire_name"]


def wire_name(attribute: str, fields: Mapping[str, AnyField]) -> str:
    """Return the name of an attribute in content: the ``data_key`` or the name of its field.

    Args:
        attribute: The attribute; it is its own name if no field has it.
        fields: The schema's fields by attribute.
    """
    field = fields.get(attribute)
    return attribute if field is None else str(field.data_key or field.name or attribute)


def hint(name: str, fields: Mapping[str, AnyField]) -> str:
    """Return the sentence for a declaration with the name in content, ``""`` for other names."""
    for attribute in fields:
        if attribute != name and wire_name(attribute, fields) == name:
            return f" Declare the attribute: {attribute!r}. Clients use {name!r}."
    return ""


def check_distinct(names: Iterable[tuple[str, str]], declared_at: str) -> None:
    """Reject two declarations that clients would know by one name.

    Args:
        names: Each declaration, and its name for clients.
        declared_at: The declarations, for messages.

    Raises:
        DeclarationError: Two declarations have one name.
    """
    known: dict[str, str] = {}
    for declared, name in names:
        other = known.setdefault(name, declared)
        if other != declared:
            raise DeclarationError(
                f"{declared_at}: clients would know both {other!r} and {declared!r} as {name!r}. "
                "Rename the attribute or the data_key of one, or remove one."
            )
