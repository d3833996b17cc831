"""``restkit openapi``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from .shops import SHOP, command, invoke


def test_standard_output(shop: Path) -> None:
    """Without a file the document is printed as JSON."""
    result = invoke("openapi", "shop")
    assert result.exit_code == 0
    document = json.loads(result.output)
    assert document["openapi"] == "3.1.1"
    assert document["info"]["title"] == "Shop"
    assert list(document["paths"]) == ["/books", "/books/{book_id}"]


@pytest.mark.parametrize(
    ("name", "read"),
    [("a.json", json.loads), ("a.yaml", yaml.safe_load), ("a.yml", yaml.safe_load)],
)
def test_files(shop: Path, name: str, read: object) -> None:
    """-o writes a file, YAML by its ending; --check finds it up to date."""
    result = invoke("openapi", "shop", "-o", name)
    assert result.exit_code == 0
    assert result.output == ""
    text = Path(name).read_text("utf-8")
    assert text.endswith("\n")
    # one of two functions
    assert read(text) == json.loads(invoke("openapi", "shop").output)  # type: ignore[operator]
    result = invoke("openapi", "shop", "--check", name)
    assert result.exit_code == 0
    assert result.output == f"{name} is up to date.\n"


def test_markdown(shop: Path) -> None:
    """A file .md is the document as Markdown, which --check compares as text."""
    assert invoke("openapi", "shop", "-o", "api.md").exit_code == 0
    text = Path("api.md").read_text("utf-8")
    assert text.startswith("# Shop ")
    assert "`GET /books/{book_id}`" in text
    assert invoke("openapi", "shop", "--check", "api.md").output == "api.md is up to date.\n"
    Path("api.md").write_text(text + "more", "utf-8")
    stale = invoke("openapi", "shop", "--check", "api.md")
    assert stale.exit_code == 1
    assert stale.output == "api.md is stale.\n"
    assert invoke("openapi", "shop", "--check", "none.md").exit_code == 2


def test_one_document_for_each_version(shop: Path) -> None:
    """A TARGET names one of several versions, whose documents can be compared."""
    program = SHOP.replace('version="2.0"', 'version="1.0"')
    (shop / "old.py").write_text(program)
    (shop / "both.py").write_text(
        "import old, shop\nfrom restkit.versioning import Versions\n"
        "api = Versions({'1': old.app, '2': shop.app}, header='Api-Version')\n"
    )
    found = [
        json.loads(invoke("openapi", f"both:api@{version}").output)["info"]["version"]
        for version in ("1", "2")
    ]
    assert found == ["1.0", "2.0"]
    same = invoke("diff", "both:api@1", "both:api@2")
    assert same.exit_code == 0
    none = invoke("openapi", "both:api")
    assert none.exit_code == 2
    assert "has the versions 1 and 2" in none.output


def test_stale_file(shop: Path) -> None:
    """--check exits with 1 and a short diff where the file is stale, and does not write it."""
    assert invoke("openapi", "shop", "-o", "api.yaml").exit_code == 0
    before = Path("api.yaml").read_text()
    (shop / "shop.py").write_text(
        SHOP.replace('"/books/<int:book_id>"', '"/volumes/<int:book_id>"')
    )
    done = command("openapi", "shop", "--check", "api.yaml", cwd=shop)
    assert done.returncode == 1
    assert done.stderr == "api.yaml is stale:\n"
    assert "GET /volumes/{book_id}" in done.stdout
    assert "GET /books/{book_id}" in done.stdout
    assert len(done.stdout.splitlines()) <= 20
    assert Path("api.yaml").read_text() == before


@pytest.mark.parametrize(("asked", "got"), [("3.0", "3.0."), ("3.1", "3.1."), ("3.2", "3.2.")])
def test_versions(shop: Path, asked: str, got: str) -> None:
    """--version chooses the version of OpenAPI."""
    assert json.loads(invoke("openapi", "shop", "--version", asked).output)["openapi"].startswith(
        got
    )
    assert invoke("openapi", "shop", "--version", "2.0").exit_code == 2


def test_unusable_files(shop: Path) -> None:
    """A file that cannot be read, written or understood is one sentence with exit code 2."""
    for text, arguments in [
        ("gone.json cannot be read: No such file or directory.", ["--check", "gone.json"]),
        ("no/api.json cannot be written: No such file or directory.", ["-o", "no/api.json"]),
        ("bad.json is not an OpenAPI document: Expecting", ["--check", "bad.json"]),
        ("bad.yaml is not an OpenAPI document: ", ["--check", "bad.yaml"]),
        (
            "list.json is not an OpenAPI document: its root must be an object.",
            ["--check", "list.json"],
        ),
    ]:
        Path("bad.json").write_text("{")
        Path("bad.yaml").write_text("a: [")
        Path("list.json").write_text("[]")
        result = invoke("openapi", "shop", *arguments)
        assert result.exit_code == 2
        assert result.output.startswith(f"Error: {text}")


def test_real_command(shop: Path) -> None:
    """The real command prints the document in UTF-8 and nothing else."""
    done = command("openapi", "shop", cwd=shop)
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)["info"]["version"] == "2.0"


def test_a_stale_file_is_compared(shop: Path) -> None:
    """The differences are on standard output; --check with -o writes nothing."""
    document = json.loads(invoke("openapi", "shop").output)
    document["paths"]["/magazines"] = document["paths"].pop("/books")
    (shop / "old.json").write_text(json.dumps(document))
    result = invoke("openapi", "shop", "--check", "old.json", "-o", "new.json")
    assert result.exit_code == 1
    assert result.stderr == "old.json is stale:\n"
    assert "GET /books" in result.stdout
    assert "GET /magazines" in result.stdout
    assert not (shop / "new.json").exists()


def test_a_document_that_cannot_be_written_is_a_mistake(shop: Path) -> None:
    """It is one sentence with exit code 2."""
    (shop / "odd.py").write_text(
        "from marshmallow import Schema\n"
        "from restkit import App, Resource\n"
        "class OddSchema(Schema):\n"
        "    @classmethod\n"
        "    def json_schema(cls):\n"
        "        return 1 / 0\n"
        "app = App('Odd')\n"
        "@app.route('/')\n"
        "class Odds(Resource):\n"
        "    schema = OddSchema\n"
        "    def get(self) -> dict:\n"
        "        return {}\n"
    )
    result = invoke("openapi", "odd")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
    assert "OddSchema.json_schema raised ZeroDivisionError" in result.stderr
