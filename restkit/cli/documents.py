"""OpenAPI documents as arguments of commands: a file, the standard input, or a TARGET."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from ..errors import RestkitError
from ..openapi.document import build
from .target import Mistake, target_of

__all__ = ["document_of"]

_SUFFIXES = (".json", ".yaml", ".yml")
# PERF: libyaml reads a document of 500 operations ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def document_of(name: str, shown: bool) -> Mapping[str, object]:
    """Return the document of a file, of the standard input or of an App.

    Args:
        name: A file (.json, .yaml, .yml), ``-`` for the standard input, or a TARGET.
        shown: Whether an exception of the App's program propagates unchanged.

    Raises:
        Mistake: There is no such document.
    """
    if name == "-":
        return _parsed(sys.stdin.read(), "The standard input")
    path = Path(name)
    if path.suffix.lower() in _SUFFIXES:
        try:
            return _parsed(path.read_text("utf-8"), name)
        except OSError as error:
            raise Mistake(f"{name} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise Mistake(f"{name} is not UTF-8: {error.reason}.") from error
    try:
        return build(target_of(name, shown))
    except RestkitError as error:
        raise Mistake(str(error)) from error


def _parsed(text: str, name: str) -> Mapping[str, object]:
    """Return a document as JSON values; YAML has dates and numbers as names besides."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except (ValueError, TypeError, RecursionError, yaml.YAMLError) as error:
        raise Mistake(f"{name} is not an OpenAPI document: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("openapi"), str):
        raise Mistake(
            f"{name} is not an OpenAPI document: its root must be an object with openapi: 3.x.x."
        )
    return found


def _yaml(text: str) -> object:
    read: object = yaml.load(text, Loader=_LOADER)  # noqa: S506  # it is a safe loader
    found: object = json.loads(json.dumps(read, default=str))
    return found
