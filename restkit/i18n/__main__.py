"""``python -m restkit.i18n > restkit.pot``: the texts of restkit and marshmallow to translate."""

from __future__ import annotations

from .message_ids import template

print(template(), end="")  # noqa: T201  # the command's result
