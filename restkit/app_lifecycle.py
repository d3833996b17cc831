"""Start, stop and commands of an App, for `App.on_start`, `App.command` and the others."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from .declaration_checks import check_call, check_factory
from .errors import DeclarationError
from .lifespan import Lifespan, Step
from .operations.registry import Registry

__all__ = ["Owner", "add_command", "add_step", "commands_of", "start", "stop"]

_COMMAND = r"[a-z][a-z0-9]*([-:][a-z0-9]+)*"
_Function = Callable[..., object]


class Owner(Protocol):
    """The part of an App that has functions around its requests, and commands."""

    name: str
    _registry: Registry
    _lifespan: Lifespan | None
    _commands: dict[str, _Function] | None

    def _forget_start(self) -> None:
        """Start again before the next request."""


def add_step(app: Owner, kind: str, function: _Function) -> None:
    """Add a function of the start (``start``), of the end (``stop``) or around both (``span``).

    Raises:
        DeclarationError: The function has parameters, or one that should yield does not.
    """
    if kind == "span":
        declared_at = f"The function of lifespan of the App {app.name!r}"
        check_factory(function, declared_at)
        if not inspect.isgeneratorfunction(function):
            raise DeclarationError(
                f"{declared_at} must yield once: what stands before the yield runs at the start, "
                f"what stands behind it at the end. Got {function!r}."
            )
    else:
        check_call(function, (), f"The function of on_{kind} of the App {app.name!r}")
    if app._lifespan is None:
        app._lifespan = Lifespan()
    app._lifespan.steps.append((kind, function))


def start(app: Owner) -> None:
    """Run the functions of the start of an App and of those mounted on it."""
    if app._lifespan is None:
        app._lifespan = Lifespan()
    app._lifespan.start(_steps(app), app._forget_start)


def stop(app: Owner) -> None:
    """Run the functions of the end."""
    if app._lifespan is not None:
        app._lifespan.stop()


def _steps(app: Owner) -> Iterator[Step]:
    for each in _apps(app):
        yield from () if each._lifespan is None else each._lifespan.steps


def _apps(app: Owner) -> Iterable[Owner]:
    return (each for _, each in app._registry.walk_apps())


def add_command(app: Owner, name: str, function: object) -> None:
    """Add a command.

    Raises:
        DeclarationError: There is a command of the name already, or the name is none.
    """
    if not callable(function):
        raise DeclarationError(f"command() expects a function, got {function!r}.")
    if not re.fullmatch(_COMMAND, name):
        raise DeclarationError(
            f"{name!r} cannot be the name of a command. Write small letters, digits and hyphens: "
            "@app.command('send-mails')."
        )
    if app._commands is None:
        app._commands = {}
    if name in app._commands:
        raise DeclarationError(f"The App {app.name!r} has a command {name!r} already.")
    app._commands[name] = function


def commands_of(app: Owner) -> dict[str, _Function]:
    """Return the functions of the commands by name, those of mounted Apps too."""
    found: dict[str, _Function] = {}
    for each in reversed(list(_apps(app))):
        found.update(each._commands or {})
    return found
