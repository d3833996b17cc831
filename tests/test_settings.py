"""Settings: their sources, conversion and checks."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_type_hints

import pytest

from restkit.errors import SettingError
from restkit.settings import Settings, SettingValues

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Own(Settings):
    """Is settings of a user, with one field of each kind."""

    greeting: str = "hi"
    ratio: float = 0.5
    level: Literal["low", "high", 3] = "low"
    hosts: list[str] = dataclasses.field(default_factory=list)
    ports: tuple[int, ...] = ()
    pair: tuple[int, str] = (1, "a")
    seed: int | None = 7
    home: Path = Path("/")
    size: int | str = 1
    mapping: dict[str, str] = dataclasses.field(default_factory=dict)
    anything: Any = None


def load(**variables: str) -> Own:
    """Load from an environment alone."""
    return Own.load(
        environ={f"RESTKIT_{name.upper()}": text for name, text in variables.items()}, dotenv=False
    )


def test_defaults() -> None:
    """Without any source the settings are the documented defaults."""
    settings = Settings.load(environ=NOTHING, dotenv=False)
    assert settings == Settings()
    assert settings.strict is True
    assert settings.debug is False
    assert settings.contract == "log"
    assert settings.max_body_size == 2097152
    assert settings.max_upload_size == 67108864
    assert settings.openapi_url == "/openapi.json"
    assert settings.docs_url == "/docs"
    assert settings.scalar_url == "/scalar"


def test_frozen_and_keyword_only() -> None:
    """Settings do not change after they are made, and are made by name."""
    settings = Settings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.debug = True  # type: ignore[misc]  # what the test is about
    with pytest.raises(TypeError):
        Settings(False)  # type: ignore[call-arg]  # what the test is about


def test_values_of_app_are_the_fields() -> None:
    """SettingValues has each field of Settings with its type, and no other."""
    hints = {name: hint for name, hint in get_type_hints(Settings).items() if name[0] != "_"}
    assert get_type_hints(SettingValues) == hints


def test_every_field_is_documented() -> None:
    """Each field is explained in the docstring of the class."""
    assert dataclasses.fields(Settings)
    for field in dataclasses.fields(Settings):
        assert f"\n    {field.name}: " in inspect.cleandoc(Settings.__doc__ or "")


def test_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A keyword wins over the default, the file over it, .env over that,
    the environment over all.
    """
    monkeypatch.chdir(tmp_path)
    names = ["max_body_size", "max_upload_size", "max_json_depth", "docs_url"]
    Path("settings.toml").write_text(
        "max_upload_size = 2\nmax_json_depth = 2\ndocs_url = '/file'\n"
    )
    Path(".env").write_text("RESTKIT_MAX_JSON_DEPTH=3\nRESTKIT_DOCS_URL=/dotenv\nOTHER=1\n")
    keywords: SettingValues = {
        "max_body_size": 1,
        "max_upload_size": 1,
        "max_json_depth": 1,
        "docs_url": "/keyword",
    }
    settings = Settings.load(
        file="settings.toml", environ={"RESTKIT_DOCS_URL": "/environ"}, **keywords
    )
    assert [getattr(settings, name) for name in names] == [1, 2, 3, "/environ"]


def test_file_named_by_the_environment(tmp_path: Path) -> None:
    """RESTKIT_SETTINGS_FILE names the file where none is given; an empty name is none."""
    (tmp_path / "a.toml").write_text("debug = true")
    (tmp_path / "b.toml").write_text("debug = false")
    environ = {"RESTKIT_SETTINGS_FILE": str(tmp_path / "a.toml")}
    assert Settings.load(environ=environ, dotenv=False).debug
    assert not Settings.load(environ=environ, dotenv=False, file=tmp_path / "b.toml").debug
    assert not Settings.load(environ={"RESTKIT_SETTINGS_FILE": ""}, dotenv=False).debug


