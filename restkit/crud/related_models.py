"""The models of related items by the members of the content that name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from ..records import Record
from .binding import Binding

__all__ = ["RelatedModel", "related_models"]


class RelatedModel(Record):
    """The model of related items.

    Attributes:
        model: The model.
        by: The attribute whose value names an item, "" for its key.
    """

    model: type
    by: str = ""


@runtime_checkable
class Referring(Protocol):
    """The optional ability of a store to know the models that attributes refer to."""

    def reference_models(self) -> Mapping[str, type]:
        """Return the models by the attributes that hold the key of an item."""
        ...


def related_models(binding: Binding) -> dict[str, RelatedModel]:
    """Return the models of related items of a collection, by references and by its relations."""
    known: dict[str, RelatedModel] = {}
    if isinstance(binding.store, Referring):
        references = binding.store.reference_models()
        known = {name: RelatedModel(model) for name, model in references.items()}
    for name, bound in binding.relations.items():
        known[name] = RelatedModel(bound.relation.model, bound.relation.by)
    fields = {**binding.list_views.attribute_fields(), **binding.views.attribute_fields()}
    return {
        fields[name].data_key or fields[name].name or name: model
        for name, model in known.items()
        if name in fields
    }
