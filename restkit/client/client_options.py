"""The options of a `Client`, and files as its calls take them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypedDict

from ..errors import DeclarationError
from ..problems import Problem
from .breaker import Breaker

if TYPE_CHECKING:
    import httpx2

__all__ = ["ClientOptions", "DocumentLike", "FileLike", "HeadersLike", "check_options"]

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


def check_options(timeout: object, headers: object, problems: object, breaker: object) -> None:
    """Reject options of a `Client` that cannot be meant.

    Raises:
        DeclarationError: One of them is of another kind, or out of its range.
    """
    is_number = isinstance(timeout, (int, float)) and not isinstance(timeout, bool)
    if not is_number or not 0 < float(timeout) < math.inf:  # type: ignore[arg-type]  # a number
        raise DeclarationError(f"Client(timeout={timeout!r}): it must be seconds, above 0.")
    if headers is not None and not callable(headers) and not isinstance(headers, Mapping):
        raise DeclarationError(
            f"Client(headers={headers!r}): give a dict of headers, or a function that returns one."
        )
    if not isinstance(problems, Sequence) or not all(map(_is_problem, problems)):
        raise DeclarationError(
            f"Client(problems={problems!r}): give a list of Problem classes, such as [OutOfStock]."
        )
    if not isinstance(breaker, (bool, Breaker)):
        raise DeclarationError(
            f"Client(breaker={breaker!r}): give True, False, or Breaker(...) with other limits."
        )


def _is_problem(each: object) -> bool:
    return isinstance(each, type) and issubclass(each, Problem)
