"""The command ``restkit``: a group whose commands are imported only when they are used."""

from __future__ import annotations

import importlib
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version

import click

__all__ = ["main"]

_GROUP = "restkit.commands"
_COMMANDS = (
    "client",
    "command",
    "diff",
    "drain",
    "explain",
    "new",
    "openapi",
    "routes",
    "run",
    "shell",
    "skills",
    "verify",
    "worker",
)


class _LazyGroup(click.Group):
    """A group that imports ``restkit.cli.NAME`` for the command of that name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, sorted."""
        return sorted({*_COMMANDS, *self.commands, *_installed()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, which is imported on first use."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            module = importlib.import_module(f".{cmd_name}", __package__)
            self.add_command(module.command, cmd_name)
        elif cmd_name not in self.commands and (found := _installed().get(cmd_name)):
            self.add_command(_loaded(found), cmd_name)
        return self.commands.get(cmd_name)


def _installed() -> dict[str, EntryPoint]:
    """Return the commands that other packages add: Click's commands in the group."""
    return {each.name: each for each in entry_points(group=_GROUP)}


def _loaded(point: EntryPoint) -> click.Command:
    """Return the command of another package."""
    found: object = None
    reason = "it is not a command of Click"
    try:
        found = point.load()
    except Exception as error:  # noqa: BLE001  # whatever the package raises
        reason = f"{type(error).__name__}: {error}"
    if not isinstance(found, click.Command):
        raise click.ClickException(
            f"The command {point.name} of the entry point {point.value} cannot be loaded: {reason}."
        )
    return found


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        try:
            found = version("restkit")
        except PackageNotFoundError:
            found = "(not installed, run from its source)"
        click.echo(f"restkit {found}")
        ctx.exit()


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True}
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Work with a restkit App.

    TARGET is the App: a module (shop.api), a file (app.py), or either with a name in it
    (shop.api:app, shop.api:create_app).
    """
