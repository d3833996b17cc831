"""Start-up checks of the relations that clients may include, against those of the store."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import DeclarationError
from .expansions import Expand, RelationPath
from .paths import ModelRelation
from .related_schemas import relation_along

__all__ = ["check_expansions"]

_UNORDERED = frozenset({"null", "has", "any", "search"})
"""The operators of attributes without an order."""


def check_expansions(
    declared: object, paths: Mapping[str, RelationPath], store: object, declared_at: str
) -> None:
    """Reject an order or a limit that a relation cannot have.

    Args:
        declared: The declaration ``expand`` of a class.
        paths: The relations by the names that the class declares.
        store: The store of the items.
        declared_at: The name of the class, for messages.

    Raises:
        DeclarationError: The relation leads to one item, or its items lack an attribute.
    """
    known = declared if isinstance(declared, Mapping) else {}
    for name, path in paths.items():
        how = known.get(name, Expand())
        if not (how.order or how.limit):
            continue
        where = f"{declared_at}.expand[{name!r}]"
        relation = relation_along(path, store)
        if relation is None:
            raise DeclarationError(
                f"{where}: order and limit need a relation that the store knows, and "
                f"{path!r} is an attribute of another kind. Write Expand()."
            )
        if path.limit is None or not relation.is_many:
            raise DeclarationError(
                f"{where}: order and limit are for relations to several items, and {path!r} leads "
                "to one. Write Expand()."
            )
        for each in how.orders:
            _check_order(each.name, relation, where)


def _check_order(name: str, relation: ModelRelation, where: str) -> None:
    known = relation.target.attributes.items()
    ordered = {name for name, each in known if each.operators - _UNORDERED}
    if name not in ordered:
        found = ", ".join(sorted(ordered))
        raise DeclarationError(
            f"{where}: {relation.target.model.__qualname__} cannot be ordered by {name!r}. Choose "
            f"from {found}."
        )
