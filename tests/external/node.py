"""The linters of documents and pages, and TypeScript, from npm: found, or put into a cache."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from programs import find_program, program_missing

__all__ = ["CACHE", "package_file", "run_tool"]

# The one place that says which versions; everybody's findings are the same.
_PACKAGES = {
    "axe-core": ("axe-core", "4.14.1"),
    "html-validate": ("html-validate", "9.7.1"),
    "openapi-typescript": ("openapi-typescript", "7.13.0"),
    "redocly": ("@redocly/cli", "2.77.0"),
    "spectral": ("@stoplight/spectral-cli", "6.16.3"),
    "tsc": ("typescript", "5.9.3"),
}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "restkit-ci" / "npm"
_DEBIAN = "nodejs npm"
_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def run_tool(name: str, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a linter and return what it printed.

    Args:
        name: `redocly`, `spectral`, `html-validate`, `openapi-typescript` or `tsc`.
        arguments: What stands behind its name on the command line.
        cwd: The folder to run in; the linters look for their configuration there.

    The test is skipped where npm is missing or cannot install the linter (see `programs`).
    """
    command = [_find(name), *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **_QUIET},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def package_file(name: str, path: str) -> Path:
    """Return a file of a package of npm, which is installed into the cache if it is not there.

    The test is skipped where npm is missing or cannot install the package (see `programs`).
    """
    package, version = _PACKAGES[name]
    if _version_in_cache(package) != version:
        _install()
    return CACHE / "node_modules" / package / path


def _find(name: str) -> str:
    """Return the path of a linter: the one on the PATH if it is of our version,
    else the one in the cache.
    """
    package, version = _PACKAGES[name]
    on_path = shutil.which(name)
    if on_path is not None and _version_of(Path(on_path).resolve(), package) == version:
        return on_path
    if not all(_version_in_cache(each) == wanted for each, wanted in _PACKAGES.values()):
        _install()
    return str(CACHE / "node_modules" / ".bin" / name)


def _version_of(program: Path, package: str) -> str | None:
    """Return the version of the package that a program, its links followed, belongs to."""
    for folder in program.parents:
        manifest = folder / "package.json"
        if manifest.is_file():
            said = json.loads(manifest.read_text("utf-8"))
            if said.get("name") == package:
                return str(said["version"])
    return None


def _version_in_cache(package: str) -> str | None:
    manifest = CACHE / "node_modules" / package / "package.json"
    return str(json.loads(manifest.read_text("utf-8"))["version"]) if manifest.is_file() else None


def _install() -> None:
    npm = find_program("npm", packages=_DEBIAN)
    CACHE.mkdir(parents=True, exist_ok=True)
    wanted = [f"{package}@{version}" for package, version in _PACKAGES.values()]
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        [npm, "install", "--prefix", str(CACHE), *options, *wanted],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode != 0:
        printed = f"{done.stdout}{done.stderr}"
        program_missing(f"npm could not install {' and '.join(wanted)}: {printed}", _DEBIAN)
