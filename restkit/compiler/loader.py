"""The loader of a schema: one generated function for one mapping.

The function stores a value as soon as it knows that the field accepts it. Every other value
(absent, null, invalid, or of a field without inline code) goes to the field's own ``deserialize``,
once, so that messages and validators are marshmallow's.
"""

from __future__ import annotations

from collections.abc import Iterator

from marshmallow import EXCLUDE, ValidationError, fields, missing
from marshmallow.utils import set_value
from marshmallow.validate import And

from .accept import Accept
from .containers import container_of
from .conversion import accepted
from .error_store import Store, put
from .function_types import AnyField, LoadOne, NestedLoad
from .load_functions import (
    length_refusal,
    longest_of,
    own_loader,
    refusal,
    rejection,
    unknown_keys,
    whole_loader,
)
from .nesting import Collection, Container, nested_of, write_nested
from .plan import FieldPlan, Plan
from .writer import Writer

__all__ = ["write_loader"]


def write_loader(plan: Plan, nested: NestedLoad) -> tuple[LoadOne, str]:
    """Generate the loader.

    Args:
        plan: The plan of the schema.
        nested: The function that returns the loader of a nested schema.

    Returns:
        The function of (data, partial, unknown, error store, index), and its source.
    """
    writer = Writer()
    schema = plan.schema
    writer.set("M", missing)
    writer.set("new_store", Store)
    writer.set("put", put)
    writer.set("EXCLUDE", EXCLUDE)
    writer.set("whole", whole_loader(schema))
    writer.set("unknown_keys", unknown_keys(schema))
    with writer.block("def load_one(data, partial, unknown, store, index):"):
        with writer.block(
            "if type(data) is not dict or (partial is not None and type(partial) is not bool):"
        ):
            writer.line("return whole(data, partial, unknown, store, index)")
        writer.line("result = {}")
        writer.line("get = data.get")
        _write_steps(writer, plan, nested)
        with writer.block("if len(data) != known and unknown != EXCLUDE:"):
            writer.line("unknown_keys(data, result, unknown, store, index)")
        writer.line("return result")
    namespace = writer.run(f"load {type(schema).__name__}")
    load_one: LoadOne = namespace["load_one"]
    return load_one, writer.source


def _write_steps(writer: Writer, plan: Plan, nested: NestedLoad) -> None:
    """Write each field's step; ``known`` becomes the number of known keys in the data."""
    keys: set[str] = set()
    writer.line(f"known = {len({each.key for each in plan.load})}")
    for number, each in enumerate(plan.load):
        _Step(writer, each, number, nested, counts=each.key not in keys).write()
        keys.add(each.key)


