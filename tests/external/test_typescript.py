"""Types for TypeScript of the exported documents, by openapi-typescript."""

from __future__ import annotations

from pathlib import Path

import pytest

from .node import run_tool
from .places import EXPORTS, ROOT

pytestmark = pytest.mark.external

PROGRAM = """
import type { components, operations } from "./bookstore";

type Author = components["schemas"]["Author"];
type Query = NonNullable<operations["listBooks"]["parameters"]["query"]>;
type Page = operations["listBooks"]["responses"][200]["content"]["application/json"];

export const query: Query = { genre: "poetry", limit: 5 };
export function names(authors: Author[]): string[] {
  return authors.map((author) => author.name);
}
export function next(page: Page): string | null | undefined {
  return page.next;
}
"""
MISTAKES = """
import type { components, operations } from "./bookstore";

type Query = NonNullable<operations["listBooks"]["parameters"]["query"]>;

export const query: Query = { genre: "cooking" };
export function name(author: components["schemas"]["Author"]): string {
  return author.nmae;
}
"""


def _types(document: Path, folder: Path) -> Path:
    out = folder / f"{document.stem}.d.ts"
    done = run_tool("openapi-typescript", document, "-o", out, cwd=folder)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return out


def _compile(folder: Path, *files: Path) -> list[str]:
    """Return what the compiler says of files."""
    options = ["--strict", "--noEmit", "--module", "esnext", "--moduleResolution", "bundler"]
    done = run_tool("tsc", *options, "--target", "es2022", *files, cwd=folder)
    return [line for line in done.stdout.splitlines() if "error" in line]


@pytest.mark.parametrize("name", EXPORTS)
def test_each_document_has_types(name: str, tmp_path: Path) -> None:
    """They compile, with ``--strict``."""
    assert _compile(tmp_path, _types(ROOT / "openapi" / name, tmp_path)) == []


def test_a_program_is_checked(tmp_path: Path) -> None:
    """What is right compiles, and each mistake is found."""
    _types(ROOT / "openapi" / "bookstore.yaml", tmp_path)
    right, wrong = tmp_path / "right.ts", tmp_path / "wrong.ts"
    right.write_text(PROGRAM, "utf-8")
    wrong.write_text(MISTAKES, "utf-8")
    assert _compile(tmp_path, right) == []
    found = _compile(tmp_path, wrong)
    assert len(found) == 2
    assert "'\"cooking\"' is not assignable" in found[0]
    assert "'nmae' does not exist" in found[1]
