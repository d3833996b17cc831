"""Typed settings: defaults, keywords, a TOML file, .env and the environment.

A later source takes precedence: operators can override the values that developers wrote.
"""

# Cold start: no `from __future__ import annotations`, since the annotations are read below, and
# evaluating them as strings costs two million instructions.
import dataclasses
import functools
import os
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypedDict

from .errors import SettingError
from .setting_sources import (
    DATABASE_URL,
    check_variable_names,
    read_dotenv,
    read_toml,
    suggestion,
)
from .setting_values import show_value, take_value

if TYPE_CHECKING:
    from pathlib import Path  # cold start

__all__ = ["SettingValues", "Settings"]


class SettingValues(TypedDict, total=False):
    """The keyword arguments of ``App(**values)``: the fields of `Settings`, none required."""

    strict: bool
    compile_schemas: bool
    debug: bool
    browsable: bool | Literal["always"]
    max_body_size: int
    max_upload_size: int
    max_json_depth: int
    trailing_slash: Literal["redirect", "strict", "ignore"]
    openapi_url: str | None
    docs_url: str | None
    docs_by_caller: bool
    docs_public: bool
    scalar_url: str | None
    llms_url: str | None
    catalog_url: str | None
    openapi_version: str
    contract: Literal["log", "raise", "off"]
    secret_key: str
    sendfile: Literal["off", "X-Sendfile", "X-Accel-Redirect"]
    sendfile_paths: str
    hosts: Sequence[str]
    proxies: int
    https: bool
    redis_url: str


