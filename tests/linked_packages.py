"""``pip install`` without a network: links to the packages of this interpreter's environment.

An environment gets just the packages that pip would bring, with their entry points and scripts, so
that a package of an extra which nobody asked for is missing.
"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["install"]

ROOT = Path(__file__).parents[1]
_SCRIPT = """#!{python}
import sys
from {module} import {name}
sys.exit({name}())
"""


def install(words: Iterable[str], environment: Path) -> None:
    """Install requirements into a virtual environment.

    Args:
        words: Names of packages with their extras, as pip takes them. A path ending in
            ``restkit`` is this repository.
        environment: The folder of the virtual environment.
    """
    for word in words:
        path, name, extras = re.fullmatch(r"(.*/)?([\w-]+)((?:\[.*\])?)", word).groups()  # type: ignore[union-attr]  # the pages have no others
        if path is None:
            _link_all([Requirement(name + extras)], environment)
        else:
            _install_restkit(Requirement(name + extras).extras, environment)


def _site(environment: Path) -> Path:
    return next(environment.glob("lib/python*/site-packages"))


def _install_restkit(extras: set[str], environment: Path) -> None:
    """Install this repository, as ``pip install -e`` does."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional: dict[str, list[str]] = project["optional-dependencies"]
    needed = [*project["dependencies"], *(each for extra in extras for each in optional[extra])]
    _link_all([Requirement(each) for each in needed], environment)
    site = _site(environment)
    (site / "restkit.pth").write_text(f"{ROOT}\n", "utf-8")
    info = site / f"restkit-{project['version']}.dist-info"
    info.mkdir(exist_ok=True)
    about = f"Metadata-Version: 2.4\nName: restkit\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(about, "utf-8")
    plugin = project["entry-points"]["pytest11"]["restkit"]
    (info / "entry_points.txt").write_text(f"[pytest11]\nrestkit = {plugin}\n", "utf-8")
    _write_script("restkit", project["scripts"]["restkit"], environment)


def _link_all(wanted: Iterable[Requirement], environment: Path) -> None:
    waiting, seen = list(wanted), set()
    while waiting:
        requirement = waiting.pop()
        key = (requirement.name.lower(), *sorted(requirement.extras))
        if key not in seen:
            seen.add(key)
            found = importlib.metadata.distribution(requirement.name)
            _link(found, environment)
            waiting += _needed(found, requirement.extras)


def _needed(found: importlib.metadata.Distribution, extras: Iterable[str]) -> Iterator[Requirement]:
    """Yield the requirements of a package that hold here, with some of its extras."""
    chosen = [*extras, ""]
    for text in found.requires or []:
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": each}) for each in chosen):
            yield requirement


def _link(found: importlib.metadata.Distribution, environment: Path) -> None:
    site = _site(environment)
    for top in {file.parts[0] for file in found.files or []} - {"..", "__pycache__", "bin"}:
        if not (site / top).exists():
            (site / top).symlink_to(Path(str(found.locate_file(top))))
    for each in found.entry_points:
        if each.group == "console_scripts":
            _write_script(each.name, each.value, environment)


def _write_script(name: str, value: str, environment: Path) -> None:
    module, _, function = value.partition("[")[0].strip().partition(":")
    path = environment / "bin" / name
    python = environment / "bin" / "python"
    path.write_text(_SCRIPT.format(python=python, module=module, name=function), "utf-8")
    path.chmod(0o755)
