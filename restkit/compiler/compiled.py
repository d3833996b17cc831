"""A compiled schema: load and dump with marshmallow's meaning, and the cache by instance."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow import error_store as _error_store
from marshmallow.decorators import (
    POST_DUMP,
    POST_LOAD,
    PRE_DUMP,
    PRE_LOAD,
    VALIDATES,
    VALIDATES_SCHEMA,
)
from marshmallow.utils import is_sequence_but_not_string

from .dump_guarantees import reads_of, uncertain
from .dumper import DumpOne, write_dumper
from .error_store import Store
from .fingerprint import fingerprint
from .loader import LoadOne, write_loader
from .plan import Plan, plan_of
from .tier_counts import COUNTS
from .value_forms import NATIVE, PLAIN, TEXT, Forms

__all__ = ["Compiled", "compile_schema"]


class Compiled:
    """A schema instance with its generated functions; each is written on first use.

    Attributes:
        schema: The instance.
        plan: How each field is compiled, and why.
    """

    def __init__(self, schema: Schema) -> None:
        """Compile a schema."""
        self.schema = schema
        self.plan: Plan = plan_of(schema)
        self._load_one: LoadOne | None = None
        self._load_source = ""
        self._dumpers: dict[str, tuple[DumpOne, str]] = {}
        self._encode: Callable[[Any], str] | None = None
        hooks = schema._hooks
        self._plain_load = not any(
            hooks[tag] for tag in (PRE_LOAD, POST_LOAD, VALIDATES, VALIDATES_SCHEMA)
        )
        self._plain_dump = not (hooks[PRE_DUMP] or hooks[POST_DUMP])
        self._is_direct = type(
            schema
        ).handle_error is Schema.handle_error and "handle_error" not in vars(schema)
        self._index_errors: bool = schema.opts.index_errors

    # dumping

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Serialize as ``Schema.dump`` does."""
        if self.plan.dump_reason:
            if COUNTS.on:
                COUNTS.dumps["marshmallow"] += 1
            return self.schema.dump(obj, many=many)
        if COUNTS.on:
            COUNTS.dumps["generated"] += 1
        dump_one = self._dumper(PLAIN)
        whole = bool(self.schema.many if many is None else many)
        if self._plain_dump:
            return [dump_one(each) for each in obj] if whole and obj is not None else dump_one(obj)
        return self._dump_with_hooks(obj, dump_one, many=whole)

    def _dump_with_hooks(self, obj: Any, dump_one: DumpOne, *, many: bool) -> Any:
        schema, result = self.schema, obj
        if schema._hooks[PRE_DUMP]:
            result = schema._invoke_dump_processors(PRE_DUMP, obj, many=many, original_data=obj)
        result = (
            [dump_one(each) for each in result] if many and result is not None else dump_one(result)
        )
        if schema._hooks[POST_DUMP]:
            result = schema._invoke_dump_processors(POST_DUMP, result, many=many, original_data=obj)
        return result

    @functools.cached_property
    def reads(self) -> frozenset[str] | None:
        """The attributes that dumping an object reads; None if fields may use the object itself."""
        return reads_of(self.plan) if self._plain_dump else None

    @functools.cached_property
    def uncertain(self) -> str:
        """Why dumped values may be other than plain JSON, ``""`` if `native` and `text` are available."""
        return uncertain(self.plan, _plan_of)

    def native(self) -> DumpOne:
        """Return what dumps one object to what a JSON encoder writes as it would write what `dump` returns.

        Dates, datetimes and UUIDs may be left as they are. The encoder must write a date and a UUID
        as ``str`` has them, and a datetime as ``isoformat`` has it if its offset is of whole
        minutes. NaN and infinities are of a subclass of float that it must refuse.
        """
        return self._dumper(NATIVE)

    def text(self, encode: Callable[[Any], str]) -> DumpOne:
        """Return what dumps one object to compact JSON text that is not confined to ASCII.

        Args:
            encode: Returns a value as JSON text, for the few that are not written in line.
        """
        if self._encode is not encode:
            self._encode = encode
            self._dumpers.pop(TEXT.name, None)
        return self._dumper(TEXT)

    def dump_source(self, purpose: str = PLAIN.name) -> str:
        """Return the source of a dumper: ``"plain"``, ``"native"`` or ``"text"``, ``""`` without one."""
        if self.plan.dump_reason or (purpose != PLAIN.name and self.uncertain):
            return ""
        self._dumper(next(each for each in (PLAIN, NATIVE, TEXT) if each.name == purpose))
        return self._dumpers[purpose][1]

    def _dumper(self, forms: Forms) -> DumpOne:
        found = self._dumpers.get(forms.name)
        if found is None:
            encode = self._encode or repr

            def nested(schema: Schema, many: bool) -> DumpOne:
                return compile_schema(schema).nested_dumper(forms, encode, many=many)

            found = self._dumpers[forms.name] = write_dumper(self.plan, nested, forms, encode)
        return found[0]

    def nested_dumper(self, forms: Forms, encode: Callable[[Any], str], *, many: bool) -> DumpOne:
        """Return the dumper of one nested value."""
        if self.plan.dump_reason or not self._plain_dump:
            return lambda value: self.dump(value, many=many)
        self._encode = encode
        direct = self._dumper(forms)
        if not many:
            return direct
        if forms.is_text:
            return lambda value: f"[{','.join([direct(each) for each in value])}]"
        return lambda value: [direct(each) for each in value]

    # loading

    @property
    def load_source(self) -> str:
        """The generated loader, ``""`` where marshmallow loads."""
        if not (self.plan.load_reason or self._load_one):
            self._write_loader()
        return self._load_source

    def _write_loader(self) -> LoadOne:
        made, self._load_source = write_loader(self.plan, _nested_one, Store)
        self._load_one = made
        return made

    def one(self, unknown: str | None) -> tuple[LoadOne, Any, Any]:
        """Return the loader of one mapping for a Nested field, with its default partial and unknown.

        It stores errors in the store that it is given, or raises ValidationError.
        """
        schema = self.schema
        if not self.plan.load_reason and self._plain_load and self._is_direct:
            return (
                self._load_one or self._write_loader(),
                schema.partial,
                schema.unknown if unknown is None else unknown,
            )
        load = self.load

        def whole(data: Any, partial: Any, unknown: Any, store: Any, index: Any) -> Any:
            return load(data, partial=partial, unknown=unknown)

        return whole, None, unknown

    def load(
        self,
        data: Any,
        *,
        many: bool | None = None,
        partial: Any = None,
        unknown: str | None = None,
    ) -> Any:
        """Deserialize as ``Schema.load`` does.

        Raises:
            ValidationError: As marshmallow raises it.
        """
        schema: Any = self.schema
        if self.plan.load_reason:
            if COUNTS.on:
                COUNTS.loads["marshmallow"] += 1
            return schema.load(data, many=many, partial=partial, unknown=unknown)
        if COUNTS.on:
            COUNTS.loads["generated"] += 1
        whole = bool(schema.many if many is None else many)
        unknown = schema.unknown if unknown is None else unknown
        partial = schema.partial if partial is None else partial
        if not self._plain_load:
            return self._load_with_hooks(data, whole, partial, unknown)
        store = Store()
        result = self._deserialize(data, store, whole, partial, unknown)
        if store.errors:
            self._refuse(store.errors, data, result, whole, partial)
        return result

    def loader(
        self, *, many: bool, partial: bool | None, refusal: Callable[[Any], Exception]
    ) -> Callable[[Any], Any]:
        """Return `load` with its arguments settled, as the schema is now.

        Args:
            many: Whether a list is loaded.
            partial: Whether nothing is required, None for what the schema says.
            refusal: Makes of messages what may be raised in place of the ValidationError, where no
                hook would see that.
        """
        schema: Any = self.schema
        if many or self.plan.load_reason or not (self._plain_load and self._is_direct):
            return functools.partial(self.load, many=many, partial=partial)
        load_one = self._load_one or self._write_loader()
        unknown, whole = schema.unknown, schema.partial if partial is None else partial

        def load(data: Any) -> Any:
            if COUNTS.on:
                COUNTS.loads["generated"] += 1
            store = Store()
            result = load_one(data, whole, unknown, store, None)
            if store.errors:
                raise refusal(store.errors)
            return result

        return load

    def _deserialize(self, data: Any, store: Any, many: bool, partial: Any, unknown: Any) -> Any:
        load_one = self._load_one or self._write_loader()
        if not many:
            return load_one(data, partial, unknown, store, None)
        if not is_sequence_but_not_string(data):
            store.store_error([self.schema.error_messages["type"]], index=None)
            return []
        if self._index_errors:
            return [
                load_one(each, partial, unknown, store, index) for index, each in enumerate(data)
            ]
        return [load_one(each, partial, unknown, store, None) for each in data]

    def _load_with_hooks(self, data: Any, many: bool, partial: Any, unknown: Any) -> Any:
        """Load in the order of marshmallow's ``_do_load``: pre_load, fields, validators, post_load."""
        schema: Any = self.schema
        hooks = schema._hooks
        options = {"many": many, "original_data": data, "partial": partial, "unknown": unknown}
        store = _error_store.ErrorStore()  # type: ignore[no-untyped-call]  # it has no annotations
        errors: Any = None
        processed, result = data, None
        if hooks[PRE_LOAD]:
            try:
                processed = schema._invoke_load_processors(PRE_LOAD, data, **options)
            except ValidationError as error:
                errors = _normalized(error)
        if not errors:
            result = self._deserialize(processed, store, many, partial, unknown)
            if hooks[VALIDATES]:
                schema._invoke_field_validators(error_store=store, data=result, many=many)
            if hooks[VALIDATES_SCHEMA]:
                field_errors = bool(store.errors)
                for pass_collection in (True, False):
                    schema._invoke_schema_validators(
                        error_store=store,
                        pass_collection=pass_collection,
                        data=result,
                        field_errors=field_errors,
                        **options,
                    )
            errors = store.errors
            if not errors and hooks[POST_LOAD]:
                try:
                    result = schema._invoke_load_processors(POST_LOAD, result, **options)
                except ValidationError as error:
                    errors = _normalized(error)
        if errors:
            self._refuse(errors, data, result, many, partial)
        return result

    def _refuse(self, errors: Any, data: Any, result: Any, many: bool, partial: Any) -> None:
        error = ValidationError(errors, data=data, valid_data=result)
        self.schema.handle_error(error, data, many=many, partial=partial)
        raise error


_normalized: Callable[[Any], Any] = ValidationError.normalized_messages
_KEPT = "_restkit_compiled"


def compile_schema(schema: Schema) -> Compiled:
    """Compile a schema instance; it is compiled again only if its fields have changed.

    What was compiled is kept on the instance, and freed with it.
    """
    print_ = fingerprint(schema)
    found: tuple[object, Compiled] | None = vars(schema).get(_KEPT)
    if found is None or found[0] != print_ or found[1].schema is not schema:
        found = vars(schema)[_KEPT] = (print_, Compiled(schema))
    return found[1]


def _plan_of(schema: Schema) -> Plan:
    return compile_schema(schema).plan


def _nested_one(schema: Schema, unknown: str | None) -> tuple[LoadOne, Any, Any]:
    return compile_schema(schema).one(unknown)
