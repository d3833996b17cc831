"""Receivers of webhooks for tests: servers in this process that note what they get."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from servers import serve

__all__ = ["Receiver", "serve"]


class Receiver:
    """Notes each request, and responds with what `answer` says.

    Attributes:
        got: The requests: headers by lower-case name, and content.
        answer: From the number of a request (from 1) to its status and headers.
        seconds: How long each request takes.
        most: The most requests at once.
    """

    def __init__(
        self, answer: Callable[[int], tuple[str, list[tuple[str, str]]]] | None = None
    ) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer = answer or (lambda number: ("204 No Content", []))
        self.seconds = 0.0
        self.most = self._now = 0
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        headers = {
            name[5:].lower().replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        with self._lock:
            self.got.append((headers, content))
            number = len(self.got)
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self.seconds)
        with self._lock:
            self._now -= 1
        start_response(*self.answer(number))
        return [b""]

    @property
    def ids(self) -> list[str]:
        """The ids of the messages, in order."""
        return [headers["webhook-id"] for headers, _ in self.got]