def test_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the process is read where none is given."""
    monkeypatch.setenv("RESTKIT_DEBUG", "on")
    assert Settings.load(dotenv=False).debug


def test_dotenv_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """.env is read where it exists; another file may be named; False reads none."""
    monkeypatch.chdir(tmp_path)
    assert not Settings.load(environ=NOTHING).debug
    Path(".env").write_text("RESTKIT_DEBUG=yes\nexport SECRET\n")
    Path("other").write_text("RESTKIT_STRICT=no\n")
    assert Settings.load(environ=NOTHING).debug
    assert not Settings.load(environ=NOTHING, dotenv=False).debug
    assert not Settings.load(environ=NOTHING, dotenv="other").strict


def test_dotenv_is_not_imported_without_a_file(tmp_path: Path) -> None:
    """A program without .env does not pay for reading one."""
    code = (
        "import sys; from restkit.settings import Settings; Settings.load(); "
        "print({'dotenv', 'tomllib'} & set(sys.modules))"
    )
    root = str(Path(__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("debug", "true", True),
        ("debug", "ON", True),
        ("debug", "1", True),
        ("strict", "no", False),
        ("strict", "0", False),
        ("max_body_size", "5", 5),
        ("ratio", "1.5", 1.5),
        ("ratio", "2", 2.0),
        ("greeting", "", ""),
        ("greeting", "none", "none"),
        ("docs_url", "", None),
        ("docs_url", "None", None),
        ("docs_url", "/d", "/d"),
        ("seed", "none", None),
        ("seed", "8", 8),
        ("level", "high", "high"),
        ("level", "3", 3),
        ("hosts", "a, b,,c", ["a", "b", "c"]),
        ("hosts", "", []),
        ("ports", "1,2", (1, 2)),
        ("pair", "4,b", (4, "b")),
        ("home", "/srv", Path("/srv")),
        ("size", "12", 12),
        ("size", "big", "big"),
        ("anything", "x", "x"),
    ],
)
def test_text_is_converted_by_the_type(name: str, text: str, value: object) -> None:
    """A variable's text becomes a value of the field's type."""
    found = getattr(load(**{name: text}), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("debug", "maybe", "RESTKIT_DEBUG must be a boolean (true or false), not 'maybe'."),
        ("max_body_size", "2 MB", "RESTKIT_MAX_BODY_SIZE must be an integer, not '2 MB'."),
        ("ratio", "much", "must be a number, not"),
        ("seed", "x", "must be an integer or none, not"),
        ("trailing_slash", "x", "must be 'redirect', 'strict' or 'ignore', not"),
        ("ports", "1,x", "must be a tuple (of an integer each), not"),
        ("pair", "1", "must be a tuple"),
        ("mapping", "a", "must be a dict, not"),
        (
            "max_body_size",
            "0",
            "The environment variable RESTKIT_MAX_BODY_SIZE must be greater than 0, not '0'.",
        ),
        ("docs_url", "docs", 'must begin with one "/", not'),
        ("docs_url", "//docs", 'must begin with one "/", not'),
        ("openapi_version", "3.1", "must be 3.0.x, 3.1.x or 3.2.x, with all three numbers, not"),
        ("openapi_version", "2.0.0", "must be 3.0.x"),
    ],
)
def test_wrong_text_is_refused(name: str, text: str, says: str) -> None:
    """A wrong text raises a SettingError that names its source and what was expected."""
    with pytest.raises(SettingError) as caught:
        load(**{name: text})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_variables_of_other_programs_are_left_alone() -> None:
    """A variable that resembles no setting may belong to another program's settings."""
    assert Settings.load(environ={"RESTKIT_DATABASE_URL": "sqlite://"}, dotenv=False) == Settings()


