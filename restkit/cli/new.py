"""``restkit new``: the folder of a new project."""

from __future__ import annotations

from pathlib import Path

import click

from .project_files import project_files
from .project_names import Choices, project_names
from .target import Mistake

__all__ = ["command"]

_NEXT = """Made {name}/ with {count} files. Go on:

  cd {name}
  python -m pip install -e '.[dev]'
  alembic upgrade head
  restkit run {package}.app --reload

{name}/README.md says more."""


@click.command()
@click.argument("name")
@click.option("--html/--no-html", default=None, help="HTML pages besides the API.  [default: no]")
@click.option("--crud", metavar="ITEM", help="One item of the first collection.  [default: item]")
@click.option(
    "--db", type=click.Choice(["sqlite", "postgres"]), help="The database.  [default: sqlite]"
)
@click.option(
    "--auth/--no-auth",
    default=None,
    help="Accounts: a login with --html, or else tokens.  [default: no]",
)
@click.option("--no-input", is_flag=True, help="Ask nothing; options that are not given default.")
def command(
    name: str,
    html: bool | None,
    crud: str | None,
    db: str | None,
    auth: bool | None,
    no_input: bool,
) -> None:
    """Make the folder NAME with a new project."""
    asks = not no_input
    names = project_names(name, "item")  # before the questions
    choices = Choices(
        html=_flag(html, "HTML pages besides the API?", asks),
        db=_text(db, "Database", "sqlite", asks, click.Choice(["sqlite", "postgres"])),
        auth=_flag(auth, "Accounts?", asks),
    )
    item = _text(crud, "One item of the first collection, in the singular", "item", asks, None)
    names = project_names(name, item)
    folder = _empty_folder(name)
    files = project_files(names, choices)
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8", newline="\n")
    (folder / ".env").chmod(0o600)  # it has the keys of development
    click.echo(_NEXT.format(name=name, package=names.package, count=len(files)))


def _flag(given: bool | None, question: str, asks: bool) -> bool:
    if given is None:
        return click.confirm(question, default=False) if asks else False
    return given


def _text(
    given: str | None, question: str, default: str, asks: bool, kind: click.Choice[str] | None
) -> str:
    if given is not None:
        return given
    answer: str = click.prompt(question, default=default, type=kind) if asks else default
    return answer


def _empty_folder(name: str) -> Path:
    """Return the folder of the project, which is not there yet, or empty.

    Raises:
        Mistake: There is something.
    """
    folder = Path(name)
    if folder.is_dir() and not any(folder.iterdir()):
        return folder
    if folder.exists() or folder.is_symlink():
        raise Mistake(
            f"{name} exists, and is not an empty folder. Choose another name, or remove it."
        )
    return folder
