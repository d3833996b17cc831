"""The parts of a store that its transactions use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from sqlalchemy.orm import Mapper

from .column_values import Form
from .row_rules import RowRules
from .selecting import Selecting

__all__ = ["TransactedStore"]


class TransactedStore(Protocol):
    """The parts of a store that its transactions use."""

    discriminator: str

    mapper: Mapper[object]
    key: str
    keys: tuple[str, ...]
    identity: frozenset[str]
    soft_delete: str | None
    decorated: frozenset[str]
    never_null: frozenset[str]
    forms: Mapping[str, Form]
    rules: RowRules
    selecting: Selecting

    @property
    def model(self) -> type[object]:
        """The model."""
        ...

    @property
    def kinds(self) -> Mapping[str, TransactedStore]:
        """The stores of subclasses, by their kinds."""
        ...

    def of_item(self, item: object, /) -> TransactedStore:
        """Return the store of the class of an item."""
        ...
