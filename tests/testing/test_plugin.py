"""The pytest plugin, in projects of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOP = """
from restkit import App
app = App("Shop")

@app.route("/")
def hello() -> dict:
    return {"hello": "shop"}
"""
TEST = """
def test_it(client):
    assert client.get("/").json == {"hello": "shop"}
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a project in which the package is importable."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    """Run the project's tests in a process of its own,
    with this plugin and no other of the environment.
    """
    return project.runpytest_subprocess(
        "-p", "restkit.testing.plugin", "-p", "no:cacheprovider", *options
    )


def test_fixture_app(project: pytest.Pytester) -> None:
    """The client is of the App that the project's own fixture returns."""
    project.makepyfile(shop=SHOP)
    project.makeconftest("import pytest, shop\n@pytest.fixture\ndef app():\n    return shop.app")
    project.makepyfile(TEST)
    run(project).assert_outcomes(passed=1)


def test_setting(project: pytest.Pytester) -> None:
    """The client is of the App that the setting names, where there is no such fixture;
    the option wins.
    """
    project.makepyfile(shop=SHOP, other=SHOP.replace('"shop"', '"other"'))
    project.makeini("[pytest]\nrestkit_app = shop:app")
    project.makepyfile(TEST)
    run(project).assert_outcomes(passed=1)
    run(project, "--restkit-app=other").assert_outcomes(failed=1)


def test_contract_is_checked(project: pytest.Pytester) -> None:
    """An answer outside its contract fails the test."""
    project.makepyfile(
        shop=SHOP.replace('return {"hello": "shop"}', 'return {"hello": "shop"}, 202')
    )
    project.makepyfile("def test_it(client):\n    client.get('/')")
    result = run(project, "--restkit-app=shop")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*ContractError: *responded with status 202, which it does not declare*"]
    )


def test_no_app(project: pytest.Pytester) -> None:
    """Without an App the error says how to name one."""
    project.makepyfile(TEST)
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ['*has no App: define a fixture "app" that returns an App, or set restkit_app =*']
    )


def test_no_such_app(project: pytest.Pytester) -> None:
    """A setting that leads nowhere is one sentence; a module that fails shows its traceback."""
    project.makepyfile(TEST)
    result = run(project, "--restkit-app=gone:app")
    result.stdout.fnmatch_lines(["restkit: There is no module gone in *"])
    result.stdout.no_fnmatch_line("*Traceback*")
    project.makepyfile(broken="1 / 0")
    result = run(project, "--restkit-app=broken")
    result.stdout.fnmatch_lines(["*ZeroDivisionError*"])


def test_wrong_fixture(project: pytest.Pytester) -> None:
    """A fixture `app` that returns no application is an error that says so."""
    project.makeconftest("import pytest\n@pytest.fixture\ndef app():\n    return 3")
    project.makepyfile(TEST)
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the fixture app returned a int, not an App*"])


def test_silent_where_unused(project: pytest.Pytester) -> None:
    """A project that asks for no fixture of the plugin sees nothing of it."""
    project.makepyfile("def test_it():\n    pass")
    result = run(project, "-W", "error", "-q")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*restkit*")


DATABASE_SHOP = """
from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Item(Base):
    __tablename__ = "item"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))

class Items(CRUDResource[Item]):
    model = Item

app = App("Shop")
app.install(Database("sqlite:///shop.db", create=Base.metadata))
app.add("/items", Items)
"""
DATABASE_TEST = """
import pytest
from shop import Item

@pytest.mark.parametrize("round", [1, 2])
def test_it(client, rolled_back, round):
    rolled_back.add(Item(name="made by the test"))
    rolled_back.commit()
    assert client.post("/items", json={"name": "made by a request"}).status == 201
    assert len(client.get("/items").json["items"]) == 2
"""


