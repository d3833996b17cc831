"""A compiled schema: load and dump with marshmallow's meaning, and the cache by instance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError
from marshmallow import error_store as _error_store
from marshmallow.decorators import POST_DUMP, POST_LOAD, PRE_DUMP, PRE_LOAD, VALIDATES, VALIDATES_SCHEMA
from marshmallow.utils import is_sequence_but_not_string

from .dumper import DumpOne, write_dumper
from .fingerprint import fingerprint
from .finite import is_finite
from .loader import LoadOne, write_loader
from .plan import Plan, plan_of

__all__ = ["Compiled", "Counts", "compile_schema"]


@dataclass(slots=True)
class Counts:
    """Counts which way served: ``generated`` code, or ``marshmallow`` itself."""

    generated: int = 0
    marshmallow: int = 0


class Compiled:
    """Is a schema instance with its generated functions.

    Attributes:
        schema: The instance.
        plan: What became of each field, and why.
        counts: Which way served, over all compiled schemas.
        load_source: The generated loader, ``""`` where marshmallow loads.
        dump_source: The generated dumper, ``""`` where marshmallow dumps.
    """

    counts = Counts()

    def __init__(self, schema: Schema) -> None:
        """Compile a schema."""
        self.schema = schema
        self.plan: Plan = plan_of(schema)
        self.load_source = self.dump_source = ""
        self._load_one: LoadOne | None = None
        self._dump_one: DumpOne | None = None
        if not self.plan.load_reason:
            self._load_one, self.load_source = write_loader(self.plan, _nested_one, _new_store)
        if not self.plan.dump_reason:
            self._dump_one, self.dump_source = write_dumper(self.plan, _nested_dump)
        self._dump_finite: DumpOne | None = None
        hooks = schema._hooks
        self._plain_load = not any(hooks[tag] for tag in (PRE_LOAD, POST_LOAD, VALIDATES, VALIDATES_SCHEMA))
        self._plain_dump = not (hooks[PRE_DUMP] or hooks[POST_DUMP])
        self._index_errors: bool = schema.opts.index_errors

    # dumping

    def dump(self, obj: Any, *, many: bool | None = None) -> Any:
        """Serialize as ``Schema.dump`` does."""
        return self._dump(self._dump_one, obj, many)

    @property
    def finite(self) -> bool:
        """Whether `dump_finite` is certain to write no float that JSON has no number for."""
        return bool(self._dump_one) and self._plain_dump and is_finite(self.plan, compile_plan)

    def dump_finite(self, obj: Any, *, many: bool | None = None) -> Any:
        """Serialize as `dump` does, where `finite`.

        Raises:
            ValueError: A float is NaN or infinite.
        """
        if self._dump_finite is None:
            self._dump_finite, _ = write_dumper(self.plan, _nested_finite, finite=True)
        return self._dump(self._dump_finite, obj, many)

    def _dump(self, dump_one: DumpOne | None, obj: Any, many: bool | None) -> Any:
        if dump_one is None:
            self.counts.marshmallow += 1
            return self.schema.dump(obj, many=many)
        self.counts.generated += 1
        whole = bool(self.schema.many if many is None else many)
        if self._plain_dump:
            return [dump_one(each) for each in obj] if whole and obj is not None else dump_one(obj)
        return self._dump_with_hooks(obj, dump_one, many=whole)

    def _dump_with_hooks(self, obj: Any, dump_one: DumpOne, *, many: bool) -> Any:
        schema, result = self.schema, obj
        if schema._hooks[PRE_DUMP]:
            result = schema._invoke_dump_processors(PRE_DUMP, obj, many=many, original_data=obj)
        result = [dump_one(each) for each in result] if many and result is not None else dump_one(result)
        if schema._hooks[POST_DUMP]:
            result = schema._invoke_dump_processors(POST_DUMP, result, many=many, original_data=obj)
        return result

    def dumper_of(self, *, many: bool, finite: bool) -> DumpOne:
        """Return what dumps one nested value, without a call between where nothing else is to be done."""
        dump: Callable[..., Any] = self.dump_finite if finite else self.dump
        if finite and self._dump_finite is None:
            self._dump_finite, _ = write_dumper(self.plan, _nested_finite, finite=True)
        direct = self._dump_finite if finite else self._dump_one
        if direct is not None and self._plain_dump and not many:
            return direct
        return lambda value: dump(value, many=many)

    # loading

    def one(self, unknown: str | None) -> tuple[LoadOne, Any, Any]:
        """Return what loads one mapping for a Nested field, and the partial and unknown that hold by default.

        It stores errors in the store that it is given, or raises ValidationError.
        """
        schema = self.schema
        kind = type(schema)
        is_direct = kind.handle_error is Schema.handle_error and "handle_error" not in vars(schema)
        if self._load_one is not None and self._plain_load and is_direct:
            return self._load_one, schema.partial, schema.unknown if unknown is None else unknown
        load = self.load

        def whole(data: Any, partial: Any, unknown: Any, store: Any, index: Any) -> Any:
            return load(data, partial=partial, unknown=unknown)

        return whole, None, unknown

    def load(self, data: Any, *, many: bool | None = None, partial: Any = None, unknown: str | None = None) -> Any:
        """Deserialize as ``Schema.load`` does.

        Raises:
            ValidationError: As marshmallow raises it.
        """
        schema: Any = self.schema
        if self._load_one is None:
            self.counts.marshmallow += 1
            return schema.load(data, many=many, partial=partial, unknown=unknown)
        self.counts.generated += 1
        whole = bool(schema.many if many is None else many)
        unknown = schema.unknown if unknown is None else unknown
        partial = schema.partial if partial is None else partial
        if not self._plain_load:
            return self._load_with_hooks(data, whole, partial, unknown)
        store = _new_store()
        result = self._deserialize(data, store, whole, partial, unknown)
        if store.errors:
            self._refuse(store.errors, data, result, whole, partial)
        return result

    def _deserialize(self, data: Any, store: Any, many: bool, partial: Any, unknown: Any) -> Any:
        load_one: Any = self._load_one
        if not many:
            return load_one(data, partial, unknown, store, None)
        if not is_sequence_but_not_string(data):
            store.store_error([self.schema.error_messages["type"]], index=None)
            return []
        if self._index_errors:
            return [load_one(each, partial, unknown, store, index) for index, each in enumerate(data)]
        return [load_one(each, partial, unknown, store, None) for each in data]

    def _load_with_hooks(self, data: Any, many: bool, partial: Any, unknown: Any) -> Any:
        """Load in the order of marshmallow's ``_do_load``: pre_load, fields, validators, post_load."""
        schema: Any = self.schema
        hooks = schema._hooks
        options = {"many": many, "original_data": data, "partial": partial, "unknown": unknown}
        store = _new_store()
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


_new_store: Callable[[], Any] = _error_store.ErrorStore
_normalized: Callable[[Any], Any] = ValidationError.normalized_messages
_KEPT = "_restkit_compiled"


def compile_schema(schema: Schema) -> Compiled:
    """Compile a schema instance; the same instance is compiled again only when its fields have changed.

    What was compiled is kept on the instance, and freed with it.
    """
    print_ = fingerprint(schema)
    found: tuple[object, Compiled] | None = vars(schema).get(_KEPT)
    if found is None or found[0] != print_ or found[1].schema is not schema:
        found = vars(schema)[_KEPT] = (print_, Compiled(schema))
    return found[1]


def compile_plan(schema: Schema) -> Plan:
    """Return the plan of a nested schema."""
    return compile_schema(schema).plan


def _nested_one(schema: Schema, unknown: str | None) -> tuple[LoadOne, Any, Any]:
    return compile_schema(schema).one(unknown)


def _nested_dump(schema: Schema, many: bool) -> DumpOne:
    return compile_schema(schema).dumper_of(many=many, finite=False)


def _nested_finite(schema: Schema, many: bool) -> DumpOne:
    return compile_schema(schema).dumper_of(many=many, finite=True)
