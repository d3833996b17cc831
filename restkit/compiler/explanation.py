"""The compilation of a schema, explained: tiers, reasons and generated sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from marshmallow import Schema, fields

from .compiled import Compiled, compile_schema
from .nesting import collection_loader, nested_of
from .plan import FieldPlan, dump_of
from .value_forms import NATIVE, PLAIN, TEXT

__all__ = ["Explanation", "FieldTiers", "Tier", "explain"]

Tier = Literal["native", "generated", "marshmallow", ""]
"""``native`` is done by msgspec or left to the JSON encoder, ``generated`` is written in line, ``marshmallow`` is the
field's own method; ``""`` where the field is not loaded, or not dumped."""


@dataclass(frozen=True, slots=True)
class FieldTiers:
    """The tiers of one field.

    Attributes:
        name: Its name in the schema.
        key: Its name on the wire.
        kind: The name of its class.
        load: The tier that loads it.
        load_reason: Why that is not a quicker one.
        dump: The tier that dumps it.
        dump_reason: Why that is not a quicker one.
        nested: The schema that it nests, or its items do; None where there is none, or it cannot be
            made yet.
    """

    name: str
    key: str
    kind: str
    load: Tier
    load_reason: str
    dump: Tier
    dump_reason: str
    nested: Schema | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one schema.

    Attributes:
        schema: The instance.
        fields: Each of its fields, in order.
        load_reason: Why marshmallow loads it whole, ``""`` where it does not.
        dump_reason: Why marshmallow dumps it whole, ``""`` where it does not.
        straight_reason: Why it is not written directly as JSON, ``""`` if it is.
        hooks: The names of its hooks, by the kind of hook, in the order in which marshmallow runs
            them.
        load_source: The generated loader, ``""`` where marshmallow loads.
        dump_sources: The generated dumpers by purpose: ``plain``, and if the schema is written
            directly as JSON, ``native`` and ``text``.
    """

    schema: Schema
    fields: tuple[FieldTiers, ...]
    load_reason: str
    dump_reason: str
    straight_reason: str
    hooks: dict[str, tuple[str, ...]]
    load_source: str
    dump_sources: dict[str, str]


def explain(schema: Schema) -> Explanation:
    """Explain the compilation of a schema instance."""
    compiled = compile_schema(schema)
    plan = compiled.plan
    loads = {each.name: each for each in plan.load}
    dumps = {each.name: each for each in plan.dump}
    sources = {each.name: compiled.dump_source(each.name) for each in (PLAIN, NATIVE, TEXT)}
    hooks: dict[str, Any] = schema._hooks
    return Explanation(
        schema,
        tuple(
            _tiers(compiled, each, loads.get(name), dumps.get(name))
            for name, each in {**loads, **dumps}.items()
        ),
        plan.load_reason,
        plan.dump_reason,
        compiled.uncertain,
        {tag: tuple(name for name, *_ in found) for tag, found in hooks.items() if found},
        compiled.load_source,
        {purpose: source for purpose, source in sources.items() if source},
    )


def _tiers(
    compiled: Compiled, found: FieldPlan, load: FieldPlan | None, dump: FieldPlan | None
) -> FieldTiers:
    field = found.field
    load_tier, load_reason = (
        _load_tier(load, compiled.plan.load_reason) if load is not None else ("", "")
    )
    dump_tier, dump_reason = _dump_tier(dump, compiled) if dump is not None else ("", "")
    inner = field.inner if isinstance(field, fields.List) else field
    nested = _nested(inner) if isinstance(inner, fields.Nested) else None
    return FieldTiers(
        found.name,
        str(found.key),
        type(field).__name__,
        load_tier,
        load_reason,
        dump_tier,
        dump_reason,
        nested,
    )


def _load_tier(plan: FieldPlan, whole: str) -> tuple[Tier, str]:
    if whole:
        return "marshmallow", whole
    if plan.accept is not None:
        return plan.accept.tier, ""
    if nested_of(plan.field) is not None or collection_loader(plan.field) is not None:
        return "generated", ""
    return "marshmallow", plan.load_reason


def _dump_tier(plan: FieldPlan, compiled: Compiled) -> tuple[Tier, str]:
    if compiled.plan.dump_reason:
        return "marshmallow", compiled.plan.dump_reason
    kind, field = plan.dump, plan.field
    if not kind:
        return "marshmallow", plan.dump_reason
    if "." in (field.attribute or plan.name):
        return "marshmallow", "its attribute has a dot"
    if isinstance(field, fields.List):
        kind, reason = dump_of(field.inner)
        if not kind or kind == "list":
            return "marshmallow", f"of its items: {reason or 'List has no form in line'}"
    if kind in ("date", "datetime", "uuid") and not compiled.uncertain:
        return "native", ""
    return "generated", ""


def _nested(field: fields.Nested) -> Schema | None:
    try:
        return field.schema
    except Exception:  # noqa: BLE001  # what is wrong with it shows where it is used, as in marshmallow
        field._schema = (
            None  # NOTE: marshmallow keeps a half-made one, and would not tell the fault again
        )
        return None
