"""Attributes of HTML elements, escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

__all__ = ["Attributes", "named"]

_NAME = re.compile(r"[A-Za-z_:][\w:.@-]*")


class Attributes(dict[str, object]):
    """The attributes of an element; in a template ``<input{{ attributes }}>``.

    True is an attribute without a value; None and False are none.
    """

    def __html__(self) -> str:
        return "".join(_written(name, value) for name, value in self.items())

    def __str__(self) -> str:
        return self.__html__()


def _written(name: str, value: object) -> str:
    # SECURITY: a name cannot be escaped.
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r:.80} cannot be the name of an attribute.")
    if value is None or value is False:
        return ""
    return Markup(" {}").format(name) if value is True else f' {name}="{escape(value)}"'


def named(attributes: Mapping[str, object]) -> dict[str, object]:
    """Return attributes under HTML's names: ``class_`` is ``class``, ``data_id`` ``data-id``."""
    return {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
