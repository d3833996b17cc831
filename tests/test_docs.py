"""README and docs: what they show runs, where they point exists,
and the reference leaves nothing out.
"""

from __future__ import annotations

import ast
import dataclasses
import http.client
import importlib
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import get_args

import click
import pytest
from marshmallow import fields
from page_blocks import FENCE, TITLE, Block, blocks_of, dialogue_of, pattern_of

import restkit
import restkit.compiler
import restkit.crud
import restkit.limits
import restkit.sqlalchemy
import restkit.testing
from restkit import Problem, Settings, problems
from restkit.cli import main
from restkit.crud import (
    Attribute,
    Condition,
    CRUDResource,
    ListQuery,
    Order,
    Page,
    Store,
    Transaction,
)
from restkit.crud.query import Operator
from restkit.sqlalchemy import Database, Limits, SQLAlchemyStore

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
# tests/external/test_tutorial.py types these, one after the other.
TUTORIAL = {DOCS / "tutorial.md", *(DOCS / "tutorial").glob("*.md")}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PEER = 'peer="'  # a program of another framework; tests/external/test_migration_guides.py runs it
ELSEWHERE = ("http://", "https://", "mailto:")
PORT = re.compile(r"127\.0\.0\.1:[0-9]+")


def name_of(page: Path) -> str:
    """Return how a page is called in the list of tests."""
    return page.relative_to(ROOT).as_posix()


def text_of(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text("utf-8"))


# what runs


