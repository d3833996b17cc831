"""A server of SMTP for tests: it notes the messages that it gets (RFC 5321)."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager

__all__ = ["MailServer", "mail_server"]


class MailServer(socketserver.ThreadingTCPServer):
    """A server in this process.

    Attributes:
        context: The TLS of STARTTLS and of connections that begin with it; None without TLS.
        from_start: Whether connections begin with TLS.
        messages: The messages, as bytes.
        logins: The user names and passwords.
        secure: Whether each message came over TLS.
        refused: The receivers that it refuses.
        farewell: The reply to QUIT.
    """

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None, *, from_start: bool) -> None:
        self.context = context
        self.from_start = from_start
        self.messages: list[bytes] = []
        self.logins: list[tuple[str, str]] = []
        self.secure: list[bool] = []
        self.refused: set[str] = set()
        self.farewell = "221 bye"
        super().__init__(("127.0.0.1", 0), _Dialogue)

    @property
    def port(self) -> int:
        """The port."""
        return int(self.server_address[1])


class _Dialogue(socketserver.StreamRequestHandler):
    server: MailServer

    def setup(self) -> None:
        self._is_secure = self.server.from_start
        if self._is_secure:
            self._wrap()
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _wrap(self) -> None:
        assert self.server.context is not None
        self.request = self.server.context.wrap_socket(self.request, server_side=True)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            if word.upper() == "QUIT":
                self._say(self.server.farewell)
                return
            getattr(self, f"_{word.lower()}", self._ok)(rest)

    def _ok(self, rest: str) -> None:
        self._say("250 ok")

    def _ehlo(self, rest: str) -> None:
        self._say("250-localhost")
        if self.server.context is not None and not self._is_secure:
            self._say("250-STARTTLS")
        self._say("250 AUTH PLAIN")

    def _starttls(self, rest: str) -> None:
        self._say("220 go on")
        self._wrap()
        self._is_secure = True
        super().setup()

    def _auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        self.server.logins.append((user, password))
        self._say("235 welcome")

    def _rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        self._say("550 unknown" if address in self.server.refused else "250 ok")

    def _data(self, rest: str) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.messages.append(b"".join(lines))
        self.server.secure.append(self._is_secure)
        self._say("250 taken")


@contextmanager
def mail_server(
    context: ssl.SSLContext | None = None, *, from_start: bool = False
) -> Generator[MailServer]:
    """Run a server, and stop it afterwards."""
    with MailServer(context, from_start=from_start) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
