"""Writes the loader of a schema: one straight function for one mapping.

A value that a field is known to accept is stored where it is found. Everything else (absent, null,
invalid, or of a field that is not written in line) goes to the field's own ``deserialize``, once,
so that messages and validators are marshmallow's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError, fields, missing, validate
from marshmallow.utils import set_value

from .error_store import put
from .nesting import NestedOne, collection_loader, nested_of, write_nested
from .plan import Accept, FieldPlan, Plan
from .writer import Writer

__all__ = ["LoadOne", "write_loader"]

LoadOne = Callable[[Any, Any, Any, Any, Any], Any]


def write_loader(
    plan: Plan, nested: NestedOne, new_store: Callable[[], Any]
) -> tuple[LoadOne, str]:
    """Write and make the loader.

    Args:
        plan: Of the schema.
        nested: Returns what loads one mapping of a nested schema.
        new_store: Makes an error store.

    Returns:
        The function of (data, partial, unknown, error store, index), and its source.
    """
    writer = Writer()
    schema = plan.schema
    writer.set("M", missing)
    writer.set("new_store", new_store)
    writer.set("put", put)
    writer.set("EXCLUDE", EXCLUDE)
    writer.set("whole", _whole(schema))
    writer.set("unknown_keys", _unknown_keys(schema))
    with writer.block("def load_one(data, partial, unknown, store, index):"):
        with writer.block(
            "if type(data) is not dict or (partial is not None and type(partial) is not bool):"
        ):
            writer.line("return whole(data, partial, unknown, store, index)")
        writer.line("result = {}")
        writer.line("get = data.get")
        keys: set[Any] = set()
        writer.line(
            f"known = {len({each.key for each in plan.load})}"
        )  # how many of the known keys are there
        for number, each in enumerate(plan.load):
            _Step(writer, each, number, nested, counts=each.key not in keys).write()
            keys.add(each.key)
        with writer.block("if len(data) != known and unknown != EXCLUDE:"):
            writer.line("unknown_keys(data, result, unknown, store, index)")
        writer.line("return result")
    namespace = writer.run(f"load {type(schema).__name__}")
    load_one: LoadOne = namespace["load_one"]
    return load_one, writer.source


class _Step:
    """The writer of one field's part of the loader."""

    def __init__(
        self, writer: Writer, plan: FieldPlan, number: int, nested: NestedOne, *, counts: bool
    ) -> None:
        """Begin a step; ``counts`` says whether it is the one that counts its key where it is absent."""
        self.counts = counts
        self.writer = writer
        self.plan = plan
        self.number = number
        self.nested = nested
        self.found = None if plan.accept is not None else nested_of(plan.field)
        self.collection = (
            None if plan.accept is not None or self.found else collection_loader(plan.field)
        )

    def write(self) -> None:
        """Write the field's lines."""
        write, plan = self.writer, self.plan
        if plan.field.required:
            # PERF: a subscript takes half of a call of get, and five times as much where the key is absent.
            with write.block("try:"):
                write.line(f"v = data[{plan.key!r}]")
            with write.block("except KeyError:"):
                write.line("v = M")
        else:
            write.line(f"v = get({plan.key!r}, M)")
        word = "if"
        if plan.accept is not None:
            self._accept(plan.accept)
            word = "elif"
        elif self.found is not None:
            self._nest(self.found)
            word = "elif"
        elif self.collection is not None:
            self._collect(*self.collection)
            word = "elif"
        for head, body in self._absent():
            with write.block(f"{word} {head}:"):
                write.line(body)
                if self.counts and head != "v is None":
                    write.line("known -= 1")
            word = "elif"
        with write.block("else:"):
            if self.counts:
                with write.block("if v is M:"):
                    write.line("known -= 1")
            if plan.accept is None or not plan.accept.checks:
                self._own_way()
                return
            variable, test = self._accepted(plan.accept)
            refuse = self._bind("refuse", _refusal(plan))
            with write.block(f"if not ({test} and {refuse}({variable}, store, index)):"):
                self._own_way()

    def _own_way(self) -> None:
        write = self.writer
        write.line(f"v = {self._bind('own', _own(self.plan))}(v, data, partial, store, index)")
        with write.block("if v is not M:"):
            self._store("v")

    def _accepted(self, accept: Accept) -> tuple[str, str]:
        """Return the name of the loaded value, and the expression that says that there is one, valid or not."""
        if accept.convert is not None:
            return "w", "w is not M"
        return "v", f"({accept.test.format(**self._names(accept))})"

    def _names(self, accept: Accept) -> dict[str, str]:
        return {name: self._bind(name, value) for name, value in accept.bound.items()}

    def _bind(self, stem: str, value: Any) -> str:
        self.writer.set(f"{stem}_{self.number}", value)
        return f"{stem}_{self.number}"

    def _accept(self, accept: Accept) -> None:
        """Write the test, the conversion and the checks as one condition."""
        write = self.writer
        names = self._names(accept)
        variable = "v" if accept.convert is None else "w"
        test = (accept.straight or accept.test).format(**names)
        checks = " and ".join(check.format(w=variable, **names) for check in accept.checks)
        if accept.convert is None:
            condition = f"({test}) and {checks}" if checks else test
        else:
            write.line("w = M")
            with write.block(f"if {test}:"):
                taken = "v" if accept.take is None else f"{self._bind('take', accept.take)}(v)"
                with write.block("try:"):
                    write.line(f"w = {self._bind('convert', accept.convert)}({taken})")
                with write.block("except Exception:"):
                    write.line("pass")  # the field's own way says what is wrong
            condition = f"w is not M and {checks}" if checks else "w is not M"
        with write.block(f"if {condition}:"):
            self._store(variable)

    def _nest(self, found: tuple[fields.Nested, bool]) -> None:
        """Write the loop or the call around a nested schema."""
        write = self.writer
        with write.block(f"if type(v) is {'list' if found[1] else 'dict'}:"):
            write_nested(write, self.number, self.plan.field, found, self.nested)
            with write.block("if failed is not None:"):
                write.line(f"put(store, {self.plan.key!r}, failed, index)")
            with write.block("if w is not M:"):
                self._store("w")

    def _collect(self, test: str, load: Callable[[Any, Any], Any]) -> None:
        """Write the call of what loads a list or a nested mapping."""
        write = self.writer
        write.set("ValidationError", ValidationError)
        with write.block(f"if {test}:"):
            with write.block("try:"):
                write.line(f"v = {self._bind('collect', load)}(v, partial)")
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
        """Yield the conditions under which an absent or null value needs no call, with what is done."""
        field, target = self.plan.field, self.plan.target
        plain = "deserialize" not in vars(field) or self.plan.accept is not None
        if not plain or not _is_plain(field):
            yield "v is M and partial is True", "pass"
            return
        if field.required:
            yield "v is M and partial is True", "pass"
        elif field.load_default is missing:
            yield "v is M", "pass"
        elif callable(field.load_default) or "." in target:
            yield "v is M and partial is True", "pass"
        else:
            name = self._bind("default", field.load_default)
            yield "v is M and partial is True", "pass"
            yield "v is M", f"result[{target!r}] = {name}"
        if field.allow_none and not getattr(field, "pre_load", None) and "." not in target:
            yield "v is None", f"result[{target!r}] = None"


