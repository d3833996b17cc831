"""The dumper of a schema: one generated function, with a branch for dicts and one for objects.

Each branch has a fast part and a general part. The fast part reads each value, checks that it has
the type that its field expects, and returns all values in one expression. At the first value of
another type, the general part takes the values read so far and continues field by field. So values
are read, and fields' own methods called, once and in marshmallow's order.
"""

from __future__ import annotations

from collections.abc import Callable

from marshmallow import missing

from .dump_step import ABSENT, Source, Step
from .function_types import DumpOne, Encode, NestedDump
from .plan import Plan, has_own_accessor
from .records import record_class
from .value_forms import PLAIN, Forms, json_name
from .writer import Writer

__all__ = ["write_dumper"]

_Rest = Callable[[object, float, dict[str, object]], object]
"""A general part: (object, number of the next field, local variables of the fast part)."""
_SOURCES: tuple[Source, Source] = ("dict", "object")


def write_dumper(
    plan: Plan, nested: NestedDump, forms: Forms = PLAIN, encode: Encode = repr
) -> tuple[DumpOne, str]:
    """Generate the dumper.

    Args:
        plan: The plan of the schema.
        nested: The function that returns the dumper of a nested schema; it is called with the
            first value.
        forms: The purpose. All purposes but PLAIN require a schema whose data is certain to be
            JSON (see `uncertain`).
        encode: The function that returns a value as JSON text, for values without inline code;
            only the purpose TEXT needs it.

    Returns:
        The function of one object, and its source.
    """
    writer, steps = _begin(plan, nested, forms, encode)
    with writer.block(f"def dump_one(obj{_local_names(steps)}):"):
        if not has_own_accessor(plan.schema):
            writer.line("kind = type(obj)")
            with writer.block("if kind is dict:"):
                _write_fast_part(writer, steps, "dict", forms)
            with writer.block(f"if kind is KIND or {_NO_ITEMS}:"):
                _write_fast_part(writer, steps, "object", forms)
        writer.line("return encode(whole(obj))" if forms.is_text else "return whole(obj)")

    def late(source: Source) -> _Rest:
        def rest(obj: object, done: float, read: dict[str, object]) -> object:
            made = _write_rest(plan, nested, forms, encode, source)
            writer.set(f"rest_{source}", made)  # the generated code calls it directly from now on
            return made(obj, done, read)

        return rest

    def first(obj: object) -> bool:
        # PERF: to compare the class takes a tenth of hasattr.
        writer.set("KIND", _class_without_items(obj))
        return not hasattr(obj, "__getitem__")

    writer.set("KIND", None)
    writer.set("first", first)
    for source in _SOURCES:
        writer.set(f"rest_{source}", late(source))
    namespace = writer.run(f"dump {type(plan.schema).__name__} {forms.name}")
    dump_one: DumpOne = namespace["dump_one"]
    return dump_one, writer.source


def _begin(
    plan: Plan, nested: NestedDump, forms: Forms, encode: Encode
) -> tuple[Writer, list[Step]]:
    writer = Writer()
    for name, value in ({"M": missing, "encode": encode} | forms.names).items():
        writer.set(name, value)
    writer.set("whole", forms.checked(plan.schema._serialize))
    steps = [
        Step(writer, each, number, plan.schema, nested, forms)
        for number, each in enumerate(plan.dump)
    ]
    return writer, steps


def _write_fast_part(writer: Writer, steps: list[Step], source: Source, forms: Forms) -> None:
    reads: dict[int, int] = {}
    writer.set(f"READS_{source}", reads)
    # PERF: one block for all reads costs less than one for each; the line says which has failed.
    with writer.block("try:"):
        with writer.block("while True:"):  # a block to break out of; it never repeats
            for step in steps:
                step.write_fast(source, reads)
            writer.line(f"return {_together(writer, steps, forms)}")
        writer.line("read = locals()")
    with writer.block(f"except {ABSENT[source]} as error:"):
        writer.line(f"n = READS_{source}.get(error.__traceback__.tb_lineno)")
        with writer.block("if n is None:"):
            writer.line("raise")
        writer.line("read = locals()")
        writer.line("read[f'v{n}'] = M")
        # The exception holds this call, which would hold the exception until garbage is collected.
        writer.line("del read['error']")
    writer.line(f"return rest_{source}(obj, n, read)")


def _write_rest(
    plan: Plan, nested: NestedDump, forms: Forms, encode: Encode, source: Source
) -> _Rest:
    """Generate the general part.

    PERF: it is half of the source, and most schemas never need it, so it is generated late.
    """
    writer, steps = _begin(plan, nested, forms, encode)
    with writer.block("def rest(obj, n, read):"):
        writer.line("result = []" if forms.is_text else "result = {}")
        for step in steps:
            step.write_general(source)
        writer.line("return '{' + ','.join(result) + '}'" if forms.is_text else "return result")
    title = f"dump {type(plan.schema).__name__} {forms.name} from a {source}"
    rest: _Rest = writer.run(title)["rest"]
    return rest


def _local_names(steps: list[Step]) -> str:
    """Return the parameters that make often used names local.

    PERF: a local name costs a fifth of a builtin one, but to set it costs as much as a use.
    """
    text = ""
    for name in _BUILTIN_NAMES:
        if sum(step.count(name) for step in steps) >= _OFTEN:
            text += f", {name}={name}"
    return text


_BUILTIN_NAMES = ("type", "str", "int", "float", "datetime", "date")
_OFTEN = 3
_NO_ITEMS = "(first(obj) if KIND is None else not hasattr(obj, '__getitem__'))"


class _NoClass:
    """The class of no dumped object."""


def _class_without_items(obj: object) -> type[object]:
    """Return the class of an object if marshmallow reads attributes of all its instances.

    An attribute ``__getitem__`` of an instance alone has no effect: marshmallow cannot subscript
    the instance, and reads attributes.
    """
    kind = type(obj)
    if issubclass(kind, type) or kind.__getattribute__ is not object.__getattribute__:
        return _NoClass
    names = ("__getitem__", "__getattr__")
    found = any(name in vars(each) for each in kind.__mro__ for name in names)
    return _NoClass if found else kind


def _together(writer: Writer, steps: list[Step], forms: Forms) -> str:
    """Return the expression of all values that the fast part has read."""
    if forms.is_records:
        made = record_class([step.plan.key for step in steps])
        if made is not None:
            writer.set("Record", made)
            return f"Record({', '.join(f'v{step.number}' for step in steps)})"
    if not forms.is_text:
        return "{" + ", ".join(f"{step.plan.key!r}: v{step.number}" for step in steps) + "}"
    names = (json_name(step.plan.key).replace("{", "{{").replace("}", "}}") for step in steps)
    members = ",".join(f"{name}{{v{step.number}}}" for name, step in zip(names, steps, strict=True))
    return "f" + repr("{{" + members + "}}")
