"""The error store of a load, filled without marshmallow's copies of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from marshmallow import error_store as _error_store

__all__ = ["Store", "copied", "put"]


class Store(_error_store.ErrorStore):
    """marshmallow's error store.

    PERF: all stores begin with one shared empty dict, which marshmallow replaces and never changes.
    """

    __init__ = object.__init__
    errors: dict[object, object] = {}  # noqa: RUF012  # see above

    if TYPE_CHECKING:  # marshmallow's method has no annotations

        def store_error(
            self, messages: object, field_name: object = "_schema", index: int | None = None
        ) -> None:
            """Store messages under a key."""


def put(store: Store, key: object, messages: object, index: int | None) -> None:
    """Store messages under a key as ``ErrorStore.store_error`` does, without copying them."""
    errors = store.errors
    if index is not None or key in errors or (key == "_schema" and type(messages) is dict):
        store.store_error(messages, key, index=index)
    elif errors:
        errors[key] = messages
    else:
        store.errors = {key: messages}


def copied(messages: object) -> object:
    """Return a copy of shared messages."""
    return _error_store.copy_containers(messages)  # type: ignore[no-untyped-call]  # it has no annotations
