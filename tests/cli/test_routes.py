"""``restkit routes``."""

from __future__ import annotations

import json
import re
from pathlib import Path

from .shops import command, invoke

TABLE = """\
METHOD  PATH                 OPERATION   PLACE
GET     /books               listBooks   shop.Books.get
POST    /books               createBook  shop.Books.post
GET     /books/<int:book_id>  getBook     shop.BookItem.get
"""


def test_table(shop: Path) -> None:
    """The table has a row for each Operation, its columns aligned."""
    result = invoke("routes", "shop")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split() for line in lines] == [line.split() for line in TABLE.splitlines()]
    assert len({line.index(word) for line, word in zip(lines[1:], ["shop."] * 3, strict=True)}) == 1


def test_json(shop: Path) -> None:
    """--json prints the same and more for programs."""
    found = json.loads(invoke("routes", "shop", "--json").output)
    assert [(each["method"], each["path"], each["operationId"]) for each in found] == [
        ("GET", "/books", "listBooks"),
        ("POST", "/books", "createBook"),
        ("GET", "/books/{book_id}", "getBook"),
    ]
    assert found[1]["declared_at"] == "shop.Books.post"
    assert {201, 422} <= set(found[1]["statuses"])
    assert found[0]["summary"] == "List the books."


def test_none(shop: Path) -> None:
    """An App without routes says so."""
    (shop / "bare.py").write_text("from restkit import App\napp = App('Bare')\n")
    assert invoke("routes", "bare").output == "Bare has no routes.\n"


def test_undocumented(shop: Path) -> None:
    """An Operation that is not documented is listed without an operationId."""
    (shop / "hidden.py").write_text(
        "from restkit import App, operation\n"
        "app = App('Hidden')\n"
        "@app.route('/secret')\n"
        "@operation(documented=False)\n"
        "def secret() -> None:\n"
        "    pass\n"
    )
    assert invoke("routes", "hidden").output.splitlines()[1].split() == [
        "GET",
        "/secret",
        "-",
        "hidden.secret",
    ]


def test_real_command(shop: Path) -> None:
    """The real command prints the same table."""
    done = command("routes", "shop:app", cwd=shop)
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout == invoke("routes", "shop").output


def test_deprecations(shop: Path) -> None:
    """Deprecated operations have their dates in the table, in --json and in --audit."""
    (shop / "old.py").write_text(
        "from restkit import App, deprecated\n"
        "app = App('Old')\n"
        "@app.get('/new')\n"
        "def new() -> None:\n"
        "    pass\n"
        "@app.get('/old')\n"
        "@deprecated(since='2026-12-01', sunset='2027-06-01', gone=True)\n"
        "def old() -> None:\n"
        "    pass\n"
    )
    table = [re.split(" {2,}", each) for each in invoke("routes", "old").output.splitlines()]
    assert [each[4] for each in table] == ["DEPRECATED", "-", "2026-12-01..2027-06-01, then 410"]
    assert "2026-12-01..2027-06-01, then 410" in invoke("routes", "old", "--audit").output
    found = json.loads(invoke("routes", "old", "--json").output)
    assert [each["deprecation"] for each in found] == [
        None,
        {"since": "2026-12-01", "sunset": "2027-06-01", "gone": True},
    ]
