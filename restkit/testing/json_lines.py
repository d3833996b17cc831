"""JSON Lines that are checked line by line, while the response is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..response import close_if_open

__all__ = ["CheckedLines"]


class CheckedLines:
    """The body of a streamed response in JSON Lines; a chunk is sent once its lines are checked."""

    def __init__(self, body: Iterable[bytes], check: Callable[[bytes], None]) -> None:
        """Put a check around a body.

        Args:
            body: The body.
            check: A function that raises an exception about a line that is invalid.
        """
        self._body = body
        self._check = check

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks of the body."""
        begun: list[bytes] = []  # the pieces of a line whose end is in a later chunk
        for chunk in self._body:
            *ended, rest = chunk.split(b"\n")
            for end in ended:
                self._check(b"".join([*begun, end]))
                begun.clear()
            begun.append(rest)
            yield chunk
        self._check(b"".join(begun))

    def close(self) -> None:
        """Close the body."""
        close_if_open(self._body)
