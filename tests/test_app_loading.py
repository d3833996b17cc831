"""Finding the App that a text names, and what is said where there is none."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from restkit import LoadError
from restkit.app_loading import load_app, load_object, load_program
from restkit.versioning import Versions

APP = "from restkit import App\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return an empty current directory; what is imported from it is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    sys.path_importer_cache.clear()


def write(path: str, text: str) -> None:
    """Write a file of the program."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def fails(target: str) -> str:
    """Return the sentence that a target fails with."""
    with pytest.raises(LoadError) as caught:
        load_app(target)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "target", ["shop", "shop:app", "shop.py", "./shop.py", "shop.py:app", "shop:holder.inner"]
)
def test_app_by_default(target: str) -> None:
    """A module or file is enough where the App is called app; a dotted name leads further in."""
    write("shop.py", APP + "app = App('one')\nother = App('two')\nclass holder:\n    inner = app\n")
    assert load_app(target).name == "one"


def test_only_app() -> None:
    """Without the name app it is the only App in the module, under however many names."""
    write("shop.py", APP + "service = App('one')\nalias = service\n")
    assert load_app("shop").name == "one"


@pytest.mark.parametrize(
    "target", ["shop", "shop:create_app", "shop:create_app()", "shop.py:create_app()"]
)
def test_factory(target: str) -> None:
    """A factory is called, with or without its parentheses."""
    write("shop.py", APP + "def create_app(name='made', *more, **options):\n    return App(name)\n")
    assert load_app(target).name == "made"


def test_other_factory() -> None:
    """The name make_app is found too, and app itself may be a factory."""
    write("shop.py", APP + "def make_app():\n    return App('made')\n")
    write("store.py", APP + "def app():\n    return App('made')\n")
    assert load_app("shop").name == load_app("store").name == "made"


def test_packages() -> None:
    """A package is named by its dotted name or its path;
    its submodule app counts as the package's.
    """
    write("code/shop/__init__.py", "")
    write("code/shop/api/__init__.py", APP + "from .parts import name\napp = App(name)\n")
    write("code/shop/api/parts.py", "name = 'deep'\n")
    write("store/__init__.py", "")
    write("store/app.py", APP + "app = App('below')\n")
    for target in ("code/shop/api", "code/shop/api/", "code/shop/api/__init__.py:app", "shop.api"):
        assert load_app(target).name == "deep"
    for target in ("store", "store.app", "store/app.py", "store:app"):
        assert load_app(target).name == "below"


def test_nothing_there(folder: Path) -> None:
    """A module, file or package that is missing is named, with where it was looked for."""
    write("shop/__init__.py", "")
    write("bare/x.txt", "")
    assert fails("gone") == f"There is no module gone in {folder}."
    assert fails("shop.gone") == "There is no module gone in the package shop."
    assert fails("gone.py") == f"There is no file gone.py in {folder}."
    assert fails("./bare") == "The directory ./bare is not a package: it has no __init__.py."
    assert "is not of the form MODULE or MODULE:APP" in fails(":app")
    assert "is not of the form MODULE or MODULE:APP" in fails("shop:")


def test_missing_import_inside(folder: Path) -> None:
    """A module that imports what is not there is told apart from one that is not there itself."""
    write("shop.py", "import json\nimport nothing.of_this\n")
    assert fails("shop") == (
        "shop cannot be imported: ModuleNotFoundError: No module named 'nothing' "
        f"({folder}/shop.py, line 2)."
    )
    write("store.py", "from json import nothing\n")
    assert fails("store").startswith(
        "store cannot be imported: ImportError: cannot import name 'nothing' from 'json'"
    )


def test_syntax_error(folder: Path) -> None:
    """A syntax error is told with file and line."""
    write("shop.py", "x = 1\ny = = 2\n")
    assert (
        fails("shop")
        == f"shop cannot be imported: {folder}/shop.py, line 2 is not valid Python: invalid syntax."
    )


def test_exception_while_importing(folder: Path) -> None:
    """An exception in the program is told with the last line of the program that it passed
    through.
    """
    write("shop.py", "import parts\n")
    write("parts.py", "import json\n\nfound = json.loads('{')\n")
    message = fails("shop")
    assert message.startswith("shop cannot be imported: JSONDecodeError: Expecting property name")
    write("early.py", "raise SystemExit(3)\n")
    assert fails("early") == f"early cannot be imported: SystemExit: 3 ({folder}/early.py, line 1)."
    write("empty.py", "raise ValueError\n")
    assert fails("empty") == f"empty cannot be imported: ValueError ({folder}/empty.py, line 1)."


