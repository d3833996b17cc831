"""The query parameters that select the fields and relations of a response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from marshmallow import fields, validate

from .schema_views import Views
from .store import AnyField

__all__ = ["FieldChoices"]


class FieldChoices:
    """The parameters ``fields`` and ``expand``. Clients name fields as content does."""

    def __init__(self, expand: Sequence[str], *, sparse: bool) -> None:
        """Make the parameters.

        Args:
            expand: The relations that clients may include.
            sparse: Whether clients may select fields.
        """
        self._expand = tuple(expand)
        self._is_sparse = sparse

    def fields(self, views: Views) -> dict[str, AnyField]:
        """Return the query parameters of a response that is written with one of the views."""
        found: dict[str, AnyField] = {}
        if self._is_sparse:
            names = [views.wire_name(name) for name in views.names]
            found["fields"] = _choice(names, "Return only these fields.")
        if self._expand:
            names = [views.wire_name(name) for name in self._expand]
            found["expand"] = _choice(names, "Include these relations.")
        return found

    def chosen(
        self, query: Mapping[str, object], views: Views
    ) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """Return the fields and relations that a query selects, in the schema's order."""
        relations = cast("Sequence[str]", query.get("expand", ()))
        expand = tuple(name for name in self._expand if _asks(relations, views.wire_name(name)))
        if query.get("fields") is None:
            return None, expand
        wanted = cast("Sequence[str]", query["fields"])
        return tuple(name for name in views.names if views.wire_name(name) in wanted), expand


def _asks(relations: Sequence[str], name: str) -> bool:
    """Return whether a client asks for a relation, or for one of the items that it leads to."""
    return any(each == name or each.startswith(f"{name}.") for each in relations)


def _choice(choices: Sequence[str], description: str) -> AnyField:
    return fields.List(
        fields.Str(validate=validate.OneOf(choices)),
        validate=validate.Length(1, len(choices)),
        metadata={"description": description, "explode": False},
    )