class Reader:
    """Does what a reader of one page does:
    runs its programs and types its dialogues, in one folder.
    """

    def __init__(self, page: Path, folder: Path, stack: ExitStack) -> None:
        self.page = page
        self.folder = folder
        self.stack = stack
        self.module = types.ModuleType(f"page_{page.stem.replace('-', '_')}")
        self.address = ""
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "80",
        }

    def run(self, block: Block) -> None:
        """Execute a Python block in the page's namespace; one with a title becomes a file too."""
        if title := TITLE.search(block.info):
            path = self.folder / title[1]
            if path.parent != self.folder:
                self.run_module(path, block.text)
                return
            before = path.read_text("utf-8") + "\n\n" if title[2] else ""
            path.write_text(before + block.text, "utf-8")
            sys.modules.pop(path.stem, None)
        place = f"{name_of(self.page)}:{block.line}"
        code = compile("\n" * (block.line - 1) + block.text, place, "exec")
        exec(code, self.module.__dict__)

    def run_module(self, path: Path, text: str) -> None:
        """Write a module of a package, and import it as the modules that use it do."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        parts = path.relative_to(self.folder).with_suffix("").parts
        for depth in range(1, len(parts)):
            self.folder.joinpath(*parts[:depth], "__init__.py").touch()
        importlib.invalidate_caches()
        importlib.import_module(".".join(parts))

    def write(self, block: Block) -> None:
        """Write a template to the file that its title names."""
        title = TITLE.search(block.info)
        assert title, f"{name_of(self.page)}:{block.line} is a template without a title"
        path = self.folder / title[1]
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.text, "utf-8")

    def talk(self, block: Block) -> None:
        """Type each command of a dialogue, and compare what it prints.

        ``...`` stands for anything; an indented line is one, or continues the one before it, with a
        blank or without.
        """
        for command, expected in dialogue_of(block.text):
            printed = PORT.sub("127.0.0.1:8000", self.response(command))
            assert re.fullmatch(pattern_of(expected), printed.strip(), re.DOTALL), (
                f"{command}\nprinted:\n{printed}"
            )

    def response(self, command: str) -> str:
        """Return what a command prints."""
        words = shlex.split(command)
        if words[:2] == ["restkit", "run"]:
            return self.serve(words[2:])
        if words[0] == "curl":
            return curl(self.address, words[1:])
        known = {"restkit": ["-m", "restkit"], "python": []}
        assert words[0] in known, (
            f"{self.page.name} types {words[0]}, which this test does not know"
        )
        done = subprocess.run(
            [sys.executable, *known[words[0]], *words[1:]],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def serve(self, words: list[str]) -> str:
        """Start a server on a free port, and return its greeting."""
        command = [sys.executable, "-m", "restkit", "run", *words, "--port", "0"]
        with (self.folder / "server.log").open("w") as log:
            server = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.stack.callback(end, server)
        assert server.stdout is not None
        greeting = server.stdout.readline()
        found = PORT.search(greeting)
        assert found, (self.folder / "server.log").read_text("utf-8")
        self.address = found[0]
        return greeting


def end(server: subprocess.Popen[str]) -> None:
    """End a server and wait for it."""
    server.terminate()
    server.wait(timeout=10)
    if server.stdout is not None:
        server.stdout.close()


def curl(address: str, words: list[str]) -> str:
    """Do what curl does with the options that the pages use, and return what it prints."""
    method, headers, body, shown, url = "", {}, None, False, ""
    rest = iter(words)
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "--json":
            body = next(rest).encode()
            headers = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        elif word == "-d":
            body = next(rest).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        elif word == "-i":
            shown = True
        else:
            url = word
    path = url.removeprefix("http://").partition("/")[2]
    connection = http.client.HTTPConnection(address, timeout=10)
    deadline = time.monotonic() + 30
    while True:
        try:
            connection.request(
                method or ("POST" if body is not None else "GET"), f"/{path}", body, headers
            )
            break
        except ConnectionRefusedError:
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    response = connection.getresponse()
    content = response.read().decode()
    connection.close()
    top = [
        f"HTTP/1.1 {response.status} {response.reason}",
        *(f"{name}: {value}" for name, value in response.getheaders()),
    ]
    return "\n".join([*top, "", content]) if shown else content


@contextmanager
def reading(page: Path, folder: Path) -> Iterator[Reader]:
    """Give a reader of a page, and clear up behind them."""
    before = dict(sys.modules)
    with ExitStack() as stack:
        reader = Reader(page, folder, stack)
        sys.modules[reader.module.__name__] = reader.module
        try:
            yield reader
        finally:
            for name in sys.modules.keys() - before.keys():
                where = getattr(sys.modules[name], "__file__", None) or ""
                if name == reader.module.__name__ or where.startswith(str(folder)):
                    del sys.modules[name]
            sys.modules.update(
                before
            )  # a page may have a file that is called as a module of the tests is


@pytest.mark.parametrize("page", [each for each in PAGES if each not in TUTORIAL], ids=name_of)
def test_what_is_shown_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block of a page runs, in order and in one namespace,
    and every dialogue goes as it is shown.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with reading(page, tmp_path) as reader:
        for block in blocks_of(page):
            if PEER in block.info:
                continue
            if block.language == "python":
                reader.run(block)
            elif block.language == "console":
                reader.talk(block)
            elif block.language == "html":
                reader.write(block)


def test_languages() -> None:
    """No block is of a language that hides it from the test:
    Python and dialogues run, templates are used, TypeScript and the configurations of
    servers have tests of their own, blocks in braces are for the site, the rest is no program.
    """
    allowed = {
        "python",
        "console",
        "bash",
        "html",
        "json",
        "toml",
        "text",
        "nginx",
        "ts",
        "ini",
        "apache",
        "dockerfile",
        "yaml",
        "{toctree}",
        "{public-modules}",
        "{public-names}",
    }
    found = {block.language for page in PAGES for block in blocks_of(page)}
    assert found <= allowed


# where it points


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / ".github").glob("*.md"))], ids=name_of)
def test_links(page: Path) -> None:
    """Every relative link leads to a file, and to a heading of it where it names one."""
    targets = [each for each in LINK.findall(text_of(page)) if not each.startswith(ELSEWHERE)]
    assert [target for target in targets if not leads_somewhere(page, target)] == []


def leads_somewhere(page: Path, target: str) -> bool:
    """Return whether a link's file is there, and the heading that it names."""
    path, _, anchor = target.partition("#")
    found = (page.parent / path).resolve() if path else page
    return found.exists() and (not anchor or anchor in anchors_of(found))


def test_links_are_found() -> None:
    """The pages have links, and `LINK` finds them."""
    assert sum(len(LINK.findall(text_of(page))) for page in PAGES) > 100


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that a page's headings have."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_navigation() -> None:
    """Every page but the front page stands in exactly one list of the navigation."""
    pages = {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")}
    listed = [target for page in DOCS.rglob("*.md") for target in pages_listed_by(page)]
    assert len(listed) > 100
    assert sorted(pages - {"index"} - {*listed}) == [], (
        "add these to a toctree, as in docs/how-to/topics"
    )
    assert [page for page in listed if page not in pages or listed.count(page) > 1] == []


def pages_listed_by(page: Path) -> Iterator[str]:
    """Yield the pages that a page lists in the navigation, without their suffix."""
    for block in blocks_of(page):
        if block.language == "{toctree}":
            for line in block.text.splitlines():
                if line and not line.startswith(":"):
                    target = (page.parent / line).resolve()
                    yield target.relative_to(DOCS.resolve()).as_posix()


def test_readme_commands() -> None:
    """README has the two commands, and the checks run the second letter by letter."""
    readme = (ROOT / "README.md").read_text("utf-8")
    tests = "python -m pip install -e '.[dev]' && python -m pytest"
    assert (
        "\npython -m pip install -e '.[sql,swagger]' && python -m restkit run examples.bookstore\n"
        in readme
    )
    assert f"\n{tests}\n" in readme
    assert tests in (ROOT / ".ci" / "run").read_text("utf-8")


# what the reference has


def reference() -> str:
    """Return the whole reference."""
    return "\n".join(page.read_text("utf-8") for page in sorted((DOCS / "reference").glob("*.md")))


def rows_of(page: Path) -> dict[str, list[str]]:
    """Return the rows of the tables of a page by the code in their first cell."""
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in page.read_text("utf-8").splitlines()
    ]
    return {row[0].strip("`| "): row for row in reversed(rows) if len(row) > 1}


