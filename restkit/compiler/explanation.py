"""The compilation of a schema, explained: tiers, reasons and generated sources."""

from __future__ import annotations

from typing import Literal

from marshmallow import Schema, fields

from ..records import Record
from .compiled import Compiled, compile_schema
from .containers import has_container
from .function_types import AnyField, AnyList
from .load_forms import accept_of
from .nesting import nested_of
from .plan import FieldPlan, dump_of, nested_schema
from .records import RECORDS
from .value_forms import NATIVE, PLAIN, TEXT

__all__ = ["Explanation", "FieldTiers", "Tier", "explain"]

_PURPOSES = (PLAIN, NATIVE, RECORDS, TEXT)

Tier = Literal["native", "generated", "marshmallow", ""]
"""The code that loads or dumps a field.

``native`` is msgspec or the JSON encoder, ``generated`` is inline code, ``marshmallow`` is
the field's own method, ``""`` means that the field is not loaded or not dumped.
"""


class FieldTiers(Record):
    """The tiers of one field.

    Attributes:
        name: The field's name in the schema.
        key: The field's name in the data.
        kind: The name of the field's class.
        load: The tier that loads the field.
        load_reason: The reason why no faster tier loads it.
        dump: The tier that dumps the field.
        dump_reason: The reason why no faster tier dumps it.
        nested: The schema that the field or its items nest, None without one or if it cannot be
            created yet.
    """

    name: str
    key: str
    kind: str
    load: Tier
    load_reason: str
    dump: Tier
    dump_reason: str
    nested: Schema | None


class Explanation(Record):
    """The explanation of one schema.

    Attributes:
        schema: The instance.
        fields: The fields of the schema, in order.
        load_reason: The reason why marshmallow loads the whole schema, ``""`` if it is compiled.
        dump_reason: The reason why marshmallow dumps the whole schema, ``""`` if it is compiled.
        straight_reason: The reason why objects are not written directly as JSON, ``""`` if they
            are.
        hooks: The names of the schema's hooks by kind of hook, in marshmallow's order.
        load_source: The source of the generated loader, ``""`` if marshmallow loads.
        dump_sources: The sources of the generated dumpers by purpose: ``plain``, and ``native``,
            ``text`` and, with msgspec, ``records`` if objects are written directly as JSON.
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
    tiers = [
        _tiers(compiled, each, loads.get(name), dumps.get(name))
        for name, each in (loads | dumps).items()
    ]
    sources = {each.name: compiled.dump_source(each.name) for each in _PURPOSES}
    return Explanation(
        schema,
        tuple(tiers),
        plan.load_reason,
        plan.dump_reason,
        compiled.uncertain,
        _hooks(schema),
        compiled.load_source,
        {purpose: source for purpose, source in sources.items() if source},
    )


def _hooks(schema: Schema) -> dict[str, tuple[str, ...]]:
    names: dict[str, tuple[str, ...]] = {}
    for tag, found in schema._hooks.items():
        if found:
            names[tag] = tuple(name for name, *_ in found)
    return names


def _tiers(
    compiled: Compiled, found: FieldPlan, load: FieldPlan | None, dump: FieldPlan | None
) -> FieldTiers:
    field = found.field
    load_tier, load_reason = _load_tier(load, compiled.plan.load_reason)
    dump_tier, dump_reason = _dump_tier(dump, compiled)
    inner: AnyField = field.inner if isinstance(field, fields.List) else field
    return FieldTiers(
        found.name,
        str(found.key),
        type(field).__name__,
        load_tier,
        load_reason,
        dump_tier,
        dump_reason,
        nested_schema(inner) if isinstance(inner, fields.Nested) else None,
    )


def _load_tier(plan: FieldPlan | None, whole: str) -> tuple[Tier, str]:
    if plan is None:
        return "", ""
    if whole:
        return "marshmallow", whole
    if plan.accept is not None:
        return plan.accept.tier, ""
    field = plan.field
    if nested_of(field) is not None:
        return "generated", ""
    if not has_container(field):
        return "marshmallow", plan.load_reason
    reason = _items_reason(field) if isinstance(field, fields.List) else ""
    return ("marshmallow", reason) if reason else ("generated", "")


def _items_reason(field: AnyList) -> str:
    """Return the reason why the own method of a list's items loads them, ``""`` for none."""
    accept, reason = accept_of(field.inner)
    return "" if accept is not None or has_container(field.inner) else f"its items: {reason}"


def _dump_tier(plan: FieldPlan | None, compiled: Compiled) -> tuple[Tier, str]:
    if plan is None:
        return "", ""
    if compiled.plan.dump_reason:
        return "marshmallow", compiled.plan.dump_reason
    kind, reason = _dump_kind(plan)
    if reason:
        return "marshmallow", reason
    if kind in ("date", "datetime", "uuid") and not compiled.uncertain:
        return "native", ""
    return "generated", ""


def _dump_kind(plan: FieldPlan) -> tuple[str, str]:
    """Return the kind of inline code that dumps a field or its items, and the reason for none."""
    if not plan.dump:
        return "", plan.dump_reason
    field = plan.field
    if "." in (field.attribute or plan.name):
        return "", "its attribute contains a dot"
    reason = _parts_reason(field)
    if isinstance(field, fields.List) and not reason:
        return dump_of(field.inner)[0], ""
    return plan.dump, f"its items: {reason}" if reason else ""


def _parts_reason(field: AnyField) -> str:
    """Return the reason why the own methods of a container's parts dump them, ``""`` for none."""
    parts: list[AnyField] = []
    if isinstance(field, fields.List):
        parts = [field.inner]
    elif isinstance(field, fields.Tuple):
        parts = [*field.tuple_fields]
    elif isinstance(field, fields.Mapping):
        parts = [each for each in (field.key_field, field.value_field) if each is not None]
    reasons = (dump_of(each)[1] or _parts_reason(each) for each in parts)
    return next((reason for reason in reasons if reason), "")
