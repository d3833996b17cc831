"""The names of components in a document; operationIds are in `restkit.operations.operation_ids`."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

from marshmallow import Schema, fields
from marshmallow.exceptions import RegistryError

from ..contract import Operation
from ..operations.operation_ids import stem
from ..problems import Problem
from ..schemas.bound import BoundSchema, View
from ..schemas.unions import alternatives_of
from .metadata import Field

__all__ = [
    "ComponentNames",
    "component_key",
    "component_names",
    "given_name",
    "is_whole",
    "nested_fields",
]

_INVALID = r"[^a-zA-Z0-9._-]+"
# Letters that Unicode does not take apart into a letter and a mark.
_LETTERS = str.maketrans(
    {"ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O"}
    | {"đ": "d", "Đ": "D", "ł": "l", "Ł": "L", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D"}
)
# A class of such a name is one view of a thing by its author's own word: it gets no second word.
_OF_INPUT = (
    r"(?<=[a-z0-9_])(In|Input|Request|Payload|Body|Form|Create|Creation|New|Write|Update|Patch)$"
)
_OF_PATCH = r"(?<=[a-z0-9_])(Patch|Update)$"


def given_name(declared: type[Schema]) -> str:
    """Return the component name that a schema class says itself: ``Meta.component_name``."""
    return str(vars(vars(declared).get("Meta", object)).get("component_name", ""))


def component_key(name: str) -> str:
    """Return a name as a key of components, of the characters that OpenAPI allows there.

    Those are ASCII letters, digits, ``.``, ``-`` and ``_`` (OpenAPI 3.1.1, section 4.8.7.1).
    Accents are removed; other characters become ``_``.
    """
    is_usual = name.isascii() and name.isidentifier()  # PERF: cold start: without a pattern
    if is_usual or not re.search(_INVALID, name):
        return name
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    return re.sub(_INVALID, "_", plain).strip("_.-") or "Schema"


class ComponentNames:
    """The names of the components of one document.

    A name belongs to the class that needed it first. The module of a second class of that name
    distinguishes it (``DashboardsUser``), or else a number (``User2``).
    """

    def __init__(self) -> None:
        """Make names of nothing."""
        self._owners: dict[str, object] = {}
        self._names: dict[tuple[type[Schema], View], str] = {}
        self._stems: dict[type[Schema], str] = {}
        self._first: dict[str, type[Schema] | None] = {}

    def reserve(self, *names: str) -> None:
        """Keep names for other components than those of schemas."""
        self._owners.update(dict.fromkeys(names))
        self._first.update(dict.fromkeys(names))

    def give(self, declared: type[Schema], name: str) -> None:
        """Keep a name for a class that says it itself."""
        self._first.setdefault(name, declared)
        self._stems[declared] = name

    def name(self, declared: type[Schema], view: View, *, alike: bool) -> str:
        """Return the component name of one view of a schema class, the same one each time.

        Args:
            declared: The schema class.
            view: The view.
            alike: Whether its response and request views are the same, and so one component.
        """
        if view is View.REQUEST and alike:
            view = View.RESPONSE
        key = (declared, view)
        if key not in self._names:
            own = self._stem(declared)
            prefix = getattr(declared.Meta, "component_prefix", "")
            second = _candidates(prefix + own, view, alike) if prefix else []
            self._names[key] = self._claimed(key, [*_candidates(own, view, alike), *second])
        return self._names[key]

    def _claimed(self, key: tuple[type[Schema], View], candidates: list[str]) -> str:
        numbered = (f"{candidates[-1]}{number}" for number in itertools.count(2))
        free = (each for each in itertools.chain(candidates, numbered) if each not in self._owners)
        name = next(free)
        self._owners[name] = key
        return name

    def _stem(self, declared: type[Schema]) -> str:
        if declared not in self._stems:
            name = component_key(stem(declared))
            first = self._first.setdefault(name, declared)
            # A class that is derived from another of its name is a view of the same thing.
            if first is None or not (issubclass(declared, first) or issubclass(first, declared)):
                name = self._apart(name, first, declared)
            self._stems[declared] = name
        return self._stems[declared]

    def _apart(self, name: str, first: type[Schema] | None, declared: type[Schema]) -> str:
        """Return a stem that tells a class from the first one of its name."""
        prefix = getattr(declared.Meta, "component_prefix", "")
        qualified = (prefix or _module_word(first, declared)) + name
        if qualified != name and self._first.setdefault(qualified, declared) is declared:
            return qualified
        number = 2
        while self._first.setdefault(f"{name}{number}", declared) is not declared:
            number += 1
        return f"{name}{number}"


# Where classes seem to be that code makes: nobody looks for them there.
_NOT_WRITTEN = frozenset({"abc", "marshmallow", "restkit", "types"})


def _module_word(first: type[Schema] | None, declared: type[Schema]) -> str:
    """Return the innermost package of a class that another class is not in, as a word."""
    parts = declared.__module__.split(".")
    if first is None or parts[0] in _NOT_WRITTEN:
        return ""
    there = {*first.__module__.split("."), "__main__"}
    qualifier = next((part for part in reversed(parts) if part not in there), "")
    words = component_key(qualifier).split("_") if qualifier else []
    return "".join(word[:1].upper() + word[1:] for word in words)


def _candidates(name: str, view: View, alike: bool) -> list[str]:
    """Return the names that a view may have, the best first."""
    if view is View.RESPONSE:
        return [f"{name}Output"] if re.search(_OF_INPUT, name) and not alike else [name]
    suffixed = name + ("Patch" if view is View.PATCH else "Input")
    spoken_for = _OF_PATCH if view is View.PATCH else _OF_INPUT
    return [name, suffixed] if re.search(spoken_for, name) else [suffixed]


def is_whole(schema: Schema, *, patch: bool = False) -> bool:
    """Return whether an instance has its class's fields as declared, and so is its component.

    Args:
        schema: The instance.
        patch: Whether the component of the class is meant whose members are all optional.
    """
    options = schema.opts
    return (
        schema.only is None
        and set(schema.exclude) == set(options.exclude)
        and set(schema.load_only) == set(options.load_only)
        and set(schema.dump_only) == set(options.dump_only)
        and (patch or not schema.partial)
        and bool(stem(type(schema)))
    )


def component_names(
    op: Operation, seen: set[tuple[int, View, bool]] | None = None
) -> Iterator[tuple[str, type, str]]:
    """Yield (stem of the component name, class, declaration) for each schema class of an operation.

    Args:
        op: The operation.
        seen: The schemas of other operations, which are left out; those of this one are added.
    """
    seen = set() if seen is None else seen
    if op.failures:
        yield "Problem", Problem, op.declared_at
    used = [
        (each.schema, each.location != "body" or each.schema.source != "json")
        for each in op.inputs
        if each.schema is not None
    ]
    written = [(schema, False) for each in op.outputs for schema in each.schemas]
    for bound, inline in [*used, *written]:
        key = (id(bound.schema), bound.view, inline)
        if key not in seen:
            seen.add(key)
            for declared in _classes(bound, inline=inline):
                yield component_key(stem(declared)), declared, op.declared_at


def _classes(bound: BoundSchema, *, inline: bool) -> Iterator[type[Schema]]:
    if bound.name and not inline and is_whole(bound.schema):
        yield bound.declared
    yield from _nested(bound.schema, bound.view, {type(bound.schema)})


_HOLDERS = (fields.Nested, fields.List, fields.Tuple, fields.Mapping)


def _nested(schema: Schema, view: View, seen: set[type[Schema]]) -> Iterator[type[Schema]]:
    yield from _alternatives(schema, view, seen)
    found = schema.dump_fields if view is View.RESPONSE else schema.load_fields
    for field in found.values():
        for each in nested_fields(field) if isinstance(field, _HOLDERS) else ():
            try:
                below = each.schema
            except RegistryError:  # named by a string, and not declared yet
                continue
            if type(below) in seen:
                continue
            seen.add(type(below))
            if is_whole(below) and not isinstance(each, fields.Pluck):
                yield type(below)
            yield from _nested(below, view, seen)


def _alternatives(schema: Schema, view: View, seen: set[type[Schema]]) -> Iterator[type[Schema]]:
    for alternative in alternatives_of(schema)[1]:
        if type(alternative.schema) not in seen:
            seen.add(type(alternative.schema))
            if is_whole(alternative.schema):
                yield type(alternative.schema)
            yield from _nested(alternative.schema, view, seen)


def nested_fields(field: Field) -> Iterator[fields.Nested]:
    """Yield the fields in a field that nest a schema."""
    if isinstance(field, fields.Nested):
        yield field
    elif isinstance(field, fields.List):
        yield from nested_fields(field.inner)
    elif isinstance(field, fields.Tuple):
        for each in field.tuple_fields:
            yield from nested_fields(each)
    elif isinstance(field, fields.Mapping) and field.value_field is not None:
        yield from nested_fields(field.value_field)
