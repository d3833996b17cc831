"""The files of a new project, from the templates in ``new_project``."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import jinja2

from .project_names import Choices, Names

__all__ = ["project_files"]

_TEMPLATES = Path(__file__).with_name("new_project")
_ALWAYS = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".dockerignore": "dockerignore",
    ".env": "env",
    ".env.example": "env.example",
    "Dockerfile": "Dockerfile",
    ".github/workflows/ci.yml": "github/ci.yml",
    "alembic.ini": "alembic.ini",
    "migrations/env.py": "migrations/env.py",
    "migrations/script.py.mako": "migrations/script.py.mako",
    "migrations/versions/r0001_make_the_tables.py": "migrations/versions/first.py",
    "{package}/__init__.py": "package/__init__.py",
    "{package}/py.typed": "package/py.typed",
    "{package}/app.py": "package/app.py",
    "{package}/settings.py": "package/settings.py",
    "{package}/models.py": "package/models.py",
    "{package}/{items}.py": "package/items.py",
    "tests/conftest.py": "tests/conftest.py",
    "tests/test_{items}.py": "tests/test_items.py",
    "tests/test_migrations.py": "tests/test_migrations.py",
}
_HTML = {
    "{package}/pages.py": "package/pages.py",
    "{package}/templates/layout.html": "package/templates/layout.html",
    "{package}/templates/home.html": "package/templates/home.html",
    "{package}/static/style.css": "package/static/style.css",
    "{package}/static/icon.svg": "package/static/icon.svg",
    "tests/test_pages.py": "tests/test_pages.py",
}
_AUTH = {"{package}/accounts.py": "package/accounts.py"}
_LOGIN = {"{package}/templates/login.html": "package/templates/login.html"}


def project_files(names: Names, choices: Choices) -> dict[str, str]:
    """Return the files of a project by their paths.

    Args:
        names: The names.
        choices: The parts that the project has.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  # the files are programs, and the names are checked
        trim_blocks=True,
        keep_trailing_newline=True,
        # The braces of the project's own templates, of TOML and of Python have no meaning here.
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    values = _values(names, choices)
    return {
        path.format_map(names._asdict()): environment.get_template(f"{source}.j2").render(values)
        for path, source in _sources(choices).items()
    }


def _sources(choices: Choices) -> dict[str, str]:
    """Return the names of the templates by the patterns of the paths."""
    sources = dict(_ALWAYS)
    if choices.html:
        sources |= _HTML
    if choices.auth:
        sources |= _AUTH
    if choices.html and choices.auth:
        sources |= _LOGIN
    return sources


def _values(names: Names, choices: Choices) -> dict[str, object]:
    url = f"sqlite:///{names.package}.db"
    if choices.db == "postgres":
        url = f"postgresql://postgres@127.0.0.1:5432/{names.package}"
    words = names.item.replace("_", " ")
    return {
        **names._asdict(),
        **choices._asdict(),
        "Item": "".join(map(str.capitalize, names.item.split("_"))),
        "Items": "".join(map(str.capitalize, names.items.split("_"))),
        "word": words,
        "words": names.items.replace("_", " "),
        "database_url": url,
        "secret_key": secrets.token_urlsafe(32),
        "session_key": secrets.token_urlsafe(32),
        "extras": ",".join(sorted(_extras(choices))),
        "app_imports": _imports(_app_imports(names, choices)),
        "page_imports": _imports(_page_imports(names, choices)),
    }


def _extras(choices: Choices) -> Iterator[str]:
    """Yield the extras of restkit that the project needs."""
    yield from ("fast", "sql", "swagger")
    if choices.db == "postgres":
        yield "postgres"
    if choices.html and choices.auth:
        yield from ("html", "security")


def _app_imports(names: Names, choices: Choices) -> dict[str, str]:
    """Return the names that ``app.py`` imports, by module."""
    found = {
        names.items: "".join(map(str.capitalize, names.items.split("_"))),
        "settings": f"{names.class_name}Settings",
    }
    if choices.html:
        found["pages"] = "Home, Login, Logout" if choices.auth else "Home"
    if choices.auth:
        found["accounts"] = "load_account" if choices.html else "find_account"
    return found


def _page_imports(names: Names, choices: Choices) -> dict[str, str]:
    """Return the names that ``pages.py`` imports, by module."""
    item = "".join(map(str.capitalize, names.item.split("_")))
    found = {names.items: f"{item}Schema", "models": item}
    if choices.auth:
        found["accounts"] = "find_account"
    return found


def _imports(members: dict[str, str]) -> str:
    """Return import lines in the order in which linters want them."""
    return "\n".join(f"from .{module} import {members[module]}" for module in sorted(members))
