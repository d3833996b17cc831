"""The documents in openapi/ are those of the examples as they are now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .places import EXPORTS, ROOT


def _check(target: str, document: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "restkit", "openapi", target, "--check", str(document)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("name", "target"), EXPORTS.items())
def test_an_exported_document_is_up_to_date(name: str, target: str) -> None:
    """`restkit openapi TARGET --check FILE` finds nothing to change."""
    done = _check(target, ROOT / "openapi" / name)
    assert done.returncode == 0, (
        f"run: python -m restkit openapi {target} -o openapi/{name}\n{done.stdout}{done.stderr}"
    )


@pytest.mark.parametrize(("name", "target"), EXPORTS.items())
def test_a_stale_document_would_be_found(name: str, target: str, tmp_path: Path) -> None:
    """The same check exits with 1 where a single word of the document differs."""
    stale = tmp_path / name
    stale.write_text(
        (ROOT / "openapi" / name).read_text("utf-8").replace("operationId: ", "operationId: x", 1),
        "utf-8",
    )
    assert _check(target, stale).returncode == 1


def test_every_example_has_its_document_and_every_document_its_example() -> None:
    """No example is left out, and no document outlives its example."""
    examples = ROOT / "examples"
    programs = {
        f"examples/{path.name}" for path in examples.glob("*.py") if path.name != "__init__.py"
    }
    packages = {f"examples.{path.parent.name}" for path in examples.glob("*/__init__.py")}
    assert set(EXPORTS.values()) == programs | packages
    assert {path.name for path in (ROOT / "openapi").iterdir()} == set(EXPORTS)
