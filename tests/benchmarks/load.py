"""A bounded load on a server of this machine:
a few connections, raw requests, every answer's status checked.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time

from .cases import CASES, Case

__all__ = ["Load"]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Load:
    """Sends one request again and again until the time or the count is reached.

    Attributes:
        done: How many answers came.
        wrong: How many of them had another status than the case says.
        error: What went wrong with a connection, if anything did.
    """

    def __init__(self, port: int, case: Case, seconds: float, count: int) -> None:
        self.port = port
        self.request = _request_of(case)
        self.status = str(case.status).encode()
        self.count = count
        self.until = time.monotonic() + seconds
        self.done = 0
        self.wrong = 0
        self.error: Exception | None = None

    def run(self, connections: int) -> float:
        """Send with so many connections, and return the seconds that it took."""
        start = time.monotonic()
        threads = [threading.Thread(target=self._send) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.error is not None:
            raise self.error
        return time.monotonic() - start

    def _send(self) -> None:
        try:
            self._exchange()
        except OSError as error:
            self.error = error

    def _exchange(self) -> None:
        connection, rest = None, b""
        while self.done < self.count and time.monotonic() < self.until:
            if connection is None:
                connection, rest = (
                    socket.create_connection(("127.0.0.1", self.port), timeout=10),
                    b"",
                )
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(self.request)
            head, rest, closing = _receive(connection, rest)
            self.done += 1
            self.wrong += head[9:12] != self.status
            if closing:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()


def _request_of(case: Case) -> bytes:
    head = [
        f"{case.method} {case.path} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: benchmark/1.0",
        "Accept: */*",
    ]
    if case.body:
        head += ["Content-Type: application/json", f"Content-Length: {len(case.body)}"]
    return "\r\n".join([*head, "", ""]).encode() + case.body


def _receive(connection: socket.socket, data: bytes) -> tuple[bytes, bytes, bool]:
    """Return an answer's head, what was read beyond the answer, and whether the connection ends."""
    while b"\r\n\r\n" not in data:
        data += _read(connection)
    head, _, rest = data.partition(b"\r\n\r\n")
    closing = _CLOSE.search(head) is not None
    found = _LENGTH.search(head)
    if found is not None:
        length = int(found[1])
        while len(rest) < length:
            rest += _read(connection)
        return head, rest[length:], closing
    if _CHUNKED.search(head):
        while not rest.endswith(b"0\r\n\r\n"):
            rest += _read(connection)
        return head, b"", closing
    while connection.recv(65536):
        pass
    return head, b"", True


def _read(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the server closed the connection in the middle of an answer")
    return data


if __name__ == "__main__":
    port, name, connections, seconds, count = sys.argv[1:]
    load = Load(int(port), CASES[name], float(seconds), int(count))
    took = load.run(int(connections))
    print(json.dumps({"requests": load.done, "wrong": load.wrong, "seconds": took}))
