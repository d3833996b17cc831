"""An override of a schema's ``_deserialize`` that only puts included keys in the data's order."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import EXCLUDE, INCLUDE, Schema

__all__ = ["KeyOrder"]


class KeyOrder:
    """The order of a schema's included unknown keys: the order of the data.

    marshmallow iterates over these keys as a set, whose order differs from process to process.
    Compiled loaders keep the same order, so the compiler compiles a schema with this override.
    """

    __slots__ = ("_schema",)

    def __init__(self, schema: Schema) -> None:
        """Set the order on a schema; its ``_deserialize`` becomes this object."""
        self._schema = schema
        vars(schema)["_deserialize"] = self

    def __call__(self, data: object, **options: object) -> object:
        """Deserialize with the class's own method, then include unknown keys as in the data."""
        schema = self._schema
        is_one = options.get("unknown") == INCLUDE and not options.get("many")
        included = is_one and isinstance(data, Mapping)
        if included:
            options["unknown"] = EXCLUDE
        loaded: object = type(schema)._deserialize(schema, data, **options)  # type: ignore[arg-type]  # marshmallow's own
        if included and isinstance(loaded, dict) and isinstance(data, Mapping):
            self._include(loaded, data)
        return loaded

    def _include(self, loaded: dict[object, object], data: Mapping[object, object]) -> None:
        known: set[object] = set()
        for name, field in self._schema.load_fields.items():
            known.add(name if field.data_key is None else field.data_key)
        for key in data:
            if key not in known:
                loaded[key] = data[key]
