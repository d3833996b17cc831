"""A compiled schema: load and dump with marshmallow's meaning, and the cache by instance."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

from marshmallow import Schema
from marshmallow.decorators import (
    POST_DUMP,
    POST_LOAD,
    PRE_DUMP,
    PRE_LOAD,
    VALIDATES,
    VALIDATES_SCHEMA,
)
from marshmallow.types import UnknownOption
from marshmallow.utils import is_sequence_but_not_string

from .dict_keys import read_by_keys, reads_by_keys
from .dump_guarantees import reads_of, sources_of, uncertain
from .dumper import write_dumper
from .error_store import Store
from .fingerprint import Fingerprint
from .function_types import DumpOne, Encode, LoadOne, Partial
from .load_hooks import load_with_hooks, refuse
from .loader import write_loader
from .nesting import MOST_ERRORS
from .plan import Plan, plan_of
from .records import RECORDS, has_msgspec
from .tier_counts import COUNTS
from .value_forms import NATIVE, PLAIN, TEXT, Forms

__all__ = ["Compiled", "compile_schema"]


class Compiled:
    """A schema instance with its generated functions; each is generated on first use.

    Attributes:
        schema: The instance.
        plan: The plan of each field, with the reasons.
    """

    def __init__(self, schema: Schema) -> None:
        """Compile a schema."""
        self.schema = schema
        self.plan: Plan = plan_of(schema)
        self._load_one: LoadOne | None = None
        self._load_source = ""
        self._dumpers: dict[str, tuple[DumpOne, str]] = {}
        self._encode: Encode | None = None
        hooks = schema._hooks
        self._plain_load = not any(
            hooks[tag] for tag in (PRE_LOAD, POST_LOAD, VALIDATES, VALIDATES_SCHEMA)
        )
        self._plain_dump = not (hooks[PRE_DUMP] or hooks[POST_DUMP])
        inherited = type(schema).handle_error is Schema.handle_error
        self._is_direct = inherited and "handle_error" not in vars(schema)
        self._index_errors: bool = schema.opts.index_errors

    # Dumping

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
        if not self._plain_dump:
            return self._dump_with_hooks(obj, dump_one, many=whole)
        if whole and obj is not None:
            return [dump_one(each) for each in obj]
        return dump_one(obj)

    def _dump_with_hooks(self, obj: Any, dump_one: DumpOne, *, many: bool) -> object:
        schema, result = self.schema, obj
        if schema._hooks[PRE_DUMP]:
            result = schema._invoke_dump_processors(PRE_DUMP, obj, many=many, original_data=obj)
        dump = _list_dumper(dump_one) if many and result is not None else dump_one
        result = dump(result)
        if schema._hooks[POST_DUMP]:
            result = schema._invoke_dump_processors(POST_DUMP, result, many=many, original_data=obj)
        return result

    @functools.cached_property
    def reads(self) -> frozenset[str] | None:
        """The attributes that dumping an object reads; None if fields may use the object itself."""
        return reads_of(self.plan) if self._plain_dump else None

    @functools.cached_property
    def sources(self) -> dict[str, str | None] | None:
        """The attribute that each field is dumped from; see `dump_guarantees.sources_of`."""
        return sources_of(self.plan, _plan_of)

    @functools.cached_property
    def uncertain(self) -> str:
        """The reason why dumped data may not be JSON, ``""`` if `native` and `text` are usable."""
        return uncertain(self.plan, _plan_of)

    def native(self) -> DumpOne:
        """Return the function that dumps one object for a native JSON encoder.

        The encoder then writes the bytes that it would write for the data of `dump`. Dates,
        datetimes and UUIDs may stay as they are. The encoder must write dates and UUIDs as ``str``
        does, and a datetime with an offset of whole minutes as ``isoformat`` does. NaN and
        infinities belong to a subclass of float that it must reject.
        """
        return self._dumper(NATIVE)

    def records(self) -> DumpOne:
        """Return the function that dumps one object for `record_encoder`, which needs msgspec."""
        return self._dumper(RECORDS)

    def text(self, encode: Encode) -> Callable[[object], str]:
        """Return the function that dumps one object to compact JSON text, not limited to ASCII.

        Args:
            encode: The function that returns a value as JSON text, for values without inline code.
        """
        if self._encode is not encode:
            self._encode = encode
            self._dumpers.pop(TEXT.name, None)
        return cast("Callable[[object], str]", self._dumper(TEXT))

    def dump_source(self, purpose: str = PLAIN.name) -> str:
        """Return the source of the plain, native, records or text dumper, ``""`` without one."""
        if self.plan.dump_reason or (purpose != PLAIN.name and self.uncertain):
            return ""
        if purpose == RECORDS.name and not has_msgspec():
            return ""
        purposes = (PLAIN, NATIVE, RECORDS, TEXT)
        self._dumper(next(each for each in purposes if each.name == purpose))
        return self._dumpers[purpose][1]

    def _dumper(self, forms: Forms) -> DumpOne:
        found = self._dumpers.get(forms.name)
        if found is None:
            encode = self._encode or repr

            def nested(schema: Schema, many: bool) -> DumpOne:
                if reads_by_keys(self.schema):
                    read_by_keys(schema)
                return compile_schema(schema).nested_dumper(forms, encode, many=many)

            found = self._dumpers[forms.name] = write_dumper(self.plan, nested, forms, encode)
        return found[0]

    def nested_dumper(self, forms: Forms, encode: Encode, *, many: bool) -> DumpOne:
        """Return the dumper of one nested value."""
        if self.plan.dump_reason or not self._plain_dump:
            return forms.checked(functools.partial(self.dump, many=many))
        if not forms.is_text:
            direct = self._dumper(forms)
            return _list_dumper(direct) if many else direct
        text = self.text(encode)
        return _array_writer(text) if many else text

    # Loading

    @property
    def load_source(self) -> str:
        """The generated loader, ``""`` if marshmallow loads."""
        if not (self.plan.load_reason or self._load_one):
            self._write_loader()
        return self._load_source

    def _write_loader(self) -> LoadOne:
        made, self._load_source = write_loader(self.plan, _nested_loader)
        self._load_one = made
        return made

    def nested_loader(
        self, unknown: UnknownOption | None, *, many: bool
    ) -> tuple[LoadOne, Partial, UnknownOption | None]:
        """Return the loader of one mapping, or of a list, for a Nested field; its default options.

        The options are partial and unknown. The loader stores errors in the given store, or raises
        ValidationError.
        """
        schema = self.schema
        if not self.plan.load_reason and self._plain_load and self._is_direct:
            load_one = self._load_one or self._write_loader()
            if many:
                load_one = _list_loader(load_one, index_errors=self._index_errors)
            return load_one, schema.partial, schema.unknown if unknown is None else unknown
        load = self.load

        def whole(
            data: object,
            partial: Partial,
            unknown: UnknownOption | None,
            store: Store,
            index: int | None,
        ) -> object:
            return load(data, many=many, partial=partial, unknown=unknown)

        return whole, None, unknown

    def load(
        self,
        data: Any,
        *,
        many: bool | None = None,
        partial: Partial = None,
        unknown: UnknownOption | None = None,
    ) -> Any:
        """Deserialize as ``Schema.load`` does.

        Raises:
            ValidationError: As marshmallow raises it.
        """
        schema = self.schema
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
            return load_with_hooks(
                schema, self._deserialize, data, many=whole, partial=partial, unknown=unknown
            )
        store = Store()
        result = self._deserialize(data, store, whole, partial, unknown)
        if store.errors:
            refuse(schema, store.errors, data, result, many=whole, partial=partial)
        return result

    def loader(
        self,
        *,
        many: bool,
        partial: bool | None,
        refusal: Callable[[dict[object, object]], Exception],
    ) -> Callable[[Any], Any]:
        """Return `load` with fixed arguments and the schema's current options.

        Args:
            many: True to load a list.
            partial: True if no field is required, None for the schema's own option.
            refusal: The function from error messages to an exception, which may be raised instead
                of the ValidationError if no hook could see that.
        """
        schema = self.schema
        if many or self.plan.load_reason or not (self._plain_load and self._is_direct):
            return functools.partial(self.load, many=many, partial=partial)
        load_one = self._load_one or self._write_loader()
        unknown, whole = schema.unknown, schema.partial if partial is None else partial

        def load(data: object) -> object:
            if COUNTS.on:
                COUNTS.loads["generated"] += 1
            store = Store()
            result = load_one(data, whole, unknown, store, None)
            if store.errors:
                raise refusal(store.errors)
            return result

        return load

    def _deserialize(
        self, data: Any, store: Store, many: bool, partial: Partial, unknown: UnknownOption
    ) -> object:
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


_KEPT = "_restkit_compiled"


def compile_schema(schema: Schema) -> Compiled:
    """Compile a schema instance; it is compiled again only if its fields have changed.

    The instance keeps the compiled schema, which is freed with it.
    """
    kept: tuple[Fingerprint, Compiled] | None = vars(schema).get(_KEPT)
    fingerprint = Fingerprint(schema)
    if kept is not None and kept[0].matches(fingerprint):
        return kept[1]
    compiled = Compiled(schema)
    vars(schema)[_KEPT] = (fingerprint, compiled)
    return compiled


def _list_dumper(dump: DumpOne) -> DumpOne:
    return lambda values: [dump(each) for each in values]


def _array_writer(text: Callable[[object], str]) -> DumpOne:
    return lambda values: f"[{','.join([text(each) for each in values])}]"


def _plan_of(schema: Schema) -> Plan:
    return compile_schema(schema).plan


def _nested_loader(
    schema: Schema, unknown: UnknownOption | None, many: bool
) -> tuple[LoadOne, Partial, UnknownOption | None]:
    return compile_schema(schema).nested_loader(unknown, many=many)


def _list_loader(load_one: LoadOne, *, index_errors: bool) -> LoadOne:
    """Return the loader of a list, which does not read on after many errors."""

    def load_list(
        values: Any, partial: Partial, unknown: UnknownOption | None, store: Store, _: int | None
    ) -> object:
        result: list[object] = []
        for index, each in enumerate(values):
            key = index if index_errors else None
            result.append(load_one(each, partial, unknown, store, key))
            if store.errors and len(store.errors) >= MOST_ERRORS:
                break
        return result

    return load_list