@pytest.mark.parametrize("name", restkit.__all__)
def test_public_names(name: str) -> None:
    """Every public name stands in the reference."""
    assert re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", reference())


@pytest.mark.parametrize("name", restkit.testing.__all__)
def test_testing_names(name: str) -> None:
    """Every public name of restkit.testing stands in its page of the reference."""
    assert re.search(rf"`[^`\n]*\b{name}\b", (DOCS / "reference" / "testing.md").read_text("utf-8"))


@pytest.mark.parametrize("name", restkit.compiler.__all__)
def test_compiler_names(name: str) -> None:
    """Every public name of restkit.compiler stands in its page of the reference."""
    assert re.search(
        rf"^\| `{name}\b", (DOCS / "reference" / "compiler.md").read_text("utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize("kind", ["App", "Client", "TestResponse", "Request"])
def test_members(kind: str) -> None:
    """Every public method of the classes that users call stands in the reference."""
    cls = getattr(restkit, kind, None) or getattr(restkit.testing, kind)
    text = reference()
    missing = [
        name
        for name in vars(cls)
        if not name.startswith("_") and not re.search(rf"\b{name}\b", text)
    ]
    assert missing == []


def test_parameters_of_decorators() -> None:
    """Every parameter of the decorators and of App stands in the reference."""
    text = reference()
    for function in (
        restkit.takes,
        restkit.returns,
        restkit.raises,
        restkit.operation,
        restkit.App.__init__,
    ):
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name not in ("self", "values", "problems"):
                assert f"`{parameter.name}" in text, (function.__qualname__, parameter.name)


def test_settings() -> None:
    """Every setting stands in the table of settings with its default."""
    rows = rows_of(DOCS / "reference" / "settings.md")
    assert dataclasses.fields(Settings)
    for field in dataclasses.fields(Settings):
        assert field.name in rows
        assert ast.literal_eval(rows[field.name][2].strip("`")) == field.default, field.name


def test_commands() -> None:
    """Every command stands in the reference of the command line with each of its options and
    arguments.
    """
    context = click.Context(main)
    page = (DOCS / "reference" / "cli.md").read_text("utf-8")
    parts = re.split(r"^## (.+)$", page, flags=re.MULTILINE)[1:]
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert main.list_commands(context)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        section = sections[f"`restkit {name}`"]
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                shown = option if option.startswith("-") else option.upper()
                assert f"`{shown}" in section, f"restkit {name}: {shown}"


def test_problems() -> None:
    """Every problem class stands in the table of problems with its status and title."""
    rows = rows_of(DOCS / "reference" / "problems.md")
    assert "NotFound" in problems.__all__
    for name in problems.__all__:
        kind = getattr(problems, name)
        if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem:
            assert rows[name][1:3] == [str(kind.status), kind.title]


def test_wire_formats() -> None:
    """Every field class of marshmallow stands in the table of wire forms."""
    page = (DOCS / "reference" / "wire-formats.md").read_text("utf-8")
    assert "Integer" in fields.__all__
    aliases = {"Field", "Number", "Inferred"}
    for name in fields.__all__:
        kind = getattr(fields, name)
        assert kind.__name__ in aliases or f"`{kind.__name__}`" in page, kind.__name__


def test_traps() -> None:
    """Every test that the page of compiled schemas names for a trap is there."""
    page = (DOCS / "explanation" / "compiled-schemas.md").read_text("utf-8")
    files = sorted((ROOT / "tests" / "compiler").glob("test_*.py"))
    tests = "".join(each.read_text("utf-8") for each in files)
    named = re.findall(r"`(test_\w+)`", page)
    assert len(named) > 15
    for name in named:
        assert f"def {name}(" in tests, name


def test_house() -> None:
    """The picture of the house names every file of the package, and no other."""
    picture = (DOCS / "design.md").read_text("utf-8")
    package = Path(inspect.getfile(restkit)).parent
    assert (package / "app.py").exists()
    for path in package.rglob("*.py"):
        name = path.relative_to(package).as_posix()
        assert path.name == "__init__.py" or f"`{name}`" in picture, name
    for name in re.findall(r"^\| `([\w/]+\.py)` \|", picture, re.MULTILINE):
        assert (package / name).exists(), name
    for path in package.iterdir():
        assert not (path / "__init__.py").exists() or f"`{path.name}/`" in picture, path.name


def test_floors() -> None:
    """The floors in the picture are those of the contract that the checks hold the package to."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ][0]
    layers = [{name.strip(" ()") for name in layer.split("|")} for layer in contract["layers"]]
    rows = re.findall(
        r"^\| ([0-9]{1,2}) \| (.+) \|$", (DOCS / "design.md").read_text("utf-8"), re.MULTILINE
    )
    drawn = [
        {name.strip("`*").removesuffix(".py").strip("/*") for name in files.split(", ")}
        for _, files in rows
    ]
    assert drawn == layers
    assert [int(number) for number, _ in rows] == list(range(len(layers), 0, -1))


def test_errors() -> None:
    """Every mistake that restkit reports to a programmer stands in the reference by its own
    name.
    """
    module = importlib.import_module("restkit.errors")
    assert all(f"`{name}`" in reference() for name in module.__all__)


def test_example_documents_are_json_or_yaml() -> None:
    """Every JSON block of the pages is JSON."""
    for page in PAGES:
        for block in blocks_of(page):
            if block.language == "json":
                json.loads(block.text)


# collections and databases


CRUD = DOCS / "reference" / "crud.md"


@pytest.mark.parametrize(
    "module", [restkit.crud, restkit.sqlalchemy, restkit.limits], ids=lambda each: each.__name__
)
def test_names_of_wings(module: types.ModuleType) -> None:
    """Every public name of what is beside the core stands in the reference."""
    missing = [
        name
        for name in module.__all__
        if not re.search(rf"`[^`\n]*\b{name}\b[^`\n]*`", reference())
    ]
    assert missing == []


def test_collections() -> None:
    """Every attribute of CRUDResource stands in its table with its default,
    and every action in another.
    """
    rows = rows_of(CRUD)
    attributes = {name for name in CRUDResource.__annotations__ if not name.startswith("_")}
    for name in attributes:
        assert ast.literal_eval(rows[name][1].strip("`")) == getattr(CRUDResource, name), name
    actions = [
        name
        for name, each in vars(CRUDResource).items()
        if inspect.isfunction(each) and name[0] != "_"
    ]
    assert {name.partition("(")[0] for name in rows} >= set(actions)


@pytest.mark.parametrize("kind", [Store, Transaction, Database, SQLAlchemyStore])
def test_members_of_stores(kind: type) -> None:
    """Every public member of the protocols below a collection, and of a database,
    stands in the reference.
    """
    members = [name for name in vars(kind) if not name.startswith("_")]
    text = CRUD.read_text("utf-8")
    missing = [name for name in members if not re.search(rf"`[^`\n]*\b{name}\b", text)]
    assert missing == []


def test_limits_of_databases() -> None:
    """Every limit stands in the table of limits with its default;
    so do the members of what is asked and answered.
    """
    rows = rows_of(CRUD)
    for field in dataclasses.fields(Limits):
        assert ast.literal_eval(rows[field.name][1]) == field.default, field.name
    text = CRUD.read_text("utf-8")
    for kind in (ListQuery, Page, Condition, Order, Attribute):
        shown = re.search(rf"`{kind.__name__}\(.*", text)
        assert shown is not None, kind
        assert all(re.search(rf"\b{each.name}\b", shown[0]) for each in dataclasses.fields(kind)), (
            kind
        )


def test_operators_of_filters() -> None:
    """Every operator that a filter may have stands in the table of filters."""
    rows = rows_of(CRUD)
    found = {operator for name in rows for operator in re.findall(r"\w+", name)}
    assert found >= set(get_args(Operator))


def test_migrations_that_are_shown() -> None:
    """The page on migrations shows the bookstore's env.py letter by letter,
    and the files that it names are there.
    """
    page = DOCS / "how-to" / "migrations.md"
    (shown,) = [block for block in blocks_of(page) if 'title="env.py"' in block.info]
    bookstore = ROOT / "examples" / "bookstore"
    assert shown.text == (bookstore / "migrations" / "env.py").read_text("utf-8")
    for name in (
        "alembic.ini",
        "migrations/env.py",
        "migrations/script.py.mako",
        "migrations/versions/",
    ):
        assert f"`{name}`" in page.read_text("utf-8")
        assert (bookstore / name).exists()
