"""The tutorial, typed from an empty folder to the service behind nginx, as its readers type it."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from page_blocks import TITLE, blocks_of, dialogue_of
from programs import find_program
from terminal import Terminal

from .places import ROOT

pytestmark = pytest.mark.external

FIRST = ROOT / "docs" / "tutorial.md"
_KEPT = ("LANG", "TMPDIR", "PYTHONPYCACHEPREFIX")


def chapters() -> list[Path]:
    """Return the chapters in the order in which the first page lists them."""
    names = re.findall(r"\]\(tutorial/([\w-]+\.md)\)", FIRST.read_text("utf-8"))
    return [FIRST, *(FIRST.parent / "tutorial" / name for name in dict.fromkeys(names))]


def test_the_first_page_lists_all_chapters() -> None:
    assert {*chapters()} == {FIRST, *(FIRST.parent / "tutorial").glob("*.md")}
    assert len(chapters()) > 3


def test_the_tutorial(tmp_path: Path) -> None:
    """Each file is saved, each command typed, and each output is the one that the page shows."""
    nginx = find_program("nginx", "/usr/sbin/nginx", packages="nginx-light")
    find_program("curl", packages="curl")
    (tmp_path / "restkit").symlink_to(ROOT)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3").symlink_to(os.path.realpath(sys.executable))
    (tools / "nginx").symlink_to(nginx)
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {"PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin", "COLUMNS": "80"}
    with Terminal(tmp_path, environment) as terminal:
        try:
            for chapter in chapters():
                _type(chapter, terminal)
        finally:
            pid = tmp_path / "bookstore" / "nginx.pid"
            if pid.exists():
                os.kill(int(pid.read_text("utf-8")), 15)


def _type(chapter: Path, terminal: Terminal) -> None:
    for block in blocks_of(chapter):
        title = TITLE.search(block.info)
        if title:
            terminal.write(title[1], block.text, appended=bool(title[2]))
        elif block.language == "console":
            for command, expected in dialogue_of(block.text):
                terminal.type(command, expected)
        else:
            # Other blocks are for a server of one's own; programs have a name.
            known = ("bash", "json", "{toctree}")
            assert block.language in known, f"{chapter.name}:{block.line}"
