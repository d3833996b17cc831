"""The tables of models that programs make with a mixin of restkit: sessions, tokens."""

from __future__ import annotations

from sqlalchemy import Table

from ..errors import DeclarationError

__all__ = ["table_of"]


def table_of(model: type, mixin: type, store: str, example: str) -> Table:
    """Return the table of a model.

    Args:
        model: The mapped class.
        mixin: The mixin whose columns it must have.
        store: The name of the store, for messages.
        example: A declaration that would do, for messages.

    Raises:
        DeclarationError: The model is no such class.
    """
    table: object = getattr(model, "__table__", None)
    if not isinstance(table, Table) or not issubclass(model, mixin):
        raise DeclarationError(
            f"{store} expects a model with the mixin {mixin.__name__}, got {model!r}. Write "
            f"{example}."
        )
    return table
