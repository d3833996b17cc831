"""A server that accepts connections and never responds, as a Redis that hangs."""

from __future__ import annotations

import socket
import threading

__all__ = ["Hanging"]


class Hanging:
    """A server that accepts connections and never responds.

    Attributes:
        connections: How many it has accepted.
        url: Its URL, as that of a Redis.
    """

    def __init__(self) -> None:
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._socket.getsockname()[1]}/0"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                made, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(made)

    def close(self) -> None:
        """End it."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)
        for each in self._open:
            each.close()