def test_a_database_is_rolled_back_after_each_test(project: pytest.Pytester) -> None:
    """Both rounds begin with an empty table, and the test has a session of its own."""
    project.makepyfile(shop=DATABASE_SHOP)
    project.makeini("[pytest]\nrestkit_app = shop:app")
    project.makepyfile(DATABASE_TEST)
    run(project).assert_outcomes(passed=2)


MEMORY_SHOP = """
from dataclasses import dataclass
from restkit import App
from restkit.crud import CRUDResource, MemoryStore

@dataclass
class Item:
    name: str
    id: int = 0

class Items(CRUDResource[Item]):
    model = Item

app = App("Shop")
app.install(MemoryStore(Item, items=[Item("there before")]))
app.add("/items", Items)
"""
MEMORY_TEST = """
import pytest

pytestmark = pytest.mark.usefixtures("rolled_back")

@pytest.mark.parametrize("round", [1, 2])
def test_it(client, round):
    assert client.delete("/items/1").status == 204
    made = client.post("/items", json={"name": "made by a request"})
    assert made.headers["Location"] == "/items/2"
    assert len(client.get("/items").json["items"]) == 1

def test_the_fixture_is_the_store(client, rolled_back):
    assert [each.name for each in rolled_back.items] == ["there before"]
"""


def test_a_store_in_memory_is_rolled_back_after_each_test(project: pytest.Pytester) -> None:
    """Each round begins with the same items and keys; the documented line is enough."""
    project.makepyfile(shop=MEMORY_SHOP)
    project.makeini("[pytest]\nrestkit_app = shop:app")
    project.makepyfile(MEMORY_TEST)
    run(project).assert_outcomes(passed=3)


def test_an_app_without_a_database_is_told(project: pytest.Pytester) -> None:
    """The fixture says what is to be installed."""
    project.makepyfile(shop=SHOP)
    project.makeini("[pytest]\nrestkit_app = shop:app")
    project.makepyfile("def test_it(rolled_back):\n    pass")
    found = run(project)
    found.assert_outcomes(errors=1)
    found.stdout.fnmatch_lines(["*fixture rolled_back found no database*"])


_STORES = """
import datetime as dt
from dataclasses import dataclass
from typing import Annotated

import pytest
from marshmallow import validate

from restkit import App
from restkit.crud import MemoryStore
from restkit.testing import StoreConformance


@dataclass
class Topic:
    slug: Annotated[str, validate.Length(1, 20)]
    name: Annotated[str, validate.Length(max=50)]


@dataclass
class Note:
    title: Annotated[str, validate.Length(1, 100)]
    code: Annotated[str, validate.Length(max=20)] | None = None
    number: int | None = None
    topic_id: Annotated[str, validate.Length(max=20)] | None = None
    removed_at: dt.datetime | None = None
    id: int = 0


class TestStores(StoreConformance):
    note = Note
    topic = Topic

    @pytest.fixture
    def app(self):
        topics = MemoryStore(Topic, key="slug", unique=("name",))
        notes = MemoryStore(Note, references={"topic_id": topics})  # unique=("code",) is missing
        return App("Notes", extensions=[topics, notes])
"""


def test_the_conformance_suite_shows_values(project: pytest.Pytester) -> None:
    """The assertion of a store that does not conform says which statuses there were."""
    project.makepyfile(_STORES)
    result = run(project, "-k", "test_unique_values")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.re_match_lines([r"E +assert 201 in \(409,\)"])


def test_a_contract_error_is_shown_at_the_line_of_the_test(project: pytest.Pytester) -> None:
    """No frame of the client, the dispatcher or the check stands before the message."""
    project.makepyfile(
        """
        from marshmallow import Schema, fields
        from restkit import App, returns
        from restkit.testing import Client

        class Book(Schema):
            title = fields.Str(required=True)

        app = App("Shop")

        @app.get("/")
        @returns(Book)
        def book() -> dict[str, str]:
            return {}

        def test_it():
            assert Client(app).get("/").status == 200
        """
    )
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*restkit/*.py:*")
    result.stdout.fnmatch_lines([">*assert Client(app).get*", "E*ContractError: *.book responded*"])
