"""A drawn schema and a drawn case as data:
built as objects, written as source, and taken apart when it shrinks.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .vocabulary import NAMES, Leaf

__all__ = [
    "Branch",
    "Case",
    "FieldSpec",
    "Node",
    "SchemaSpec",
    "build",
    "module_source",
    "source_of",
]


@dataclass(slots=True)
class Branch:
    """Is a container: a mapping where its items are pairs, a sequence otherwise;
    ``kind`` names what holds it.
    """

    kind: str
    items: list[Any]
    mapping: bool


Node: TypeAlias = Leaf | Branch


def build(node: Node) -> Any:
    """Make the value of a node, anew each time."""
    if type(node) is Leaf:
        return node.make()
    if node.mapping:
        made: Any = {key.make(): build(value) for key, value in node.items}
        return made if node.kind == "dict" else NAMES[node.kind](made)
    made = [build(item) for item in node.items]
    if node.kind == "list":
        return made
    return tuple(made) if node.kind == "tuple" else NAMES[node.kind](made)


def source_of(node: Node) -> str:
    """Return the source text of a node."""
    if isinstance(node, Leaf):
        return node.source
    if node.mapping:
        text = (
            "{" + ", ".join(f"{key.source}: {source_of(value)}" for key, value in node.items) + "}"
        )
        return text if node.kind == "dict" else f"{node.kind}({text})"
    text = "[" + ", ".join(map(source_of, node.items)) + "]"
    return text if node.kind == "list" else f"{node.kind}({text})"


@dataclass(slots=True)
class FieldSpec:
    """Is a field: the pool of its values, how it is called, with what,
    and the schema or fields within.
    """

    pool: str
    call: str
    arguments: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    inner: list[FieldSpec] = field(default_factory=list)
    keyed: bool = False
    child: SchemaSpec | None = None
    data_key: Any = None
    attribute: str | None = None

    def source(self) -> str:
        """Return the call that makes the field."""
        parts = list(self.arguments)
        if self.call.endswith("Tuple"):
            parts.append("[" + ", ".join(each.source() for each in self.inner) + "]")
        elif self.keyed:
            parts += [
                f"{name}={each.source()}"
                for name, each in zip(("keys", "values"), self.inner, strict=False)
            ]
        else:
            parts += [each.source() for each in self.inner]
        options = dict(self.options)
        if self.data_key is not None:
            options["data_key"] = repr(self.data_key)
        if self.attribute is not None:
            options["attribute"] = repr(self.attribute)
        named = [f"{name}={value}" for name, value in options.items()]
        return f"{self.call}({', '.join(parts + named)})"


@dataclass(slots=True)
class SchemaSpec:
    """Is a schema class, and how its instance is made where it is the outermost."""

    name: str
    fields: dict[str, FieldSpec] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    start: dict[str, str] = field(default_factory=dict)
    patches: list[str] = field(default_factory=list)

    def source(self) -> str:
        """Return the class statement."""
        odd = {
            name: each
            for name, each in self.fields.items()
            if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name)
        }
        meta = dict(self.meta)
        if odd:
            meta["include"] = (
                "{" + ", ".join(f"{name!r}: {each.source()}" for name, each in odd.items()) + "}"
            )
        body = [
            f"    {name} = {each.source()}" for name, each in self.fields.items() if name not in odd
        ]
        body += [f"    {line}" for line in self.lines]
        if meta:
            body += [
                "    class Meta:",
                *(f"        {name} = {value}" for name, value in meta.items()),
            ]
        return "\n".join([f"class {self.name}(Schema):", *(body or ["    pass"])])


@dataclass(slots=True)
class Case:
    """Is one call of ``load`` or ``dump``,
    or of a loader whose arguments are settled where they may be.
    """

    way: str
    data: Node
    arguments: dict[str, Leaf]
    may_settle: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether the loader with settled arguments is called:
        it has no ``unknown``, and ``partial`` is a boolean.
        """
        partial = self.arguments.get("partial")
        if not self.may_settle or self.way != "load" or "unknown" in self.arguments:
            return False
        return partial is None or partial.source in ("True", "False")

    def source(self) -> str:
        """Return the call."""
        more = "".join(f", {name}={value.source}" for name, value in self.arguments.items())
        return f"{self.way}({source_of(self.data)}{more})"


def _below(spec: SchemaSpec, seen: list[SchemaSpec]) -> None:
    """Collect a schema after the schemas that it nests."""

    def fields_of(each: FieldSpec) -> Iterator[FieldSpec]:
        yield each
        for inner in each.inner:
            yield from fields_of(inner)

    started = [spec]
    for outer in spec.fields.values():
        for each in fields_of(outer):
            if each.child is not None and all(
                each.child is not other for other in (*seen, *started)
            ):
                _below(each.child, seen)
    seen.append(spec)


def module_source(spec: SchemaSpec) -> str:
    """Return the source of a module whose ``make()`` returns the schema instance."""
    seen: list[SchemaSpec] = []
    _below(spec, seen)
    start = ", ".join(f"{name}={value}" for name, value in spec.start.items())
    made = [
        "def make():",
        f"    schema = {spec.name}({start})",
        *(f"    {line}" for line in spec.patches),
        "    return schema",
    ]
    return "\n\n\n".join([*(each.source() for each in seen), "\n".join(made)]) + "\n"
