"""``restkit new``: what it writes passes its own checks, and is served."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import yaml
from databases import database_url
from servers import free_port, serve_process

import restkit.sqlalchemy  # noqa: F401  # the fixture of the folder forgets other modules
from restkit.cli.project_names import Choices

from .shops import invoke

ROOT = Path(__file__).parents[2]
# Without RESTKIT_TEST_PROJECTS=all a spread of the combinations.
_SPREAD = {Choices(True, "sqlite", True), Choices(False, "postgres", True)}
_ALL = [
    Choices(html, db, auth)
    for html, db, auth in itertools.product((False, True), ("sqlite", "postgres"), (False, True))
]


def combinations() -> Iterator[object]:
    for each in _ALL:
        if each in _SPREAD or os.environ.get("RESTKIT_TEST_PROJECTS") == "all":
            marks = [pytest.mark.external]
            if each.db == "postgres":
                marks.append(pytest.mark.postgresql)
            words = [each.db, "html" if each.html else "", "auth" if each.auth else ""]
            yield pytest.param(each, marks=marks, id="-".join(filter(None, words)))


def options(choices: Choices) -> list[str]:
    return [
        "--html" if choices.html else "--no-html",
        "--auth" if choices.auth else "--no-auth",
        f"--db={choices.db}",
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(project: Path, environment: dict[str, str], *words: str, code: int = 0) -> str:
    """Run a module in a project, and return what it printed; what it complained about if it fails.

    Args:
        project: The folder.
        environment: Variables besides those of the process.
        words: The module and its arguments.
        code: The exit code that it must have.
    """
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr if code else done.stdout


@pytest.mark.parametrize("choices", list(combinations()))
def test_a_project_passes_its_checks_and_is_served(choices: Choices, folder: Path) -> None:
    """It is formatted, linted, typed and tested, and responds as its README says."""
    result = invoke("new", "corner-shop", *options(choices), "--crud", "order_line", "--no-input")
    assert result.exit_code == 0, result.output
    project = folder / "corner-shop"
    kind = "postgresql" if choices.db == "postgres" else "sqlite"
    with database_url(kind, folder) as url:
        path = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        run(project, path, "ruff", "format", "--check", ".")
        run(project, path, "ruff", "check", ".")
        run(project, path, "mypy", "--cache-dir", str(ROOT / ".mypy_cache"))
        tested = {**path, "CORNER_SHOP_TEST_DATABASE_URL": url}
        run(project, tested, "pytest", "-q", "-p", "no:cacheprovider", "-n0")
        served = {**path, "CORNER_SHOP_DATABASE_URL": url}
        run(project, served, "alembic", "upgrade", "head")
        _serve(project, choices, served)


def _serve(project: Path, choices: Choices, environment: dict[str, str]) -> None:
    headers = {"Accept": "application/json"}
    if choices.auth and not choices.html:
        token = run(project, environment, "corner_shop.accounts", "ada").strip()
        headers["Authorization"] = f"Bearer {token}"
        taken = run(project, environment, "corner_shop.accounts", "ada", code=1)
        assert taken == "There is an account ada already.\n"
    port = free_port()
    command = [sys.executable, "-m", "restkit", "run", "corner_shop.app", "--port", str(port)]
    with serve_process(command, port=port, cwd=project, environment=environment) as url:
        if choices.html:
            with urlopen(Request(f"{url}/", headers={"Accept": "text/html"})) as page:
                assert page.url == (f"{url}/login?next=%2F" if choices.auth else f"{url}/")
                assert b"<h1>" in page.read()
        if not (choices.html and choices.auth):
            with urlopen(Request(f"{url}/openapi.json", headers=headers)) as response:
                assert "/order-lines" in json.load(response)["paths"]
            with urlopen(Request(f"{url}/order-lines", headers=headers)) as response:
                assert json.load(response) == {"items": [], "next": None}


def test_no_secret_is_in_a_file_that_is_committed(folder: Path) -> None:
    for name in ("one", "two"):
        made = invoke("new", name, "--html", "--auth", "--db=sqlite", "--crud=book", "--no-input")
        assert made.exit_code == 0
    secrets = []
    for name in ("one", "two"):
        variables = (folder / name / ".env").read_text("utf-8").splitlines()
        secrets += [line.partition("=")[2] for line in variables if "KEY" in line.partition("=")[0]]
        assert (folder / name / ".env").stat().st_mode & 0o077 == 0
        assert ".env" in (folder / name / ".gitignore").read_text("utf-8").splitlines()
    assert len(set(secrets)) == 4
    for file in folder.rglob("*"):
        if file.is_file() and file.name != ".env":
            text = file.read_text("utf-8")
            assert not any(secret in text for secret in secrets), file


def test_the_checks_of_a_project_are_yaml(folder: Path) -> None:
    """CI runs what the README says, with a database if there is one."""
    assert invoke("new", "shop", "--db=postgres", "--no-input").exit_code == 0
    checks = yaml.safe_load((folder / "shop/.github/workflows/ci.yml").read_text("utf-8"))
    job = checks["jobs"]["check"]
    assert job["services"]["postgres"]["env"]["POSTGRES_DB"] == "shop_test"
    assert "python -m pytest" in [each.get("run") for each in job["steps"]]
    project = tomllib.loads((folder / "shop/pyproject.toml").read_text("utf-8"))
    assert any("postgres" in each for each in project["project"]["dependencies"])


def test_questions(folder: Path) -> None:
    result = invoke("new", "shop", input="y\npostgres\ny\nbook\n")
    assert result.exit_code == 0, result.output
    assert "HTML pages besides the API? [y/N]" in result.output
    assert (folder / "shop/shop/books.py").exists()
    assert (folder / "shop/shop/templates/login.html").exists()
    assert "postgresql://" in (folder / "shop/.env").read_text("utf-8")


def test_no_questions(folder: Path) -> None:
    result = invoke("new", "shop", "--no-input")
    assert result.exit_code == 0
    assert "restkit run shop.app" in result.output
    assert (folder / "shop/shop/items.py").exists()
    assert not (folder / "shop/shop/pages.py").exists()


@pytest.mark.parametrize(
    "name",
    [
        *("", "Shop", "1shop", "shop!", "../shop", "a/b", "class", "json", "restkit", "tests"),
        *("corner--shop", "shop-", ".", "shop\n", "sqlalchemy", "a" * 25),
    ],
)
def test_odd_names_are_refused(folder: Path, name: str) -> None:
    result = invoke("new", "--no-input", "--", name)
    assert result.exit_code == 2
    assert "Error: " in result.output
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "item",
    ["", "Book", "order-line", "class", "page", "account", "session", "b" * 21, "2nd", "shop"],
)
def test_odd_items_are_refused(folder: Path, item: str) -> None:
    result = invoke("new", "shops", "--no-input", f"--crud={item}")
    assert result.exit_code == 2
    assert "--crud" in result.output
    assert list(folder.iterdir()) == []


def test_nothing_is_overwritten(folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop/mine").write_text("text", "utf-8")
    (folder / "file").write_text("text", "utf-8")
    (folder / "link").symlink_to("nowhere")
    for name in ("shop", "file", "link"):
        result = invoke("new", name, "--no-input")
        assert result.exit_code == 2
        assert "exists, and is not an empty folder" in result.output
    assert [each.name for each in (folder / "shop").iterdir()] == ["mine"]
    (folder / "empty").mkdir()
    assert invoke("new", "empty", "--no-input").exit_code == 0
