"""Changes of an operation's parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..records import Record
from .changes import Change, Part, Place, Schemas
from .documents import Document, elements, members, text
from .findings import Level
from .reading import Incomparable
from .shapes import Node, Source

__all__ = ["Operation", "parameter_changes", "template"]

_STYLES = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
# OpenAPI 3.1.1, section 4.8.12.1: header parameters of these names are ignored.
_IGNORED = frozenset(("accept", "content-type", "authorization"))
_Parameters = Mapping[tuple[str, str], Mapping[str, object]]


class Operation(Record):
    """An operation of one document, with its path."""

    document: Document
    path: str
    method: str
    item: Mapping[str, object]
    value: Mapping[str, object]


def template(path: str) -> str:
    """Return a path without the names of its variables."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _variables(path: str) -> list[str]:
    return re.findall(r"\{([^}]*)\}", path)


def _parameters(operation: Operation) -> _Parameters:
    """Return the parameters by location and name; variables of the path by their position."""
    variables = _variables(operation.path)
    found: dict[tuple[str, str], Mapping[str, object]] = {}
    for level in (operation.item, operation.value):
        for each in elements(level.get("parameters")):
            parameter = members(operation.document.resolve(each))
            location, name = text(parameter.get("in")), text(parameter.get("name"))
            if location == "path" and name in variables:
                name = f"{variables.index(name)}"
            elif location == "header":
                name = name.lower()
                if name in _IGNORED:
                    continue
            found[location, name] = parameter
    return found


def parameter_changes(old: Operation, new: Operation, schemas: Schemas) -> Iterator[Change]:
    """Yield the changes of the parameters of an operation."""
    before, after = _parameters(old), _parameters(new)
    documents = old.document, new.document
    for key in dict.fromkeys((*before, *after)):
        named = after.get(key) or before.get(key) or {}
        words = f"{text(named.get('in'))} parameter {text(named.get('name'))}"
        place = Place(new.path, new.method, "request", words)
        part = Part(before.get(key), after.get(key), documents)
        if part.old is None:
            yield _added(part, place)
        elif part.new is None:
            yield _removed(part, place)
        else:
            yield from _changed(part, place, schemas)


def _added(part: Part, place: Place) -> Change:
    is_required = members(part.new).get("required") is True
    level: Level = "breaking" if is_required else "compatible"
    word = "required" if is_required else "optional"
    return Change(level, "parameter", place, part.pointer(), f"A new {word} parameter.")


def _removed(part: Part, place: Place) -> Change:
    """Return the change: unknown query parameters are an error, unknown headers are ignored."""
    location = text(members(part.old).get("in"))
    level: Level = "warning" if location in ("header", "cookie") else "breaking"
    return Change(level, "parameter", place, part.pointer(), "The parameter is removed.")


def _changed(part: Part, place: Place, schemas: Schemas) -> Iterator[Change]:
    old, new = members(part.old), members(part.new)
    was, is_now = old.get("required") is True, new.get("required") is True
    if text(old.get("in")) != "path" and was != is_now:
        level: Level = "breaking" if is_now else "compatible"
        word = "required" if is_now else "optional"
        yield Change(level, "required", place, part.pointer(), f"The parameter becomes {word}.")
    if old.get("deprecated") is not True and new.get("deprecated") is True:
        yield Change("compatible", "deprecated", place, part.pointer(), "It becomes deprecated.")
    if "content" in old or "content" in new:
        yield from _content(part, place, schemas)
        return
    yield from _style(part, place, schemas)
    inner = Part(old.get("schema"), new.get("schema"), part.documents)
    yield from schemas.changes(inner, place, "request", is_text=True)


def _content(part: Part, place: Place, schemas: Schemas) -> Iterator[Change]:
    before = members(members(part.old).get("content"))
    after = members(members(part.new).get("content"))
    if before.keys() != after.keys():
        message = "The parameter is sent in another media type."
        yield Change("breaking", "mediaType", place, part.pointer(), message)
        return
    for name, each in before.items():
        inner = Part(
            members(each).get("schema"), members(after[name]).get("schema"), part.documents
        )
        yield from schemas.changes(inner, place, "request")


def _style(part: Part, place: Place, schemas: Schemas) -> Iterator[Change]:
    """Yield a change if values are written in another way (OpenAPI 3.1.1, section 4.8.12)."""
    old, new = _written(members(part.old)), _written(members(part.new))
    if old == new:
        return
    is_scalar = _is_scalar(part, schemas)
    if is_scalar and (old[0] == new[0] or members(part.old).get("in") not in ("path",)):
        return
    message = f"Values are written in another way: {_shown(*old)} becomes {_shown(*new)}."
    yield Change("breaking", "style", place, part.pointer(), message)


def _written(parameter: Mapping[str, object]) -> tuple[str, bool]:
    style = text(parameter.get("style")) or _STYLES.get(text(parameter.get("in")), "form")
    return style, bool(parameter.get("explode", style == "form"))


def _shown(style: str, explode: bool) -> str:
    return f"{style}, {'exploded' if explode else 'not exploded'}"


def _is_scalar(part: Part, schemas: Schemas) -> bool:
    """Return whether all values are written as one text."""
    reader = schemas.comparison("request", is_text=True).reader
    for parameter, document in ((part.old, part.documents[0]), (part.new, part.documents[1])):
        schema = members(parameter).get("schema", True)
        node: Node = () if schema is True else (Source(schema, document),)
        try:
            kinds = {each.kind for each in reader.shapes(node)}
        except (Incomparable, LookupError):
            return False
        if kinds & {"array", "object"}:
            return False
    return True
