"""The protocol of storages of a response cache, and a stored response."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Protocol, runtime_checkable

from ..records import Record

__all__ = ["CacheStorage", "CacheUnavailable", "StoredResponse", "pack", "unpack"]

Key = tuple[str, ...]
EVERYTHING = "*"
"""The tag of a change that may concern every response."""


class CacheUnavailable(Exception):
    """Raised when a storage cannot be reached, such as that of a stopped Redis."""


class StoredResponse(Record):
    """A stored response, always with status 200.

    Attributes:
        headers: Its headers, without Age.
        body: Its content.
        stored_at: When it was made, by the clock of the storage.
        fresh: The seconds for which it is fresh.
        stale: The seconds for which it is sent afterwards, while another one is made.
        stale_if_error: The seconds for which it is sent afterwards if another one cannot be made.
        begun: The number of changes, see `CacheStorage.begin`, before it was made.
        tags: The tags of all that it depends on.
    """

    headers: list[tuple[str, str]]
    body: bytes
    stored_at: float
    fresh: float
    stale: float
    stale_if_error: float
    begun: int
    tags: Collection[str]

    @property
    def kept(self) -> float:
        """The seconds for which it is kept."""
        return self.fresh + max(self.stale, self.stale_if_error)


@runtime_checkable
class CacheStorage(Protocol):
    """A storage of responses, which knows the changes since they were made.

    Each change has a number, in order. A response is valid if no tag that it depends on has changed
    since the number that `begin` returned before it was made. So a response that was begun before
    a change and is stored after it is not valid.
    """

    clock: Callable[[], float]

    def begin(self) -> int:
        """Return the number of the last change.

        Raises:
            CacheUnavailable: The storage cannot be reached.
        """
        ...

    def get(self, key: Key, /) -> tuple[int, StoredResponse | None]:
        """Return the number of the last change, and the valid response of a key.

        Raises:
            CacheUnavailable: The storage cannot be reached.
        """
        ...

    def put(self, key: Key, stored: StoredResponse, /) -> bool:
        """Store a response if it is valid; return whether it was stored."""
        ...

    def invalidate(self, tags: Collection[str], /) -> None:
        """Note a change of the data that the tags stand for."""
        ...

    def clear(self) -> None:
        """Forget all responses."""
        ...


def pack(stored: StoredResponse) -> bytes:
    """Return a stored response as bytes, without its tags."""
    times = (stored.stored_at, stored.fresh, stored.stale, stored.stale_if_error)
    return json.dumps([stored.headers, *times]).encode() + b"\n" + stored.body


def unpack(data: bytes, begun: int) -> StoredResponse:
    """Return the stored response of bytes.

    Args:
        data: The bytes.
        begun: The number of changes before it was made.

    Raises:
        ValueError: They are not those of a stored response.
    """
    head, _, body = data.partition(b"\n")
    headers, stored_at, fresh, stale, stale_if_error = json.loads(head)
    pairs = [(name, value) for name, value in headers]
    return StoredResponse(pairs, body, stored_at, fresh, stale, stale_if_error, begun, ())
