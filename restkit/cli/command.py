"""``restkit command``: the commands that an App declares."""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from ..errors import DeclarationError
from .target import Mistake, target_of

__all__ = ["command", "made_command"]

_TYPES: Mapping[object, object] = {
    str: str,
    int: int,
    float: float,
    UUID: click.UUID,
    datetime: click.DateTime(),
    Path: click.Path(path_type=Path),
}


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("target")
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.option("--traceback", "shown", is_flag=True, help="Show the whole traceback of an error.")
def command(target: str, name: str | None, arguments: tuple[str, ...], shown: bool) -> None:
    """Run a command that an App declares with @app.command; without NAME list them.

    The App is started before the command and stopped after it.
    """
    if target in ("-h", "--help"):
        click.echo(click.get_current_context().get_help())
        return
    app = target_of(target, shown)
    commands = app.commands()
    if name is None or name in ("-h", "--help"):
        _list(commands, app.name)
        return
    if name not in commands:
        known = ", ".join(sorted(commands)) or "none"
        raise Mistake(f"The App {app.name!r} has no command {name!r}. Its commands: {known}.")
    try:
        made = made_command(name, commands[name])
    except DeclarationError as error:
        raise Mistake(str(error)) from error
    with app:
        made.main([*arguments], prog_name=f"restkit command {target} {name}")


def _list(commands: Mapping[str, Callable[..., object]], app: str) -> None:
    if not commands:
        click.echo(f"The App {app!r} declares no commands. Write @app.command above a function.")
        return
    width = max(map(len, commands))
    for name, function in sorted(commands.items()):
        text = inspect.getdoc(function) or getattr(function, "help", None) or ""
        first = text.splitlines()[0] if text else ""
        click.echo(f"{name:{width}}  {first}".rstrip())


def made_command(name: str, function: Callable[..., object]) -> click.Command:
    """Return a function as Click's command.

    Args:
        name: The name.
        function: The function, perhaps with Click's parameters; or a command already.

    Raises:
        DeclarationError: A parameter has a type that a command line cannot give.
    """
    if isinstance(function, click.Command):
        return function
    own: list[click.Parameter] = getattr(function, "__click_params__", [])
    made = click.Command(
        name,
        context_settings={"show_default": True},
        callback=function,
        params=own[::-1],  # Click's decorators note them from the inside out
        help=inspect.getdoc(function),
    )
    named = {each.name for each in made.params}
    hints = typing.get_type_hints(function)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in named:
            made.params.append(_parameter(name, parameter, hints.get(parameter.name, str)))
    return made


def _parameter(name: str, parameter: inspect.Parameter, hint: object) -> click.Parameter:
    """Return the argument or option of a parameter of a function."""
    called = parameter.name
    option = f"--{called.replace('_', '-')}"
    if hint is bool:
        off = f"--no-{called.replace('_', '-')}"
        default = False if parameter.default is parameter.empty else parameter.default
        return click.Option([called, f"{option}/{off}"], default=default)
    is_many = parameter.kind is parameter.VAR_POSITIONAL
    many = typing.get_origin(hint) in (list, tuple) and typing.get_args(hint)
    kind = _type_of(name, called, typing.get_args(hint)[0] if many else hint)
    if is_many:
        raise DeclarationError(
            f"The command {name!r} has *{called}. Write {called}: list[str], which takes several."
        )
    if parameter.default is parameter.empty:
        return click.Argument([called], type=kind, nargs=-1 if many else 1)
    default = parameter.default
    return click.Option([called, option], type=kind, default=default, multiple=bool(many))


def _type_of(name: str, called: str, hint: object) -> object:
    """Return Click's type of an annotation."""
    parts = [each for each in typing.get_args(hint) if each is not type(None)]
    if len(parts) == 1:  # a value or None
        hint = parts[0]
    if typing.get_origin(hint) is typing.Literal:
        return click.Choice([str(each) for each in typing.get_args(hint)])
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return click.Choice(hint)
    found = _TYPES.get(hint)
    if found is None:
        raise DeclarationError(
            f"The command {name!r} has the parameter {called!r} of the type {hint}, which has no "
            "form on a command line. Use str, int, float, bool, Path, UUID, datetime, an Enum, a "
            "Literal or a list of these, or Click's decorators."
        )
    return found
