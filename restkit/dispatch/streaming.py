"""Streamed responses, whose body is generated while it is sent."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from ..request import Request, current_request

__all__ = ["Stream"]

_log = logging.getLogger("restkit")


class Stream:
    """The body of a streamed response.

    Until its end, the request stays current, and provided values stay open.
    """

    def __init__(self, body: Iterable[bytes], request: Request) -> None:
        """Make the body of a request's response from an iterable of bytes."""
        self._body = body
        self._chunks: Iterator[bytes] = iter(body)
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = current_request.set(self._request)
        try:
            return self._next()
        except StopIteration:
            raise
        except Exception as error:
            # The status is sent already, so no response can report the error.
            _log.error(
                "%s %s failed while its response was sent",
                *_method_and_path(self._request),
                exc_info=error,
            )
            raise
        finally:
            current_request.reset(token)

    def _next(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            self._close_provided(None)
            raise
        except BaseException as error:
            self._close_provided(error)
            raise

    def _close_provided(self, error: BaseException | None) -> None:
        if self._request.provided is not None:
            self._request.provided.close(error)

    def close(self) -> None:
        """Close the body; provided values are rolled back if it was not sent to its end."""
        token = current_request.set(self._request)
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            try:
                self._close_provided(GeneratorExit())
            finally:
                self._request.close()
                current_request.reset(token)


def _method_and_path(request: Request) -> Iterator[str]:
    """Yield a request's method and path for the log."""
    # SECURITY: a line break in the URL would let a client write log lines of its own.
    return (ascii(text)[1:-1] for text in (request.method, request.path))
