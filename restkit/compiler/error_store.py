"""The error store of a load, filled without marshmallow's copies of messages."""

from __future__ import annotations

from typing import Any

from marshmallow import error_store as _error_store

__all__ = ["Store", "copied", "put"]


class Store(_error_store.ErrorStore):
    """marshmallow's error store.

    PERF: all stores begin with one shared empty dict, which marshmallow replaces and never changes.
    """

    __init__ = object.__init__
    errors: Any = {}  # noqa: RUF012  # see above


def put(store: Any, key: Any, messages: Any, index: Any) -> None:
    """Store messages under a key as ``ErrorStore.store_error`` does, without copying them."""
    errors = store.errors
    if index is not None or key in errors or (key == "_schema" and type(messages) is dict):
        store.store_error(messages, key, index=index)
    elif errors:
        errors[key] = messages
    else:
        store.errors = {key: messages}


def copied(messages: Any) -> Any:
    """Return a copy of shared messages."""
    return _error_store.copy_containers(messages)  # type: ignore[no-untyped-call]  # it has no annotations