def test_unknown_names_are_refused(tmp_path: Path) -> None:
    """An unknown name is an error from every source,
    with the nearest setting where one is close.
    """
    (tmp_path / "s.toml").write_text("max_bdy_size = 1")
    (tmp_path / "env").write_text("RESTKIT_DEBUGS=1")
    with pytest.raises(
        SettingError,
        match=r"variable RESTKIT_STRIKT is not a setting; did you mean RESTKIT_STRICT\?",
    ):
        Settings.load(environ={"RESTKIT_STRIKT": "1"}, dotenv=False)
    with pytest.raises(SettingError, match=r"did you mean max_upload_size\?"):  # the nearest
        Settings.load(environ=NOTHING, dotenv=False, max_upload_sizes=1)
    with pytest.raises(
        SettingError, match=r"The keyword debgu is not a setting; did you mean debug\?"
    ):
        Settings.load(environ=NOTHING, dotenv=False, debgu=True)
    with pytest.raises(
        SettingError,
        match=r"max_bdy_size in .*s\.toml is not a setting; did you mean max_body_size\?",
    ):
        Settings.load(environ=NOTHING, dotenv=False, file=tmp_path / "s.toml")
    with pytest.raises(
        SettingError,
        match=r"RESTKIT_DEBUGS in .*env is not a setting; did you mean RESTKIT_DEBUG\?",
    ):
        Settings.load(environ=NOTHING, dotenv=tmp_path / "env")


def test_values_are_checked_too(tmp_path: Path) -> None:
    """Values that are not text must be of the field's type, from keywords,
    the file and the constructor.
    """
    with pytest.raises(SettingError, match=r"The keyword debug must be a boolean .*, not 'yes'"):
        Settings.load(environ=NOTHING, dotenv=False, debug="yes")
    with pytest.raises(
        SettingError, match="The keyword max_body_size must be an integer, not True"
    ):
        Settings.load(environ=NOTHING, dotenv=False, max_body_size=True)
    (tmp_path / "s.toml").write_text("max_body_size = -1")
    with pytest.raises(
        SettingError, match=r"max_body_size in .*s\.toml must be greater than 0, not -1\."
    ):
        Settings.load(environ=NOTHING, dotenv=False, file=tmp_path / "s.toml")
    with pytest.raises(
        SettingError, match="The setting contract must be 'log', 'raise' or 'off', not 'shout'"
    ):
        Settings(contract="shout")  # type: ignore[arg-type]  # what the test is about
    with pytest.raises(SettingError, match=r"not 'x{50,}\.\.\.\."):
        Settings.load(environ=NOTHING, dotenv=False, debug="x" * 1000)
    with pytest.raises(SettingError, match="must be a list"):
        Own.load(environ=NOTHING, dotenv=False, hosts="a")


def test_values_of_a_file_are_converted(tmp_path: Path) -> None:
    """TOML's own types become the fields':
    an array a tuple, an integer a float, a string a path.
    """
    (tmp_path / "s.toml").write_text(
        'ports = [1, 2]\nratio = 2\nhome = "/srv"\nmapping = {a = "b"}\n'
    )
    settings = Own.load(environ=NOTHING, dotenv=False, file=tmp_path / "s.toml")
    assert settings.ports == (1, 2)
    assert settings.ratio == 2.0
    assert settings.home == Path("/srv")
    assert settings.mapping == {"a": "b"}
    assert type(settings.ratio) is float


def test_unreadable_sources(tmp_path: Path) -> None:
    """A source that is missing or broken is one sentence that names it."""
    (tmp_path / "bad.toml").write_text("debug = ")
    (tmp_path / "latin").write_bytes(b"RESTKIT_DEBUG=\xe9")
    (tmp_path / "bare").write_text("RESTKIT_DEBUG\n")
    with pytest.raises(
        SettingError,
        match=r"The settings file .*gone\.toml cannot be read: No such file or directory\.",
    ):
        Settings.load(environ=NOTHING, dotenv=False, file=tmp_path / "gone.toml")
    with pytest.raises(SettingError, match=r"The settings file .*bad\.toml is not valid TOML"):
        Settings.load(environ=NOTHING, dotenv=False, file=tmp_path / "bad.toml")
    with pytest.raises(SettingError, match="given as dotenv, does not exist"):
        Settings.load(environ=NOTHING, dotenv=tmp_path / "gone")
    with pytest.raises(SettingError, match=r"The file .*latin cannot be read"):
        Settings.load(environ=NOTHING, dotenv=tmp_path / "latin")
    with pytest.raises(
        SettingError, match=r"RESTKIT_DEBUG in .*bare has no value. Write RESTKIT_DEBUG=value\."
    ):
        Settings.load(environ=NOTHING, dotenv=tmp_path / "bare")


