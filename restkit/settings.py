"""Typed settings and their sources: defaults, keywords, a TOML file, .env and the environment.

A later source wins over an earlier one, so that who runs a program has the last word over who wrote it.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, TypedDict, Union, get_args, get_origin

from .errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path  # cold start

__all__ = ["SettingValues", "Settings"]

_PREFIX = "RESTKIT_"
_FILE_VARIABLE = "RESTKIT_SETTINGS_FILE"
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


class SettingValues(TypedDict, total=False):
    """Is what ``App(**values)`` takes: each of the fields of `Settings`, none of them required."""

    strict: bool
    compile_schemas: bool
    debug: bool
    max_body_size: int
    max_upload_size: int
    max_json_depth: int
    trailing_slash: Literal["redirect", "strict", "ignore"]
    openapi_url: str | None
    docs_url: str | None
    scalar_url: str | None
    openapi_version: str
    contract: Literal["log", "raise", "off"]
    secret_key: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Is the settings of an App, checked when made and not changed after.

    A subclass may add fields of its own (a dataclass too, ``@dataclass(frozen=True, kw_only=True)``); they
    are read from the same sources: ``greeting: str = "hi"`` from ``RESTKIT_GREETING``.

    Attributes:
        strict: Whether unknown body fields and unknown query parameters are errors (422); where a schema
            says so itself in its ``Meta.unknown``, that holds.
        compile_schemas: Whether marshmallow schemas are compiled to straight functions; the meaning is the same.
        debug: Whether a problem of status 500 tells the exception and its traceback. Never where strangers call.
        max_body_size: Largest content of a request that is not multipart, in bytes; more is a 413.
        max_upload_size: Largest content of a multipart request, all parts together, in bytes; more is a 413.
        max_json_depth: Deepest nesting of arrays and objects in a JSON body, in levels; more is a 400.
        trailing_slash: What a URL gets that lacks a pattern's last slash: ``"redirect"`` a 308 to the pattern's
            form, ``"strict"`` a 404, ``"ignore"`` the resource; only the last takes a slash too many as well.
        openapi_url: Path of the OpenAPI document as JSON; as YAML it has the same path with ``.yaml``.
            None turns both off, and with them the pages.
        docs_url: Path of Swagger UI; None turns it off.
        scalar_url: Path of Scalar, the other page of that kind; None turns it off.
        openapi_version: Which version of OpenAPI the served document is written in: 3.0.x, 3.1.x or 3.2.x.
        contract: What becomes of an answer outside its Operation's contract where neither the test client
            nor the development server checks it: ``"log"`` a log line, ``"raise"`` a ContractError,
            ``"off"`` nothing.
        secret_key: Signs what clients carry, such as the cursors of pages; the same for all workers. Without one
            a cursor's signature tells slips and tampering, but whoever reads the source can make cursors up.
    """

    strict: bool = True
    compile_schemas: bool = True
    debug: bool = False
    max_body_size: int = 2 * 1024 * 1024
    max_upload_size: int = 64 * 1024 * 1024
    max_json_depth: int = 64
    trailing_slash: Literal["redirect", "strict", "ignore"] = "redirect"
    openapi_url: str | None = "/openapi.json"
    docs_url: str | None = "/docs"
    scalar_url: str | None = "/scalar"
    openapi_version: str = "3.1.1"
    contract: Literal["log", "raise", "off"] = "log"
    secret_key: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Check every value against its field's type and range.

        Raises:
            SettingError: A value is of a wrong type or out of its range.
        """
        for name, hint in _hints(type(self)).items():
            _take(name, getattr(self, name), hint, f"The setting {name}", text=False)

    @classmethod
    def load(
        cls,
        *,
        file: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        dotenv: bool | str | Path = True,
        **values: Any,
    ) -> Self:
        """Make the settings from their sources; a later one wins.

        The sources are the fields' defaults, the keyword values, the TOML file, the ``.env`` file and the
        environment's ``RESTKIT_*`` variables (``RESTKIT_MAX_BODY_SIZE`` for ``max_body_size``). Text is
        converted by the field's type: ``true/false/1/0/yes/no/on/off``, numbers, a list's items separated
        by commas; an empty text or ``none`` is None where the field may be None.

        Args:
            file: A TOML file whose top-level keys are settings; where left out, the one that the variable
                ``RESTKIT_SETTINGS_FILE`` names, if any.
            environ: The environment, ``os.environ`` where left out.
            dotenv: A file of ``NAME=value`` lines; True is ``.env`` in the current directory where there
                is one, False none.
            values: Settings by name.

        Raises:
            SettingError: A source cannot be read, names a setting that there is not, or has a wrong value.
        """
        environ = os.environ if environ is None else environ
        local, local_name = _read_dotenv(dotenv)
        file = (
            file
            if file is not None
            else environ.get(_FILE_VARIABLE) or local.get(_FILE_VARIABLE) or None
        )
        given = _take_all(cls, values, "The keyword {}")
        if file is not None:
            given |= _take_all(cls, _read_toml(file), f"{{}} in {file}")
        given |= _take_variables(cls, local, f"{{}} in {local_name}")
        given |= _take_variables(cls, environ, "The environment variable {}")
        return cls(**given)


def _hints(cls: Any) -> dict[str, Any]:
    return _resolved(cls)


@functools.lru_cache(8)
def _resolved(cls: Any) -> dict[str, Any]:
    """Return the types of the settings by name."""
    if "__dataclass_fields__" not in vars(cls):
        above = "put @dataclass(frozen=True, kw_only=True) above it"
        raise SettingError(f"{cls.__qualname__} adds settings but is not a dataclass: {above}.")
    try:
        hints = typing.get_type_hints(cls)
    except Exception as error:
        raise SettingError(
            f"The annotations of {cls.__qualname__} cannot be resolved: {error}."
        ) from error
    return {field.name: hints[field.name] for field in dataclasses.fields(cls) if field.init}


def _read_toml(path: str | Path) -> dict[str, Any]:
    import tomllib  # PERF: most programs have no such file, 9 ms of cold start

    try:
        with open(path, encoding="utf-8") as file:
            return tomllib.loads(file.read())
    except OSError as error:
        raise SettingError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:  # invalid TOML and invalid UTF-8 alike
        raise SettingError(f"The settings file {path} is not valid TOML: {error}.") from error


def _read_dotenv(dotenv: bool | str | Path) -> tuple[dict[str, str], str]:
    """Return the variables of a .env file, and the name to call it by."""
    path = ".env" if dotenv is True else os.fspath(dotenv or ".env")
    if dotenv is False or (dotenv is True and not os.path.isfile(path)):
        return {}, ""
    if not os.path.isfile(path):
        raise SettingError(f"The file {path}, given as dotenv, does not exist.")

    from dotenv import dotenv_values  # PERF: most programs have no such file, 17 ms of cold start

    try:
        found = dotenv_values(path)
    except (OSError, ValueError) as error:
        raise SettingError(f"The file {path} cannot be read: {error}.") from error
    for name, value in found.items():
        if value is None and name.startswith(_PREFIX):
            raise SettingError(f"{name} in {path} has no value; write {name}=value.")
    return {name: value for name, value in found.items() if value is not None}, path


def _take_variables(cls: type[Settings], environ: Mapping[str, str], place: str) -> dict[str, Any]:
    """Take the variables that name settings; one that is nearly the name of one is refused as a slip.

    Others are left alone: two programs with settings of their own may share an environment.
    """
    known = [_PREFIX + name.upper() for name in _hints(cls)]
    found = {
        name: text
        for name, text in environ.items()
        if name.startswith(_PREFIX)
        and name != _FILE_VARIABLE
        and (name in known or _close(name, known, 0.85))
    }
    return _take_all(cls, found, place, text=True)


def _take_all(
    cls: type[Settings], found: Mapping[str, Any], place: str, *, text: bool = False
) -> dict[str, Any]:
    """Return the values by setting, converted; ``place`` is a template of how messages call one."""
    hints = _hints(cls)
    known = (
        {_PREFIX + name.upper(): name for name in hints} if text else {name: name for name in hints}
    )
    out: dict[str, Any] = {}
    for written, value in found.items():
        if written not in known:
            raise SettingError(
                f"{place.format(written)} is not a setting; {_suggestion(written, list(known))}"
            )
        name = known[written]
        out[name] = _take(name, value, hints[name], place.format(written), text=text)
    return out


def _close(written: str, known: list[str], cutoff: float = 0.75) -> list[str]:
    import difflib  # PERF: only where a name is wrong, 4 ms of cold start

    return difflib.get_close_matches(written, known, n=1, cutoff=cutoff)


def _suggestion(written: str, known: list[str]) -> str:
    close = _close(written, known)
    return f"did you mean {close[0]}?" if close else f"the settings are {', '.join(sorted(known))}."


def _take(name: str, value: Any, hint: Any, place: str, *, text: bool) -> Any:
    """Return a value converted to the type of its field and checked against its range."""
    try:
        taken = _convert(value, hint, text)
    except (ValueError, TypeError):
        raise SettingError(f"{place} is {_show(value)}; expected was {_expected(hint)}.") from None
    check, rule = _RANGES.get(name, _ANY)
    if not check(taken):
        raise SettingError(f"{place} is {_show(value)}; it must {rule}.")
    return taken


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _convert(value: Any, hint: Any, text: bool) -> Any:
    """Return a value as a type says.

    Raises:
        ValueError: It is not of that type.
        TypeError: The same, of a value that is no text.
    """
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        return _convert_union(value, get_args(hint), text)
    if kind is Literal:
        return _convert_literal(value, get_args(hint), text)
    if kind in (list, tuple, set, frozenset):
        return _convert_items(value, kind, get_args(hint), text)
    if kind is bool and text:
        return _boolean(value)
    if kind in (int, float) and text:
        return kind(value)
    if isinstance(value, str) and getattr(kind, "__module__", "").startswith("pathlib"):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    wrong = isinstance(kind, type) and kind is not Any and not isinstance(value, kind)
    if wrong or (kind is int and isinstance(value, bool)):
        raise TypeError
    return value


def _boolean(value: str) -> bool:
    word = value.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def _convert_union(value: Any, hints: tuple[Any, ...], text: bool) -> Any:
    if types.NoneType in hints and (
        value is None or (text and value.strip().lower() in ("", "none"))
    ):
        return None
    for hint in hints:
        if hint is not types.NoneType:
            try:
                return _convert(value, hint, text)
            except (ValueError, TypeError):
                continue
    raise ValueError


def _convert_literal(value: Any, choices: tuple[Any, ...], text: bool) -> Any:
    for choice in choices:
        if (text and str(choice) == value) or (type(choice) is type(value) and choice == value):
            return choice
    raise ValueError


def _convert_items(
    value: Any, kind: Callable[[list[Any]], Any], hints: tuple[Any, ...], text: bool
) -> Any:
    if text:
        value = [item.strip() for item in value.split(",") if item.strip()]
    elif isinstance(value, (str, bytes)) or not isinstance(value, (list, tuple, set, frozenset)):
        raise TypeError
    hints = hints if kind is tuple and hints and hints[-1] is not ... else hints[:1] * len(value)
    if hints and len(hints) != len(value):
        raise ValueError
    items = (
        [_convert(item, hint, text) for item, hint in zip(value, hints, strict=True)]
        if hints
        else list(value)
    )
    return kind(items)


_WORDS: dict[Any, str] = {
    bool: "a boolean (true or false)",
    float: "a number",
    int: "an integer",
    str: "a string",
    types.NoneType: "none",
}


def _expected(hint: Any) -> str:
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType, Literal):
        words = [_expected(each) if kind is not Literal else repr(each) for each in get_args(hint)]
        return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
    if kind in (list, tuple, set, frozenset):
        return f"a {kind.__name__}" + (
            f" (of {_expected(get_args(hint)[0])} each)" if get_args(hint) else ""
        )
    name = getattr(kind, "__name__", kind)
    return _WORDS.get(kind, "a path" if name == "Path" else f"a {name}")


def _positive(value: Any) -> bool:
    return bool(value > 0)


def _rooted(value: Any) -> bool:
    return value is None or (value.startswith("/") and not value.startswith("//"))


def _supported(value: Any) -> bool:
    minor, _, patch = value.rpartition(".")
    return minor in ("3.0", "3.1", "3.2") and patch.isascii() and patch.isdigit()


_ANY: tuple[Callable[[Any], bool], str] = (lambda _: True, "")
_SIZE = (_positive, "be greater than 0")
_URL = (_rooted, 'begin with one "/"')
_RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "docs_url": _URL,
    "max_body_size": _SIZE,
    "max_json_depth": (lambda value: 1 <= value <= 500, "be from 1 to 500"),
    "max_upload_size": _SIZE,
    "openapi_url": _URL,
    "openapi_version": (_supported, "be 3.0.x, 3.1.x or 3.2.x, with all three numbers"),
    "scalar_url": _URL,
}
