"""The documentation site: built once for all tests, and looked at as files."""

from __future__ import annotations

import fcntl
import importlib.util
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from programs import program_missing

__all__ = ["DOCS", "LoadedPage", "Site", "build_site"]

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_NEEDED = ("sphinx", "myst_parser", "furo", "sphinx_copybutton")
_WARNING = re.compile(r"\b(WARNING|ERROR)\b")


@dataclass(frozen=True)
class Site:
    """A built site.

    Attributes:
        folder: The folder of its files.
        status: The exit status of the build.
        log: The lines that the build printed.
    """

    folder: Path
    status: int
    log: str

    @property
    def warnings(self) -> list[str]:
        """The lines of the log that warn."""
        return [line for line in self.log.splitlines() if _WARNING.search(line)]

    @cached_property
    def pages(self) -> dict[str, LoadedPage]:
        """Every HTML page by its path in the site."""
        files = sorted(self.folder.rglob("*.html"))
        return {file.relative_to(self.folder).as_posix(): LoadedPage(file) for file in files}

    def public_names(self) -> set[str]:
        """Return every name of Python that has an entry, from the inventory of the site."""
        content = (self.folder / "objects.inv").read_bytes().split(b"\n", 4)[4]
        lines = zlib.decompress(content).decode().splitlines()
        return {line.split(" ")[0] for line in lines if " py:" in line}

    def broken_links(self) -> Iterator[str]:
        """Yield the links of pages to files and anchors that are not in the site."""
        for path, page in self.pages.items():
            for target in page.targets:
                if not self._leads_somewhere(page, target):
                    yield f"{path}: {target}"

    def _leads_somewhere(self, page: LoadedPage, target: str) -> bool:
        url = urlsplit(target)
        if url.scheme or url.netloc:
            return True
        file = (page.file.parent / unquote(url.path)).resolve() if url.path else page.file
        found = self.pages.get(file.relative_to(self.folder.resolve()).as_posix())
        is_there = found is not None or file.is_file()
        return is_there and (found is None or not url.fragment or url.fragment in found.anchors)


class LoadedPage(HTMLParser):
    """A page of HTML: its links, the files that it loads, and its anchors."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.file = file.resolve()
        self.targets: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.feed(file.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the links and the anchors of an element."""
        values = {name: value or "" for name, value in attrs}
        self.anchors.add(unquote(values.get("id", "")))
        is_loaded = tag in ("script", "img", "iframe") or values.get("rel") == "stylesheet"
        for name in ("href", "src"):
            if values.get(name):
                self.targets.append(values[name])
                self.loaded += [values[name]] if is_loaded else []


def build_site(folder: Path) -> Site:
    """Return the site in a folder; the first of several processes builds it.

    The test is skipped where Sphinx is not installed (see `programs`).
    """
    if missing := [name for name in _NEEDED if importlib.util.find_spec(name) is None]:
        reason = f"{', '.join(missing)} cannot be imported"
        program_missing(reason, "", otherwise="python -m pip install '.[docs]'")
    log, status = folder / "site.log", folder / "site.status"
    with (folder / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not status.exists():
            _build(folder, log, status)
    return Site(folder / "site", int(status.read_text("utf-8")), log.read_text("utf-8"))


def _build(folder: Path, log: Path, status: Path) -> None:
    strict = ["-W", "--keep-going", "-b", "html", "-d", folder / "doctrees"]
    command = [sys.executable, "-m", "sphinx", *strict, DOCS, folder / "site"]
    with log.open("w") as printed:
        done = subprocess.run(
            [*map(str, command)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            timeout=900,
            check=False,
        )
    status.write_text(str(done.returncode), "utf-8")