def test_the_place_is_the_innermost_own_line(folder: Path) -> None:
    """Of several lines of the program, the one that raised is told."""
    write("shop.py", "import parts\n\n\nparts.open_shop()\n")
    write("parts.py", "def look_up():\n    return {}['x']\n\n\ndef open_shop():\n    look_up()\n")
    expected = f"shop cannot be imported: KeyError: 'x' ({folder}/parts.py, line 2)."
    assert fails("shop") == expected


def test_mistakes_of_declaration(folder: Path) -> None:
    """One of restkit's own errors is told as it stands, with the line that made it."""
    write("shop.py", APP + "app = App('x', max_body_size=-1)\n")
    assert fails("shop") == (
        "shop cannot be imported: The keyword max_body_size must be greater than 0, not -1 "
        f"({folder}/shop.py, line 2)."
    )


def test_no_app() -> None:
    """A module without an App, or without the one that was named, says what it has."""
    write("shop.py", "x = 1\n")
    assert fails("shop").startswith(
        "shop has no App. Name the App app, name a factory create_app or make_app,"
    )
    assert fails("shop:gone") == "The module shop has no gone; it has no App."
    assert fails("shop:x") == "shop:x is not an App but a int."
    write("store.py", APP + "a = App('1')\nb = App('2')\n")
    assert fails("store") == "store has several Apps, a and b. Name one of them, as in store:a."
    assert fails("store:c") == "The module store has no c; its Apps are a, b."
    assert fails("store:App") == "store:App is not an App but the class App."


def test_wrong_factories(folder: Path) -> None:
    """A factory that wants arguments, fails or makes something else says so."""
    write(
        "shop.py",
        APP
        + "def create_app(config, debug):\n    pass\n"
        + "def fails():\n    return 1 / 0\n"
        + "def none():\n    pass\n",
    )
    assert fails("shop") == (
        "shop:create_app cannot be called as a factory: it requires arguments (config, debug). "
        "Give them defaults."
    )
    assert fails("shop:fails") == (
        f"shop:fails() failed: ZeroDivisionError: division by zero ({folder}/shop.py, line 5)."
    )
    assert fails("shop:none()") == "shop:none() returned None, not an App."


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that restkit has an extra for is installed with it."""
    monkeypatch.setitem(sys.modules, "redis", None)
    write("shop.py", "import redis\n")
    message = fails("shop")
    assert message.startswith("shop cannot be imported: ")
    assert "pip install 'restkit[redis]'" in message


def test_a_factory_is_suggested_for_a_name_that_is_not_there() -> None:
    """It is only suggested where there is no App."""
    write("shop.py", APP + "def create_app():\n    return App('a')\n")
    assert fails("shop:gone") == (
        "The module shop has no gone; it has the factory create_app, so write shop:create_app."
    )
    write("store.py", APP + "def make_app():\n    return App('a')\napp = App('b')\n")
    assert fails("store:gone") == "The module store has no gone; its Apps are app."


def test_a_builtin_factory_is_called() -> None:
    """What it needs cannot be read of it."""
    write("shop.py", "make = min\n")
    assert fails("shop:make").startswith("shop:make() failed: TypeError: min expected")


_VERSIONS = (
    APP
    + "from restkit.versioning import Versions\n"
    + "one, two = App('One'), App('Two')\n"
    + "app = Versions({'1': one, '2026-12-01': two}, header='Api-Version')\n"
)


def test_an_app_of_versions() -> None:
    """Its version stands behind @; a server takes all of them."""
    write("shop.py", _VERSIONS)
    assert load_app("shop:app@1").name == "One"
    assert load_app("shop@2026-12-01").name == "Two"
    assert load_app("shop.py@1").name == "One"
    assert load_app("shop:two").name == "Two"
    assert load_object("shop:app@1") is load_app("shop:app@1")
    assert isinstance(load_program("shop"), Versions)
    assert load_program("shop:app@1") is load_app("shop:app@1")


def test_a_factory_of_versions() -> None:
    """It is called like one of an App."""
    write("shop.py", "def create_app():\n" + "".join(f"    {x}\n" for x in _VERSIONS.splitlines()))
    write("made.py", Path("shop.py").read_text() + "    return app\n")
    assert load_app("made@1").name == "One"
    assert isinstance(load_program("made:create_app()"), Versions)


def test_versions_that_are_none() -> None:
    """The sentence names those that are there."""
    write("shop.py", _VERSIONS)
    write("single.py", APP + "app = App('Single')\n")
    assert "has the versions 1 and 2026-12-01. Name one of them, as in shop:app@1" in fails(
        "shop:app"
    )
    assert "Its versions: shop@1, shop@2026-12-01" in fails("shop@2")
    assert "is an App, which has no version '1'. Write single" in fails("single@1")
