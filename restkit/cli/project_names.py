"""The names in a new project: of its package, its settings and its first collection."""

from __future__ import annotations

import keyword
import re
import sys

from ..records import Record
from .target import Mistake

__all__ = ["Choices", "Names", "project_names"]

# The longest names with which no line of the files has more than 100 columns.
_MAX_NAME = 24
_MAX_ITEM = 20
_is_name = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*").fullmatch
_is_item = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*").fullmatch
# Modules that the project imports, and its own folders.
_IMPORTED = """
    alembic argon2 click conftest gunicorn itsdangerous jinja2 jsonschema markupsafe marshmallow
    migrations msgspec mypy orjson psycopg pytest restkit ruff sqlalchemy test tests versions
    werkzeug
"""
# Names in the files of the project that a class or module of an item would hide.
_TAKEN = """
    account accounts app apps base bearer client clients config configs database databases docs
    field fields home homes html http_bearer id login logins logout logouts mapped migration
    migrations model models none page pages password passwords path paths request requests resource
    resources root roots schema schemas secret secrets session sessions setting settings static
    statics string strings template templates test tests unauthorized validate version versions
"""


class Choices(Record):
    """The parts that a project has."""

    html: bool
    db: str
    auth: bool


class Names(Record):
    """The names in a project.

    Attributes:
        name: The name of the project and its folder, ``corner-shop``.
        package: The Python package, ``corner_shop``.
        title: The name in texts, ``Corner shop``.
        class_name: The beginning of the class of its settings, ``CornerShop``.
        prefix: The prefix of its variables, ``CORNER_SHOP_``.
        item: One item of the first collection, ``order_line``.
        items: The collection, ``order_lines``.
        path: The last part of its URL, ``order-lines``.
    """

    name: str
    package: str
    title: str
    class_name: str
    prefix: str
    item: str
    items: str
    path: str


def project_names(name: str, item: str) -> Names:
    """Return the names in a project.

    Args:
        name: The name of the project.
        item: The singular of its first collection.

    Raises:
        Mistake: One of them cannot be used.
    """
    package = name.replace("-", "_")
    if not _is_name(name) or len(name) > _MAX_NAME:
        raise Mistake(
            f"{name!r} cannot be the name of a project. Use at most {_MAX_NAME} lower-case "
            "letters, digits, - and _, with a letter first: corner-shop."
        )
    imported = {*sys.stdlib_module_names, *_IMPORTED.split(), *keyword.kwlist}
    if package in imported:
        raise Mistake(
            f"{name!r} is the name of a module that the project imports. Choose another name."
        )
    if not _is_item(item) or len(item) > _MAX_ITEM:
        raise Mistake(
            f"--crud {item!r} cannot be an item. Use at most {_MAX_ITEM} lower-case letters, "
            "digits and _, with a letter first, in the singular: book."
        )
    items = _plural(item)
    if keyword.iskeyword(item) or {item, items}.intersection(_TAKEN.split()) or items == package:
        raise Mistake(f"--crud {item!r} is a name that the project has already. Choose another.")
    return Names(
        name,
        package,
        package.replace("_", " ").capitalize(),
        _camel(package),
        f"{package.upper()}_",
        item,
        items,
        items.replace("_", "-"),
    )


def _plural(noun: str) -> str:
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