def test_subclass_without_the_decorator() -> None:
    """A subclass that is no dataclass itself is an error that says what to write."""

    class Plain(Settings):
        extra: int = 1

    with pytest.raises(
        SettingError, match="Plain adds settings but is not a dataclass: put @dataclass"
    ):
        Plain.load(environ=NOTHING, dotenv=False)


def test_subclass_with_unresolvable_annotation() -> None:
    """An annotation that names nothing is an error that says which class has it."""

    @dataclass(frozen=True, kw_only=True)
    class Lost(Settings):
        extra: Nowhere = None  # type: ignore[name-defined]  # noqa: F821  # what the test is about

    with pytest.raises(
        SettingError, match=r"The annotations of .*Lost cannot be resolved: name 'Nowhere'"
    ):
        Lost.load(environ=NOTHING, dotenv=False)


@pytest.mark.parametrize("text", ["false", "0", "no", "off", "OFF"])
def test_texts_that_are_false(text: str) -> None:
    """Four words switch a setting off, in either case."""
    assert load(strict=text).strict is False


def test_how_much_of_a_wrong_value_is_shown() -> None:
    """A text of 60 characters is shown whole, a longer one is cut."""
    for length, shown in ((58, "x" * 58 + "'"), (59, "x" * 56 + "...")):
        with pytest.raises(SettingError) as caught:
            load(seed="x" * length)
        assert f"not '{shown}." in str(caught.value)


@dataclass(frozen=True, kw_only=True)
class Computed(Settings):
    """Settings of which one follows from another."""

    host: str = "a"
    base: str = dataclasses.field(init=False, default="")


def test_a_field_that_is_computed_is_no_setting() -> None:
    """A field that is not a parameter of the class cannot be set from outside."""
    with pytest.raises(SettingError, match="base"):
        Computed.load(environ={}, dotenv=False, base="x")
    assert Computed.load(environ={"RESTKIT_HOST": "b"}, dotenv=False).host == "b"


@dataclass(frozen=True, kw_only=True)
class ShopSettings(Settings, prefix="SHOP_"):
    """Settings with a prefix, one without a default, and one with a variable of its own."""

    database_url: str
    mail_host: str = dataclasses.field(default="", metadata={"variable": "SMTP_HOST"})


@dataclass(frozen=True, kw_only=True)
class BranchSettings(ShopSettings):
    """Settings that inherit the prefix."""

    floor: int = 0


def test_a_prefix_of_ones_own() -> None:
    """A prefix replaces RESTKIT_ for all settings of the class and its subclasses."""
    environ = {
        "SHOP_DATABASE_URL": "sqlite://",
        "SHOP_DEBUG": "true",
        "SHOP_FLOOR": "3",
        "RESTKIT_DEBUG": "false",
        "RESTKIT_STRICT": "false",
    }
    settings = BranchSettings.load(environ=environ, dotenv=False)
    assert settings.database_url == "sqlite://"
    assert settings.debug is True
    assert settings.strict is True
    assert settings.floor == 3
    assert Settings.load(environ=environ, dotenv=False).strict is False


def test_no_prefix() -> None:
    """With an empty prefix a setting is read from its own name in capitals, and others are left."""

    @dataclass(frozen=True, kw_only=True)
    class Plain(Settings, prefix=""):
        greeting: str = "hi"

    environ = {"GREETING": "hello", "GREETINGS": "no setting", "PATH": "/bin", "DEBUG": "1"}
    settings = Plain.load(environ=environ, dotenv=False)
    assert settings.greeting == "hello"
    assert settings.debug is True


