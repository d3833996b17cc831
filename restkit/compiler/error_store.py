"""The store in which a load collects what is wrong, and what is put into it without marshmallow's copies."""

from __future__ import annotations

from typing import Any

from marshmallow import error_store as _error_store

__all__ = ["Store", "copied", "put"]


class Store(_error_store.ErrorStore):
    """Is marshmallow's store.

    PERF: it begins with one empty dict for all, which marshmallow replaces and never writes to, in place of its own.
    """

    __init__ = object.__init__
    errors: Any = {}  # noqa: RUF012  # see above


def put(store: Any, key: Any, messages: Any, index: Any) -> None:
    """Store messages that nobody else holds under a key, as ``ErrorStore.store_error`` does with a copy of them."""
    errors = store.errors
    if index is not None or key in errors or (key == "_schema" and type(messages) is dict):
        store.store_error(messages, key, index=index)
    elif errors:
        errors[key] = messages
    else:
        store.errors = {key: messages}


def copied(messages: Any) -> Any:
    """Return a copy of messages that somebody else may hold."""
    return _error_store.copy_containers(messages)  # type: ignore[no-untyped-call]  # it has no annotations