class _Step:
    """The writer of one field's part of the loader."""

    def __init__(
        self, writer: Writer, plan: FieldPlan, number: int, nested: NestedLoad, *, counts: bool
    ) -> None:
        """Begin a step.

        Args:
            writer: The writer of the loader.
            plan: The plan of the field.
            number: The number of the step, which makes its names unique.
            nested: The function that returns the loader of a nested schema.
            counts: True if this step subtracts an absent key from ``known``. Of several fields
                with one key, only the first does.
        """
        self.counts = counts
        self.writer = writer
        self.plan = plan
        self.number = number
        self.nested = nested
        self.found: Collection | None = None
        self.container: Container | None = None
        self.accepted = ("v", "False")
        if plan.accept is None:
            self.found = nested_of(plan.field)
        if plan.accept is None and self.found is None:
            self.container = container_of(plan.field, nested)

    def write(self) -> None:
        """Write the field's lines."""
        self._read()
        longest = longest_of(self.plan.field)
        if longest is None:
            self._write_branches()
            return
        # SECURITY: the items of a list that is too long must cost nothing.
        too_long = self._bind("too_long", length_refusal(self.plan, longest))
        with self.writer.block(f"if type(v) is list and len(v) > {longest.max}:"):
            self.writer.line(f"{too_long}(v, store, index)")
        with self.writer.block("else:"):
            self._write_branches()

    def _write_branches(self) -> None:
        word = "elif" if self._write_inline() else "if"
        for head, body in self._absent():
            with self.writer.block(f"{word} {head}:"):
                self.writer.line(body)
                if self.counts and head != "v is None":
                    self.writer.line("known -= 1")
            word = "elif"
        with self.writer.block("else:"):
            self._write_rest()

    def _read(self) -> None:
        """Write the line that reads the value into ``v``."""
        write, key = self.writer, self.plan.key
        if not self.plan.field.required:
            write.line(f"v = get({key!r}, M)")
            return
        # PERF: a subscript costs half of a call of get, or five times as much for an absent key.
        with write.block("try:"):
            write.line(f"v = data[{key!r}]")
        with write.block("except KeyError:"):
            write.line("v = M")

    def _write_inline(self) -> bool:
        """Write the branch with inline code; return False if the field has none."""
        if self.plan.accept is not None:
            self._accept(self.plan.accept)
        elif self.found is not None:
            self._nest(self.found)
        elif self.container is not None:
            self._contain(self.container)
        else:
            return False
        return True

    def _write_rest(self) -> None:
        """Write the last branch: validators that reject a loaded value, or the own method."""
        write, accept = self.writer, self.plan.accept
        if self.counts:
            with write.block("if v is M:"):
                write.line("known -= 1")
        if accept is None or not accept.checks or accept.asks:
            self._own_way()
            return
        refuse = self._bind("refuse", refusal(self.plan))
        variable, condition = self.accepted
        refused = f"if not {refuse}({variable}, store, index):"
        with write.block(f"if {condition}:"), write.block(refused):
            self._store(variable)
        with write.block("else:"):
            self._own_way()

    def _own_way(self) -> None:
        write = self.writer
        write.line(
            f"v = {self._bind('own', own_loader(self.plan))}(v, data, partial, store, index)"
        )
        with write.block("if v is not M:"):
            self._store("v")

    def _bind(self, stem: str, value: object) -> str:
        self.writer.set(f"{stem}_{self.number}", value)
        return f"{stem}_{self.number}"

    def _accept(self, accept: Accept) -> None:
        """Write the test, the conversion and the checks as one condition."""
        if accept.asks:
            self._ask(accept)
            return
        variable, condition, checks = accepted(self.writer, accept, self._bind)
        self.accepted = (variable, condition)
        if accept.short_test:
            condition = accept.short_test
        with self.writer.block(f"if {' and '.join([condition, *checks])}:"):
            if accept.validators:
                self._validate(accept, variable)
            else:
                self._store(variable)

    def _validate(self, accept: Accept, variable: str) -> None:
        """Write the call of the validators that have no inline code."""
        write, validators = self.writer, accept.validators
        write.set("ValidationError", ValidationError)
        single = len(validators) == 1
        validate = self._bind("validate", validators[0] if single else And(*validators))
        rejected = self._bind("rejected", rejection(self.plan))
        with write.block("try:"):
            write.line(f"{validate}({variable})")
        kept = f"if not {rejected}(error, store, index):"
        with write.block("except ValidationError as error:"), write.block(kept):
            self._store(variable)
        with write.block("else:"):
            self._store(variable)

    def _ask(self, accept: Accept) -> None:
        """Write the call of the user's function that converts the value, and of validators."""
        write = self.writer
        write.set("ValidationError", ValidationError)
        ask = self._bind("ask", accept.bound["ask"])
        with write.block(f"if {accept.test}:"):
            with write.block("try:"):
                write.line(f"v = {ask}(v)")
                if self.plan.field.validators:
                    validate = self._bind("validate", And(*self.plan.field.validators))
                    write.line(f"{validate}(v)")
            with write.block("except ValidationError as error:"):
                write.line(f"store.store_error(error.messages, {self.plan.key!r}, index=index)")
                write.line("v = error.valid_data or M")
            with write.block("if v is not M:"):
                self._store("v")

    def _nest(self, found: Collection) -> None:
        """Write the loop or the call around a nested schema."""
        write = self.writer
        with write.block(f"if type(v) is {found.kind}:"):
            write_nested(write, self.number, self.plan.field, found, self.nested)
            with write.block("if failed is not None:"):
                write.line(f"put(store, {self.plan.key!r}, failed, index)")
            with write.block("if w is not M:"):
                self._store("w")

    def _contain(self, found: Container) -> None:
        """Write the call of the function that loads a list, a dict, a tuple or nested data."""
        write = self.writer
        write.set("ValidationError", ValidationError)
        with write.block(f"if {found.test}:"):
            with write.block("try:"):
                write.line(f"v = {self._bind('load', found.load)}(v, partial)")
            with write.block("except ValidationError as error:"):
                write.line(f"store.store_error(error.messages, {self.plan.key!r}, index=index)")
                write.line("v = error.valid_data or M")
            with write.block("if v is not M:"):
                self._store("v")

    def _store(self, variable: str) -> None:
        target = self.plan.target
        if "." in target:
            self.writer.set("set_value", set_value)
            self.writer.line(f"set_value(result, {target!r}, {variable})")
        else:
            self.writer.line(f"result[{target!r}] = {variable}")

    def _absent(self) -> Iterator[tuple[str, str]]:
        """Yield conditions on an absent or null value that need no call, each with its line."""
        field, target = self.plan.field, self.plan.target
        overridden = "deserialize" in vars(field) and self.plan.accept is None
        if overridden or not _is_plain(field):
            yield "v is M and partial is True", "pass"
            return
        yield from self._absent_value(field, target)
        if field.allow_none and not getattr(field, "pre_load", None) and "." not in target:
            yield "v is None", f"result[{target!r}] = None"

    def _absent_value(self, field: AnyField, target: str) -> Iterator[tuple[str, str]]:
        required = field.required and type(field) is not fields.Constant
        if not required and field.load_default is missing:
            yield "v is M", "pass"
            return
        yield "v is M and partial is True", "pass"
        if required or callable(field.load_default) or "." in target:
            return
        name = self._bind("default", field.load_default)
        yield "v is M", f"result[{target!r}] = {name}"


def _is_plain(field: AnyField) -> bool:
    """Return True if a field overrides nothing of how absent and null values are loaded."""
    kind = type(field)
    if kind is fields.Constant:  # which cannot be required
        return "_validate_missing" not in vars(field)
    return (
        kind.deserialize is fields.Field.deserialize
        and kind._validate_missing is fields.Field._validate_missing
        and "_validate_missing" not in vars(field)
    )
