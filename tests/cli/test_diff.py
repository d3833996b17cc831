"""``restkit diff``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .shops import ROOT, SHOP, invoke

EXAMPLES = sorted((ROOT / "openapi").glob("*.yaml"))


@pytest.fixture
def documents(shop: Path) -> Path:
    """Write the document of the shop, and the shop of a later version."""
    invoke("openapi", "shop", "-o", "old.yaml")
    later = SHOP.replace("title = fields.Str(required=True)", "title = fields.Str()")
    later = later.replace("    def post(", "    def put(")
    (shop / "later.py").write_text(later)
    return shop


def test_no_change(documents: Path) -> None:
    """A file and the App that it was written of are the same."""
    result = invoke("diff", "old.yaml", "shop")
    assert (result.exit_code, result.output) == (0, "No changes that concern clients.\n")


def test_breaking_changes(documents: Path) -> None:
    """One line each, those that break clients first; the exit status is 1."""
    result = invoke("diff", "old.yaml", "later")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert "breaking   POST /books: The operation is removed. [#/paths/~1books/post]" in lines
    assert any(each.startswith("compatible PUT /books: The operation is new.") for each in lines)
    assert lines.index("") == len(lines) - 2
    levels = [each.split()[0] for each in lines[:-2]]
    assert levels == sorted(levels, key=["breaking", "warning", "compatible"].index)


@pytest.mark.parametrize(("fail_on", "status"), [("never", 0), ("warning", 1), ("breaking", 1)])
def test_fail_on(documents: Path, fail_on: str, status: int) -> None:
    """The exit status says whether there are changes of a level."""
    assert invoke("diff", "old.yaml", "later", "--fail-on", fail_on).exit_code == status


def test_warnings_fail_if_they_are_to(documents: Path) -> None:
    """Another operationId is a warning."""
    text = Path("old.yaml").read_text("utf-8")
    Path("new.yaml").write_text(text.replace("operationId: listBooks", "operationId: allBooks"))
    assert invoke("diff", "old.yaml", "new.yaml").exit_code == 0
    result = invoke("diff", "old.yaml", "new.yaml", "--fail-on", "warning")
    assert result.exit_code == 1
    assert result.output.startswith("warning    GET /books: The operationId changes from listBooks")
    assert result.output.endswith("0 breaking, 1 warning, 0 compatible\n")


def test_json(documents: Path) -> None:
    """--format json is for programs."""
    found = json.loads(invoke("diff", "old.yaml", "later", "--format", "json").output)
    assert found["summary"]["breaking"] >= 1
    assert {
        "level": "breaking",
        "kind": "operation",
        "path": "/books",
        "method": "POST",
        "direction": "",
        "part": "",
        "pointer": "#/paths/~1books/post",
        "message": "The operation is removed.",
    } in found["changes"]


def test_markdown(documents: Path) -> None:
    """--format markdown is for a comment of a pull request."""
    text = invoke("diff", "old.yaml", "later", "--format", "markdown").output
    assert text.startswith("## Changes of the API\n\n### Breaking changes (")
    assert "- **`POST /books`**: The operation is removed.\n" in text
    assert "<details><summary>Compatible changes (" in text
    nothing = invoke("diff", "shop", "shop", "--format", "markdown").output
    assert nothing == "## Changes of the API\n\nNo changes that concern clients.\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", "a: [", "is not an OpenAPI document"),
        ("a.json", "[]", "its root must be an object"),
        ("a.json", '{"swagger": "2.0"}', "its root must be an object"),
        ("missing.json", None, "cannot be read"),
    ],
)
def test_mistakes(shop: Path, name: str, content: str | None, message: str) -> None:
    """What is no document is an error with exit status 2."""
    if content is not None:
        Path(name).write_text(content)
    result = invoke("diff", name, "shop")
    assert result.exit_code == 2
    assert message in result.output


def test_the_standard_input_is_read_once(shop: Path) -> None:
    """It cannot be both documents."""
    assert invoke("diff", "-", "-").exit_code == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_examples_equal_themselves(path: Path) -> None:
    """The document of each example has no change to itself."""
    result = invoke("diff", str(path), str(path), "--fail-on", "warning")
    assert (result.exit_code, result.output) == (0, "No changes that concern clients.\n")


def test_a_release_of_an_example(tmp_path: Path) -> None:
    """A shorter length of a shared schema breaks the requests that have it, not the responses."""
    text = (ROOT / "openapi" / "bookstore.yaml").read_text("utf-8")
    assert "maxLength: 200\n" in text
    new = tmp_path / "new.yaml"
    new.write_text(text.replace("maxLength: 200\n", "maxLength: 100\n"))
    arguments = (str(ROOT / "openapi" / "bookstore.yaml"), str(new), "--format", "json")
    changes = json.loads(invoke("diff", *arguments).output)["changes"]
    levels = {(each["direction"], each["level"]) for each in changes}
    assert levels == {("request", "breaking"), ("response", "compatible")}
    assert {each["kind"] for each in changes} == {"maxLength"}