def test_a_prefix_that_is_no_text() -> None:
    """A prefix must be a string."""
    with pytest.raises(SettingError, match="prefix must be a string, got 5"):
        type("Odd", (Settings,), {}, prefix=5)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"DATABASE_URL": "postgresql://db/shop"}, "postgresql://db/shop"),
        ({"DATABASE_URL": "a://", "SHOP_DATABASE_URL": "b://"}, "b://"),
        ({"SHOP_DATABASE_URL": "b://"}, "b://"),
    ],
    ids=["without the prefix", "the prefix wins", "with the prefix"],
)
def test_database_url(environ: dict[str, str], expected: str) -> None:
    """A setting database_url is read from DATABASE_URL as well, as hosting platforms set it."""
    assert ShopSettings.load(environ=environ, dotenv=False).database_url == expected


def test_database_url_in_dotenv(tmp_path: Path) -> None:
    """DATABASE_URL of a .env file loses against the environment's."""
    (tmp_path / ".env").write_text("DATABASE_URL=local://\n")
    file = tmp_path / ".env"
    assert ShopSettings.load(environ=NOTHING, dotenv=file).database_url == "local://"
    environ = {"DATABASE_URL": "outer://"}
    assert ShopSettings.load(environ=environ, dotenv=file).database_url == "outer://"


def test_a_variable_of_ones_own() -> None:
    """A field may name its variable; the name with the prefix is read as well."""
    both = {"SMTP_HOST": "one", "SHOP_MAIL_HOST": "two", "SHOP_DATABASE_URL": "a://"}
    assert ShopSettings.load(environ=both, dotenv=False).mail_host == "one"
    del both["SMTP_HOST"]
    assert ShopSettings.load(environ=both, dotenv=False).mail_host == "two"


def test_a_missing_setting_is_named() -> None:
    """A setting without a default and without a value is an error that says where to set it."""
    expected = r"database_url of .*ShopSettings has no value.*SHOP_DATABASE_URL"
    with pytest.raises(SettingError, match=expected):
        ShopSettings.load(environ=NOTHING, dotenv=False)
    with pytest.raises(SettingError, match=expected):
        ShopSettings()  # type: ignore[call-arg]  # what the test is about


def test_settings_are_copied_and_pickled() -> None:
    """Settings with a required field survive copy, replace and pickle."""
    settings = ShopSettings(database_url="a://")
    assert copy.copy(settings) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings
    assert dataclasses.replace(settings, debug=True).debug is True


@dataclass(frozen=True, kw_only=True)
class SecretSettings(Settings, prefix="VAULT_"):
    """Settings with secrets."""

    database_url: str
    api_token: str
    mail_password: str | None = None
    brokers: tuple[str, ...] = ()
    key_days: int = 1


def test_repr_hides_secrets() -> None:
    """Passwords in URLs and secret settings are in neither repr nor a message."""
    made = SecretSettings(
        database_url="postgresql://ada:p@55/w'rd@db/x?sslpassword=pa55&mode=1",
        api_token="t0k3n",
        brokers=("redis://:pa55@one",),
        secret_key="pa55",
    )
    text = repr(made)
    assert "pa55" not in text
    assert "t0k3n" not in text
    assert "p@55" not in text
    assert "rd@db" not in text
    assert "//ada:***@db/x?sslpassword=***&mode=1" in text
    assert "brokers=('redis://:***@one',)" in text
    assert "mail_password=None" in text
    assert str(made) == text
    assert text.startswith("SecretSettings(strict=True, ")
    with pytest.raises(SettingError) as refused:
        SecretSettings.load(environ={"VAULT_KEY_DAYS": "t0k3n"}, dotenv=False)
    assert "t0k3n" not in str(refused.value)


def test_repr_of_a_subclass_of_a_subclass_hides_secrets() -> None:
    """A subclass of a subclass and one with a mixin hide secrets too; a repr of one's own stays."""

    @dataclass(frozen=True, kw_only=True)
    class Mixin:
        other_token: str = "pa55"

    @dataclass(frozen=True, kw_only=True)
    class Deep(Mixin, SecretSettings):
        pass

    @dataclass(frozen=True, kw_only=True)
    class Own(SecretSettings):
        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, kw_only=True)
    class BelowOwn(Own):
        pass

    assert "pa55" not in repr(Deep(database_url="", api_token="pa55"))
    assert repr(BelowOwn(database_url="", api_token="")) == "own"


