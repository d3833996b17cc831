"""The options of a `Client`, and files as its calls take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    import httpx2

    from ..problems import Problem
    from .breaker import Breaker

__all__ = ["ClientOptions", "DocumentLike", "FileLike", "HeadersLike"]

DocumentLike = Mapping[str, object] | Path | str
HeadersLike = Mapping[str, str] | Callable[[], Mapping[str, str]]
FileLike = bytes | IO[bytes] | tuple[str, bytes | IO[bytes]] | tuple[str, bytes | IO[bytes], str]
"""A file: its content, an open file, or both with a name and perhaps a media type."""


class ClientOptions(TypedDict, total=False):
    """The options of a `Client`."""

    timeout: float
    operations: Sequence[str]
    problems: Sequence[type[Problem]]
    headers: HeadersLike | None
    forward: Sequence[str]
    document: DocumentLike | None
    document_url: str
    name: str | None
    retries: int
    breaker: Breaker | bool
    deadline_header: str
    transport: httpx2.BaseTransport | None
