"""The body of an answer that is still being made when it leaves.

The request stays current until its end.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from ..request import Request, current_request

__all__ = ["Stream"]

_log = logging.getLogger("restkit")


class Stream:
    """Is the body of an answer that is still being made.

    The request stays current, what was provided open.
    """

    def __init__(self, body: Iterable[bytes], request: Request) -> None:
        """Put the request around a body."""
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
            # NOTE: what the server makes of it is not known; no answer can tell it any more.
            _log.error(
                "%s %s failed while its answer was sent", *_told(self._request), exc_info=error
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
        """Close the body; a client that went away ends what was provided like an error."""
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


def _told(request: Request) -> Iterator[str]:
    """Yield a request's method and path as the log has them."""
    # SECURITY: a line break in the URL would let a client write log lines of its own.
    return (ascii(text)[1:-1] for text in (request.method, request.path))