def test_all_missing_settings_are_named() -> None:
    """One error names every missing setting with all its variables."""
    with pytest.raises(SettingError) as refused:
        SecretSettings.load(environ={}, dotenv=False)
    assert str(refused.value) == (
        "The settings database_url, api_token of SecretSettings have no value. Set the environment "
        "variables VAULT_DATABASE_URL or DATABASE_URL, VAULT_API_TOKEN, pass database_url=..., "
        "api_token=..., or give the fields defaults."
    )
    with pytest.raises(SettingError, match="variable VAULT_DATABASE_URL or DATABASE_URL, pass"):
        SecretSettings.load(environ={"VAULT_API_TOKEN": "x"}, dotenv=False)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("max_json_depth", 0, "be from 1 to 500"),
        ("max_json_depth", 501, "be from 1 to 500"),
        ("max_body_size", 0, "be greater than 0"),
        ("max_upload_size", 0, "be greater than 0"),
        ("openapi_url", "openapi.json", 'begin with one "/"'),
        ("scalar_url", "//scalar", 'begin with one "/"'),
        ("openapi_version", "3.1.x", "be 3.0.x, 3.1.x or 3.2.x, with all three numbers"),
        ("openapi_version", "3.1.\u00b2", "be 3.0.x, 3.1.x or 3.2.x, with all three numbers"),
        ("openapi_version", "3.3.0", "be 3.0.x, 3.1.x or 3.2.x, with all three numbers"),
    ],
)
def test_values_out_of_their_range(name: str, value: object, says: str) -> None:
    """A value outside the range of its setting is refused with the range."""
    with pytest.raises(SettingError) as refused:
        Settings(**{name: value})  # type: ignore[arg-type]  # what the test is about
    assert str(refused.value) == f"The setting {name} must {says}, not {value!r}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_json_depth", 1),
        ("max_json_depth", 500),
        ("max_body_size", 1),
        ("max_upload_size", 1),
        ("openapi_url", "/"),
        ("scalar_url", None),
        ("openapi_version", "3.0.4"),
        ("openapi_version", "3.2.0"),
    ],
)
def test_the_ends_of_ranges(name: str, value: object) -> None:
    """The first and the last value of a range are taken."""
    made = Settings(**{name: value})  # type: ignore[arg-type]  # any setting
    assert getattr(made, name) == value


@dataclass(frozen=True, kw_only=True)
class Kinds(Settings):
    """Settings of the types that Own lacks."""

    nick: str | None = "n"
    either: int | str = 1
    level: Literal["low", 3] = "low"
    names: set[str] = dataclasses.field(default_factory=set)
    words: list = dataclasses.field(default_factory=list)  # type: ignore[type-arg]  # bare
    point: tuple = ()  # type: ignore[type-arg]  # bare
    pair: tuple[int, str] = (1, "a")
    home: Path = Path("/")
    ratio: float = 0.5
    use_keys: bool = True


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("nick", " NONE ", None),
        ("nick", "nobody", "nobody"),
        ("either", "none", "none"),
        ("either", "", ""),
        ("names", "a,b", {"a", "b"}),
        ("words", "1, b", ["1", "b"]),
        ("point", "1,2", ("1", "2")),
        ("use_keys", " Yes ", True),
    ],
)
def test_text_of_further_types(name: str, text: str, value: object) -> None:
    """`none` is None only where None is allowed; bare collections hold text."""
    environ = {f"RESTKIT_{name.upper()}": text}
    found = getattr(Kinds.load(environ=environ, dotenv=False), name)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nick", None),
        ("nick", "none"),
        ("nick", ""),
        ("level", 3),
        ("names", {"a"}),
        ("names", ["a"]),
        ("pair", [4, "b"]),
        ("point", ["x", 1]),
        ("ratio", 2),
        ("home", "/srv"),
    ],
)
def test_values_of_further_types(name: str, value: object) -> None:
    """A value that is no text is taken as it is, as its field's type."""
    settings = Kinds.load(environ=NOTHING, dotenv=False, **{name: value})
    kind = type(getattr(Kinds(), name))
    expected = value if value is None or name == "level" else kind(value)
    assert getattr(settings, name) == expected
    assert type(getattr(settings, name)) is type(expected)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("level", "3", "'low' or 3"),
        ("level", 3.0, "'low' or 3"),
        ("nick", 5, "a string or none"),
        ("words", 5, "a list"),
        ("names", "a", "a set (of a string each)"),
        ("pair", [4], "a tuple (of an integer each)"),
        ("home", 5, "a path"),
        ("ratio", True, "a number"),
        ("ratio", "1", "a number"),
        ("either", None, "an integer or a string"),
        ("max_body_size", 1.0, "an integer"),
        ("debug", 1, "a boolean (true or false)"),
    ],
)
def test_values_of_a_wrong_type(name: str, value: object, says: str) -> None:
    """The message has the type in words."""
    with pytest.raises(SettingError) as refused:
        Kinds.load(environ=NOTHING, dotenv=False, **{name: value})
    assert str(refused.value) == f"The keyword {name} must be {says}, not {value!r}."