class _SettingsType(type):
    """The metaclass of `Settings`: missing settings are a SettingError that names them."""

    def __call__(cls, *args: object, **values: object) -> object:
        missing = [name for name in _required(cls) if name not in values]
        if missing and not args:
            raise SettingError(_missing_values(cls, missing))
        return super().__call__(*args, **values)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Settings(metaclass=_SettingsType):
    """The settings of an App: checked when the object is created, and immutable.

    A subclass adds fields of its own (``@dataclass(frozen=True, kw_only=True)``), which are read
    from the same sources: ``greeting: str = "hi"`` from ``RESTKIT_GREETING``. The class keyword
    ``prefix`` replaces ``RESTKIT_``: ``class ShopSettings(Settings, prefix="SHOP_")`` reads
    ``SHOP_GREETING``, and ``SHOP_DEBUG`` for restkit's own settings. A field named ``database_url``
    is also read from ``DATABASE_URL``, and a field with ``metadata={"variable": "NAME"}`` from that
    variable.

    ``repr`` hides passwords in URLs, and the values of settings whose name contains ``secret``,
    ``password``, ``token`` or ``key``.

    Attributes:
        strict: Whether unknown body fields and unknown query parameters are errors (422). If a
            schema has ``Meta.unknown``, the schema's own value holds.
        compile_schemas: Whether marshmallow schemas are compiled, which is faster and has the same
            results.
        debug: Whether a 500 response includes the exception and its traceback. Never enable it on a
            public service.
        browsable: Whether browsers get a page for each JSON resource, if ``debug`` is on;
            ``"always"`` also without ``debug``.
        max_body_size: Largest content of a request that is not multipart, in bytes; more is a 413.
        max_upload_size: Largest content of a multipart request, all parts together, in bytes; more
            is a 413.
        max_json_depth: Deepest nesting of arrays and objects in a JSON body, in levels; more is a
            400.
        trailing_slash: The response to a URL without the last slash of its pattern: ``"redirect"``
            is a 308 to the URL with the slash, ``"strict"`` a 404, ``"ignore"`` the resource's
            response. ``"ignore"`` also accepts one slash too many.
        openapi_url: Path of the OpenAPI document as JSON; YAML and Markdown have the same path with
            ``.yaml`` and ``.md``. None turns off all forms and pages of the document.
        docs_url: Path of Swagger UI; None turns it off.
        docs_by_caller: Whether the document has only the operations and fields of its caller.
        docs_public: Whether everybody may read the document and its pages, although the App has
            ``security``.
        scalar_url: Path of Scalar; None turns it off.
        llms_url: Path of the index for language models; None turns it off.
        catalog_url: Path of the catalog of APIs (RFC 9727); None turns it off.
        openapi_version: The version of OpenAPI of the served document: 3.0.x, 3.1.x or 3.2.x.
        contract: The reaction to a response that violates its Operation's contract: ``"log"`` logs
            it, ``"raise"`` raises ContractError, ``"off"`` ignores it. The test client and the
            development server always raise.
        secret_key: The key that encrypts and authenticates values which clients keep, such as the
            cursors of pages; the same for all workers. Without it, each process makes its own.
        sendfile: The header that makes the web server send a file: ``"X-Sendfile"`` (Apache,
            lighttpd) or ``"X-Accel-Redirect"`` (nginx). ``"off"`` sends files from the worker.
        sendfile_paths: Folders with nginx's internal locations for ``"X-Accel-Redirect"``:
            ``"/srv/files=/protected"``, several separated by commas.
        hosts: The host names that the App is called by; others are a 400. See
            `restkit.security.Hosts`. Every name by default.
        proxies: The number of reverse proxies before the App, whose X-Forwarded-For, -Proto and
            -Host are believed. See `restkit.security.Proxies`.
        https: Whether requests by http are redirected, and responses by https have
            Strict-Transport-Security. See `restkit.security.HTTPS`.
        redis_url: The Redis with the counts of limits and the stored responses of all workers:
            ``redis://host:6379/0``. Without it, each worker has its own in memory.
    """

    strict: bool = True
    compile_schemas: bool = True
    debug: bool = False
    browsable: bool | Literal["always"] = False
    max_body_size: int = 2 * 1024 * 1024
    max_upload_size: int = 64 * 1024 * 1024
    max_json_depth: int = 64
    trailing_slash: Literal["redirect", "strict", "ignore"] = "redirect"
    openapi_url: str | None = "/openapi.json"
    docs_url: str | None = "/docs"
    docs_by_caller: bool = False
    docs_public: bool = False
    scalar_url: str | None = "/scalar"
    llms_url: str | None = "/llms.txt"
    catalog_url: str | None = "/.well-known/api-catalog"
    openapi_version: str = "3.1.1"
    contract: Literal["log", "raise", "off"] = "log"
    secret_key: str = field(default="", repr=False)
    sendfile: Literal["off", "X-Sendfile", "X-Accel-Redirect"] = "off"
    sendfile_paths: str = ""
    hosts: Sequence[str] = ()
    proxies: int = 0
    https: bool = False
    redis_url: str = ""

    _prefix: ClassVar[str] = "RESTKIT_"

    def __init_subclass__(cls, *, prefix: str | None = None) -> None:
        """Take the prefix of the class's environment variables."""
        super().__init_subclass__()
        if "__repr__" not in vars(cls):  # SECURITY: dataclass would make one that shows everything
            nearest = next(each for each in cls.__mro__[1:] if issubclass(each, Settings))
            setattr(cls, "__repr__", nearest.__repr__)  # noqa: B010  # mypy rejects the assignment
        if prefix is not None:
            if not isinstance(prefix, str):
                raise SettingError(
                    f"{cls.__qualname__}: prefix must be a string, got {prefix!r}. "
                    "Write prefix='SHOP_'."
                )
            cls._prefix = prefix

    @property
    def is_browsable(self) -> bool:
        """Whether browsers get pages, see ``browsable``."""
        return self.browsable == "always" or (self.browsable and self.debug)

    # Cold start: dataclass compiles these two for a million instructions and a half.
    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))

    def __repr__(self) -> str:
        shown = [
            f"{each.name}={show_value(each.name, getattr(self, each.name, None))}"
            for each in dataclasses.fields(self)
            if each.repr
        ]
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __post_init__(self) -> None:
        """Check every value against its field's type and range.

        Raises:
            SettingError: A value is of a wrong type or out of its range, or two settings
                contradict each other.
        """
        for name, hint in _hints(type(self)).items():
            take_value(name, getattr(self, name), hint, f"The setting {name}", text=False)
        if self.docs_public and self.docs_by_caller:
            raise SettingError(
                "docs_public shows the document to everybody, and docs_by_caller shows callers "
                "their own. Remove one of these settings."
            )

    @classmethod
    def load(
        cls,
        *,
        file: "str | Path | None" = None,
        environ: Mapping[str, str] | None = None,
        dotenv: "bool | str | Path" = True,
        **values: object,
    ) -> Self:
        """Make the settings from their sources; a later source takes precedence.

        The sources are the fields' defaults, the keyword values, the TOML file, the ``.env`` file
        and the environment (``RESTKIT_MAX_BODY_SIZE`` for ``max_body_size``; a subclass may have
        another prefix). Text is converted by the field's type: ``true/false/1/0/yes/no/on/off``,
        numbers, a list's items separated by commas; an empty text or ``none`` is None if the field
        may be None.

        Args:
            file: A TOML file whose top-level keys are settings; by default the file that the
                variable ``RESTKIT_SETTINGS_FILE`` names, if any.
            environ: The environment, ``os.environ`` by default.
            dotenv: The path of a file of ``NAME=value`` lines. True reads ``.env`` in the current
                directory if it exists, False reads no file.
            values: Settings by name.

        Raises:
            SettingError: A source cannot be read, names an unknown setting or has a wrong value, or
                a setting without a default has no value.
        """
        environ = os.environ if environ is None else environ
        local, local_name = read_dotenv(dotenv, cls._prefix)
        if file is None:
            variable = f"{cls._prefix}SETTINGS_FILE"
            file = environ.get(variable) or local.get(variable) or None
        given = _take_named(cls, values, "The keyword {}")
        if file is not None:
            given |= _take_named(cls, read_toml(file), f"{{}} in {file}")
        given |= _take_variables(cls, local, f"{{}} in {local_name}")
        given |= _take_variables(cls, environ, "The environment variable {}")
        return cls(**given)


