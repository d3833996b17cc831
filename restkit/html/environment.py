"""The Jinja environment of an App: escaping, undefined names, loaders."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Protocol, cast

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
)
from jinja2.utils import missing

from ..foreign_names import TEMPLATE_NAMES
from ..resource import Owner

if TYPE_CHECKING:
    from pathlib import Path

    from ..operations.registry import Registry

__all__ = ["TemplateOwner", "escapes", "loader_of", "make_environment"]

_OWN = os.path.join(os.path.dirname(__file__), "pages")  # restkit's own templates, the last
_SUFFIXES = (".jinja2", ".jinja", ".j2")
_PLAIN = (".txt", ".md")


class TemplateOwner(Owner, Protocol):
    """The part of an App that its templates need."""

    _registry: Registry


class _Known(Protocol):
    """The part of Templates that an environment needs."""

    folders: list[Path]
    filters: dict[str, Callable[..., object]]
    tests: dict[str, Callable[..., object]]
    globals: dict[str, object]
    bytecode_folder: str | PathLike[str] | None


def escapes(name: str | None) -> bool:
    """Return whether a template escapes values: all but texts (``.txt``, ``.md``) do.

    SECURITY: Jinja's own default leaves ``.svg``, ``.jinja`` and ``.html.j2`` unescaped.
    """
    if name is None:
        return True
    called = name.lower()
    for suffix in _SUFFIXES:
        called = called.removesuffix(suffix)
    return not called.endswith(_PLAIN)


class _Unknown(StrictUndefined):
    """An undefined name, whose error names the replacement in restkit."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:  # a name of Jinja that its own loggers override as well
        message = str(super()._undefined_message)
        is_name = self._undefined_obj is missing and self._undefined_hint is None
        remedy = TEMPLATE_NAMES.get(self._undefined_name or "") if is_name else None
        return f"{message}. {remedy}" if remedy else message


def make_environment(app: TemplateOwner, line: Sequence[_Known]) -> Environment:
    """Make the environment of an App.

    Args:
        app: The App.
        line: Its Templates, and those of the Apps that it is mounted on, the outermost last.
    """
    bytecode_folder = line[0].bytecode_folder
    cache = None if bytecode_folder is None else FileSystemBytecodeCache(str(bytecode_folder))
    # SECURITY: an undefined name is an error and not an empty text.
    environment = Environment(
        loader=loader_of(app, line),
        autoescape=escapes,  # noqa: S701  # it escapes more than select_autoescape does
        undefined=_Unknown,
        auto_reload=bool(app.settings.debug),
        bytecode_cache=cache,
    )
    known_names: dict[str, object] = {"url_for": app.url_for}
    for registry in reversed(list(app._registry.line())):
        for extension in registry.app.extensions:
            known_names.update(getattr(extension, "template_globals", {}))
    environment.filters["translated"] = str  # until Translations say more
    for registry in reversed(list(app._registry.line())):
        for extension in registry.app.extensions:
            extend = getattr(extension, "extend_environment", None)
            if extend is not None:
                extend(environment)
    for known in reversed(line):
        environment.filters.update(known.filters)
        environment.tests.update(known.tests)
        known_names.update(known.globals)
    names: object = environment.globals  # two type checkers know it by different types
    cast("dict[str, object]", names).update(known_names)
    return environment


def loader_of(app: TemplateOwner, line: Iterable[_Known]) -> BaseLoader:
    """Return the loader of an App's templates; arguments as for `make_environment`."""
    loaders: list[BaseLoader] = []
    registries = list(app._registry.line())
    for known, registry in zip(line, registries, strict=True):
        loaders.append(FileSystemLoader(known.folders))
        for extension in registry.app.extensions:
            folders = getattr(extension, "template_folders", None)
            if folders:
                loaders.append(FileSystemLoader([str(each) for each in folders]))
    loaders.append(FileSystemLoader(_OWN))
    return ChoiceLoader(loaders)
