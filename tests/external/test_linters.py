"""What openapi-spec-validator, Redocly and Spectral say of the documents of the examples:
nothing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import (
    OpenAPIV30SpecValidator,
    OpenAPIV31SpecValidator,
    OpenAPIV32SpecValidator,
)

from restkit.openapi import build, to_json

from .node import run_tool
from .places import EXPORTS, ROOT

pytestmark = pytest.mark.external

_VALIDATORS = {
    "3.0": OpenAPIV30SpecValidator,
    "3.1": OpenAPIV31SpecValidator,
    "3.2": OpenAPIV32SpecValidator,
}
# A form is answered with a redirect, which is no success to Redocly. The roles that a scheme other
# than OAuth 2.0 requires (OpenAPI 3.1.1, section 4.8.30) are unknown to Spectral.
_MISTAKEN = ("operation-2xx-response", "oas3-operation-security-defined")
_VERSIONS = ("3.0.4", "3.1.1", "3.2.0")


def _valid(document: dict[str, Any]) -> None:
    version = document["openapi"].rpartition(".")[0]
    findings = [
        f"{list(error.absolute_path)}: {error.message}"
        for error in _VALIDATORS[version](document).iter_errors()
    ]
    assert not findings, "\n".join(findings)


def _redocly(document: Path, cwd: Path) -> list[dict[str, Any]]:
    """Return what Redocly's recommended rules find, errors and warnings alike."""
    done = run_tool(
        "redocly", "lint", "--extends", "recommended", "--format", "json", document, cwd=cwd
    )
    assert "validated in" in done.stderr, done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert said["totals"]["ignored"] == 0
    assert said["totals"]["errors"] + said["totals"]["warnings"] == len(said["problems"])
    found: list[dict[str, Any]] = said["problems"]
    return found


def _spectral(document: Path, cwd: Path) -> list[dict[str, Any]]:
    """Return what Spectral's rules for OpenAPI find, down to hints."""
    # A summary is not repeated as the description.
    rules = 'extends: ["spectral:oas"]\nrules:\n  operation-description: "off"\n'
    (cwd / "rules.yaml").write_text(rules, "utf-8")
    (cwd / "found.json").unlink(missing_ok=True)
    options = [
        "--ruleset",
        "rules.yaml",
        "--fail-severity",
        "hint",
        "--format",
        "json",
        "--output",
        "found.json",
    ]
    done = run_tool("spectral", "lint", *options, document, cwd=cwd)
    found: list[dict[str, Any]] = json.loads((cwd / "found.json").read_text("utf-8"))
    assert done.returncode == bool(found), done.stdout + done.stderr
    return found


def _bookstore(version: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(ROOT))
    from examples.bookstore import create_app

    document = folder / f"bookstore-{version}.json"
    document.write_bytes(to_json(build(create_app(), version=version)))
    return document


@pytest.mark.parametrize("name", EXPORTS)
def test_an_exported_document_is_valid(name: str) -> None:
    """openapi-spec-validator finds no error in any file of openapi/."""
    _valid(yaml.safe_load((ROOT / "openapi" / name).read_text("utf-8")))


@pytest.mark.parametrize("version", _VERSIONS)
def test_the_document_is_clean_in_every_version(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bookstore's document has no error, no warning and no hint in OpenAPI 3.0, 3.1 and 3.2,
    by all three.
    """
    document = _bookstore(version, tmp_path, monkeypatch)
    said = json.loads(document.read_bytes())
    assert said["openapi"] == version
    _valid(said)
    assert _redocly(document, tmp_path) == []
    assert _spectral(document, tmp_path) == []


@pytest.mark.parametrize("name", sorted(EXPORTS.keys() - {"hello.yaml"}))
def test_an_exported_document_is_clean(name: str, tmp_path: Path) -> None:
    """Redocly and Spectral find no error,
    no warning and no hint in the documents of the larger examples.
    """
    document = ROOT / "openapi" / name
    found = _redocly(document, tmp_path)
    assert [each for each in found if each["ruleId"] not in _MISTAKEN] == []
    hints = _spectral(document, tmp_path)
    assert [each for each in hints if each["code"] not in _MISTAKEN] == []


def test_a_five_line_program_misses_only_what_it_does_not_say(tmp_path: Path) -> None:
    """hello.py names no licence and nobody to ask;
    nothing is invented for it, and the linters find nothing else.
    """
    document = ROOT / "openapi" / "hello.yaml"
    assert [(each["ruleId"], each["severity"]) for each in _redocly(document, tmp_path)] == [
        ("info-license", "warn")
    ]
    assert [each["code"] for each in _spectral(document, tmp_path)] == ["info-contact"]