def _is_plain(field: fields.Field[Any]) -> bool:
    """Whether absent and null values go marshmallow's plain way: nothing of it is overridden."""
    kind = type(field)
    return (
        kind.deserialize is fields.Field.deserialize
        and kind._validate_missing is fields.Field._validate_missing
        and "_validate_missing" not in vars(field)
    )


# what the generated code calls


def _own(plan: FieldPlan) -> Callable[..., Any]:
    """Return the field's own way: deserialize, and store what it raises (marshmallow's _call_and_store)."""
    field, key = plan.field, plan.key

    def own(value: Any, data: Any, partial: Any, store: Any, index: Any) -> Any:
        try:
            if partial is None:
                return field.deserialize(value, key, data)
            return field.deserialize(value, key, data, partial=partial)
        except ValidationError as error:
            store.store_error(error.messages, key, index=index)
            return error.valid_data or missing

    return own


def _refusal(plan: FieldPlan) -> Callable[..., bool]:
    """Return what asks the validators of a field, all of them marshmallow's own, and stores what they say.

    The value is known to be loaded and to be refused by one of them, so that nothing is done twice
    but the check of it.
    """
    validators, key = tuple(plan.field.validators), plan.key
    fixed = len(validators) == 1 and _is_fixed(validators[0])
    known: list[Any] = []

    def refuse(value: Any, store: Any, index: Any) -> bool:
        errors: list[Any] = known[:]
        for validator in () if errors else validators:
            try:
                validator(value)
            except ValidationError as error:  # the same as marshmallow's And does
                if isinstance(error.messages, dict):
                    errors.append(error.messages)
                else:
                    errors.extend(error.messages)
        if not errors:
            return False
        if fixed:
            known[:] = errors
        put(store, key, errors, index)
        return True

    return refuse


def _is_fixed(validator: Any) -> bool:
    """Whether a validator says the same of every value: no text of it names the input, or is made when it is asked."""
    if type(validator) in (validate.Length, validate.Range):
        names = ("message_min", "message_max", "message_all", "message_equal", "error")
        texts = [getattr(validator, name, None) for name in names]
    elif type(validator) in (validate.Regexp, validate.OneOf, validate.Email, validate.URL):
        texts = [validator.error]
    else:
        return False
    return all(text is None or (type(text) is str and "{input" not in text) for text in texts)


def _whole(schema: Schema) -> Callable[..., Any]:
    def whole(data: Any, partial: Any, unknown: Any, store: Any, index: Any) -> Any:
        return schema._deserialize(
            data, error_store=store, many=False, partial=partial, unknown=unknown, index=index
        )

    return whole


def _unknown_keys(schema: Schema) -> Callable[..., None]:
    def unknown_keys(data: Any, result: Any, unknown: Any, store: Any, index: Any) -> None:
        known = {
            field.data_key if field.data_key is not None else name
            for name, field in schema.load_fields.items()
        }
        # In the order of the data: a set has another in each process.
        for key in [each for each in data if each not in known]:
            if unknown == INCLUDE:
                result[key] = data[key]
            elif unknown == RAISE:
                store.store_error([schema.error_messages["unknown"]], key, index)

    return unknown_keys
