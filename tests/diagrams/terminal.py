"""The picture of two terminals: ``restkit run`` and the curl commands that call it.

The text is printed by a server and by curl while the picture is made.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers import free_port, serve_process

from .drawing import WIDTH, Drawing

__all__ = ["terminal", "transcript"]

_ROOT = Path(__file__).parents[2]
_COLUMNS = 55
_SHOWN = "127.0.0.1:8000"
_COMMANDS = (
    f"""curl --json '{{"title": "Water the plants"}}' http://{_SHOWN}/todos""",
    f"curl 'http://{_SHOWN}/todos?done=false'",
    f"""curl --json '{{"titel": "Water"}}' http://{_SHOWN}/todos""",
    f"curl -X DELETE http://{_SHOWN}/todos",
)


def transcript() -> tuple[list[str], list[str]]:
    """Serve the program of the README, and call it with curl.

    Returns:
        The lines of the terminal of the server, and those of the client. ``...`` stands for the
        server's warning, for times and for the version of the item, which begins at random.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "todo.py").write_bytes((_ROOT / "examples" / "todo.py").read_bytes())
        Path(folder, ".curlrc").write_text("silent\nshow-error\n", "utf-8")
        environment = {**os.environ, "CURL_HOME": folder, "PYTHONPATH": str(_ROOT)}
        run = f"exec '{sys.executable}' -m restkit run --port {port} todo.py >server.log 2>&1"
        client: list[str] = []
        command = ["bash", "-c", run]
        with serve_process(command, port=port, cwd=folder, environment=environment):
            for each in _COMMANDS:
                typed = ["bash", "-c", each.replace(_SHOWN, f"127.0.0.1:{port}")]
                printed = subprocess.run(
                    typed, cwd=folder, env=environment, capture_output=True, text=True, check=True
                )
                client += [f"$ {each}", _general(printed.stdout.strip(), port)]
        log = Path(folder, "server.log").read_text("utf-8").splitlines()
    greeting, *others = [_general(line, port) for line in log]
    requests = [line for line in others if '"' in line]
    return ["$ restkit run todo.py", greeting, "...", *requests], client


def _general(line: str, port: int) -> str:
    line = line.replace(f"127.0.0.1:{port}", _SHOWN)
    line = re.sub(r'"version":\d+', '"version":...', line)
    return re.sub(r"\[\d\d/[^\]]+\]", "[...]", line)


def terminal() -> str:
    """Draw the terminal of a server, and that of its client."""
    drawing = Drawing(
        "Two terminals: restkit run serves a program; curl creates an item, lists the items, and "
        "gets problems for an unknown member and for a method that the URL does not have"
    )
    y = 8.0
    for name, lines in zip(("server", "client"), transcript(), strict=True):
        y = _draw_window(drawing, name, lines, y)
    return drawing.svg(y)


def _draw_window(drawing: Drawing, name: str, lines: list[str], y: float) -> float:
    """Draw one terminal, which folds long lines, and return the place below it."""
    rows = [(row, line.startswith("$ ")) for line in lines for row in _folded(line)]
    height = 34 + 17 * len(rows)
    drawing.box(8, y, WIDTH - 16, height, "screen")
    drawing.text(WIDTH / 2, y + 18, name, "small printed", "middle")
    for index, (row, is_typed) in enumerate(rows):
        kind = "mono typed" if is_typed else "mono printed"
        drawing.text(18, y + 40 + 17 * index, row, kind)
    return y + height + 8


def _folded(line: str) -> list[str]:
    """Return a line in rows that fit, folded after a space or a comma."""
    rows = []
    while len(line) > _COLUMNS:
        end = max(line.rfind(" ", 0, _COLUMNS), line.rfind(",", 0, _COLUMNS)) + 1
        rows.append(line[:end])
        line = line[end:]
    return [*rows, line]
