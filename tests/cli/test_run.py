"""``restkit run``, with real requests to a real socket."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from restkit import App
from restkit.cli.run import _greeting  # hosts that a test cannot listen on

from .shops import ROOT, SHOP, command, invoke


class Server:
    """Is a running ``restkit run``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.output: list[str] = []
        self.url = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)

    def printed(self, pattern: str) -> bool:
        """Return whether something was printed so far."""
        return re.search(pattern, "".join(self.output)) is not None

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until something was printed."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if found := re.search(pattern, "".join(self.output)):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{pattern} is not in {''.join(self.output)}")

    def get(self, path: str) -> tuple[int, Any]:
        """Send a GET request; ask again while nothing listens,
        or where a restart cuts the answer off.
        """
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                try:
                    with urllib.request.urlopen(self.url + path, timeout=10) as response:
                        return response.status, json.load(response)
                except urllib.error.HTTPError as error:
                    with error:
                        return error.code, json.loads(error.read() or b"null")
            time.sleep(0.05)
        raise AssertionError("".join(self.output))

    def end(self) -> None:
        """End the process by its id."""
        self.process.terminate()
        self.process.wait(timeout=20)
        self._reader.join(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextmanager
def running(shop: Path, *options: str, target: str = "shop:app") -> Iterator[Server]:
    """Run the command on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "restkit", "run", target, "--port", "0", *options],
        cwd=shop,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    server = Server(process)
    try:
        server.url = server.wait_for(r"Serving \S+ at (http://\S+)")[1]
        server.wait_for("Press CTRL")  # printed when it listens
        yield server
    finally:
        server.end()


def test_serves(shop: Path) -> None:
    """The command prints where the App and its pages are, and answers there."""
    with running(shop) as server:
        server.wait_for(rf"Serving Shop at {server.url} \(docs at {server.url}/docs\)\n")
        assert server.get("/books") == (200, [{"id": 1, "title": "Émma"}])
        assert server.get("/gone")[0] == 404
        assert server.get("/openapi.json")[1]["info"]["title"] == "Shop"


def test_contract_is_checked(shop: Path) -> None:
    """An answer outside its contract is a 500 that says which declaration is wrong,
    and a line in the log.
    """
    with running(shop, "--no-threads") as server:
        status, problem = server.get("/books/2")
        assert status == 500
        assert (
            "shop.BookItem.get responded with status 200 with a body that is not BookSchema"
            in problem["detail"]
        )
        server.wait_for("ContractError: shop.BookItem.get responded")
        assert server.get("/books/1")[0] == 200


def test_contract_off(shop: Path) -> None:
    """The setting contract="off" turns the check off."""
    (shop / "shop.py").write_text(SHOP.replace('version="2.0"', 'version="2.0", contract="off"'))
    with running(shop) as server:
        assert server.get("/books/2") == (200, {"title": "no id"})


def test_what_is_no_request_is_a_problem(shop: Path) -> None:
    """What the server refuses before the App sees it is a problem that repeats nothing of it."""
    with running(shop) as server:
        host, port = server.url.removeprefix("http://").split(":")
        for raw, status in (
            (b"GET /bo%soks PLANTED HTTP/1.1", 400),
            (b"GET / HTTP/1.1\r\nPLANTED: " + b"x" * 100_000, 431),
            (b"GET / HTTP/1.1" + b"\r\nPLANTED: x" * 1000, 431),
            (b"GET /" + b"x" * 100_000 + b" HTTP/1.1", 414),
        ):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.sendall(raw + b"\r\n\r\n")
                with contextlib.suppress(OSError):  # the server may have answered and left
                    connection.shutdown(socket.SHUT_WR)
                head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
            assert b"PLANTED" not in head + body
            if (
                status != 414
            ):  # for which the standard library sends no head: it does not know the version yet
                assert head.split(b" ")[1] == str(status).encode()
                assert b"Content-Type: application/problem+json" in head
                assert json.loads(body)["status"] == status


def test_exceptions(shop: Path) -> None:
    """An exception is a problem that tells nothing, with its traceback in the log."""
    with running(shop) as server:
        status, problem = server.get("/books/3")
        assert status == 500
        assert problem["status"] == 500
        assert "inside" not in json.dumps(problem)
        server.wait_for("RuntimeError: inside")


def test_debugger(shop: Path) -> None:
    """With --debugger an exception is shown in the browser."""
    with running(shop, "--debugger") as server:
        for path, shown in [
            ("/books/3", "RuntimeError: inside"),
            ("/books/2", "ContractError: shop.BookItem.get"),
        ]:
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(server.url + path, timeout=10)
            with caught.value as response:
                assert response.code == 500
                page = response.read().decode()
            assert "Werkzeug Debugger" in page
            assert shown in page


def write_until(path: Path, text: str, done: Callable[[], bool]) -> None:
    """Write a file anew until the reloader, which looks once a second at the times of files,
    has acted on it.
    """
    for _ in range(15):
        path.write_text(text, "utf-8")
        for _ in range(20):
            if done():
                return
            time.sleep(0.1)
    raise AssertionError(f"a change of {path} was not seen")


def test_reload(shop: Path) -> None:
    """With --reload a changed file starts the App again; a mistake is shown until it is mended."""
    (shop / "extra.txt").write_text("1")
    with running(shop, "--reload", "--extra-file", "extra.txt") as server:
        assert server.get("/books")[1] == [{"id": 1, "title": "Émma"}]

        broken = r"Error: shop cannot be imported: .* is not valid Python"
        write_until(shop / "shop.py", SHOP + "\nx = = 1\n", lambda: server.printed(broken))
        status, problem = server.get("/books")
        assert status == 500
        assert "is not valid Python: invalid syntax" in problem["detail"]

        mended = SHOP.replace("Émma", "Persuasion")
        write_until(
            shop / "shop.py",
            mended,
            lambda: server.get("/books") == (200, [{"id": 1, "title": "Persuasion"}]),
        )

        write_until(
            shop / "extra.txt", "2", lambda: server.printed(r"Detected change in .*extra\.txt")
        )
        assert server.get("/books")[0] == 200
        assert len(re.findall("Serving Shop", "".join(server.output))) == 1


def test_port_is_taken(shop: Path) -> None:
    """A port that is taken is one sentence, before anything is served."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = command("run", "shop", "--port", port, cwd=shop)
    assert done.returncode == 2
    assert done.stderr == (
        f"Error: Port {port} on 127.0.0.1 is in use. Stop the process that listens there, or "
        "choose another port with --port.\n"
    )


def test_addresses_of_others(shop: Path) -> None:
    """An address that is not this machine's is one sentence."""
    result = invoke("run", "shop", "--host", "192.0.2.1")
    assert result.exit_code == 2
    assert result.output.startswith("Error: Cannot listen on 192.0.2.1:8000: ")
    assert invoke("run", "shop", "--port", "70000").exit_code == 2


def test_greeting() -> None:
    """The greeting shows an address that a browser can open,
    and the pages only where there are some.
    """
    from restkit import App

    assert (
        _greeting(App("A"), "0.0.0.0", 80)
        == "Serving A at http://127.0.0.1:80 (docs at http://127.0.0.1:80/docs)"
    )
    assert _greeting(App("A", docs_url=None), "::", 80) == "Serving A at http://[::1]:80"
    assert (
        _greeting(App("A", openapi_url=None), "localhost", 80) == "Serving A at http://localhost:80"
    )


def test_greeting_of_a_guarded_app() -> None:
    """The greeting says that the pages need credentials, unless they are optional."""
    from restkit import App, anonymous
    from restkit.security import HTTPBearer
    from restkit.testing import Client
    from restkit.versioning import Versions

    tokens = HTTPBearer({"t0ken": "ann"}.get)
    guarded, optional = App("A", security=tokens), App("A", security=tokens | anonymous)
    needs = "(docs at http://127.0.0.1:80/docs, which need credentials)"

    assert _greeting(guarded, "127.0.0.1", 80) == f"Serving A at http://127.0.0.1:80 {needs}"
    assert Client(guarded).get("/docs").status == 401
    assert _greeting(optional, "127.0.0.1", 80).endswith("(docs at http://127.0.0.1:80/docs)")
    assert Client(optional).get("/docs").status == 200
    opened = App("A", security=tokens, docs_public=True)
    assert _greeting(opened, "127.0.0.1", 80).endswith("(docs at http://127.0.0.1:80/docs)")
    versions = Versions({"1": App("A", security=tokens)}, header="Api-Version", default="1")
    assert _greeting(versions, "127.0.0.1", 80).endswith(needs)


def test_start_up_errors(shop: Path) -> None:
    """What keeps the App from starting is one sentence, and nothing is served."""
    (shop / "shop.py").write_text("import nothing\n")
    done = command("run", "shop", "--port", "0", cwd=shop)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(
        "Error: shop cannot be imported: ModuleNotFoundError: No module named 'nothing'"
    )


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the calls of Werkzeug's server, which does not start."""
    calls: list[Any] = []
    monkeypatch.setattr(
        "restkit.cli.run.run_simple", lambda *given, **more: calls.append((given, more))
    )
    return calls


def test_options_reach_the_server(shop: Path, served: list[Any]) -> None:
    """The defaults are a server with threads, without reloader and debugger."""
    result = invoke("run", "shop", "--port", "0")
    assert result.exit_code == 0
    (host, port, _), options = served.pop()
    assert host == "127.0.0.1"
    assert 1024 < port < 65536
    assert result.output.startswith(f"Serving Shop at http://127.0.0.1:{port} (docs at ")
    assert options["threaded"] is True
    assert options["use_reloader"] is options["use_debugger"] is False
    assert options["extra_files"] == []
    more = ("--reload", "--debugger", "--no-threads", "--extra-file", "a.txt")
    assert invoke("run", "shop", "--port", "0", *more).exit_code == 0
    options = served.pop()[1]
    assert options["threaded"] is False
    assert options["use_reloader"] is options["use_debugger"] is True
    assert options["extra_files"] == [str(shop.resolve() / "a.txt")]


def test_a_program_that_breaks_while_it_reloads_is_served_as_an_error(
    shop: Path, served: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the command ends."""
    (shop / "broken.py").write_text("1 / 0\n")
    assert invoke("run", "broken", "--port", "0").exit_code == 2
    assert served == []
    monkeypatch.setattr("restkit.cli.run.is_running_from_reloader", lambda: True)
    result = invoke("run", "broken", "--port", "8123")
    assert result.exit_code == 0
    assert "broken cannot be imported: ZeroDivisionError" in result.output
    (_, port, program), _ = served.pop()
    assert port == 8123
    started: list[Any] = []
    body = program({}, lambda status, headers: started.append(status))
    assert started == ["500 Internal Server Error"]
    assert b"ZeroDivisionError" in b"".join(body)
    assert invoke("run", "shop", "--port", "8123").output == ""


def test_a_port_in_use_is_a_mistake(shop: Path, served: list[Any]) -> None:
    """As is an address of another machine."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = invoke("run", "shop", "--port", str(port))
    assert result.exit_code == 2
    assert f"Port {port} on 127.0.0.1 is in use." in result.output
    result = invoke("run", "shop", "--host", "192.0.2.1")
    assert result.exit_code == 2
    assert "Cannot listen on 192.0.2.1:8000: " in result.output
    assert served == []


@pytest.mark.parametrize(
    ("contract", "found", "warns"), [("log", None, True), ("off", None, False), ("log", 1, False)]
)
def test_a_missing_package_is_said_once(
    shop: Path,
    served: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    contract: str,
    found: object,
    warns: bool,
) -> None:
    """Without jsonschema the check knows members only."""
    text = (
        (shop / "shop.py")
        .read_text()
        .replace('version="2.0"', f'version="2.0", contract="{contract}"')
    )
    (shop / "checked.py").write_text(text)
    monkeypatch.setattr("restkit.cli.run.importlib.util.find_spec", lambda name: found)
    result = invoke("run", "checked", "--port", "0")
    assert ("pip install 'restkit[verify]'" in result.stderr) is warns


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example.com"])
def test_the_debugger_is_for_this_machine_alone(shop: Path, host: str) -> None:
    done = invoke("run", "shop", "--debugger", "--host", host)
    assert done.exit_code == 2
    assert "SSH tunnel" in done.output


def test_a_failed_start_is_one_sentence(shop: Path) -> None:
    program = "from restkit import App\napp = App('Broken')\napp.on_start(lambda: 1 / 0)\n"
    (shop / "broken.py").write_text(program, "utf-8")
    done = invoke("run", "broken", "--port", "0")
    assert done.exit_code == 2
    assert "The App failed to start: ZeroDivisionError: division by zero." in done.output


def test_what_the_app_logs_is_on_standard_error(shop: Path) -> None:
    """With its level and the name of the logger, once, and from INFO on."""
    program = """
        import logging
        from restkit import App
        app = App("Talking")
        if SETUP:
            logging.basicConfig(format="own: %(message)s", level="WARNING")
        @app.on_start
        def start():
            app.logger.debug("hidden")
            app.logger.info("begun")
            app.logger.warning("careful")
            raise ValueError("enough")
    """
    for setup, expected in (
        ("False", ["INFO {name}: begun", "WARNING {name}: careful"]),
        ("True", ["own: careful"]),
    ):
        (shop / "talking.py").write_text(textwrap.dedent(program).replace("SETUP", setup), "utf-8")
        done = command("run", "talking", "--port", "0", cwd=shop)
        lines = [line for line in done.stderr.splitlines() if "begun" in line or "careful" in line]
        assert lines == [each.format(name=App("Talking").logger.name) for each in expected]
        assert "hidden" not in done.stderr