@functools.lru_cache(8)
def _hints(cls: type) -> dict[str, object]:
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
    fields = dataclasses.fields(cls)
    return {each.name: hints[each.name] for each in fields if each.init}


def _required(cls: type) -> list[str]:
    """Return the settings without a default."""
    own: Mapping[str, dataclasses.Field[object]] = getattr(cls, "__dataclass_fields__", {})
    lacking = dataclasses.MISSING
    return [
        name
        for name, each in own.items()
        if each.init and each.default is lacking and each.default_factory is lacking
    ]


def _missing_values(cls: Any, missing: list[str]) -> str:
    """Return the message about settings without a value."""
    variables = [" or ".join(_variables(cls)[name]) for name in missing]
    passed = ", ".join(f"{name}=..." for name in missing)
    if len(missing) == 1:
        return (
            f"The setting {missing[0]} of {cls.__qualname__} has no value. Set the environment "
            f"variable {variables[0]}, pass {passed}, or give the field a default."
        )
    return (
        f"The settings {', '.join(missing)} of {cls.__qualname__} have no value. Set the "
        f"environment variables {', '.join(variables)}, pass {passed}, or give the fields defaults."
    )


def _variables(cls: Any) -> dict[str, list[str]]:
    """Return the environment variables of each setting, that with precedence first."""
    found: dict[str, list[str]] = {}
    for each in dataclasses.fields(cls):
        found[each.name] = [f"{cls._prefix}{each.name.upper()}"]
        if "variable" in each.metadata:
            found[each.name].insert(0, each.metadata["variable"])
        if each.name == DATABASE_URL.lower():
            found[each.name].append(DATABASE_URL)
    return found


def _take_named(cls: type[Settings], found: Mapping[str, object], source: str) -> dict[str, Any]:
    """Return the values of settings by name; ``source`` is a template, as ``The keyword {}``."""
    hints = _hints(cls)
    taken: dict[str, Any] = {}
    for name, value in found.items():
        if name not in hints:
            raise SettingError(f"{source.format(name)} is not a setting; {suggestion(name, hints)}")
        taken[name] = take_value(name, value, hints[name], source.format(name), text=False)
    return taken


def _take_variables(cls: type[Settings], found: Mapping[str, str], source: str) -> dict[str, Any]:
    """Return the values of settings from variables, which are strings."""
    hints = _hints(cls)
    variables = {name: each for name, each in _variables(cls).items() if name in hints}
    known = {variable: name for name, each in variables.items() for variable in each}
    known[f"{cls._prefix}SETTINGS_FILE"] = ""
    check_variable_names(found, known, cls._prefix, source)
    taken: dict[str, Any] = {}
    for name, each in variables.items():
        written = next((variable for variable in each if variable in found), None)
        if written is not None:
            where = source.format(written)
            taken[name] = take_value(name, found[written], hints[name], where, text=True)
    return taken
