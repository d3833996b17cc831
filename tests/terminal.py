"""A terminal for tests: a shell into which the commands of a page are typed."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import linked_packages
from page_blocks import pattern_of
from servers import free_port

__all__ = ["Terminal"]

_MARK = "end-of-this-command"
_SERVERS = ("restkit run ", "gunicorn ")
_INSTALL = "python -m pip install "


class Terminal:
    """A shell with at most one server in the background.

    The ports that pages show stand for free ones, in commands, files and output.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self.ports = {shown: free_port() for shown in ("8000", "8080")}
        self._server = ""
        home = folder / "home"
        home.mkdir()
        # A terminal shows no progress meter beside the content, and a pipe would.
        (home / ".curlrc").write_text("silent\nshow-error\n", "utf-8")
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={**environment, "CURL_HOME": str(home), "HOME": str(home)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
        self._pipe(self._shell.stdin).close()
        self._shell.wait(timeout=30)
        self._pipe(self._shell.stdout).close()

    def write(self, name: str, text: str, *, appended: bool = False) -> None:
        """Save a file in the folder of the shell, or add the text to its end."""
        path = Path(self._run("pwd").strip()) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text("utf-8") + "\n\n" if appended else ""
        path.write_text(before + self._here(text), "utf-8")

    def type(self, command: str, expected: str) -> None:
        """Type a command, and compare its output with what the page shows."""
        if command.startswith(_INSTALL):
            words = shlex.split(command.removeprefix(_INSTALL))
            linked_packages.install(words, Path(self._run("echo $VIRTUAL_ENV").strip()))
        elif command.startswith(_SERVERS) and not expected.startswith(("Error", "Usage")):
            self._serve(command, expected)
        else:
            printed = self._there(self._run(f"{{ {self._served(command)}; }} </dev/null"))
            assert re.fullmatch(pattern_of(expected), printed.strip(), re.DOTALL), (
                f"{command}\nprinted:\n{printed}\n{self._logged()}"
            )
            if command.startswith("kill "):
                self._run(f"wait {self._server}")
                self._server = ""

    def stop(self) -> None:
        """Stop the server, as Ctrl-C does."""
        if self._server:
            self._run(f"kill {self._server}; wait {self._server}")
            self._server = ""

    def _serve(self, command: str, expected: str) -> None:
        self.stop()
        command = f"{self._served(command)} </dev/null >{self.log} 2>&1 & echo $!"
        self._server = self._run(command).strip()
        deadline = time.monotonic() + 60
        while not re.fullmatch(pattern_of(expected), self._logged().strip(), re.DOTALL):
            assert time.monotonic() < deadline, f"{command}\nprinted:\n{self._logged()}"
            time.sleep(0.05)
        while not self._is_listening():
            assert time.monotonic() < deadline, f"{command} does not listen"
            time.sleep(0.05)

    def _is_listening(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.ports["8000"]), timeout=1).close()
        except OSError:
            return False
        return True

    def _logged(self) -> str:
        return self._there(self.log.read_text("utf-8")) if self.log.exists() else ""

    def _served(self, command: str) -> str:
        """Return a command with a free port in place of the usual one."""
        if command.startswith("restkit run ") and "--port" not in command:
            command += " --port 8000"
        return self._here(command)

    def _here(self, text: str) -> str:
        for shown, port in self.ports.items():
            text = re.sub(rf"\b{shown}\b", str(port), text)
        return text

    def _there(self, text: str) -> str:
        for shown, port in self.ports.items():
            text = text.replace(str(port), shown)
        return text

    def _run(self, command: str) -> str:
        """Return what a command prints, on either stream."""
        typing = self._pipe(self._shell.stdin)
        typing.write(f"{command}\nprintf '\\n%s\\n' {_MARK}\n")
        typing.flush()
        lines: list[str] = []
        for line in self._pipe(self._shell.stdout):
            if line.strip() == _MARK:
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"The shell ended at: {command}\n{''.join(lines)}")

    @staticmethod
    def _pipe(stream: IO[str] | None) -> IO[str]:
        assert stream is not None
        return stream
