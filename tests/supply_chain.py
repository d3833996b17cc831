"""The packages that restkit brings: a bill of materials, and those with known vulnerabilities.

``python -m tests.supply_chain --python PYTHON --sbom FILE`` writes a CycloneDX document of an
environment, and asks pip-audit about its packages. It exits 1 if one has a known vulnerability.
Where the database cannot be reached, it says so and exits 0. Both tools stand in the extra
``audit``, in an environment of their own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["judge", "main"]

_ROOT = Path(__file__).parents[1]
_SECONDS = 300


def judge(report: Mapping[str, Any] | None) -> tuple[str, bool]:
    """Return what a report of pip-audit says in words, and whether it is bad.

    Args:
        report: The report as JSON; None if pip-audit wrote none, as it does without a network.
    """
    dependencies = [] if report is None else report["dependencies"]
    asked = [each for each in dependencies if "vulns" in each]
    if not asked:
        return "pip-audit: its database is not reachable from here; nothing was audited", False
    lines = [
        f"{each['name']} {each['version']}: {found['id']}, mended in "
        f"{', '.join(found['fix_versions']) or 'no version yet'}"
        for each in asked
        for found in each["vulns"]
    ]
    left_out = len(dependencies) - len(asked)
    summary = f"pip-audit: {len(asked)} packages, {len(lines)} vulnerabilities, {left_out} unknown"
    return "\n".join([*lines, summary]), bool(lines)


def main() -> int:
    """Write the bill of materials, and audit the packages."""
    parser = argparse.ArgumentParser(prog="python -m tests.supply_chain")
    parser.add_argument("--python", default=sys.executable, help="of the environment")
    parser.add_argument("--sbom", default="sbom.json", help="the file of the bill of materials")
    options = parser.parse_args()
    _write_sbom(options.python, options.sbom)
    components = json.loads(Path(options.sbom).read_text("utf-8"))["components"]
    print(f"cyclonedx-py: {len(components)} components in {options.sbom}")
    text, is_bad = judge(_audit(options.python))
    print(text)
    return int(is_bad)


def _tool(name: str) -> str:
    return str(Path(sysconfig.get_path("scripts")) / name)


def _write_sbom(python: str, file: str) -> None:
    command = [_tool("cyclonedx-py"), "environment", "--output-reproducible", "--of", "JSON"]
    command += ["--mc-type", "library", "--pyproject", str(_ROOT / "pyproject.toml")]
    subprocess.run([*command, "-o", file, python], check=True, timeout=_SECONDS)


def _audit(python: str) -> dict[str, Any] | None:
    """Return pip-audit's report of the packages of an environment, None without one."""
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "audit.json"
        command = [_tool("pip-audit"), "--path", found.stdout.strip(), "--format", "json"]
        command += ["--progress-spinner", "off", "--output", str(report)]
        if not _ends_in_time(command) or not report.exists():
            return None
        made: dict[str, Any] = json.loads(report.read_text("utf-8"))
        return made


def _ends_in_time(command: Sequence[str]) -> bool:
    try:
        subprocess.run(command, check=False, timeout=_SECONDS, capture_output=True)
    except subprocess.TimeoutExpired:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
