"""``restkit skills``: instructions about restkit for coding agents, printed or copied."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from .target import Mistake

__all__ = ["command"]

_FOLDER = Path(__file__).with_name("agent_skills")
_FILE = "SKILL.md"


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--copy",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Copy into a folder, such as .claude/skills; a file NAME/SKILL.md for each.",
)
@click.option("--force", is_flag=True, help="Replace files that were changed.")
def command(names: tuple[str, ...], folder: Path | None, force: bool) -> None:
    """Print or copy skills for coding agents: how to write with restkit.

    Without NAMES list them, or copy all.
    """
    skills = _skills()
    for name in names:
        if name not in skills:
            raise Mistake(f"There is no skill {name!r}. The skills: {', '.join(skills)}.")
    if folder is not None:
        _copy(skills, names or [*skills], folder, force)
    elif names:
        click.echo("\n".join(skills[name] for name in names), nl=False)
    else:
        for name, text in skills.items():
            click.echo(f"{name}\n    {_description(text)}")


def _skills() -> Mapping[str, str]:
    """Return the texts of the skills by name."""
    files = sorted(_FOLDER.glob(f"*/{_FILE}"))
    return {each.parent.name: each.read_text("utf-8") for each in files}


def _description(text: str) -> str:
    found = re.search("^description: (.*)$", text, re.MULTILINE)
    return found[1] if found else ""


def _copy(skills: Mapping[str, str], names: Sequence[str], folder: Path, force: bool) -> None:
    """Write files; those that differ are kept, unless they may be replaced."""
    targets = {name: folder / name / _FILE for name in names}
    try:
        changed = [
            path
            for name, path in targets.items()
            if path.exists() and path.read_text("utf-8") != skills[name]
        ]
        if changed and not force:
            raise Mistake(f"{changed[0]} was changed. Write --force to replace it.")
        for name, path in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(skills[name], "utf-8")
            click.echo(str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Mistake(f"The skills cannot be copied to {folder}: {reason}.") from error
