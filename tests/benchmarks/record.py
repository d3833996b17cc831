"""The figures of a run, kept as JSON: what was measured, and with what."""

from __future__ import annotations

import datetime as dt
import json
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from .instructions import ROOT, valgrind_version
from .programs import PEERS

__all__ = [
    "LATEST",
    "RECORDED",
    "about",
    "database_about",
    "load",
    "part_about",
    "save",
    "versions",
]

RECORDED = Path(__file__).parent / "results" / "recorded.json"
LATEST = RECORDED.with_name("latest.json")
_SERVERS = ("gunicorn", "granian", "uvicorn", "waitress")
_DATABASE = ("restkit", "sqlalchemy", "fastapi", "sqlmodel", "pydantic")
_SHARED = ("marshmallow", "werkzeug", "msgspec", "orjson")


def load(path: Path) -> dict[str, Any]:
    """Return the figures of a file, {} where there is none."""
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def save(path: Path, figures: dict[str, Any]) -> None:
    """Write figures, sorted, so that a change shows as few lines."""
    path.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", "utf-8")


def versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of what the programs and servers are made of,
    as far as it is installed.
    """
    distributions = [each for name in names for each in PEERS[name].distributions]
    return _installed(dict.fromkeys([*distributions, *_SHARED, *_SERVERS]))


def _installed(distributions: Iterable[str]) -> dict[str, str]:
    found = {}
    for distribution in distributions:
        try:
            found[distribution] = metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return found


def about(names: Iterable[str], label: str, command: str) -> dict[str, Any]:
    """Return what figures depend on.

    Args:
        names: Of the programs.
        label: What is special about restkit in this run.
        command: How the run was started.
    """
    return {
        "command": command,
        "commit": _commit(),
        "date": _today(),
        "label": label,
        "machine": _machine(),
        "optimized": "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""),
        "python": sys.version,
        "valgrind": valgrind_version(),
        "versions": versions(names),
    }


def database_about() -> dict[str, Any]:
    """Return what the figures over a database depend on besides."""
    return part_about(_DATABASE)


def part_about(distributions: Iterable[str]) -> dict[str, Any]:
    """Return what the figures of one part depend on.

    Args:
        distributions: Those whose versions matter.
    """
    return {"commit": _commit(), "date": _today(), "versions": _installed(distributions)}


def _today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def _machine() -> str:
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    name = models[0] if models else platform.processor()
    return f"{name}, {len(models)} cores, {platform.system()} {platform.machine()}"
