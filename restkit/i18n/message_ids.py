"""The texts of restkit and marshmallow that clients see, as a template of a catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from marshmallow import Schema, fields, validate

from .. import problems
from .problem_details import details

__all__ = ["message_ids", "template"]

_OWN_TEXTS = (
    *("Yes", "No", "None.", "Client Error", "Server Error"),
    "Items {first} to {last} of {count} are shown. The others are kept.",
    "There are at least {more} more errors.",
    "The media types of the response, the preferred first.",
    "The entity tags that you have already.",
)
"""The texts of pages that no template says as they are."""
_FORMER_PHRASES = (
    "Request Entity Too Large",
    "Request-URI Too Long",
    "Requested Range Not Satisfiable",
    "Unprocessable Entity",
)
"""The phrases of statuses before Python 3.13, which has those of RFC 9110."""
_PROBLEMS = problems.__name__
_PACKAGE = Path(__file__).parents[1]
_TRANSLATED = r"""["']([^"'{}]+)["']\|translated"""
_BOUNDS = (
    ("greater than or equal to {min}", "less than or equal to {max}"),
    ("greater than {min}", "less than {max}"),
)
_HEAD = """\
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


def message_ids() -> list[str]:
    """Return the texts: messages of fields and validators, titles of problems, texts of forms."""
    found = [*Schema().error_messages.values()]
    for name in fields.__all__:
        found += _of_field(getattr(fields, name))
    for each in vars(validate).values():
        if isinstance(each, type) and issubclass(each, validate.Validator):
            found += _of_validator(each)
    found += _of_ranges()
    found += [*(each.phrase for each in HTTPStatus if each >= 400), *_FORMER_PHRASES]
    kinds = (each for each in problems.Problem.__subclasses__() if each.__module__ == _PROBLEMS)
    found += [each.title for each in kinds if each.title]
    found += [*_of_templates(), *_OWN_TEXTS, *details()]
    return list(dict.fromkeys(found))


def _of_templates() -> Iterator[str]:
    """Yield the texts of the templates of forms and of browsable pages."""
    for file in sorted((_PACKAGE / "html" / "pages").rglob("*.html")):
        yield from re.findall(_TRANSLATED, file.read_text("utf-8"))


def _of_field(kind: object) -> Iterator[str]:
    if not (isinstance(kind, type) and issubclass(kind, fields.Field)):
        return
    for base in kind.__mro__:
        messages: dict[str, str] = vars(base).get("default_error_messages", {})
        yield from (each for each in messages.values() if "{input" not in each)


def _of_validator(kind: type) -> Iterator[str]:
    for name, text in vars(kind).items():
        is_message = name.startswith(("message", "default_message"))
        if is_message and isinstance(text, str) and "{{" not in text and "{" + "min_op" not in text:
            yield text


def _of_ranges() -> Iterator[str]:
    for low, high in _BOUNDS:
        yield f"Must be {low}."
        yield f"Must be {high}."
    for low, _ in _BOUNDS:
        for _, high in _BOUNDS:
            yield f"Must be {low} and {high}."


def template() -> str:
    """Return the template of a catalog (POT), for ``pybabel init`` and ``update``."""
    entries = (f'msgid "{_escaped(each)}"\nmsgstr ""\n' for each in message_ids())
    return "\n".join((_HEAD, *entries))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
