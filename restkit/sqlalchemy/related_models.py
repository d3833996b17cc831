"""Models at the other end of relations, as filters and sort orders reach them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sqlalchemy.orm import Mapper

from ..crud.paths import ModelRelation
from ..crud.store import Attribute
from .columns import attributes_of
from .descriptors import others_of

__all__ = ["relations_of"]


def relations_of(mapper: Mapper[object], backend: str) -> dict[str, ModelRelation]:
    """Return the relations of a model by name.

    Args:
        mapper: The mapper of the model.
        backend: The database, for example ``"sqlite"``.
    """
    return {
        each.key: ModelRelation(each.key, bool(each.uselist), _Target(each.mapper, backend))
        for each in mapper.relationships
    }


class _Target:
    """The model at the other end of a relation, whose members are known when they are needed.

    Attributes:
        model: The class.
    """

    def __init__(self, mapper: Mapper[object], backend: str) -> None:
        self.model: type = mapper.class_
        self._mapper = mapper
        self._backend = backend

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The columns by name, and the other attributes of the model."""
        return self._attributes

    @property
    def relations(self) -> Mapping[str, ModelRelation]:
        """The relations by name."""
        return self._relations

    @cached_property
    def _attributes(self) -> Mapping[str, Attribute]:
        columns = attributes_of(self._mapper, self._backend)
        return {**columns, **others_of(self._mapper, columns)}

    @cached_property
    def _relations(self) -> Mapping[str, ModelRelation]:
        return relations_of(self._mapper, self._backend)
