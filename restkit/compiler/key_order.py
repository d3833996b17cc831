"""An override of a schema's ``_deserialize`` that only puts included keys in the data's order."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import INCLUDE, Schema

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
        """Deserialize with the class's own method, then sort the included keys as in the data."""
        schema = self._schema
        loaded: object = type(schema)._deserialize(schema, data, **options)  # type: ignore[arg-type]  # marshmallow's own
        included = options.get("unknown") == INCLUDE and not options.get("many")
        if included and isinstance(loaded, dict) and isinstance(data, Mapping):
            self._put_in_order(loaded, data)
        return loaded

    def _put_in_order(self, loaded: dict[object, object], data: Mapping[object, object]) -> None:
        known: set[object] = set()
        for name, field in self._schema.load_fields.items():
            known.add(name if field.data_key is None else field.data_key)
            known.add((field.attribute or name).partition(".")[0])
        for key in data:
            if key in loaded and key not in known:
                loaded[key] = loaded.pop(key)