def test_a_boolean_is_no_secret() -> None:
    """What says only yes or no is shown, whatever its name."""
    assert "use_keys=True" in repr(Kinds())


def test_settings_are_compared_by_class_and_value() -> None:
    """Equal settings have one hash; others of another class or value are not equal."""
    assert Settings() == Settings(debug=False)
    assert hash(Settings()) == hash(Settings(debug=False))
    assert Settings() != Settings(debug=True)
    assert Settings() != Computed()
    assert Settings().__eq__(5) is NotImplemented


def test_the_file_named_in_dotenv(tmp_path: Path) -> None:
    """A .env file may name the settings file; the environment's name wins."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(f"docs_url = '/{name}'")
    (tmp_path / ".env").write_text(f"RESTKIT_SETTINGS_FILE={tmp_path}/a.toml\n")
    dotenv = tmp_path / ".env"
    assert Settings.load(environ=NOTHING, dotenv=dotenv).docs_url == "/a"
    environ = {"RESTKIT_SETTINGS_FILE": f"{tmp_path}/b.toml"}
    assert Settings.load(environ=environ, dotenv=dotenv).docs_url == "/b"


def test_a_name_that_resembles_none_lists_all() -> None:
    """Where no setting is close, the message has every name in order."""
    with pytest.raises(SettingError) as refused:
        Settings.load(environ=NOTHING, dotenv=False, zzzzzz=1)
    assert str(refused.value) == (
        "The keyword zzzzzz is not a setting; the settings are browsable, catalog_url, "
        "compile_schemas, contract, debug, docs_by_caller, docs_public, docs_url, hosts, https, "
        "llms_url, max_body_size, max_json_depth, max_upload_size, openapi_url, openapi_version, "
        "proxies, redis_url, scalar_url, secret_key, sendfile, sendfile_paths, strict, "
        "trailing_slash."
    )


def test_a_file_that_is_no_unicode(tmp_path: Path) -> None:
    """A TOML file in another encoding is an error of the file."""
    (tmp_path / "s.toml").write_bytes(b'docs_url = "/\xe9"')
    with pytest.raises(SettingError, match=r"s\.toml is not valid TOML"):
        Settings.load(environ=NOTHING, dotenv=False, file=tmp_path / "s.toml")


def test_a_computed_field_has_no_variable() -> None:
    """The environment of another program cannot set what is computed."""
    environ = {"RESTKIT_BASE": "x", "RESTKIT_HOST": "b"}
    assert Computed.load(environ=environ, dotenv=False).base == ""


def test_variables_without_a_value_in_dotenv(tmp_path: Path) -> None:
    """Without a prefix a bare name may be another program's; with one it is a setting's."""

    @dataclass(frozen=True, kw_only=True)
    class Plain(Settings, prefix=""):
        greeting: str = "hi"

    (tmp_path / ".env").write_text("GREETING\nSECRET\n")
    assert Plain.load(environ=NOTHING, dotenv=tmp_path / ".env").greeting == "hi"
    assert Settings.load(environ=NOTHING, dotenv=tmp_path / ".env") == Settings()
